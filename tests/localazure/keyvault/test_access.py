"""Who gets at a vault's keys, by policy, role and firewall; and how other services use them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from localazure.authorization import assign_role
from localazure.directory import delete_principal
from localazure.keyvault import crypto, trusted_services
from localazure.keyvault.access import SERVICE_ADDRESS
from localazure.web import Response
from tests.localazure.driver import (
    DATA,
    GROUP,
    OWNER,
    SERVICE,
    STRANGER,
    TENANT,
    URI,
    VAULT,
    Case,
    error,
    inner,
    policy,
    refusal_of,
)

VALUE = {"alg": "RSA-OAEP-256", "value": crypto.b64url(DATA)}
ROTATES = {"lifetimeActions": [{"trigger": {"timeAfterCreate": "P30D"}, "action": {"type": "Rotate"}}]}

# Each operation with the one permission that lets it pass.
OPERATIONS: list[tuple[str, str, str, Any]] = [
    ("create", "POST", "/keys/new/create", {"kty": "RSA"}),
    ("import", "PUT", "/keys/new", {"key": {"kty": "RSA"}}),
    ("get", "GET", "/keys/k", None),
    ("list", "GET", "/keys", None),
    ("list", "GET", "/keys/k/versions", None),
    ("update", "PATCH", "/keys/k", {}),
    ("delete", "DELETE", "/keys/k", None),
    ("get", "GET", "/deletedkeys/gone", None),
    ("list", "GET", "/deletedkeys", None),
    ("recover", "POST", "/deletedkeys/gone/recover", None),
    ("purge", "DELETE", "/deletedkeys/gone", None),
    ("rotate", "POST", "/keys/k/rotate", None),
    ("getrotationpolicy", "GET", "/keys/k/rotationpolicy", None),
    ("setrotationpolicy", "PUT", "/keys/k/rotationpolicy", ROTATES),
    ("backup", "POST", "/keys/k/backup", None),
    ("restore", "POST", "/keys/restore", {"value": "x"}),
    ("wrapKey", "POST", "/keys/k/wrapkey", VALUE),
    ("unwrapKey", "POST", "/keys/k/unwrapkey", VALUE),
    ("encrypt", "POST", "/keys/k/encrypt", VALUE),
    ("decrypt", "POST", "/keys/k/decrypt", VALUE),
    ("sign", "POST", "/keys/k/sign", VALUE),
    ("verify", "POST", "/keys/k/verify", VALUE),
]
PERMISSIONS = sorted({permission for permission, *_ in OPERATIONS})


def let(case: Case, *entries: Any) -> None:
    """Replaces the vault's access policies."""
    assert case.arm("PATCH", VAULT, {"properties": {"accessPolicies": list(entries)}}).status == 200


@pytest.mark.parametrize(("permission", "method", "path", "body"), OPERATIONS)
def test_exactly_its_permission_lets_an_operation_pass(
    case: Case, permission: str, method: str, path: str, body: Any
) -> None:
    """All other permissions together do not let it pass; its own, in whatever case, does, and so does `all`,
    which is everything but purge."""

    def status(*permissions: str) -> int:
        let(case, policy(SERVICE, *permissions))
        return case.data(method, path, body, caller=SERVICE).status

    case.with_keys(accessPolicies=[policy(SERVICE, *(p for p in PERMISSIONS if p != permission))])
    refused = case.data(method, path, body, caller=SERVICE)
    assert inner(refused) == (403, "ForbiddenByPolicy")
    lacks = f"does not have keys {permission.lower()} permission on key vault 'Contoso-1;location=westeurope'"
    assert lacks in refused.message
    if permission == "purge":
        assert status("all") == 403
        assert status("PURGE") == 204
    else:
        assert status(permission.upper()) != 403
        assert status("all") != 403


def test_an_entry_for_an_application_is_for_that_application_alone(case: Case) -> None:
    """An entry with an applicationId counts only for tokens of that application."""
    case.with_keys(accessPolicies=[policy(SERVICE, "get", applicationId=OWNER.client_id)])
    assert case.data("GET", "/keys/k", caller=SERVICE).status == 403
    let(case, policy(SERVICE, "get", applicationId=SERVICE.client_id))
    assert case.data("GET", "/keys/k", caller=SERVICE).status == 200


def test_a_grant_counts_after_its_delay_and_a_repeated_one_at_once(case: Case) -> None:
    """A new permission takes the delay; writing it again does not start it anew; taking it away none."""
    case.with_keys()
    case.cloud.behave(grant_delay_seconds=60)

    def seen(path: str = "/keys/k") -> int:
        return case.data("GET", path, caller=SERVICE).status

    let(case, policy(SERVICE, "get"))
    assert seen() == 403
    case.cloud.clock.advance(59)
    let(case, policy(SERVICE, "get", "list"))
    assert seen() == 403
    case.cloud.clock.advance(1.5)
    assert (seen(), seen("/keys")) == (200, 403)
    let(case, policy(SERVICE, "list"))
    assert seen() == 403


def test_under_rbac_roles_decide_and_policies_do_not(case: Case) -> None:
    """With RBAC on, policies count for nothing; a role at the key's scope is for that key alone."""
    case.with_keys(enableRbacAuthorization=True, accessPolicies=[policy(SERVICE, "all")])
    refused = case.data("GET", "/keys/k", caller=SERVICE)
    assert inner(refused) == (403, "ForbiddenByRbac")
    assert refused.message.startswith("Caller is not authorized to perform action on resource.")
    assert "Action: 'Microsoft.KeyVault/vaults/keys/read'" in refused.message
    assert f"Resource: '{VAULT.lower()}/keys/k'" in refused.message
    assert "Assignment: (not found)" in refused.message
    name = "Key Vault Crypto Service Encryption User"
    role = assign_role(case.cloud, SERVICE.object_id, name, f"{VAULT}/keys/k")
    allowed = case.data("GET", "/keys/k", caller=SERVICE)
    assert allowed.status == 200
    assert allowed.headers["x-ms-keyvault-rbac-assignment-id"] == role["name"]
    assert case.data("POST", "/keys/k/wrapkey", VALUE, caller=SERVICE).status == 200
    assert case.data("POST", "/keys/k/encrypt", VALUE, caller=SERVICE).status == 403
    assert case.data("GET", "/keys/gone", caller=SERVICE).status == 403


def test_a_caller_of_another_tenant_is_nobody(case: Case) -> None:
    """A token of another tenant is 401, and the text names both issuers."""
    case.with_keys()
    response = case.data("GET", "/keys/k", caller=STRANGER)
    assert error(response) == (401, "Unauthorized")
    assert TENANT in response.message
    assert refusal_of(lambda: case.wrap(STRANGER.object_id)) == "Unauthorized"


def test_network_rules_are_answered_in_azures_spelling(case: Case) -> None:
    """An address has its prefix length, a subnet's id small letters; the rest is as it was sent."""
    subnet = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/V/subnets/A"
    rules = {
        "defaultAction": "Deny",
        "ipRules": [{"value": "203.0.113.7"}, {"value": "198.51.100.0/24"}],
        "virtualNetworkRules": [{"id": subnet, "ignoreMissingVnetServiceEndpoint": True}],
    }
    case.make_vault(networkAcls=rules)
    assert case.arm("GET", VAULT).body["properties"]["networkAcls"] == {
        "bypass": "AzureServices",
        "defaultAction": "Deny",
        "ipRules": [{"value": "203.0.113.7/32"}, {"value": "198.51.100.0/24"}],
        "virtualNetworkRules": [{"id": subnet.lower(), "ignoreMissingVnetServiceEndpoint": True}],
    }


def acls(action: str | None = "Deny", *addresses: str, bypass: str | None = None) -> dict[str, Any]:
    whole = {
        "defaultAction": action,
        "bypass": bypass,
        "ipRules": [{"value": address} for address in addresses] or None,
    }
    return {"networkAcls": {name: value for name, value in whole.items() if value is not None}}


FIREWALL, CONNECTION = "ForbiddenByFirewall", "ForbiddenByConnection"


@pytest.mark.parametrize(
    ("network", "local", "trusted", "untrusted"),
    [
        ({}, None, None, None),
        (acls("Allow"), None, None, None),
        (acls(), FIREWALL, None, FIREWALL),
        (acls(bypass="None"), FIREWALL, FIREWALL, FIREWALL),
        (acls("Deny", "127.0.0.0/8"), None, None, FIREWALL),
        (acls("Deny", "203.0.113.7"), FIREWALL, None, FIREWALL),
        (acls(None, "203.0.113.7"), FIREWALL, None, FIREWALL),
        (acls("Deny", "127.0.0.1", bypass="None"), None, FIREWALL, FIREWALL),
        (acls("Deny", SERVICE_ADDRESS, bypass="None"), FIREWALL, None, None),
        ({"publicNetworkAccess": "Disabled"}, CONNECTION, None, CONNECTION),
        (
            {"publicNetworkAccess": "disabled", **acls("Allow", bypass="None")},
            CONNECTION,
            CONNECTION,
            CONNECTION,
        ),
    ],
)
def test_the_firewall_stops_callers_and_lets_trusted_services_bypass(
    case: Case, network: dict[str, Any], local: str | None, trusted: str | None, untrusted: str | None
) -> None:
    """A caller needs an open vault or an IP rule with its address; a service that counts as trusted the
    bypass or the same, and one that does not the same."""
    case.with_keys(**network)
    found = case.data("GET", "/keys/k")
    assert (None if found.status == 200 else inner(found)[1]) == local
    for trusts, expected in ((True, trusted), (False, untrusted)):
        case.cloud.behave(trusted_services_reach_vault=trusts)
        assert refusal_of(lambda: case.wrap(OWNER.object_id)) == expected


def test_a_service_wraps_and_unwraps_as_its_identity(case: Case) -> None:
    """With wrapKey and unwrapKey its data key comes back, by the version that wrapped it, after rotation. A
    policy entry outlives its principal, and then lets nobody in; each attempt is in the audit log."""
    case.with_keys(accessPolicies=[policy(OWNER, "all"), policy(SERVICE, "wrapKey", "unwrapKey")])
    facts = trusted_services.key_at(case.cloud, URI, "k", "")
    assert facts is not None
    hidden = case.wrap(SERVICE.object_id)
    case.data("POST", "/keys/k/rotate")
    assert case.unwrap(SERVICE.object_id, hidden, facts.version) == DATA
    assert case.audit()[-1]["keyId"] == f"{URI}keys/k/{facts.version}"
    assert refusal_of(lambda: case.unwrap(SERVICE.object_id, hidden)) == "BadParameter"
    delete_principal(case.cloud, SERVICE.object_id)
    assert refusal_of(lambda: case.wrap(SERVICE.object_id)) == "ForbiddenByPolicy"
    uses = [event for event in case.audit() if event["objectId"] == SERVICE.object_id]
    assert [(use["operation"], use["result"]) for use in (uses[0], uses[-1])] == [
        ("KeyWrap", "Success"),
        ("KeyWrap", "Forbidden"),
    ]
    assert {use["correlationId"] for use in uses} == {"corr-2"}


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        (lambda case: case.data("DELETE", "/keys/k"), "KeyNotFound"),
        (lambda case: case.arm("DELETE", VAULT), "VaultNotFound"),
        (lambda case: case.data("PATCH", "/keys/k", {"attributes": {"enabled": False}}), "KeyDisabled"),
        (lambda case: case.data("PATCH", "/keys/k", {"attributes": {"exp": 1}}), "KeyExpired"),
        (lambda case: case.data("PATCH", "/keys/k", {"attributes": {"nbf": 4102444800}}), "KeyNotYetValid"),
        (lambda case: case.data("PATCH", "/keys/k", {"key_ops": ["sign"]}), "KeyOperationForbidden"),
        (lambda case: case.arm("PATCH", VAULT, {"properties": {"accessPolicies": []}}), "ForbiddenByPolicy"),
        (
            lambda case: case.arm("PATCH", VAULT, {"properties": {"enableRbacAuthorization": True}}),
            "ForbiddenByRbac",
        ),
    ],
)
def test_whatever_takes_a_key_away_is_told_by_its_code(
    case: Case, prepare: Callable[[Case], Response], code: str
) -> None:
    """The same wrap that worked before is refused, and the code says why."""
    case.with_keys()
    assert refusal_of(lambda: case.wrap(OWNER.object_id)) is None
    assert prepare(case).status == 200
    assert refusal_of(lambda: case.wrap(OWNER.object_id)) == code


def test_facts_of_vault_and_key(case: Case) -> None:
    """Facts are those of the vault and version; a soft-deleted vault is told as such, its keys not at all."""
    case.make_vault(enablePurgeProtection=True)
    case.make_key("k", attributes={"enabled": False})
    facts, key = trusted_services.vault_at(case.cloud, URI), trusted_services.key_at(case.cloud, URI, "K", "")
    assert facts is not None
    assert key is not None
    assert (facts.name, facts.location, facts.tenant_id) == ("Contoso-1", "westeurope", TENANT)
    assert (facts.soft_delete, facts.purge_protected, facts.deleted) == (True, True, False)
    assert (key.kty, key.size, key.enabled) == ("RSA", 2048, False)
    assert trusted_services.key_at(case.cloud, URI, "k", "0" * 32) is None
    for elsewhere in ("https://other.vault.azure.net/", "https://contoso-1.example.com/"):
        assert trusted_services.vault_at(case.cloud, elsewhere) is None
    case.arm("DELETE", VAULT)
    gone = trusted_services.vault_at(case.cloud, URI)
    assert gone is not None
    assert gone.deleted
    assert trusted_services.key_at(case.cloud, URI, "k", "") is None
