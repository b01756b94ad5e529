"""The components' guard of access gives the same answer: what is gone in part counts as taken away, too."""

from __future__ import annotations

import pytest

from components.guards import access
from components.guards.existing_resources import KeyLocation
from components.guards.recorded_state import RecordedService
from core import adapters
from tests.one_answer.situations import READ_BY_ALL, Situation
from tests.one_answer.world import VAULT


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
        account=adapters.account(world.account_json), key_identity="system", grantee_id=world.principal
    )
    location = KeyLocation(vault_id=VAULT, vault_exists=True, key_name="cmk-contoso")
    given = access.granted(before, location, vault, None)
    assert given is not None
    assert given.level is row.access
