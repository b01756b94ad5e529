"""The provider's preflight gives the same answer: it refuses what the cloud refuses, and nothing else."""

from __future__ import annotations

import pytest

from core import adapters, arm_ids, clouds, key_uris
from core.arm_ids import MalformedError
from core.rights import Access
from provider.finding import Finding, Preflight, Severity
from provider.live_state import LiveState, Target
from provider.preflight import blocking, findings
from tests.consistency.situations import READ_BY_ALL, Situation
from tests.consistency.world import VAULT, World


def preflight(world: World) -> list[Finding]:
    """What the preflight of a binding finds, from Resource Manager's answers. Raises MalformedError."""
    key = key_uris.parse_versioned(world.key_uri, clouds.named(world.cloud.name if world.cloud else ""))
    account, vault, version = world.account_json, world.vault_json, world.key_json
    target = Target(arm_ids.account_id(account["id"]), key, arm_ids.vault_id(VAULT))
    live = LiveState(
        account=adapters.account(account),
        account_read=True,
        vault=adapters.vault(vault) if vault else None,
        vault_read=True,
        key=adapters.key_version(version) if version else None,
        key_read=vault is not None,
        roles=tuple(world.role_assignments) if vault else None,
    )
    return findings(Preflight(target, live, world.door.cloud.clock.now()))


@pytest.mark.parametrize("row", READ_BY_ALL, ids=lambda row: row.name)
def test_the_preflight_says_what_the_cloud_does(row: Situation) -> None:
    """It finds nothing wrong where the service takes the key; else something, access that it cannot judge
    aside."""
    world = row.world()
    try:
        found = preflight(world)
    except MalformedError:
        assert row.unmet == {"key-uri"}
        return
    if row.access is Access.UNKNOWN:
        (access,) = [one for one in found if one.rule == "identity-has-access"]
        assert access.severity is Severity.NOT_CHECKED
        return
    named = {one.rule for one in blocking(found)}
    assert ("identity-has-access" in named) is (
        row.access is not Access.FULL and world.vault_json is not None
    )
    assert bool(named) is (row.access is not Access.FULL or bool(row.unmet))
    assert bool(named) is not world.bindable()
