"""What is written for an account, from the answers that the cloud gave: without a cloud."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import Any

import pytest
import yaml

from adopt.__main__ import paths
from adopt.files import configuration, import_file, merged
from adopt.found import Found, UnreadError
from adopt.obstacles import obstacles
from adopt.plan import network, plan
from adopt.separate import separated
from components import names
from components.roles import ENCRYPTION_USER
from evidence.model import Assignment, Binding, Identity, NotChecked, Service
from settings.parse import parse
from tests.evidence import made
from tests.evidence.made import GROUP, NEW, NOW, OLD, OWN, SUBSCRIPTION, account, key, vault, version

UNWRAP = "Microsoft.KeyVault/vaults/keys/unwrap/action"
KEY_ID = f"{vault().id}/keys/cmk"
ROLE = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{ENCRYPTION_USER.definition}"


def body(**properties: Any) -> dict[str, Any]:
    encryption = {"keyVaultProperties": {"keyVaultUri": "https://kv-contoso.vault.azure.net"}}
    return {
        "identity": {"type": "SystemAssigned"},
        "properties": {"customSubDomainName": "lang-contoso", "encryption": encryption, **properties},
    }


def vault_body(keys: list[str], **permissions: list[str]) -> dict[str, Any]:
    entry = {"objectId": OWN.upper(), "permissions": {"keys": keys, **permissions}}
    return {"properties": {"accessPolicies": [entry]}}


def found(service: Service | None = None, **changes: Any) -> Found:
    """An account bound by access policy, exactly as this project would have it."""
    given = made.service() if service is None else service
    whole = Found(given, NOW, body(), vault_body(list(ENCRYPTION_USER.permissions)))
    return replace(whole, **changes)


def by_role(scope: str, name: str, role: str = ROLE) -> Found:
    """An account bound under Azure RBAC by one role assignment."""
    can = Assignment(OWN, "ServicePrincipal", "a role", scope, conditional=False, data_actions=(UNWRAP,))
    properties = {"principalId": OWN, "scope": scope, "roleDefinitionId": role}
    id = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    # Nothing about the log is known, as of most accounts that are made by hand.
    unlogged = NotChecked("no diagnostic setting")
    service = made.service(vault=vault(uses_rbac=True), assignments=(can,), use=unlogged, audit=())
    return found(service, assignments=({"id": id, "name": name, "properties": properties},))


def texts(*pairs: tuple[str, Found], takes_vault: bool = False) -> str:
    return "\n".join(str(obstacle) for obstacle in obstacles(pairs, takes_vault=takes_vault))


def test_a_bound_account_is_said_in_settings_that_the_program_takes() -> None:
    """Names are said outright, the key by its id, nothing is made, and nothing stands in the way."""
    assert texts(("contoso", found())) == ""
    written = plan("contoso", found(), takes_vault=False)
    settings = parse(written.settings).services[0]
    assert settings.key.id == KEY_ID
    assert settings.account_name == "lang-contoso"
    assert settings.existing_resource_group_name == "rg-contoso"
    assert not settings.audit.new_workspace
    assert settings.as_found == ["network", "tags"]
    assert written.notes == ()


def test_the_imports_are_those_that_the_program_makes() -> None:
    """The account, its access, the version and the binding, below the service."""
    kinds = {one.name: (one.type, one.id) for one in plan("x", found(), takes_vault=False).imports}
    assert kinds == {
        "x": ("language-cmk:index:EncryptedLanguageService", ""),
        "x-account": ("azure-native:cognitiveservices:Account", account().id),
        "x-access": ("azure-native:keyvault:AccessPolicy", f"{vault().id}/accessPolicy/{OWN.upper()}"),
        "x-key-version": ("azure-cmk:index:KeyVersion", KEY_ID),
        "x-binding": ("azure-cmk:index:CustomerManagedKey", account().id),
    }


def test_vault_and_key_are_imported_when_they_are_taken() -> None:
    """Then they are named and not referred to, and the vault stays as it was found."""
    written = plan("xx", found(), takes_vault=True)
    assert {"xx-vault", "xx-key"} <= {one.name for one in written.imports}
    settings = parse(written.settings).services[0]
    assert (settings.vault.name, settings.key.name) == ("kv-contoso", "cmk")
    assert "vault" in settings.as_found
    assert "audit log" in written.notes[0]


def test_an_account_on_microsofts_keys() -> None:
    """It is imported alone; what it lacks of an identity stays so, and that is noted."""
    plain = made.account(binding=Binding("Microsoft.CognitiveServices"), identities=())
    one = found(Service(plain.id, plain), body={**body(), "identity": None})
    assert texts(("x", one)) == ""
    written = plan("x", one, takes_vault=False)
    assert written.settings["encryption"] == "microsoftManaged"
    assert "identity" in written.settings["asFound"]
    assert len(written.imports) == 2
    assert "take identity out" in written.notes[0]


def test_the_bound_version_is_kept_though_a_newer_one_is_there() -> None:
    """It is pinned, and that is noted, since an adoption rotates nothing."""
    one = found(made.service(key=key(version(NEW, 30), version(OLD, 3))))
    written = plan("x", one, takes_vault=False)
    assert written.settings["key"]["pin"] == NEW
    assert "key.pin" in written.notes[0]


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
    written = plan("x", found(vault_body=entry), takes_vault=False)
    assert ("access" in written.settings["asFound"]) is left


def test_a_role_assignment_is_found_at_the_key_before_the_vault() -> None:
    """With a name of its own it is left as it is; with the name that this project makes it is ours."""
    ours = names.role_assignment_name(KEY_ID, OWN, ENCRYPTION_USER.definition)
    for scope, name, left in (
        (KEY_ID, ours, False),
        (KEY_ID, "another", True),
        (vault().id, "another", True),
    ):
        one = by_role(scope, name)
        assert texts(("x", one)) == ""
        written = plan("x", one, takes_vault=False)
        assert ("access" in written.settings["asFound"]) is left
        assert any(i.id.endswith(f"/roleAssignments/{name}") for i in written.imports)


def test_of_two_role_assignments_the_one_at_the_key_is_taken() -> None:
    """The one at the vault counts for its other keys, too, and stays outside."""
    first, second = by_role(vault().id, "wide"), by_role(KEY_ID, "narrow")
    both = replace(second, assignments=(*first.assignments, *second.assignments))
    written = plan("xx", both, takes_vault=False)
    assert [i.id for i in written.imports if i.name == "xx-access"] == [second.assignments[0]["id"]]


def test_our_name_at_another_scope_is_not_ours() -> None:
    """A role assignment is ours by its name and its scope."""
    ours = names.role_assignment_name(KEY_ID, OWN, ENCRYPTION_USER.definition)
    assert "access" in plan("xx", by_role(vault().id, ours), takes_vault=False).settings["asFound"]


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, {"access": "open"}),
        ({"publicNetworkAccess": "Disabled"}, {"access": "closed"}),
        ({"networkAcls": {"defaultAction": "Allow", "ipRules": [{"value": "52.1.2.3"}]}}, {"access": "open"}),
        ({"networkAcls": {"defaultAction": "Deny"}}, {"access": "closed"}),
        (
            {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "52.1.2.3"}]}},
            {"access": "selected", "allowedIpRanges": ["52.1.2.3"]},
        ),
        (
            {"networkAcls": {"virtualNetworkRules": [{"id": "/s"}]}},
            {"access": "selected", "allowedSubnetIds": ["/s"]},
        ),
    ],
)
def test_the_network_is_said_as_near_as_can_be(properties: dict[str, Any], expected: dict[str, Any]) -> None:
    """So that taking the word network out of asFound opens nothing."""
    assert network(properties) == expected


def test_tags_are_said_where_there_are_any() -> None:
    """They are those of everything made here."""
    written = plan("x", found(body={**body(), "tags": {"a": "b"}}), takes_vault=False)
    assert written.settings["tags"] == {"a": "b"}
    assert "tags" not in written.settings["asFound"]


def test_tags_that_the_settings_refuse_are_left_as_they_are() -> None:
    """Azure's own have slashes in their names, which nobody else's may."""
    tags = {"hidden-link:/app-insights-resource-id": "/subscriptions/x"}
    written = plan("xx", found(body={**body(), "tags": tags}), takes_vault=False)
    assert "tags" not in written.settings
    assert "tags" in written.settings["asFound"]
    parse(written.settings)


def test_the_commands_that_put_it_right_are_quoted() -> None:
    """A resource group may have parentheses in its name; the binding is written out whole."""
    group = "rg-found(1)"
    there = account(sku="S0", local_auth=True, id=account().id.replace("rg-contoso", group))
    told = texts(("x", found(made.service(account=there))))
    assert f"--resource-group '{group}'" in told
    assert f"--ids '{there.id}'" in told
    user = Identity("userAssigned", OWN, "c1")
    bound = replace(account().binding, identity_client_id="c1")
    one = found(made.service(account=account(identities=(user,), binding=bound)))
    encryption = one.body["properties"]["encryption"]["keyVaultProperties"]
    encryption["keyVaultUri"] = "https://kv-contoso.vault.azure.net/"
    one = replace(one, identity={"id": f"{GROUP}/x/id-xx", "name": "id-xx"})
    written = shlex.split(texts(("xx", one)).rsplit("--body ", 1)[1])[0]
    kept = json.loads(written)["properties"]["encryption"]["keyVaultProperties"]
    assert kept == {"keyVaultUri": "https://kv-contoso.vault.azure.net"}


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (found(made.service(account=account(kind="OpenAI"))), "its kind is OpenAI"),
        (found(made.service(account=account(sku="S0"))), "its tier is S0"),
        (found(made.service(account=account(local_auth=True))), "disableLocalAuth=true"),
        (found(made.service(account=account(state="Accepted"))), "provisioning state is Accepted"),
        (found(body=body(customSubDomainName=None)), "--custom-domain lang-contoso"),
        (found(body=body(customSubDomainName="other")), "its subdomain is other"),
        (found(made.service(account=account("Lang-Contoso"))), "lower-case"),
        (found(made.service(vault=vault(purge_protection=False))), "--enable-purge-protection true"),
        (found(made.service(key=key(size=3072))), "RSA 2048"),
        (found(made.service(key=key(version(NEW, 3, enabled=False)))), "is disabled"),
        (found(made.service(vault=vault(policies=()))), "nothing grants the account's identity"),
        (found(made.service(vault=NotChecked("403 no"))), "vault: not checked: 403 no"),
        (found(Service(account().id, NotChecked("404 gone"))), "account: not checked: 404 gone"),
        (by_role(GROUP, "x"), "az role assignment create"),
        (by_role(KEY_ID, "x", role=f"{ROLE}0"), "az role assignment create"),
    ],
)
def test_what_would_have_to_change_is_refused(one: Found, words: str) -> None:
    """With what to do about it."""
    assert words in texts(("x", one))


def test_what_an_auditor_would_note_is_no_obstacle() -> None:
    """Warnings and notes are told by the evidence, and do not keep an account outside."""
    service = made.rich().services[0]
    assert "others-did-unwrap" not in texts(("x", found(service)))


def test_accounts_are_told_apart() -> None:
    """One name for two, two subscriptions in a stack, and a vault that two services would own are refused."""
    elsewhere = account(id=account().id.replace("00000000000a", "00000000000b"))
    pairs = (("x", found()), ("x", found(made.service(account=elsewhere))))
    told = texts(*pairs, takes_vault=True)
    assert "2 accounts would be named x" in told
    assert "2 subscriptions" in told
    assert "2 accounts use the vault" in told


def test_a_vault_elsewhere_cannot_be_taken() -> None:
    """The project makes vaults in the account's group only."""
    away = vault(id=vault().id.replace("rg-contoso", "rg-keys"))
    assert "leave out --take-vault" in texts(("x", found(made.service(vault=away))), takes_vault=True)
    assert texts(("x", found(made.service(vault=away)))) == ""


def test_what_was_not_read_is_never_used() -> None:
    """A plan for an account that was not read is an error, not an empty file."""
    with pytest.raises(UnreadError):
        plan("x", found(Service(account().id, NotChecked("403"))), takes_vault=False)


def test_a_vaults_own_list_of_access_policies_goes_from_the_state() -> None:
    """Of the vault alone, and nothing else of it."""
    listed = {"inputs": {"vaultName": "v", "properties": {"accessPolicies": [1], "tenantId": "t"}}}
    resources = [
        {"type": "azure-native:keyvault:Vault", **listed},
        {"type": "x", "inputs": {"properties": {}}},
    ]
    state = separated({"deployment": {"resources": resources}})
    vault, other = state["deployment"]["resources"]
    assert vault["inputs"] == {"vaultName": "v", "properties": {"tenantId": "t"}}
    assert other["inputs"] == {"properties": {}}
    assert separated({"deployment": {}}) == {"deployment": {}}


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
    plans = [plan(name, found(), takes_vault=False) for name in ("xx", "yy")]
    config = configuration(plans, "s")
    assert config["azure-native:subscriptionId"] == "s"
    assert [service["name"] for service in config["language-cmk:services"]] == ["xx", "yy"]
    resources = json.loads(import_file(plans, "3.29.0"))["resources"]
    assert {r["parent"] for r in resources if not r.get("component")} == {"xx", "yy"}
    assert all(r["version"] == "3.29.0" for r in resources if r["type"].startswith("azure-native"))
