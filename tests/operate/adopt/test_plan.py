"""What is written for an account, from the answers that the cloud gave: without a cloud."""

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml

from components.arguments import names
from core.facts import Account, Encryption, Network
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER
from operate.adopt.command import paths
from operate.adopt.existing import UnreadError
from operate.adopt.files import configuration, declared, import_file, merged
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
    ("permissions", "more", "left"),
    [
        (["get", "wrapKey", "unwrapKey"], {}, False),
        (["unwrapKey", "wrapKey", "get"], {}, True),
        (["get", "wrapKey", "unwrapKey", "list"], {}, True),
        (["get", "wrapKey", "unwrapKey"], {"secrets": ["get"]}, True),
        (["all"], {}, True),
    ],
)
def test_access_that_is_not_exactly_ours_is_left_as_it_is(
    permissions: list[str], more: dict[str, list[str]], left: bool
) -> None:
    """An access policy with other words, or in another order, would be rewritten else. A grant through an
    application is another entry of the vault's list, and is not imported."""
    entry = vault_body(permissions, **more)
    written = plan("x", found(vault_body=entry))
    assert ("access" in written.settings["asFound"]) is left
    assert "x-access" in {one.name for one in written.imports}
    entry["properties"]["accessPolicies"][0]["applicationId"] = OWN
    assert "x-access" not in {one.name for one in plan("x", found(vault_body=entry)).imports}


OURS = names.role_assignment_name(KEY_ID, OWN, CRYPTO_SERVICE_ENCRYPTION_USER.id)


@pytest.mark.parametrize(
    ("scope", "name", "left"),
    [
        (KEY_ID, OURS, False),
        (KEY_ID, "another", True),
        (vault().id, "another", True),
        (vault().id, OURS, True),
    ],
)
def test_a_role_assignment_is_ours_by_its_name_and_its_scope(scope: str, name: str, left: bool) -> None:
    """Any other is imported, and left as it is."""
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
    assert [i.id for i in plan("xx", both).imports if i.name == "xx-access"] == [listed[1].id]


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
    settings = plan("xx", found(body={**body(), "tags": tags})).settings
    assert ("tags" in settings, "tags" in settings["asFound"]) == (False, True)
    parse(settings)


def test_what_was_not_read_is_never_used() -> None:
    """A plan for an account that was not read is an error, not an empty file."""
    with pytest.raises(UnreadError):
        plan("x", found(Service(account().id, NotChecked("403"))))


def test_a_key_in_a_managed_hsm_is_used_as_it_is() -> None:
    """No access model and no vault are settings of it; the role is imported by key and identity, also where
    the HSM is in another subscription."""
    there = in_hsm()
    written = plan("x", there)
    assert "accessModel" not in written.settings
    assert written.settings["key"] == {"id": f"{HSM}/keys/cmk"}
    grant = next(one for one in written.imports if one.name == "x-access")
    assert grant.type == "azure-cmk:index:ManagedHsmRoleAssignment"
    assert grant.id == f"{HSM}/keys/cmk|{OWN}"
    away = account().id.replace("00000000000a", "00000000000b")
    elsewhere = replace(there.account, id=away)
    apart = replace(there, service=replace(there.service, account=elsewhere, account_id=away))
    assert grant in plan("x", apart).imports
    assert not any("another subscription" in note for note in plan("x", apart).notes)


def test_the_settings_file_keeps_what_it_says_of_secrets() -> None:
    """And is refused where it has settings of a service already."""
    text = merged("encryptionsalt: v1:abc\n", {"language-cmk:name": "x"})
    assert yaml.safe_load(text) == {"encryptionsalt": "v1:abc", "config": {"language-cmk:name": "x"}}
    with pytest.raises(ValueError, match="language-cmk:name"):
        merged(text, {"language-cmk:name": "y"})
    assert yaml.safe_load(merged("", {"a": 1})) == {"config": {"a": 1}}


def test_the_files_are_named_as_the_engine_names_them() -> None:
    """Also for a stack that is named with its organization and project."""
    for stack in ("prod", "contoso/language-cmk/prod"):
        assert [str(path) for path in paths(stack)] == ["Pulumi.prod.yaml", "adopt.prod.json"]


def test_the_files_hold_every_account() -> None:
    """Several services are a list; each import has its own service as parent."""
    plans = [plan(name, found()) for name in ("xx", "yy")]
    config = configuration(declared(plans), "s")
    assert (config["azure-native:subscriptionId"], config["azure-cmk:subscriptionId"]) == ("s", "s")
    assert [service["name"] for service in config["language-cmk:services"]] == ["xx", "yy"]
    resources = json.loads(import_file(plans, "3.29.0"))["resources"]
    assert {r["parent"] for r in resources if not r.get("component")} == {"xx", "yy"}
    assert all(r["version"] == "3.29.0" for r in resources if r["type"].startswith("azure-native"))
