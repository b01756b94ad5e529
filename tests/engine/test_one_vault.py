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


def test_a_lock_on_an_existing_vault_goes_with_the_service(
    stack: Stack, azure: RunningAzure, vault: str
) -> None:
    """It locks the account and the vault, which is not the stack's; a destroy takes both locks and the access
    of the account away, and leaves the vault, its key and the lock of its owner, which forbids none of it."""
    judge = Judge(azure, stack)
    locks = f"{vault}/providers/Microsoft.Authorization/locks"

    def locked() -> list[str]:
        return sorted(one["name"] for one in judge.arm("GET", locks, "2020-05-01")["value"])

    judge.arm("PUT", f"{locks}/owners", "2020-05-01", {"properties": {"level": "CanNotDelete"}})
    stack.configure(vault={"id": vault}, key=None, lock="CanNotDelete", protect=False)
    assert stack.up().ok
    assert len(locked()) == 2
    assert judge.arm("GET", vault, "2026-02-01")["properties"]["accessPolicies"] != []
    done(stack.deploy("--expect-no-changes"))
    done(stack.destroy())
    assert locked() == ["owners"]
    assert judge.arm("GET", vault, "2026-02-01")["properties"]["accessPolicies"] == []
