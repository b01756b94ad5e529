"""The kind of a live account: which change is made in place, and which is refused."""

from __future__ import annotations

from typing import Any

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


@pytest.mark.parametrize(
    ("kind", "vault", "key"),
    [
        ("TextAnalytics", {"sku": "premium"}, {"type": "RSA-HSM"}),
        ("AIServices", {}, {"size": 4096}),
        ("AIServices", {"sku": "premium"}, {"type": "RSA-HSM", "size": 3072}),
    ],
)
def test_a_key_is_made_as_it_is_declared_and_keeps_its_type_and_size(
    kind: str, vault: dict[str, Any], key: dict[str, Any]
) -> None:
    """The vault's tier follows; another type or size of the key in use is refused, and a key of another name
    leads out: the account moves to it, and its data can be read all along."""
    world = World("access policies", settings={"kind": kind})
    assert world.up() == ""
    world.settings |= {"vault": vault, "key": key}
    refused = world.up()
    assert all(f"key.{name}: found {value!r}" in refused for name, value in key.items())
    world.settings["key"] = {**key, "name": "cmk-other"}
    assert world.up() == ""
    assert world.readable
    keys = {one["name"]: one["versions"][-1] for _, one in world.wire.door.cloud.store.scan("vault.key", "")}
    made = keys["cmk-other"]
    assert (made["kty"], made["size"]) == (key.get("type", "RSA"), key.get("size", 2048))
    assert world.up() == ""
