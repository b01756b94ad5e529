"""What the example of Foundry's agents asks of the engine: docs/examples/agents."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime import mocks

from components.testing import AzureMocks, existing_vault
from tests.examples.test_composed import run_example
from tests.support.recording import RecordingMonitor

STORES = {":DatabaseAccount": "threads", ":StorageAccount": "files", "preview:Service": "vectors"}


class Azure(AzureMocks):
    """Has the vault and the key that the program made, and names what it leaves to azure-native to name."""

    def __init__(self) -> None:
        super().__init__()
        self.vault = existing_vault(enableRbacAuthorization=True)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        id, outputs = super().new_resource(args)
        if args.typ.endswith(":Vault"):
            address = f"https://{outputs['vaultName']}.vault.azure.net/"
            outputs["properties"] = {**outputs["properties"], "vaultUri": address}
        return id, {**outputs, "name": outputs.get("name") or args.name}


@pytest.fixture(scope="module")
def monitor() -> RecordingMonitor:
    """What the program asks of the engine."""
    return run_example("agents", {}, Azure())


@pytest.mark.parametrize(("type", "name"), STORES.items())
def test_a_store_is_made_once_its_identity_may_use_its_key(
    monitor: RecordingMonitor, type: str, name: str
) -> None:
    """Each has a key and an identity of its own, and comes after the role of that identity at that key."""
    (role,) = (one for one in monitor.of(":RoleAssignment") if one.name == f"agents-{name}-key-user")
    assert role.inputs["scope"].endswith(f"/keys/cmk-agents-{name}")
    assert role.urn in monitor.one(type).needs


def test_agents_come_after_the_binding_and_their_roles(monitor: RecordingMonitor) -> None:
    """The project is made once the account is under its key, and its capability host once it may use the
    stores."""
    assert monitor.one(":CustomerManagedKey").urn in monitor.one(":Project").needs
    host = monitor.one(":ProjectCapabilityHost")
    at_stores = {
        one.urn for one in monitor.of(":RoleAssignment") if not one.name.endswith(("key-user", "access"))
    }
    assert len(at_stores) == 5
    assert at_stores <= host.needs


def test_only_the_key_of_the_vectors_encrypts(monitor: RecordingMonitor) -> None:
    """AI Search asks for four operations of its key; every other key wraps and unwraps."""
    operations = {
        one.inputs["keyName"]: len(one.inputs["properties"]["keyOps"]) for one in monitor.of(":Key")
    }
    assert operations.pop("cmk-agents-vectors") == 4
    assert set(operations.values()) == {2}
    assert len(operations) == 3
