"""Changes of names, kinds and keys of a live service: what is made in place, what stays, and what is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.remediation.following import Way
from tests.remediation.world import (
    World,
    bound_version_expires,
    each_mode,
)

CAF: Mapping[str, str] = {
    "identity": "id-{service}-{location}",
    "workspace": "log-{service}-{location}",
    "diagnostic_setting": "diag-{service}",
}


def test_what_would_be_made_anew_keeps_its_name() -> None:
    """Identity, workspace and diagnostic settings are not renamed."""
    settings = {"audit": {"new_workspace": True}}
    world = World("user-assigned identity", settings=settings)
    assert world.up() == ""
    world.settings["names"] = {**CAF}
    assert world.up() == ""
    assert world.engine.operations == []
    names = {held.id.rpartition("/")[2] for held in world.engine.state.values()}
    assert {"id-claims", "log-claims"} <= names


def test_an_account_of_azure_openai_becomes_a_foundry_resource_in_place() -> None:
    """In one update, which leaves it under its key and nothing to do."""
    world = World("access policies", settings={"kind": "OpenAI", "account_name": "claims-models"})
    for _ in range(2):  # without a refresh, the first repeats the key
        assert world.up() == ""
    key = world.arm("GET", world.account_id)["properties"]["encryption"]
    world.settings["kind"] = "AIServices"
    assert world.up() == ""
    found = world.arm("GET", world.account_id)
    assert (found["kind"], found["properties"]["encryption"]) == ("AIServices", key)
    assert not any(one.startswith(("create", "delete")) for one in world.engine.operations)
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


@each_mode
def test_access_comes_back_though_the_version_has_expired(mode: str) -> None:
    """Nobody waits for a proof that the service could not give: the next version is bound, after the refresh
    that is printed."""
    world = World(mode, settings={"vault": {"key_operators": ["deployer"]}})
    assert world.up() == ""
    bound_version_expires(world)
    for access in ("revoked", "granted"):
        world.settings["access"] = access
        began = world.wire.now()
        assert world.up() == ""
        assert world.wire.now() - began < 600
    world.settings["key"] = {"generation": 1}
    way = Way(world)
    way.follow()
    assert way.steps in ([], ["refresh"])
    assert world.readable


def test_a_closed_vault_rotates_by_itself() -> None:
    """That needs no reach, and the next update binds the version."""
    world = World("access policies", settings={"network": {"access": "closed"}, "key": {"generation": 1}})
    assert world.up() == ""
    world.wire.sleep(86_400 * 541)
    world.engine.refresh()
    assert world.up() == ""
    assert any("CustomerManagedKey" in one for one in world.engine.operations)
