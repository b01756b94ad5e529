"""Services that share one vault, on the real engine, where Azure refuses writes to it that overlap."""

from __future__ import annotations

import pytest

from tests.engine.shared import done, vault_of_others
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.judge import Judge
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]

SERVICES = ("alpha", "beta", "gamma")


@pytest.fixture
def vault(stack: Stack, azure: RunningAzure) -> str:
    """The id of somebody else's vault."""
    judge = Judge(azure, stack, "central")
    return vault_of_others(judge, judge.vault_id)


def test_services_of_one_vault_write_to_it_one_after_another(
    stack: Stack, azure: RunningAzure, vault: str
) -> None:
    """One update makes three keys, three grants and an operator's policy; Azure answers 409 ConflictError to
    a write that arrives while another is in flight, and azure-native does not retry that."""
    alpha, beta, gamma = ({"name": name, "vault": {"id": vault}} for name in SERVICES)
    alpha = {**alpha, "vault": {"id": vault, "keyOperators": ["deployer"]}}
    stack.configure(
        name=None, vault=None, key=None, services=[alpha, {**beta, "identity": "userAssigned"}, gamma]
    )
    azure.control("/behaviour", {"vault_write_seconds": 1.0})
    done(stack.deploy())
    for name in SERVICES:
        assert cloud.history(azure, Judge(azure, stack, name).account_id)[-1]["readable"]
