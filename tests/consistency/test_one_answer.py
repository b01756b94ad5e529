"""One question, one answer: may this account use this key, and may it be bound to it?

The question is put to the facts of `core`, and the local Azure tells the truth by what really happens.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core import adapters, arm_ids, clouds, demands, key_uris, rights
from core.arm_ids import MalformedError
from core.rights import Access
from tests.consistency.situations import SITUATIONS, Situation
from tests.consistency.world import KEY, VAULT, World


@pytest.fixture(params=SITUATIONS, ids=lambda row: row.name)
def arranged(request: pytest.FixtureRequest) -> tuple[Situation, World]:
    """A situation and the cloud in which it was arranged."""
    situation: Situation = request.param
    return situation, situation.world()


def access(world: World) -> Access:
    """What core says of the identity's access."""
    vault = world.vault_json
    if vault is None:
        return Access.NONE
    found = rights.on_key(adapters.vault(vault), world.principal, KEY, world.role_assignments, world.denials)
    return found.level


def unmet(world: World) -> Iterator[str]:
    """The demands of the service that do not hold, access aside."""
    try:
        uri = key_uris.parse_versioned(world.key_uri, clouds.named(world.cloud.name if world.cloud else ""))
    except MalformedError:
        yield "key-uri"
        return
    if not uri.is_in(arm_ids.vault_id(VAULT)):
        yield "key-uri"
        return
    account = adapters.account(world.account_json)
    if world.vault_json is None:
        yield "vault-exists"
        return
    vault = adapters.vault(world.vault_json)
    version = adapters.key_version(world.key_json) if world.key_json else None
    found = demands.judge(account, vault, version, [uri.vault_uri])
    if version is None:
        yield "key-exists"
    else:
        found += demands.key_usable(version, world.door.cloud.clock.now())
    yield from (one.demand for one in found if one.unmet)


def test_core_says_what_the_cloud_does(arranged: tuple[Situation, World]) -> None:
    """The level of access, and the demands that do not hold, are those of the row; the service takes the key
    just where nothing stands against it; data can be read with full access and not without any."""
    situation, world = arranged
    said = access(world)
    assert said is situation.access
    assert frozenset(unmet(world)) == situation.unmet
    if not situation.unknowable:
        assert world.bindable() is (said is Access.FULL and not situation.unmet)
    if said is Access.FULL and not situation.unmet:
        assert world.readable()
    if said is Access.NONE:
        assert not world.readable()


def test_there_are_situations_enough() -> None:
    """At least sixty, no two of one name."""
    assert len({one.name for one in SITUATIONS}) == len(SITUATIONS) >= 60
