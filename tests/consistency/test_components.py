"""The components' guard of access gives the same answer: what is gone in part counts as taken away, too."""

from __future__ import annotations

import pytest

from components.guards.key_place import KeyPlace
from components.guards.recorded_state import RecordedService
from components.guards.situation import Live
from core import adapters
from tests.consistency.situations import READ_BY_ALL, Situation
from tests.consistency.world import VAULT
from tests.support.situations import situation


@pytest.mark.parametrize("row", [row for row in READ_BY_ALL if not row.rbac], ids=lambda row: row.name)
def test_the_guard_says_what_the_cloud_does(row: Situation) -> None:
    """Whatever of it is missing may have been taken away on purpose.

    In a vault under Azure RBAC the guard asks for the one assignment that the stack made, which is no
    question of what all assignments amount to.
    """
    world = row.world()
    vault = world.vault_json
    if vault is None:
        return
    before = RecordedService(
        "language", account=adapters.account(world.account_json), binding={}, principal_id=world.principal
    )
    place = KeyPlace(vault_id=VAULT, vault_exists=True, key_name="cmk-contoso")
    given = situation(before, place, Live(vault=vault)).access
    assert given is not None
    assert given.level is row.access
