"""Binding an account to the customer's key: what must hold, and how a refusal tells what does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from localazure.web import Json
from tests.localazure.driver import (
    ACCOUNT,
    EVERYTHING,
    FOREIGN_GROUP,
    OTHER_TENANT,
    OWNER,
    STRANGER,
    URI,
    USER_ASSIGNED,
    VAULT,
    Case,
    bind,
    encryption,
    error,
    found,
    grant,
    policy,
    vault_body,
    version_of,
)

BAD = "KeyVaultProperties is invalid"
PARTS = ("keyVersion", "keyName", "keyVaultUri")
NOT_RECOVERABLE = "The encryption key must be recoverable and not purgeable"


def test_binding_by_patch_echoes_the_key_and_keeps_a_history(case: Case) -> None:
    """System identity, grant, PATCH: bound, echoed with its slash, and the history says when and to what."""
    account = case.make()
    principal = account["identity"]["principalId"]
    key = case.protected_vault(principal)
    response = case.patch(bind(key))
    assert response.status == 202
    assert case.get()["properties"]["encryption"] == encryption(key)
    first, second = case.history()
    assert (first["why"], first["keySource"], first["readable"]) == (
        "PUT",
        "Microsoft.CognitiveServices",
        True,
    )
    assert second == {
        "time": second["time"],
        "keySource": "Microsoft.KeyVault",
        "keyUri": key["key"]["kid"],
        "identity": principal,
        "why": "PATCH",
        "readable": True,
    }


def test_every_use_of_the_key_is_in_the_vaults_audit_log(case: Case) -> None:
    """Binding wraps and unwraps as the account's identity, under the caller's correlation id."""
    account = case.bound()
    uses = [e for e in case.audit() if e["objectId"] == account["identity"]["principalId"]]
    assert {"KeyWrap", "KeyUnwrap"} <= {e["operation"] for e in uses}
    assert {e["correlationId"] for e in uses} == {"corr-1"}


@pytest.mark.parametrize("uri", [URI, URI.rstrip("/")])
def test_a_user_assigned_identity_binds_in_the_create_itself(case: Case, uri: str) -> None:
    """UserAssigned + Microsoft.KeyVault in one PUT is 201, as recorded: keySource first, then the four
    properties as they were sent, the slash included."""
    case.cloud.behave(synchronous_creates=True)
    ids = case.user_identity()
    block = encryption(case.protected_vault(ids["principalId"]), identityClientId=ids["clientId"])
    block["keyVaultProperties"]["keyVaultUri"] = uri
    made = case.put(identity=USER_ASSIGNED, properties={"encryption": dict(reversed(block.items()))})
    assert (made.status, made.body["properties"]["provisioningState"]) == (201, "Succeeded")
    answered = made.body["properties"]["encryption"]
    assert (answered, list(answered)) == (block, ["keySource", "keyVaultProperties"])
    assert list(answered["keyVaultProperties"]) == list(block["keyVaultProperties"])


def test_a_system_identity_cannot_bind_in_the_create(case: Case) -> None:
    """SystemAssigned + Microsoft.KeyVault in the create is refused: nobody could have granted it anything."""
    key = case.protected_vault()
    response = case.put(properties={"encryption": encryption(key)})
    assert error(response) == (400, "BadRequest")
    assert "exists only after the account was created" in found(response)
    assert case.arm("GET", ACCOUNT).status == 404


@pytest.mark.parametrize(
    ("takes", "kinds"),
    [("documented", {"AIServices"}), ("refused", set()), ("taken", {"AIServices", "TextAnalytics"})],
)
def test_which_kinds_follow_a_key_without_a_version(takes: str, kinds: set[str]) -> None:
    """`versionless_key`: they use the newest enabled version, from the next use of their data on."""
    for kind in ("AIServices", "TextAnalytics"):
        case = Case()
        case.cloud.behave(versionless_key=takes)
        ids = case.user_identity()
        block = encryption(case.protected_vault(ids["principalId"]), identityClientId=ids["clientId"])
        del block["keyVaultProperties"]["keyVersion"]
        sku = {"name": "S0" if kind == "AIServices" else "S"}
        made = case.put(kind=kind, sku=sku, identity=USER_ASSIGNED, properties={"encryption": block})
        assert (made.status == 201) is (kind in kinds), made.body
        if made.status != 201:
            assert f"kind {kind} does not follow a key by itself" in found(made)


def test_a_binding_by_the_accounts_own_identity_shows_its_client_id_as_the_switch_says(case: Case) -> None:
    """`system_identity_client_id`: the client id of `identities/default`, and what was shown may be sent."""
    case.cloud.behave(system_identity_client_id="echoed")
    account = case.bound()
    own = case.arm("GET", f"{ACCOUNT}/providers/Microsoft.ManagedIdentity/identities/default").body
    shown = account["properties"]["encryption"]
    assert shown["keyVaultProperties"]["identityClientId"] == own["properties"]["clientId"]
    assert case.arm("PATCH", ACCOUNT, {"properties": {"encryption": shown}}).status == 202


def _vault(**properties: Any) -> Callable[[Case, str], Json]:
    return lambda case, principal: case.protected_vault(principal, **properties)


def _key(**body: Any) -> Callable[[Case, str], Json]:
    def make(case: Case, principal: str) -> Json:
        case.protected_vault(principal)
        return case.make_key("other", **body)

    return make


def _elsewhere(case: Case, principal: str) -> Json:
    policies = [policy(OWNER, *EVERYTHING), grant(principal)]
    body = vault_body(enablePurgeProtection=True, accessPolicies=policies)
    case.arm("PUT", VAULT, {**body, "location": "northeurope"})
    case.arm("GET", VAULT)
    return case.make_key()


def _foreign(case: Case, principal: str) -> Json:
    policies = [policy(STRANGER, *EVERYTHING)]
    path = f"{FOREIGN_GROUP}/providers/Microsoft.KeyVault/vaults/Contoso-1"
    body = vault_body(enablePurgeProtection=True, tenantId=OTHER_TENANT, accessPolicies=policies)
    case.arm("PUT", path, body, caller=STRANGER)
    case.arm("GET", path)
    return case.data("POST", "/keys/k/create", {"kty": "RSA"}, caller=STRANGER).body


def _ungranted(case: Case, principal: str) -> Json:
    return case.protected_vault()


def _half_granted(*permissions: str) -> Callable[[Case, str], Json]:
    def make(case: Case, principal: str) -> Json:
        key = case.protected_vault()
        case.grant(principal, *permissions)
        return key

    return make


def _disabled(case: Case, principal: str) -> Json:
    key = case.protected_vault(principal)
    case.enable(version_of(key), enabled=False)
    return key


@pytest.mark.parametrize(
    ("make", "message", "cause"),
    [
        (_vault(enablePurgeProtection=None), NOT_RECOVERABLE, "no purge protection"),
        (_vault(enablePurgeProtection=None, enableSoftDelete=False), NOT_RECOVERABLE, "no soft delete"),
        (_elsewhere, BAD, "same region"),
        (_foreign, BAD, "belongs to tenant"),
        (_key(key_size=3072), BAD, "does not take"),
        (_key(kty="EC"), BAD, "does not take"),
        (_key(key_ops=["wrapKey"]), BAD, "does not permit unwrapKey"),
        (_key(attributes={"exp": 1_000_000_000}), BAD, "has expired"),
        (_key(attributes={"nbf": 4_000_000_000}), BAD, "not valid yet"),
        (_disabled, BAD, "is disabled"),
    ],
)
def test_fails_to_bind_a_key_that_the_service_does_not_take(
    case: Case, make: Callable[[Case, str], Json], message: str, cause: str
) -> None:
    """Each rule of the source document: refused in the words users reported, the account left as it was."""
    before = case.make()
    response = case.patch(bind(make(case, before["identity"]["principalId"])))
    assert error(response) == (400, "BadRequest")
    assert response.body["error"]["message"] == message
    assert cause in found(response)
    assert case.get() == before


@pytest.mark.parametrize(
    "make",
    [
        _ungranted,
        _half_granted("get", "wrapKey"),
        _half_granted("get", "unwrapKey"),
        _half_granted("wrapKey", "unwrapKey"),
        _vault(networkAcls={"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "127.0.0.1"}]}),
    ],
)
def test_fails_to_bind_a_key_that_the_identity_cannot_use(
    case: Case, make: Callable[[Case, str], Json]
) -> None:
    """get, wrapKey, unwrapKey and a way through the vault's firewall are all needed: else 403."""
    before = case.make()
    response = case.patch(bind(make(case, before["identity"]["principalId"])))
    assert error(response) == (403, "Forbidden")
    assert case.get() == before


def test_a_closed_vault_lets_the_trusted_service_in(case: Case) -> None:
    """Firewall and public access closed, bypass AzureServices: the key can be bound."""
    principal = case.make()["identity"]["principalId"]
    acls = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [{"value": "127.0.0.1"}]}
    key = case.protected_vault(principal, networkAcls=acls)
    assert case.patch(bind(key)).status == 202


@pytest.mark.parametrize(
    ("block", "finding"),
    [
        *(({name: value}, f"{name} is missing") for name in PARTS for value in ("", None)),
        ({"keyVersion": "0" * 32}, "the vault has no version"),
        ({"keyName": "none"}, "the vault has no version"),
        ({"keyVaultUri": "https://nowhere.vault.azure.net/"}, "there is no vault at"),
        ({"identityClientId": OTHER_TENANT}, "no identity of the account has the client id"),
    ],
)
def test_fails_to_bind_without_a_whole_key_uri(case: Case, block: Json, finding: str) -> None:
    """Vault, name and version are all needed, a versionless key is refused, and all of it has to be there."""
    account = case.make()
    key = case.protected_vault(account["identity"]["principalId"])
    response = case.patch(bind(key, **block))
    assert error(response) == (400, "BadRequest")
    assert finding in found(response)


def test_all_that_is_wrong_is_found_at_once(case: Case) -> None:
    """The header names every finding, the body only the first, as Azure would."""
    case.make(sku={"name": "F0"}, identity=None)
    case.make_vault()
    case.arm("GET", VAULT)
    response = case.patch(bind(case.make_key(key_size=3072)))
    assert len(found(response).split("; ")) >= 4
    assert "details" not in response.body["error"]


def test_fails_to_bind_on_a_sku_without_the_capability(case: Case) -> None:
    """F0 cannot be bound, and a bound account cannot go to F0."""
    case.bound()
    response = case.patch({"sku": {"name": "F0"}})
    assert error(response) == (400, "BadRequest")
    assert "lacks the CustomerManagedKey capability" in found(response)


def test_outbound_restriction_needs_the_vaults_host(case: Case) -> None:
    """restrictOutboundNetworkAccess is refused unless allowedFqdnList has the vault's host."""
    case.bound()
    closed: Json = {"restrictOutboundNetworkAccess": True, "allowedFqdnList": ["example.org"]}
    assert error(case.patch({"properties": closed})) == (400, "BadRequest")
    closed["allowedFqdnList"].append("contoso-1.vault.azure.net")
    assert case.patch({"properties": closed}).status == 202
