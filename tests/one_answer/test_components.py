"""The components' guard of access gives the same answer: only what is gone altogether counts as taken
away."""

from __future__ import annotations

import pytest

from components.guards import access
from components.guards.existing_resources import KeyLocation
from components.guards.recorded_state import RecordedService
from core import adapters
from core.rights import Access
from tests.one_answer.situations import READ_BY_ALL, Situation
from tests.one_answer.world import VAULT


@pytest.mark.parametrize("row", [row for row in READ_BY_ALL if not row.rbac], ids=lambda row: row.name)
def test_the_guard_says_what_the_cloud_does(row: Situation) -> None:
    """A grant that was narrowed is drift that an update mends; none at all may have been taken away on
    purpose.

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
    assert access.is_granted(before, location, vault, None) is (row.access is not Access.NONE)
