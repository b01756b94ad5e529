"""An adoption without a cloud: what keeps an account outside, what is written for one, and the files."""

import json
from dataclasses import replace
from typing import Any
from unittest.mock import MagicMock

import pytest
import yaml

from core import roles
from core.arm_ids import of_local_scope
from core.facts import Encryption, Network, RoleAssignment
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER as ENCRYPTION_USER
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER as HSM_ROLE
from operate import login
from operate.__main__ import main
from operate.adopt import command
from operate.adopt.command import paths
from operate.adopt.existing import Existing, UnreadError
from operate.adopt.files import configuration, declared, import_file, merged
from operate.adopt.obstacles import obstacles
from operate.adopt.plan import network, plan
from operate.evidence.model import NotChecked, Service
from operate.stack_file import PROGRAM
from settings.parse import SettingsError, parse
from tests.operate.evidence import made
from tests.operate.evidence.made import CLOSED, GROUP, NEW, NOW, OLD, OWN, account, vault, version

HSM = f"{made.GROUP}/providers/Microsoft.KeyVault/managedHSMs/hsm-contoso"
KEY_ID = f"{vault().id}/keys/cmk"


def found(service: Service | None = None, **changes: Any) -> Existing:
    """An account bound by access policy, exactly as this project would have it."""
    return replace(Existing(made.service() if service is None else service, NOW), **changes)


def by_role(scope: str, name: str) -> Existing:
    """An account bound under Azure RBAC by one role assignment."""
    id = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    can = RoleAssignment(scope, OWN, ENCRYPTION_USER.id, ENCRYPTION_USER, id=id)
    # Nothing about the log is known, as of most accounts that are made by hand.
    unlogged = NotChecked("no diagnostic setting")
    service = made.service(vault=vault(uses_rbac=True), assignments=(can,), use=unlogged, audit=())
    return found(service)


def in_hsm(scope: str = "/keys/cmk") -> Existing:
    """An account bound to a key in a managed HSM, with one of the HSM's own roles at a scope."""
    bound = replace(made.BOUND, key_vault_uri="https://hsm-contoso.managedhsm.azure.net/")
    can = RoleAssignment(of_local_scope(HSM, scope), OWN, HSM_ROLE.id, HSM_ROLE)
    service = made.service(
        account=made.account(encryption=bound),
        vault=vault(id=HSM, name="hsm-contoso", uses_rbac=True, policies=()),
        key=made.key(id=f"{HSM}/keys/cmk", type="RSA-HSM"),
        assignments=(can,),
        use=NotChecked("no diagnostic setting"),
        audit=(),
    )
    return found(service)


def texts(*ones: Existing, follows_key: bool = False) -> str:
    """What keeps accounts outside."""
    found = obstacles([("x", one) for one in ones], follows_key=follows_key)
    return "\n".join(map(str, found))


def test_the_commands_that_put_it_right_are_quoted() -> None:
    """A resource group may have parentheses in its name."""
    there = account(local_auth=True, id=account().id.replace("rg-contoso", "rg-found(1)"))
    assert f"--url '{there.id}?api-version=" in texts(found(made.service(account=there)))


OFF = version(NEW, 3, enabled=False)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (found(made.of_account(provisioning_state="Accepted")), "provisioning state is Accepted"),
        (found(made.of_account(subdomain="other")), "its subdomain is other"),
        (found(made.at_vault(purge_protection=False)), "--enable-purge-protection true"),
        (found(made.with_key(size=3072)), "the key has 3072 bits; expected 2048"),
        (found(made.with_key(OFF)), "is disabled"),
        (found(made.at_vault(policies=())), "may not use the key, so the data cannot be read"),
        (found(made.service(vault=NotChecked("403 no"))), "vault: not checked: 403 no"),
        (found(Service(account().id, NotChecked("404 gone"))), "account: not checked: 404 gone"),
        (by_role(GROUP, "x"), "az role assignment create"),
        (in_hsm("/keys"), f"role assignment create --hsm-name hsm-contoso --assignee-object-id {OWN} "),
        (in_hsm("/keys/another"), "may not use the key, so the data cannot be read"),
    ],
)
def test_what_would_have_to_change_is_refused(one: Existing, words: str) -> None:
    """With what to do about it; tests/remediation/test_adoption_leads_out.py follows each command."""
    assert words in texts(one)


def test_a_refusal_is_json_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With every problem, and nothing written."""
    monkeypatch.chdir(PROGRAM)
    monkeypatch.setattr(login, "of_new_stack", lambda _: None)
    monkeypatch.setattr(command, "LiveAzure", lambda _: MagicMock())
    monkeypatch.setattr(command, "find", lambda *_: found(made.service(vault=NotChecked("403 no"))))
    words = ["adopt", "--stack", "none", "--account", account().id, "--name", "x", "--json"]
    assert main(words) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["written"] == []
    assert list(PROGRAM.glob("*.none.*")) == []
    assert any("vault: not checked: 403 no" in one for one in told["problems"])


def test_accounts_are_told_apart() -> None:
    """Two subscriptions in a stack are refused; a vault may be anywhere. Warnings and notes are told by the
    evidence, and do not keep an account outside."""
    elsewhere = account(id=account().id.replace("00000000000a", "00000000000b"))
    assert "2 subscriptions" in texts(found(), found(made.service(account=elsewhere)))
    away = found(made.service(vault=vault(id=vault().id.replace("rg-contoso", "rg-keys"))))
    assert texts(in_hsm()) == texts(away) == ""
    assert "others-did-unwrap" not in texts(found(made.rich().services[0]))


def test_a_bound_account_is_said_in_settings_that_the_program_takes() -> None:
    """Names are said outright, the key by its id, nothing is made, and nothing stands in the way."""
    assert texts(found()) == ""
    written = plan("contoso", found())
    settings = parse(written.settings).services[0]
    assert settings.key.id == KEY_ID
    assert settings.account_name == "lang-contoso"
    assert settings.existing_resource_group_name == "rg-contoso"
    assert not settings.audit.new_workspace
    assert settings.as_found == ("network", "tags")
    assert written.notes == ()


def test_what_no_setting_says_is_refused_by_the_settings() -> None:
    """Of which nothing is written then: such as a kind that is not made here, and one name for two."""
    for accounts, words in (
        ([account(kind="LUIS")], "kind: found 'LUIS', expected"),
        ([account(), account("lang-other")], r"services\[0\] and services\[1\] are named 'contoso'"),
    ):
        plans = [plan("contoso", found(made.service(account=one))) for one in accounts]
        with pytest.raises(SettingsError, match=words):
            parse(declared(plans))


def test_the_imports_are_those_that_the_program_makes() -> None:
    """The account, its access, the version and the binding, below the service; the access by its holder's id
    as Azure spells it."""
    one = found(made.at_vault(policies=(made.policy(object_id=OWN.upper()),)))
    kinds = {one.name: (one.type, one.id) for one in plan("x", one).imports}
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
    one = found(Service(plain.id, plain))
    assert texts(one) == ""
    written = plan("x", one)
    assert written.settings["encryption"] == "microsoftManaged"
    assert ("identity" in written.settings["asFound"], len(written.imports)) == (True, 2)
    assert "take identity out" in written.notes[0]


def test_the_bound_version_is_kept_though_a_newer_one_is_there() -> None:
    """It is pinned, and that is noted, since an adoption rotates nothing."""
    written = plan("x", found(made.with_key(version(NEW, 30), version(OLD, 3))))
    assert (written.settings["key"]["pin"], "key.pin" in written.notes[0]) == (NEW, True)


def test_an_account_that_follows_its_key_by_itself_goes_on_to() -> None:
    """Azure may not show the version of one that names one, so that somebody has to say it; the settings then
    say so, and the program takes them."""
    bound = replace(made.BOUND, key_version="")
    one = found(made.service(account=account(kind="AIServices", sku="S0", encryption=bound)))
    told = texts(one)
    assert "Azure shows no key version" in told
    assert "add --follows-key" in told
    assert texts(one, follows_key=True) == ""
    key = parse(plan("xx", one).settings).services[0].key
    assert (key.version, key.pin) == ("automatic", None)


@pytest.mark.parametrize(
    ("stated", "left"),
    [
        ({"keys": ("get", "wrapKey", "unwrapKey")}, False),
        ({"keys": ("unwrapKey", "wrapKey", "get")}, True),
        ({"keys": ("get", "wrapKey", "unwrapKey", "list")}, True),
        ({"keys": ("get", "wrapKey", "unwrapKey"), "others": (("secrets", "get"),)}, True),
        ({"keys": ("all",)}, True),
    ],
)
def test_access_that_is_not_exactly_ours_is_left_as_it_is(stated: dict[str, Any], left: bool) -> None:
    """An access policy with other words, or in another order, would be rewritten else. A grant through an
    application is another entry of the vault's list, and is not imported."""
    entry = made.policy(**stated, object_id=OWN.upper())
    written = plan("x", found(made.at_vault(policies=(entry,))))
    assert ("access" in written.settings["asFound"]) is left
    assert "x-access" in {one.name for one in written.imports}
    by_application = replace(entry, application_id=OWN)
    there = found(made.at_vault(policies=(by_application,)))
    assert "x-access" not in {one.name for one in plan("x", there).imports}


OURS = roles.assignment_name(KEY_ID, OWN, ENCRYPTION_USER.id)


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
    assert texts(one) == ""
    written = plan("x", one)
    assert ("access" in written.settings["asFound"]) is left
    assert any(i.id.endswith(f"/roleAssignments/{name}") for i in written.imports)


def test_of_several_role_assignments_the_accounts_own_at_the_key_is_taken() -> None:
    """The one at the vault counts for its other keys, too, and stays outside; so does somebody else's."""
    theirs, wide, narrow = by_role(KEY_ID, "theirs"), by_role(vault().id, "wide"), by_role(KEY_ID, "narrow")
    listed = [*theirs.service.assignments, *wide.service.assignments, *narrow.service.assignments]  # type: ignore[misc]
    listed[0] = replace(listed[0], principal_id=made.OTHER)
    several = replace(narrow, service=replace(narrow.service, assignments=tuple(listed)))
    assert [i.id for i in plan("xx", several).imports if i.name == "xx-access"] == [listed[2].id]


@pytest.mark.parametrize(
    ("live", "access", "more"),
    [
        (Network(), "open", {}),
        (Network("Disabled"), "closed", {}),
        (Network(default_action="Allow", ip_rules=("52.1.2.3",)), "open", {}),
        (Network(default_action="Deny"), "closed", {}),
        (CLOSED, "selected", {"allowedIpRanges": ["52.1.2.3"]}),
        (Network(default_action="Deny", subnet_rules=("/s",)), "selected", {"allowedSubnetIds": ["/s"]}),
    ],
)
def test_the_network_is_said_as_near_as_can_be(live: Network, access: str, more: dict[str, Any]) -> None:
    """So that taking the word network out of asFound opens nothing."""
    assert network(live) == {"access": access, **more}


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
