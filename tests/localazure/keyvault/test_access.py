"""Who gets at a vault's keys: access policies, roles, tenants."""

from __future__ import annotations

from typing import Any

import pytest

from localazure.authorization import assign_role
from localazure.keyvault import crypto
from tests.localazure.driver import (
    DATA,
    OWNER,
    SERVICE,
    STRANGER,
    TENANT,
    VAULT,
    Case,
    error,
    inner,
    policy,
    refusal_of,
)
from tests.support.front import Reply

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


def denied(response: Reply) -> bool:
    return response.status == 403


@pytest.mark.parametrize(("permission", "method", "path", "body"), OPERATIONS)
def test_exactly_its_permission_lets_an_operation_pass(
    case: Case, permission: str, method: str, path: str, body: Any
) -> None:
    """All other permissions together do not let it pass; its own, in whatever case, does."""
    others = [p for p in PERMISSIONS if p != permission]
    case.with_keys(accessPolicies=[policy(SERVICE, *others)])
    refused = case.data(method, path, body, caller=SERVICE)
    assert inner(refused) == (403, "ForbiddenByPolicy")
    assert (
        f"does not have keys {permission.lower()} permission on key vault 'Contoso-1;location=westeurope'"
        in (refused.body["error"]["message"])
    )
    case.arm("PATCH", VAULT, {"properties": {"accessPolicies": [policy(SERVICE, permission.upper())]}})
    assert not denied(case.data(method, path, body, caller=SERVICE))


@pytest.mark.parametrize(("permission", "method", "path", "body"), OPERATIONS)
def test_all_is_everything_but_purge(case: Case, permission: str, method: str, path: str, body: Any) -> None:
    """`all` allows every operation but purge."""
    case.with_keys(accessPolicies=[policy(SERVICE, "all")])
    assert denied(case.data(method, path, body, caller=SERVICE)) is (permission == "purge")


def test_an_entry_for_an_application_is_for_that_application_alone(case: Case) -> None:
    """An entry with an applicationId counts only for tokens of that application."""
    case.with_keys(accessPolicies=[policy(SERVICE, "get", applicationId=OWNER.client_id)])
    assert denied(case.data("GET", "/keys/k", caller=SERVICE))
    entry = policy(SERVICE, "get", applicationId=SERVICE.client_id)
    case.arm("PATCH", VAULT, {"properties": {"accessPolicies": [entry]}})
    assert case.data("GET", "/keys/k", caller=SERVICE).status == 200


def test_a_grant_counts_after_its_delay_and_a_repeated_one_at_once(case: Case) -> None:
    """A new permission takes the delay; writing it again does not start it anew; taking it away none."""
    case.with_keys()
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
    case.with_keys(enableRbacAuthorization=True, accessPolicies=[policy(SERVICE, "all")])
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


def test_a_caller_of_another_tenant_is_nobody(case: Case) -> None:
    """A token of another tenant is 401, and the text names both issuers."""
    case.with_keys()
    response = case.data("GET", "/keys/k", caller=STRANGER)
    assert error(response) == (401, "Unauthorized")
    assert TENANT in response.body["error"]["message"]
    assert refusal_of(lambda: case.wrap(STRANGER.object_id)) == "Unauthorized"
