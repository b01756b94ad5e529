"""States that an earlier provider wrote are taken over with no change proposed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.facts import RoleAssignment
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER
from tests.provider.fake_azure import (
    GROUP,
    PRINCIPAL,
    VAULT_ID,
    FakeAzure,
    a_vault,
    an_account,
    bound_to,
)
from tests.provider.rig import HSM_ROLE, REVOCATION, engine

RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("recorded_states.json").read_text("utf-8"))
HSM_ID = f"{GROUP}/Microsoft.KeyVault/managedHSMs/contoso-hsm"


def as_it_was_left() -> FakeAzure:
    """The Azure that the resources were made in."""
    azure, role = FakeAzure(), HSM_CRYPTO_SERVICE_ENCRYPTION_USER
    azure.put(an_account(encryption=bound_to()))
    azure.vaults[HSM_ID.lower()] = a_vault(id=HSM_ID)
    azure.roles.append(
        RoleAssignment(
            f"{HSM_ID}/keys/cmk",
            PRINCIPAL,
            role.id,
            role,
            id=RECORDED[HSM_ROLE]["outputs"]["assignmentId"],
        )
    )
    return azure


@pytest.mark.parametrize("type", RECORDED)
async def test_a_recorded_state_is_read_and_compared_without_a_change(type: str) -> None:
    """A refresh gives what is recorded, and the same program changes nothing of it."""
    azure, recorded = as_it_was_left(), RECORDED[type]
    if type == REVOCATION:
        azure.vaults[VAULT_ID.lower()] = replace(a_vault(), policies=())
    async with engine(azure) as pulumi:
        id, outputs, inputs = await pulumi.read(type, recorded["id"], recorded["inputs"], recorded["outputs"])
        found = await pulumi.diff(type, outputs.values, inputs.values, recorded["inputs"])
    assert id == recorded["id"]
    assert (outputs.values, inputs.values) == (recorded["outputs"], recorded["inputs"])
    assert found.kinds == {}
