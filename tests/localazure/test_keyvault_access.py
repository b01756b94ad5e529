"""Who gets at a vault's keys: access policies, roles, the firewall, tenants; and how others use a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from localazure.authorization import assign_role
from localazure.directory import delete_principal
from localazure.keyvault import crypto, use
from localazure.web import Response
from tests.localazure.keyvault_case import (
    OWNER,
    SERVICE,
    STRANGER,
    TENANT,
    URI,
    VAULT,
    Case,
    case,
    error,
    inner,
    policy,
)

__all__ = ["case"]

DATA = bytes(range(32))
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
    ("wrapKey", "POST", "/keys/k/wrapkey", VALUE),
    ("unwrapKey", "POST", "/keys/k/unwrapkey", VALUE),
    ("encrypt", "POST", "/keys/k/encrypt", VALUE),
    ("decrypt", "POST", "/keys/k/decrypt", VALUE),
    ("sign", "POST", "/keys/k/sign", VALUE),
    ("verify", "POST", "/keys/k/verify", VALUE),
]
PERMISSIONS = sorted({permission for permission, *_ in OPERATIONS})


def with_keys(case: Case, **properties: Any) -> Case:
    """A vault with the key `k` and the soft-deleted key `gone`; then the properties asked for."""
    case.make_vault()
    case.make_key("k")
    case.make_key("gone")
    case.data("DELETE", "/keys/gone")
    response = case.arm("PATCH", VAULT, {"properties": properties})
    assert response.status == 200, response.body
    return case


def denied(response: Response) -> bool:
    return response.status == 403


@pytest.mark.parametrize(("permission", "method", "path", "body"), OPERATIONS)
def test_exactly_its_permission_lets_an_operation_pass(
    case: Case, permission: str, method: str, path: str, body: Any
) -> None:
    """All other permissions together do not let it pass; its own, in whatever case, does."""
    others = [p for p in PERMISSIONS if p != permission]
    with_keys(case, accessPolicies=[policy(SERVICE, *others)])
    refused = case.data(method, path, body, caller=SERVICE)
    assert inner(refused) == (403, "ForbiddenByPolicy")
    assert (
        f"does not have keys {permission.lower()} permission on key vault 'Contoso-1;location=westeurope'"
        in (refused.body["error"]["message"])
    )
    case.arm("PATCH", VAULT, {"properties": {"accessPolicies": [policy(SERVICE, permission.upper())]}})
    assert not denied(case.data(method, path, body, caller=SERVICE))


def test_all_is_everything_but_purge(case: Case) -> None:
    """`all` lets every operation pass that does not destroy for good."""
    with_keys(case, accessPolicies=[policy(SERVICE, "all")])
    assert denied(case.data("DELETE", "/deletedkeys/gone", caller=SERVICE))
    for permission, method, path, body in OPERATIONS:
        if permission not in {"purge", "delete"}:
            assert not denied(case.data(method, path, body, caller=SERVICE)), permission


def test_an_entry_for_an_application_is_for_that_application_alone(case: Case) -> None:
    """An entry with an applicationId counts only for tokens of that application."""
    with_keys(case, accessPolicies=[policy(SERVICE, "get", applicationId=OWNER.client_id)])
    assert denied(case.data("GET", "/keys/k", caller=SERVICE))
    entry = policy(SERVICE, "get", applicationId=SERVICE.client_id)
    case.arm("PATCH", VAULT, {"properties": {"accessPolicies": [entry]}})
    assert case.data("GET", "/keys/k", caller=SERVICE).status == 200


def test_a_grant_counts_after_its_delay_and_a_repeated_one_at_once(case: Case) -> None:
    """A new permission takes the delay; writing it again does not start it anew; taking it away none."""
    with_keys(case)
    case.cloud.behave(grant_delay_seconds=60)

    def grant(*keys: str) -> None:
        entries = {"properties": {"accessPolicies": [policy(OWNER, "all"), policy(SERVICE, *keys)]}}
        assert case.arm("PATCH", VAULT, entries).status == 200

    grant("get")
    assert denied(case.data("GET", "/keys/k", caller=SERVICE))
    case.cloud.clock.advance(59)
    grant("get", "list")
    assert denied(case.data("GET", "/keys/k", caller=SERVICE))
    case.cloud.clock.advance(1.5)
    assert case.data("GET", "/keys/k", caller=SERVICE).status == 200
    assert denied(case.data("GET", "/keys", caller=SERVICE))
    grant("list")
    assert denied(case.data("GET", "/keys/k", caller=SERVICE))


def test_under_rbac_roles_decide_and_policies_do_not(case: Case) -> None:
    """With RBAC on, policies count for nothing; a role at the key's scope is for that key alone."""
    with_keys(case, enableRbacAuthorization=True, accessPolicies=[policy(SERVICE, "all")])
    refused = case.data("GET", "/keys/k", caller=SERVICE)
    assert inner(refused) == (403, "ForbiddenByRbac")
    text = refused.body["error"]["message"]
    assert text.startswith("Caller is not authorized to perform action on resource.")
    assert "Action: 'Microsoft.KeyVault/vaults/keys/read'" in text
    assert f"Resource: '{VAULT.lower()}/keys/k'" in text
    assert "Assignment: (not found)" in text
    role = assign_role(
        case.cloud, SERVICE.object_id, "Key Vault Crypto Service Encryption User", f"{VAULT}/keys/k"
    )
    allowed = case.data("GET", "/keys/k", caller=SERVICE)
    assert allowed.status == 200
    assert allowed.headers["x-ms-keyvault-rbac-assignment-id"] == role["name"]
    assert case.data("POST", "/keys/k/wrapkey", VALUE, caller=SERVICE).status == 200
    assert denied(case.data("POST", "/keys/k/encrypt", VALUE, caller=SERVICE))
    assert denied(case.data("GET", "/keys/gone", caller=SERVICE))


@pytest.mark.parametrize(
    ("network", "local", "service"),
    [
        ({}, None, None),
        ({"networkAcls": {"defaultAction": "Allow"}}, None, None),
        ({"networkAcls": {"defaultAction": "Deny"}}, "ForbiddenByFirewall", None),
        (
            {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}},
            "ForbiddenByFirewall",
            "ForbiddenByFirewall",
        ),
        ({"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "127.0.0.0/8"}]}}, None, None),
        (
            {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.7"}]}},
            "ForbiddenByFirewall",
            None,
        ),
        ({"networkAcls": {"ipRules": [{"value": "203.0.113.7"}]}}, "ForbiddenByFirewall", None),
        (
            {
                "networkAcls": {
                    "bypass": "None",
                    "defaultAction": "Deny",
                    "ipRules": [{"value": "127.0.0.1"}],
                }
            },
            None,
            "ForbiddenByFirewall",
        ),
        ({"publicNetworkAccess": "Disabled"}, "ForbiddenByConnection", None),
        (
            {"publicNetworkAccess": "disabled", "networkAcls": {"bypass": "None", "defaultAction": "Allow"}},
            "ForbiddenByConnection",
            "ForbiddenByConnection",
        ),
    ],
)
def test_the_firewall_stops_callers_and_lets_trusted_services_bypass(
    case: Case, network: dict[str, Any], local: str | None, service: str | None
) -> None:
    """A caller from loopback needs an open vault or an IP rule; a trusted service needs the bypass."""
    with_keys(case, **network)
    found = case.data("GET", "/keys/k")
    assert (None if found.status == 200 else inner(found)[1]) == local
    facts = use.vault_at(case.cloud, URI)
    assert facts is not None
    assert facts.trusted_services_pass is (service is None)
    assert refusal_of(lambda: wrap(case, OWNER.object_id)) == service


def test_a_caller_of_another_tenant_is_nobody(case: Case) -> None:
    """A token of another tenant is 401, and the text names both issuers."""
    with_keys(case)
    response = case.data("GET", "/keys/k", caller=STRANGER)
    assert error(response) == (401, "Unauthorized")
    assert TENANT in response.body["error"]["message"]
    assert refusal_of(lambda: wrap(case, STRANGER.object_id)) == "Unauthorized"


def test_a_principal_that_is_gone_gets_nowhere(case: Case) -> None:
    """A policy entry outlives its principal, and then lets nobody in; the attempt is in the audit log."""
    with_keys(case, accessPolicies=[policy(SERVICE, "wrapKey")])
    assert refusal_of(lambda: wrap(case, SERVICE.object_id)) is None
    delete_principal(case.cloud, SERVICE.object_id)
    assert refusal_of(lambda: wrap(case, SERVICE.object_id)) == "ForbiddenByPolicy"
    events = [(e["operation"], e["objectId"], e["result"]) for e in case.audit()[-2:]]
    assert events == [("KeyWrap", SERVICE.object_id, "Success"), ("KeyWrap", SERVICE.object_id, "Forbidden")]


def wrap(case: Case, object_id: str, version: str = "", key: str = "k") -> bytes:
    return use.wrap(
        case.cloud,
        object_id=object_id,
        vault_uri=URI,
        key_name=key,
        version=version,
        data=DATA,
        correlation_id="corr-2",
    )


def unwrap(case: Case, object_id: str, data: bytes, version: str = "") -> bytes:
    return use.unwrap(
        case.cloud,
        object_id=object_id,
        vault_uri=URI,
        key_name="k",
        version=version,
        data=data,
        correlation_id="corr-2",
    )


def refusal_of(act: Callable[[], object]) -> str | None:
    try:
        act()
    except use.KeyRefused as refused:
        return refused.code
    return None


def test_a_service_wraps_and_unwraps_as_its_identity(case: Case) -> None:
    """With wrapKey and unwrapKey its data key comes back, by the version that wrapped it, after rotation."""
    with_keys(case, accessPolicies=[policy(OWNER, "all"), policy(SERVICE, "wrapKey", "unwrapKey")])
    facts = use.key_at(case.cloud, URI, "k", "")
    assert facts is not None
    hidden = wrap(case, SERVICE.object_id)
    case.data("POST", "/keys/k/rotate")
    assert unwrap(case, SERVICE.object_id, hidden, facts.version) == DATA
    assert refusal_of(lambda: unwrap(case, SERVICE.object_id, hidden)) == "BadParameter"
    assert case.audit()[-2]["keyId"] == f"{URI}keys/k/{facts.version}"
    assert case.audit()[-2]["correlationId"] == "corr-2"


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
    with_keys(case)
    assert refusal_of(lambda: wrap(case, OWNER.object_id)) is None
    assert prepare(case).status == 200
    assert refusal_of(lambda: wrap(case, OWNER.object_id)) == code


def test_facts_of_vault_and_key(case: Case) -> None:
    """Facts are those of the vault and version; a soft-deleted vault is told as such, its keys not at all."""
    case.make_vault(enablePurgeProtection=True)
    case.make_key("k", attributes={"enabled": False})
    facts, key = use.vault_at(case.cloud, URI), use.key_at(case.cloud, URI, "K", "")
    assert facts is not None
    assert key is not None
    assert (facts.id, facts.uri, facts.location, facts.tenant_id) == (VAULT, URI, "westeurope", TENANT)
    assert (facts.soft_delete, facts.purge_protected, facts.deleted) == (True, True, False)
    assert (key.kty, key.size, key.enabled, key.current) == ("RSA", 2048, False, True)
    assert use.key_at(case.cloud, URI, "k", "0" * 32) is None
    assert use.vault_at(case.cloud, "https://other.vault.azure.net/") is None
    assert use.vault_at(case.cloud, "https://contoso-1.example.com/") is None
    case.arm("DELETE", VAULT)
    gone = use.vault_at(case.cloud, URI)
    assert gone is not None
    assert gone.deleted
    assert use.key_at(case.cloud, URI, "k", "") is None
