"""Key operators of a vault in which they may have an access policy already."""

from __future__ import annotations

from typing import Any

import pytest

from components.service import EncryptedAIServicesAccount
from tests.support.recording import (
    OTHER_SUBSCRIPTION,
    TENANT,
    FakeAzure,
    Registered,
    existing_vault,
    run,
)

OPERATOR = "77777777-7777-4777-8777-777777777777"
VAULT_ID = (
    f"/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.KeyVault/vaults/kv-hub"
)
NEEDED = ["get", "list", "update", "rotate"]


def policies(found: dict[str, list[str]] | None, *recorded: str) -> list[Registered]:
    """The operator's policies that a service registers, in an existing vault that gives it `found`."""
    azure = FakeAzure()
    entries = [{"objectId": OPERATOR.upper(), "tenantId": TENANT, "permissions": found}] if found else []
    azure.vault = existing_vault(accessPolicies=entries)
    parent = "urn:pulumi:dev::language-cmk::language-cmk:index:EncryptedAIServicesAccount$"
    azure.state = {
        f"{parent}azure-native:keyvault:AccessPolicy::language-operator-{OPERATOR}-{name}": {"outputs": {}}
        for name in recorded
    }
    args: Any = {"location": "westeurope", "vault": {"id": VAULT_ID, "key_operators": [OPERATOR]}}
    monitor = run(lambda: EncryptedAIServicesAccount("language", args), azure=azure)
    return [one for one in monitor.of(":AccessPolicy") if "-operator-" in one.name]


@pytest.mark.parametrize(
    "found",
    [
        {"keys": ["all"], "secrets": ["get", "list"]},
        {"keys": ["Get", "List", "Update", "Rotate", "sign"], "certificates": ["get"]},
        {"keys": NEEDED},
    ],
)
def test_a_policy_that_suffices_is_left_alone(found: dict[str, list[str]]) -> None:
    """It is somebody else's: not narrowed, and not deleted once the operator is taken out."""
    assert policies(found) == []


def test_what_is_missing_is_added_to_what_was_found() -> None:
    """Secrets and certificates stay as they are, and the policy stays when the stack no longer names it."""
    (policy,) = policies({"keys": ["get", "sign"], "secrets": ["get"], "certificates": ["list"]})
    assert policy.inputs["policy"]["permissions"] == {
        "keys": ["get", "sign", "list", "update", "rotate"],
        "secrets": ["get"],
        "certificates": ["list"],
    }
    assert policy.request.retainOnDelete
    assert policy.request.importId.endswith(f"/accessPolicy/{OPERATOR}")


def test_what_was_added_stays_declared_as_it_was() -> None:
    """The next update neither imports the policy again nor takes it for its own."""
    (policy,) = policies({"keys": [*NEEDED, "sign"], "secrets": ["get"]}, "shared-access")
    assert policy.name == f"language-operator-{OPERATOR}-shared-access"
    assert policy.request.retainOnDelete
    assert not policy.request.importId


def test_a_policy_of_this_stack_is_its_own() -> None:
    """Made here, it goes when the operator is taken out, and is what the stack says."""
    made, kept = policies(None), policies({"keys": NEEDED}, "access")
    for (policy,) in (made, kept):
        assert policy.name == f"language-operator-{OPERATOR}-access"
        assert policy.inputs["policy"]["permissions"] == {"keys": NEEDED}
        assert not policy.request.retainOnDelete
