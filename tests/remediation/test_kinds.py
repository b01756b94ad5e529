"""The kind of a live account: which change is made in place, and which is refused."""

from __future__ import annotations

import pytest

from tests.remediation.world import World


@pytest.fixture
def world() -> World:
    """An account of Azure OpenAI under its key, by a name that its kind does not decide."""
    made = World("access policies", settings={"kind": "OpenAI", "account_name": "claims-models"})
    assert made.up() == ""
    assert made.up() == ""  # without a refresh, the first repeats the key
    return made


def test_an_account_of_azure_openai_becomes_a_foundry_resource_in_place(world: World) -> None:
    """In one update, which leaves it under its key and nothing to do."""
    key = world.arm("GET", world.account_id)["properties"]["encryption"]
    world.settings["kind"] = "AIServices"
    assert world.up() == ""
    found = world.arm("GET", world.account_id)
    assert (found["kind"], found["properties"]["encryption"]) == ("AIServices", key)
    assert not any(one.startswith(("create", "delete")) for one in world.engine.operations)
    assert world.up() == ""
    assert world.engine.operations == []


def test_any_other_change_of_the_kind_is_refused(world: World) -> None:
    """Nothing is done, and with the kind put back there is nothing to do."""
    world.settings["kind"] = "SpeechServices"
    assert "kind: changes from 'OpenAI' to 'SpeechServices'" in world.up()
    assert world.engine.operations == []
    world.settings["kind"] = "OpenAI"
    assert world.up() == ""
    assert world.engine.operations == []
