"""What is written for an account, from the answers that the cloud gave: without a cloud."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.arguments import names
from core.facts import Account, Encryption, Network
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER
from operate.adopt.existing import UnreadError
from operate.adopt.files import declared
from operate.adopt.plan import network, plan
from operate.evidence.model import NotChecked, Service
from settings.parse import SettingsError, parse
from tests.operate.adopt.accounts import HSM, KEY_ID, body, by_role, found, in_hsm, texts, vault_body
from tests.operate.evidence import made
from tests.operate.evidence.made import NEW, OLD, OWN, account, key, vault, version


def test_a_bound_account_is_said_in_settings_that_the_program_takes() -> None:
    """Names are said outright, the key by its id, nothing is made, and nothing stands in the way."""
    assert texts(("contoso", found())) == ""
    written = plan("contoso", found())
    settings = parse(written.settings).services[0]
    assert settings.key.id == KEY_ID
    assert settings.account_name == "lang-contoso"
    assert settings.existing_resource_group_name == "rg-contoso"
    assert not settings.audit.new_workspace
    assert settings.as_found == ("network", "tags")
    assert written.notes == ()


@pytest.mark.parametrize(
    ("accounts", "words"),
    [
        ([account(kind="LUIS")], "kind: found 'LUIS', expected"),
        ([account(sku="S0")], "sku: found 'S0', expected 'S' or 'F0'"),
        ([account("Lang-Contoso")], "accountName: account name 'Lang-Contoso' is not allowed: lower-case"),
        ([account(), account("lang-other")], "2 services make 'contoso'"),
    ],
)
def test_what_no_setting_says_is_refused_by_the_settings(accounts: list[Account], words: str) -> None:
    """Of which nothing is written then: a kind and a tier that are not made here, and one name for two."""
    plans = [plan("contoso", found(made.service(account=one))) for one in accounts]
    with pytest.raises(SettingsError) as refused:
        parse(declared(plans))
    assert words in str(refused.value)


def test_the_imports_are_those_that_the_program_makes() -> None:
    """The account, its access, the version and the binding, below the service."""
    kinds = {one.name: (one.type, one.id) for one in plan("x", found()).imports}
    assert kinds == {
        "x": ("language-cmk:index:EncryptedAIServicesAccount", ""),
        "x-account": ("azure-native:cognitiveservices:Account", account().id),
        "x-access": ("azure-cmk:index:AccessPolicy", f"{vault().id}/accessPolicy/{OWN.upper()}"),
        "x-key-version": ("azure-cmk:index:KeyVersion", KEY_ID),
        "x-access-cleanup": ("azure-cmk:index:KeyAccessCleanup", f"{KEY_ID}|{account().id}"),
        "x-binding": ("azure-cmk:index:CustomerManagedKey", account().id),
    }


def test_an_account_on_microsofts_keys() -> None:
    """It is imported alone; what it lacks of an identity stays so, and that is noted."""
    plain = made.account(encryption=Encryption(), principal_id=None)
    one = found(Service(plain.id, plain), body={**body(), "identity": None})
    assert texts(("x", one)) == ""
    written = plan("x", one)
    assert written.settings["encryption"] == "microsoftManaged"
    assert "identity" in written.settings["asFound"]
    assert len(written.imports) == 2
    assert "take identity out" in written.notes[0]


def test_the_bound_version_is_kept_though_a_newer_one_is_there() -> None:
    """It is pinned, and that is noted, since an adoption rotates nothing."""
    one = found(made.service(key=key(version(NEW, 30), version(OLD, 3))))
    written = plan("x", one)
    assert written.settings["key"]["pin"] == NEW
    assert "key.pin" in written.notes[0]


def test_an_account_that_follows_its_key_by_itself_goes_on_to() -> None:
    """Azure may not show the version of one that names one, so that somebody has to say it; the settings then
    say so, and the program takes them."""
    bound = replace(made.BOUND, key_version="")
    one = found(made.service(account=account(kind="AIServices", sku="S0", encryption=bound)))
    told = texts(("xx", one))
    assert "Azure shows no key version" in told
    assert "add --follows-key" in told
    assert texts(("xx", one), follows_key=True) == ""
    key = parse(plan("xx", one).settings).services[0].key
    assert (key.version, key.pin) == ("automatic", None)


@pytest.mark.parametrize(
    ("entry", "left"),
    [
        (vault_body(["get", "wrapKey", "unwrapKey"]), False),
        (vault_body(["unwrapKey", "wrapKey", "get"]), True),
        (vault_body(["get", "wrapKey", "unwrapKey", "list"]), True),
        (vault_body(["get", "wrapKey", "unwrapKey"], secrets=["get"]), True),
        (vault_body(["all"]), True),
    ],
)
def test_access_that_is_not_exactly_ours_is_left_as_it_is(entry: dict[str, Any], left: bool) -> None:
    """An access policy with other words, or in another order, would be rewritten else."""
    written = plan("x", found(vault_body=entry))
    assert ("access" in written.settings["asFound"]) is left


def test_a_grant_through_an_application_is_not_the_identitys() -> None:
    """It is another entry of the vault's list, and is not imported."""
    entry = vault_body(["get", "wrapKey", "unwrapKey"])
    entry["properties"]["accessPolicies"][0]["applicationId"] = OWN
    imports = plan("xx", found(vault_body=entry)).imports
    assert "xx-access" not in {one.name for one in imports}


def test_a_role_assignment_is_found_at_the_key_before_the_vault() -> None:
    """With a name of its own it is left as it is; with the name that this project makes it is ours."""
    ours = names.role_assignment_name(KEY_ID, OWN, CRYPTO_SERVICE_ENCRYPTION_USER.id)
    for scope, name, left in (
        (KEY_ID, ours, False),
        (KEY_ID, "another", True),
        (vault().id, "another", True),
    ):
        one = by_role(scope, name)
        assert texts(("x", one)) == ""
        written = plan("x", one)
        assert ("access" in written.settings["asFound"]) is left
        assert any(i.id.endswith(f"/roleAssignments/{name}") for i in written.imports)


def test_of_two_role_assignments_the_one_at_the_key_is_taken() -> None:
    """The one at the vault counts for its other keys, too, and stays outside."""
    first, second = by_role(vault().id, "wide"), by_role(KEY_ID, "narrow")
    listed = (*first.service.assignments, *second.service.assignments)  # type: ignore[misc]
    both = replace(second, service=replace(second.service, assignments=listed))
    written = plan("xx", both)
    assert [i.id for i in written.imports if i.name == "xx-access"] == [listed[1].id]


def test_our_name_at_another_scope_is_not_ours() -> None:
    """A role assignment is ours by its name and its scope."""
    ours = names.role_assignment_name(KEY_ID, OWN, CRYPTO_SERVICE_ENCRYPTION_USER.id)
    assert "access" in plan("xx", by_role(vault().id, ours)).settings["asFound"]


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (Network(), {"access": "open"}),
        (Network("Disabled"), {"access": "closed"}),
        (Network(default_action="Allow", ip_rules=("52.1.2.3",)), {"access": "open"}),
        (Network(default_action="Deny"), {"access": "closed"}),
        (
            Network(default_action="Deny", ip_rules=("52.1.2.3",)),
            {"access": "selected", "allowedIpRanges": ["52.1.2.3"]},
        ),
        (
            Network(default_action="Deny", subnet_rules=("/s",)),
            {"access": "selected", "allowedSubnetIds": ["/s"]},
        ),
    ],
)
def test_the_network_is_said_as_near_as_can_be(live: Network, expected: dict[str, Any]) -> None:
    """So that taking the word network out of asFound opens nothing."""
    assert network(live) == expected


def test_tags_are_left_as_they_are() -> None:
    """Azure's own have slashes in their names, which nobody else's may."""
    tags = {"hidden-link:/app-insights-resource-id": "/subscriptions/x", "owner": "a"}
    written = plan("xx", found(body={**body(), "tags": tags}))
    assert "tags" not in written.settings
    assert "tags" in written.settings["asFound"]
    parse(written.settings)


def test_what_was_not_read_is_never_used() -> None:
    """A plan for an account that was not read is an error, not an empty file."""
    with pytest.raises(UnreadError):
        plan("x", found(Service(account().id, NotChecked("403"))))


def test_a_key_in_a_managed_hsm_is_used_as_it_is() -> None:
    """No access model and no vault are settings of it; the role is imported by key and identity, also where
    the HSM is in another subscription."""
    written = plan("x", in_hsm())
    assert "accessModel" not in written.settings
    assert written.settings["key"] == {"id": f"{HSM}/keys/cmk"}
    grant = next(one for one in written.imports if one.name == "x-access")
    assert grant.type == "azure-cmk:index:ManagedHsmRoleAssignment"
    assert grant.id == f"{HSM}/keys/cmk|{OWN}"
    there = in_hsm()
    elsewhere = account(
        id=account().id.replace("00000000000a", "00000000000b"), encryption=there.account.encryption
    )
    apart = replace(there, service=replace(there.service, account=elsewhere, account_id=elsewhere.id))
    assert grant in plan("x", apart).imports
    assert not any("another subscription" in note for note in plan("x", apart).notes)
