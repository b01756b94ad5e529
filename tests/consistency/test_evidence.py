"""One question, one answer: the evidence of an account finds what each situation is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core import adapters, clouds, key_uris
from core.arm_ids import MalformedError
from core.facts import Encryption, Key
from core.rights import Access
from operate.evidence.findings import DEMAND_FIXES, findings
from operate.evidence.model import Facts, Service
from tests.consistency.situations import SITUATIONS, Situation
from tests.consistency.world import KEY

ACCESS = {
    Access.NONE: "no-access-to-key",
    Access.NARROWER: "access-too-narrow",
    Access.UNKNOWN: "access-uncertain",
}


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda row: row.name)
def test_the_evidence_says_the_same(situation: Situation) -> None:
    """A finding for access that is missing, narrower or uncertain, none for full access, and one for each
    demand that does not hold."""
    world = situation.world()
    account = adapters.account(world.account_json)
    try:
        uri = key_uris.parse_versioned(world.key_uri, clouds.named(world.cloud.name if world.cloud else ""))
    except MalformedError:
        # No account is bound to such a key, so there is nothing to collect.
        assert situation.unmet == {"key-uri"}
        return
    bound = replace(
        account, encryption=Encryption("Microsoft.KeyVault", uri.vault_uri, uri.name, uri.version)
    )
    vault, version = world.vault_json, world.key_json
    key = None
    if version:
        one = adapters.key_version(version)
        key = Key(KEY, uri.name, one.type, one.size, one.operations, (one,))
    service = Service(
        bound.id,
        bound,
        adapters.vault(vault) if vault else None,
        key,
        tuple(world.role_assignments),
        denials=tuple(world.denials),
    )
    now = datetime.fromtimestamp(world.door.cloud.clock.now(), UTC)
    rules = {one.rule for one in findings(Facts(now, "", (service,), deleted=()))}
    if vault and key:
        expected = {ACCESS[situation.access]} if situation.access in ACCESS else set()
        assert rules & set(ACCESS.values()) == expected
    assert rules & set(DEMAND_FIXES) == (situation.unmet & set(DEMAND_FIXES) if vault else set())
