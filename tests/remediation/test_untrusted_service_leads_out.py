"""An Azure whose vaults do not count the service among the trusted ones: what is printed leads out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from localazure.keyvault.access import SERVICE_ADDRESS
from tests.remediation.following import Way
from tests.remediation.world import EXISTING_VAULT, OWN_VAULT, World
from tests.support.az import carry_out

NOT_TRUSTED = "Key Vault does not count the service among them"
CLOSED = {"publicNetworkAccess": "Disabled"}
SELECTED = {"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}


def refused(
    mode: str, network: Mapping[str, Any], vault: Mapping[str, Any] | None = None
) -> tuple[World, str]:
    """A service whose first update the vault's firewall stops, and what it said."""
    world = World(mode, settings={"network": dict(network)})
    world.wire.door.cloud.behave(trusted_services_reach_vault=False)
    if vault:
        world.arm("PATCH", world.vault_id, {"properties": vault})
    said = world.up()
    assert NOT_TRUSTED in said
    assert "--bypass" not in said
    assert not world.is_bound
    return world, said


@pytest.mark.parametrize("mode", OWN_VAULT)
def test_a_closed_service_is_opened_as_the_refusal_says(mode: str) -> None:
    """The default network, in every access mode that makes a vault."""
    world, said = refused(mode, {"access": "closed"})
    way = Way(world)
    way.follow(said)
    assert way.steps == ["network.access: open"]
    assert world.is_bound
    assert world.readable


def test_the_service_is_let_in_by_the_address_that_the_refusal_names() -> None:
    """Nobody else is."""
    network = {"access": "selected", "allowed_ip_ranges": ["8.8.8.8"]}
    world, said = refused("access policies", network)
    assert "list the service's addresses in network.allowedIpRanges" in said
    assert f"Client address: {SERVICE_ADDRESS}" in said
    world.settings["network"] = {**network, "allowed_ip_ranges": ["8.8.8.8", SERVICE_ADDRESS]}
    assert world.up() == ""
    assert world.readable


@pytest.mark.parametrize("vault", [CLOSED, SELECTED], ids=["closed", "selected"])
def test_a_vault_of_others_is_opened_by_the_command_that_is_printed(vault: Mapping[str, Any]) -> None:
    """By the one command, as it stands."""
    world, said = refused(EXISTING_VAULT, {"access": "open"}, vault)
    command = said[said.index("run `az keyvault") :]
    assert carry_out(world.wire.door, command[: command.index("`", 5)]) == 1
    assert world.up() == ""
    assert world.readable
