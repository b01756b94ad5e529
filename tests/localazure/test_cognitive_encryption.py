"""The customer's key: what must hold to bind it, what happens to the data when it goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from localazure.web import Json
from tests.localazure.cognitive_case import (
    ACCOUNT,
    ACCOUNTS,
    IDENTITY,
    PROJECT,
    PROJECTS,
    UNBIND,
    Case,
    bind,
    case,
    deny_accounts_without_a_key,
    encryption,
    found,
    grant,
)
from tests.localazure.keyvault_case import (
    EVERYTHING,
    OTHER_GROUP,
    OTHER_SUBSCRIPTION,
    OTHER_TENANT,
    OWNER,
    STRANGER,
    URI,
    VAULT,
    error,
    policy,
    vault_body,
)

__all__ = ["case"]

USER_ASSIGNED = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}


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


def test_a_user_assigned_identity_binds_in_the_create_itself(case: Case) -> None:
    """UserAssigned + Microsoft.KeyVault in one PUT is 201, as recorded."""
    ids = case.user_identity()
    key = case.protected_vault(ids["principalId"])
    block = encryption(key, identityClientId=ids["clientId"])
    account = case.make(identity=USER_ASSIGNED, properties={"encryption": block})
    assert account["properties"]["encryption"] == block


def test_a_system_identity_cannot_bind_in_the_create(case: Case) -> None:
    """SystemAssigned + Microsoft.KeyVault in the create is refused: nobody could have granted it anything."""
    key = case.protected_vault()
    response = case.put(properties={"encryption": encryption(key)})
    assert error(response) == (400, "BadRequest")
    assert "exists only after the account was created" in found(response)
    assert case.arm("GET", ACCOUNT).status == 404


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
    case.cloud.store.put("subscription", OTHER_SUBSCRIPTION, {"tenantId": OTHER_TENANT})
    path = f"{OTHER_GROUP}/providers/Microsoft.KeyVault/vaults/Contoso-1"
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
    case.data("PATCH", f"/keys/k/{key['key']['kid'].rsplit('/', 1)[-1]}", {"attributes": {"enabled": False}})
    return key


BAD = "KeyVaultProperties is invalid"
NOT_RECOVERABLE = "The encryption key must be recoverable and not purgeable"


@pytest.mark.parametrize(
    ("make", "message", "cause"),
    [
        (_vault(enablePurgeProtection=None), NOT_RECOVERABLE, "no purge protection"),
        (_vault(enablePurgeProtection=None, enableSoftDelete=False), NOT_RECOVERABLE, "no soft delete"),
        (_elsewhere, BAD, "same region"),
        (_foreign, BAD, "belongs to tenant"),
        (_key(key_size=3072), BAD, "only RSA 2048"),
        (_key(kty="EC"), BAD, "only RSA 2048"),
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


@pytest.mark.parametrize("missing", ["keyVersion", "keyName", "keyVaultUri"])
@pytest.mark.parametrize("value", ["", None])
def test_fails_to_bind_without_a_whole_key_uri(case: Case, missing: str, value: str | None) -> None:
    """Vault, name and version are all needed; a versionless key is refused."""
    account = case.make()
    key = case.protected_vault(account["identity"]["principalId"])
    response = case.patch(bind(key, **{missing: value}))
    assert error(response) == (400, "BadRequest")
    assert f"{missing} is missing" in found(response)


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


def test_rotation_rewraps_and_leaves_the_ciphertext(case: Case) -> None:
    """Another version of the key: the stored data stays byte for byte, its wrapping changes."""
    case.bound()
    case.language("PATCH", f"{PROJECTS}/orders", PROJECT)
    before = _stored(case)
    newer = case.make_key()
    assert case.patch(bind(newer)).status == 202
    after = _stored(case)
    assert after[0] == before[0]
    assert after[1]["keyVersion"] != before[1]["keyVersion"]
    assert case.language("GET", f"{PROJECTS}/orders").status == 200


def _stored(case: Case) -> tuple[Json, Json]:
    """The ciphertext of the account's projects, and its wrapped data key."""
    account = case.cloud.store.get("account", ACCOUNT) or {}
    return case.cloud.store.scan("account.project"), account["wrapping"]


def test_rotation_needs_the_old_version_to_be_usable(case: Case) -> None:
    """With the bound version disabled the data key cannot be moved to a new one; enabled again it can."""
    case.bound()
    old = case.get()["properties"]["encryption"]["keyVaultProperties"]["keyVersion"]
    newer = case.make_key()
    case.data("PATCH", f"/keys/k/{old}", {"attributes": {"enabled": False}})
    response = case.patch(bind(newer))
    assert error(response) == (400, "BadRequest")
    assert "the current key cannot be used" in found(response)
    case.data("PATCH", f"/keys/k/{old}", {"attributes": {"enabled": True}})
    assert case.patch(bind(newer)).status == 202


def test_unbinding_is_explicit_and_needs_the_key(case: Case) -> None:
    """keySource Microsoft.CognitiveServices goes back to Microsoft's keys, if the data can be taken along."""
    principal = case.bound()["identity"]["principalId"]
    case.language("PATCH", f"{PROJECTS}/orders", PROJECT)
    case.grant(principal, "get")
    assert error(case.patch(UNBIND)) == (400, "BadRequest")
    case.grant(principal)
    assert case.patch(UNBIND).status == 202
    assert case.get()["properties"]["encryption"] == {"keySource": "Microsoft.CognitiveServices"}
    case.arm("DELETE", VAULT)
    assert case.language("GET", f"{PROJECTS}/orders").status == 200


def test_patch_without_encryption_keeps_the_binding(case: Case) -> None:
    """A tag changes by PATCH: still bound."""
    bound = case.bound()
    case.patch({"tags": {"a": "b"}})
    assert case.get()["properties"]["encryption"] == bound["properties"]["encryption"]


@pytest.mark.parametrize("unbinds", [True, False])
def test_put_without_encryption_unbinds_or_not_as_set(case: Case, unbinds: bool) -> None:
    """The safe assumption is that it unbinds; the behaviour can be switched; the data survives both."""
    case.cloud.behave(put_without_encryption_unbinds=unbinds)
    case.bound()
    case.language("PATCH", f"{PROJECTS}/orders", PROJECT)
    case.finish(case.put(tags={"a": "b"}))
    assert ("encryption" in case.get()["properties"]) is not unbinds
    assert case.history()[-1]["keySource"] == f"Microsoft.{'CognitiveServices' if unbinds else 'KeyVault'}"
    assert case.language("GET", f"{PROJECTS}/orders").status == 200


def test_put_with_the_live_encryption_stays_bound(case: Case) -> None:
    """A PUT that carries the live block never leaves the key, and the history proves it."""
    block = case.bound()["properties"]["encryption"]
    case.finish(case.put(tags={"a": "b"}, properties={"encryption": block}))
    sources = [entry["keySource"] for entry in case.history()]
    assert sources == ["Microsoft.CognitiveServices", "Microsoft.KeyVault", "Microsoft.KeyVault"]


def test_moving_to_another_identity_keeps_the_data(case: Case) -> None:
    """From the system identity to a user-assigned one in one PATCH: the old unwraps, the new wraps."""
    before = case.bound()["identity"]["principalId"]
    case.language("PATCH", f"{PROJECTS}/orders", PROJECT)
    ids = case.user_identity()
    case.grant(ids["principalId"])
    known = len(case.audit())
    block = case.get()["properties"]["encryption"]
    block["keyVaultProperties"]["identityClientId"] = ids["clientId"]
    assert case.patch({"identity": USER_ASSIGNED, "properties": {"encryption": block}}).status == 202
    uses = [(e["operation"], e["objectId"]) for e in case.audit()[known:]]
    assert uses[0] == ("KeyUnwrap", before)
    assert ("KeyWrap", ids["principalId"]) in uses
    assert case.language("GET", f"{PROJECTS}/orders").status == 200
    assert case.history()[-1]["identity"] == ids["principalId"]


def test_switching_the_identity_off_puts_the_data_out_of_reach(case: Case) -> None:
    """The source document's warning: no identity, no data; a new identity needs a new grant."""
    case.bound()
    case.language("PATCH", f"{PROJECTS}/orders", PROJECT)
    assert case.patch({"identity": {"type": "None"}}).status == 202
    assert case.history()[-1]["readable"] is False
    assert case.language("GET", f"{PROJECTS}/orders").status == 403
    case.patch({"identity": {"type": "SystemAssigned"}})
    assert case.language("GET", f"{PROJECTS}/orders").status == 403
    case.grant(case.get()["identity"]["principalId"])
    assert case.language("GET", f"{PROJECTS}/orders").status == 200


def test_a_bound_account_keeps_its_data_through_delete_and_restore(case: Case) -> None:
    """Soft delete and restore: the same identity, the same binding, the same data."""
    before = case.bound()
    case.language("PATCH", f"{PROJECTS}/orders", PROJECT)
    case.arm("DELETE", ACCOUNT)
    restored = case.arm("PUT", ACCOUNT, {"location": "westeurope", "properties": {"restore": True}})
    assert restored.status == 201
    assert restored.body["identity"] == before["identity"]
    assert restored.body["properties"]["encryption"] == before["properties"]["encryption"]
    assert case.language("GET", f"{PROJECTS}/orders").status == 200
    assert [entry["why"] for entry in case.history()] == ["PUT", "PATCH", "DELETE", "restore"]


def test_a_restore_needs_the_vault(case: Case) -> None:
    """While the vault is deleted a bound account cannot be restored."""
    case.bound()
    case.arm("DELETE", ACCOUNT)
    case.arm("DELETE", VAULT)
    body = {"location": "westeurope", "properties": {"restore": True}}
    assert error(case.arm("PUT", ACCOUNT, body)) == (400, "BadRequest")
    recover = vault_body(accessPolicies=None)
    recover["properties"]["createMode"] = "recover"
    case.arm("PUT", VAULT, recover)
    assert case.arm("PUT", ACCOUNT, body).status == 201


def test_a_deny_policy_refuses_what_would_leave_microsofts_keys(case: Case) -> None:
    """With the built-in policy on Deny: phase one is refused, a bound create passes, unbinding is refused."""
    ids = case.user_identity()
    key = case.protected_vault(ids["principalId"])
    block = encryption(key, identityClientId=ids["clientId"])
    deny_accounts_without_a_key(case.cloud)
    refused = case.put()
    assert error(refused) == (403, "RequestDisallowedByPolicy")
    assert refused.headers["x-ms-failure-cause"] == "gateway"
    assert "67121cc7-ff39-4ab8-b7e3-95b84dab487d" in refused.body["error"]["message"]
    case.make(identity=USER_ASSIGNED, properties={"encryption": block})
    assert error(case.patch(UNBIND)) == (403, "RequestDisallowedByPolicy")
    excluded = case.put(
        f"{ACCOUNTS}/ai", kind="AIServices", sku={"name": "S0"}, properties={"customSubDomainName": "ai"}
    )
    assert excluded.status == 201


def test_the_customers_words_are_nowhere_in_the_store(case: Case) -> None:
    """A project's name and description are in no document in clear, whoever manages the key."""
    case.make()
    case.language("PATCH", f"{PROJECTS}/orders", {**PROJECT, "description": "merger of the two banks"})
    stored = str([case.cloud.store.scan(kind) for kind in ("account", "account.project", "operation")])
    assert "merger" not in stored
    assert "orders" not in stored
    assert URI not in stored
