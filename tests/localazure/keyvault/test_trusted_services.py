"""How other services use a vault's keys, and what they see of a vault."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from localazure.directory import delete_principal
from localazure.keyvault import trusted_services
from localazure.web import Response
from tests.localazure.driver import DATA, OWNER, SERVICE, TENANT, URI, VAULT, Case, policy, refusal_of


def test_a_principal_that_is_gone_gets_nowhere(case: Case) -> None:
    """A policy entry outlives its principal, and then lets nobody in; the attempt is in the audit log."""
    case.with_keys(accessPolicies=[policy(SERVICE, "wrapKey")])
    assert refusal_of(lambda: case.wrap(SERVICE.object_id)) is None
    delete_principal(case.cloud, SERVICE.object_id)
    assert refusal_of(lambda: case.wrap(SERVICE.object_id)) == "ForbiddenByPolicy"
    events = [(e["operation"], e["objectId"], e["result"]) for e in case.audit()[-2:]]
    assert events == [("KeyWrap", SERVICE.object_id, "Success"), ("KeyWrap", SERVICE.object_id, "Forbidden")]


def test_a_service_wraps_and_unwraps_as_its_identity(case: Case) -> None:
    """With wrapKey and unwrapKey its data key comes back, by the version that wrapped it, after rotation."""
    case.with_keys(accessPolicies=[policy(OWNER, "all"), policy(SERVICE, "wrapKey", "unwrapKey")])
    facts = trusted_services.key_at(case.cloud, URI, "k", "")
    assert facts is not None
    hidden = case.wrap(SERVICE.object_id)
    case.data("POST", "/keys/k/rotate")
    assert case.unwrap(SERVICE.object_id, hidden, facts.version) == DATA
    assert refusal_of(lambda: case.unwrap(SERVICE.object_id, hidden)) == "BadParameter"
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
    assert trusted_services.vault_at(case.cloud, "https://other.vault.azure.net/") is None
    assert trusted_services.vault_at(case.cloud, "https://contoso-1.example.com/") is None
    case.arm("DELETE", VAULT)
    gone = trusted_services.vault_at(case.cloud, URI)
    assert gone is not None
    assert gone.deleted
    assert trusted_services.key_at(case.cloud, URI, "k", "") is None
