"""An Azure whose services take keys only from vaults with access policies: what is printed leads out."""

from __future__ import annotations

from typing import Any

import pytest

from core.refusals import POLICIES_ONLY
from core.roles import CRYPTO_USER
from localazure.behaviour import SWITCHES
from tests.remediation.following import Way
from tests.remediation.world import EXISTING_VAULT, World
from tests.support.az import carry_out

SET = "accessModel: accessPolicy"
WORDINGS = next(switch.values for switch in SWITCHES if switch.name == "missing_grant")
EACH_WORDING = [WORDINGS[0], *(pytest.param(one, marks=pytest.mark.long) for one in WORDINGS[1:])]
RBAC = {"access_model": "rbac"}


def refused(mode: str, **settings: Any) -> World:
    """A service whose key is in a vault under Azure RBAC, in an Azure that takes none from there."""
    world = World(mode, settings={**RBAC, **settings})
    world.wire.door.cloud.behave(cmk_with_rbac_vault="refused")
    return world


@pytest.mark.parametrize("wording", EACH_WORDING)
@pytest.mark.parametrize("identity", ["systemAssigned", "userAssigned"])
def test_a_vault_made_here_goes_by_access_policies(identity: str, wording: str) -> None:
    """However Azure words it, and whichever identity uses the key: the vault and its key stay."""
    world = refused("access policies", identity=identity)
    world.wire.door.cloud.behave(missing_grant=wording)
    said = world.up()
    if "run the same command again" in said.lower():
        said = world.up()
    assert POLICIES_ONLY in said
    key = world.versions()
    way = Way(world)
    way.follow(said)
    assert SET in way.steps
    assert world.versions() == key
    assert world.readable
    assert world.up() == ""


def test_a_vault_of_others_is_changed_by_the_command_that_is_printed() -> None:
    """As it stands, before the setting is."""
    world = refused(EXISTING_VAULT)
    switch_to_rbac(world)
    said = world.up()
    assert POLICIES_ONLY in said
    command = said[said.index("`az keyvault update") + 1 :]
    assert carry_out(world.wire.door, command[: command.index("`")]) == 1
    world.set(*SET.split(": "))
    assert world.up() == ""
    assert world.readable


def switch_to_rbac(world: World) -> None:
    """The owner of the vault has put it under Azure RBAC."""
    world.arm("PATCH", world.vault_id, {"properties": {"enableRbacAuthorization": True}})


def test_a_foundry_account_gets_the_role_of_its_page_where_the_narrower_one_is_not_enough() -> None:
    """By the command that is printed; the role that the stack gives stays, and the key's vault as it is."""
    world = World("Azure RBAC", settings={"kind": "AIServices"})
    world.wire.door.cloud.behave(foundry_key_role="crypto_user")
    said = world.up()
    assert not world.is_bound
    command = said[said.index("az role assignment create") :].splitlines()[0]
    assert f'--role "{CRYPTO_USER.name}"' in command
    assert carry_out(world.wire.door, command) == 1
    assert world.up() == ""
    assert world.readable
    assert world.up() == ""


@pytest.mark.parametrize("role", ["encryption_user", "crypto_user"])
def test_a_foundry_account_needs_no_more_than_three_permissions_of_access_policies(role: str) -> None:
    """Whichever role is enough."""
    world = World("access policies", settings={"kind": "AIServices"})
    world.wire.door.cloud.behave(foundry_key_role=role)
    assert world.up() == ""
    assert world.readable
