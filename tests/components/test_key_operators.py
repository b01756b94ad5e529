"""Key operators of a vault in which they may have an access policy already."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.guards.preflight import RefusedError
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
    RecordingMonitor,
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


@pytest.mark.parametrize("operator", ["deployer", OPERATOR])
def test_fails_on_a_policy_that_lacks_something(operator: str) -> None:
    """It is somebody else's, so that what is missing is added by the command that is printed, which keeps
    what it gives; with that it is left alone."""
    object_id = DEPLOYER if operator == "deployer" else operator
    azure = FakeAzure()
    entry = {"objectId": object_id.upper(), "tenantId": TENANT}
    args: Any = {"location": "westeurope", "vault": {"id": VAULT_ID, "key_operators": [operator]}}

    def service(*keys: str) -> RecordingMonitor:
        permissions = {"keys": [*keys], "secrets": ["get"]}
        azure.vault = existing_vault(accessPolicies=[{**entry, "permissions": permissions}])
        return run(lambda: EncryptedAIServicesAccount("language", args), azure=azure)

    command = f"az keyvault set-policy --name kv-hub --object-id {object_id} --key-permissions get sign list"
    with pytest.raises(
        RefusedError, match=rf"without list, update, rotate on keys;.*{command} update rotate"
    ):
        service("get", "sign")
    completed = service("get", "sign", "list", "update", "rotate")
    assert [one for one in completed.of(":AccessPolicy") if "-operator-" in one.name] == []


def test_what_was_taken_over_before_is_let_go_of() -> None:
    """A state of before has somebody else's policy, to which it had added what was missing. It is declared no
    more, and the state says that it is kept in Azure."""
    assert policies({"keys": [*NEEDED, "sign"], "secrets": ["get"]}, "shared-access") == []


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
    """Azure gives a role to nobody twice. The others leave what the first has given, rotate by it, leave it
    when they are destroyed, and give it themselves once the first one is gone."""
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
    engines = {name: Engine(wire) for name in ("alpha", "beta", "gamma")}

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
    engines["gamma"].destroy()
    up("alpha", 1)
    engines["alpha"].destroy()
    up("beta", 2)
    assert any("create" in one for one in engines["beta"].operations)
    for engine in engines.values():
        engine.close()


@pytest.mark.parametrize("model", ["accessPolicy", "rbac"])
def test_the_vault_of_one_program_has_an_operator_that_another_one_made(model: str) -> None:
    """Also where the one that names the operator later is the one that has made the vault."""
    wire = Wire()
    engines = {name: Engine(wire) for name in ("alpha", "beta")}

    def up(name: str, **vault: Any) -> None:
        args: Any = {
            "location": "westeurope",
            "network": {"access": "open"},
            "audit": {"new_workspace": False},
            "access_model": model,
            "vault": vault,
        }
        opts = pulumi.ResourceOptions(protect=False)
        engines[name].up(lambda: EncryptedAIServicesAccount(name, args, opts), refresh=False)

    vault_id = f"{SUBSCRIPTION}/resourceGroups/rg-alpha/providers/Microsoft.KeyVault/vaults/kv-alpha"
    up("alpha")
    up("beta", id=vault_id, key_operators=["deployer"])
    up("alpha", key_operators=["deployer"])
    up("alpha", key_operators=["deployer"])
    assert engines["alpha"].operations == []
    for engine in engines.values():
        engine.close()
