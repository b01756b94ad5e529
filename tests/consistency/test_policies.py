"""The policy pack gives the same answer over a stack that holds all of it."""

from __future__ import annotations

from typing import Any

import pytest

from core import adapters, rights
from core.rights import Access
from tests.consistency.situations import READ_BY_ALL, Situation
from tests.consistency.world import KEY, World
from tests.policies.asking import ACCOUNT, BINDING, ROLE, VAULT, Pack, Thing, verdict

_VERDICTS = {Access.FULL: "pass", Access.UNKNOWN: "open"}
"""What the rule says of a level of access; of all others "violation"."""


def stack(world: World, vault: dict[str, Any]) -> list[Thing]:
    """The vault, the account, its binding and the role assignments, as the engine shows them after an
    update."""
    account = world.account_json
    binding = {"accountId": account["id"], "keyUriWithVersion": world.key_uri}
    roles = [
        Thing(f"role-{number}", ROLE, {"id": one["id"], **one["properties"]})
        for number, one in enumerate(world.assignments)
    ]
    return [
        Thing("vault", VAULT, vault),
        Thing("account", ACCOUNT, account),
        Thing("binding", BINDING, binding, property_dependencies={"accountId": ["account"]}),
        *roles,
    ]


@pytest.mark.parametrize(
    "row", [row for row in READ_BY_ALL if "key-uri" not in row.unmet], ids=lambda row: row.name
)
def test_the_pack_says_what_the_cloud_does(row: Situation) -> None:
    """grant-present holds with full access, is left open where nobody can know, and is broken otherwise: by
    access that is missing, or that goes beyond what the service needs."""
    world = row.world()
    vault = world.vault_json
    if vault is None:
        return
    answers = Pack().ask_stack(stack(world, dict(vault)))
    given = rights.on_key(adapters.vault(vault), world.principal, KEY, world.role_assignments)
    expected = "violation" if given.excess else _VERDICTS.get(row.access, "violation")
    assert verdict(answers, "grant-present") == expected
