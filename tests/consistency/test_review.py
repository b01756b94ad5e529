"""The review gives the same answer: what it reads in a preview comes to the level that the cloud has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.resource_types import Kind
from core.rights import Access
from review import preview, protection
from review.snapshot import Moment, Snapshot
from tests.consistency.situations import READ_BY_ALL, URI_OF_AN_HSM, Situation
from tests.consistency.world import World
from tests.review.build import ACCOUNT, BINDING, ROLE, VAULT, state, step


def steps(world: World) -> list[dict[str, Any]]:
    """The steps of a preview in which a stack holds all of it and changes nothing."""
    account, vault = world.account_json, world.vault_json
    binding = {"accountId": account["id"], "keyUriWithVersion": world.key_uri}
    held = [
        (ACCOUNT, "a", state({"identity": {"type": "SystemAssigned"}}, account, id=account["id"])),
        (BINDING, "b", state(binding, {**binding, "principalId": world.principal}, id=account["id"])),
    ]
    if vault:
        held.append((VAULT, "v", state({"vaultName": vault["name"]}, vault, id=vault["id"])))
    for number, one in enumerate(world.assignments):
        facts = one["properties"]
        held.append((ROLE, f"r{number}", state(facts, {**facts, "id": one["id"]}, id=one["id"])))
    return [step("same", token, name, facts, {**facts, "outputs": {}}) for token, name, facts in held]


def level(world: World, moment: Moment) -> Access:
    """What the review says of the identity's access, before or after the update."""
    document = {"steps": steps(world), "changeSummary": {}, "diagnostics": [], "config": {}, "duration": 1}
    snapshot = Snapshot(preview.read(json.dumps(document)).resources, moment)
    (found,) = snapshot.states(Kind.ACCOUNT)
    return protection.of_account(snapshot, found).access


@pytest.mark.parametrize(
    "row", [row for row in READ_BY_ALL if row.name != URI_OF_AN_HSM], ids=lambda row: row.name
)
def test_the_review_says_what_the_cloud_does(row: Situation) -> None:
    """An update that changes nothing leaves the level as it is, so before and after it are the same."""
    world = row.world()
    assert level(world, Moment.LIVE) is level(world, Moment.PLANNED) is row.access


def test_what_a_vault_grants_opens_no_key_of_an_hsm() -> None:
    """The review reads the URI: the grants of the vault that has the HSM's name give nothing there."""
    (row,) = (row for row in READ_BY_ALL if row.name == URI_OF_AN_HSM)
    world = row.world()
    assert level(world, Moment.LIVE) is level(world, Moment.PLANNED) is Access.NONE
