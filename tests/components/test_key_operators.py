"""Key operators of a vault in which they may have an access policy already."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.service import EncryptedAIServicesAccount
from localazure import seed
from tests.every_azure.engine import Engine
from tests.support.az import azure
from tests.support.front import SUBSCRIPTION
from tests.support.in_process import Wire
from tests.support.recording import (
    DEPLOYER,
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
POLICY = (
    "urn:pulumi:dev::language-cmk::language-cmk:index:EncryptedAIServicesAccount$"
    "azure-native:keyvault:AccessPolicy::"
)
NEEDED = ["get", "list", "update", "rotate"]


def policies(found: dict[str, list[str]] | None, *recorded: str) -> list[Registered]:
    """The operator's policies that a service registers, in an existing vault that gives it `found`."""
    azure = FakeAzure()
    entries = [{"objectId": OPERATOR.upper(), "tenantId": TENANT, "permissions": found}] if found else []
    azure.vault = existing_vault(accessPolicies=entries)
    azure.state = {f"{POLICY}language-operator-{OPERATOR}-{name}": {"outputs": {}} for name in recorded}
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


def test_what_lacks_something_is_taken_over_as_it_is() -> None:
    """Secrets and certificates stay as they are, and the policy stays when the stack no longer names it. The
    engine imports nothing that differs, so that what is missing waits for the next update."""
    (policy,) = policies({"keys": ["get", "sign"], "secrets": ["get"], "certificates": ["list"]})
    assert policy.inputs["policy"]["permissions"] == {
        "keys": ["get", "sign", "list", "update", "rotate"],
        "secrets": ["get"],
        "certificates": ["list"],
    }
    assert policy.request.retainOnDelete
    assert policy.request.importId.endswith(f"/accessPolicy/{OPERATOR}")
    assert policy.request.ignoreChanges == ["policy.permissions"]


@pytest.mark.parametrize(
    ("operator", "object_id", "recorded", "waits"),
    [
        ("deployer", DEPLOYER, False, True),
        (DEPLOYER, DEPLOYER.upper(), False, True),
        (DEPLOYER, DEPLOYER, True, False),
        (OPERATOR, OPERATOR, False, False),
    ],
)
def test_a_rotation_waits_for_what_the_deployer_lacks(
    operator: str, object_id: str, waits: bool, caplog: pytest.LogCaptureFixture, *, recorded: bool
) -> None:
    """For one update, which takes its policy over and says so of each operator. Nobody else rotates."""
    azure = FakeAzure()
    entry = {"objectId": object_id, "tenantId": TENANT, "permissions": {"keys": ["get", "list"]}}
    azure.vault = existing_vault(accessPolicies=[entry])
    if recorded:
        azure.state = {f"{POLICY}language-operator-{operator}-shared-access": {"outputs": {}}}
    vault = {"id": VAULT_ID, "key_operators": [operator]}
    args: Any = {"location": "westeurope", "vault": vault, "key": {"generation": 1}}
    monitor = run(lambda: EncryptedAIServicesAccount("language", args), azure=azure)
    assert list(monitor.one(":KeyVersion").request.ignoreChanges) == (["generation"] if waits else [])
    said = f"key operator {operator} has an access policy in vault 'kv-hub' without update, rotate"
    assert (said in caplog.text) is not recorded
    assert ("; a rotation waits for them" in caplog.text) is waits


@pytest.mark.parametrize("keys", [["get", "sign"], [*NEEDED, "sign"]])
def test_what_was_added_stays_declared_as_it_was(keys: list[str]) -> None:
    """The next update adds what is missing; none imports the policy again or takes it for its own."""
    (policy,) = policies({"keys": keys, "secrets": ["get"]}, "shared-access")
    assert {*policy.inputs["policy"]["permissions"]["keys"]} == {*NEEDED, "sign"}
    assert not policy.request.ignoreChanges
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


HUB = f"{SUBSCRIPTION}/resourceGroups/rg-hub"


@pytest.mark.parametrize("model", ["accessPolicy", "rbac"])
def test_programs_that_share_a_vault_share_its_operator(model: str) -> None:
    """Azure gives a role to nobody twice. The second program leaves what the first has given, rotates by it,
    and gives it itself once the first one is gone."""
    wire = Wire()
    wire.door.group("rg-hub")
    vault = f"{HUB}/providers/Microsoft.KeyVault/vaults/kv-hub"
    properties = {
        "tenantId": seed.TENANT_ID,
        "sku": {"family": "A", "name": "standard"},
        "enablePurgeProtection": True,
        "enableRbacAuthorization": model == "rbac",
        "accessPolicies": [],
    }
    azure(wire.door, "PUT", vault, {"location": "westeurope", "properties": properties}, api="2024-11-01")
    engines = {name: Engine(wire) for name in ("alpha", "beta")}

    def up(name: str, generation: int) -> None:
        args: Any = {
            "location": "westeurope",
            "network": {"access": "open"},
            "audit": {"new_workspace": False},
            "access_model": model,
            "vault": {"id": vault, "key_operators": ["deployer"]},
            "key": {"generation": generation},
        }
        opts = pulumi.ResourceOptions(protect=False)
        engines[name].up(lambda: EncryptedAIServicesAccount(name, args, opts), refresh=False)

    for name in engines:
        up(name, 0)
    up("beta", 1)
    up("beta", 1)
    assert engines["beta"].operations == []
    engines["alpha"].destroy()
    up("beta", 2)
    assert any("create" in one for one in engines["beta"].operations)
    for engine in engines.values():
        engine.close()
