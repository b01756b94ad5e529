"""The switches about reads and ARM's answers, each shown in the answers."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from tests.localazure.observed.fact import GROUP, VAULTS, scene, vault_body
from tests.support.front import Door, token

ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/language"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/lagging"
LANGUAGE = {"location": "westeurope", "kind": "TextAnalytics", "sku": {"name": "S"}}
API = "?api-version=2023-05-01"


@pytest.fixture
def door() -> Door:
    """A cloud with the group `net` and an account without tags that is ready."""
    door = scene()
    door.send("PUT", ACCOUNT + API, LANGUAGE)
    tags(door)
    return door


def tags(door: Door) -> Any:
    """The tags of the account; looking twice ends its operation."""
    door.send("GET", ACCOUNT + API)
    return door.send("GET", ACCOUNT + API).body.get("tags")


def test_a_read_lags_behind_a_change(door: Door) -> None:
    """`read_lag_seconds`: each GET shows the account before the change, until the time is over."""
    door.cloud.behave(read_lag_seconds=5)
    changed = door.send("PATCH", ACCOUNT + API, {"tags": {"a": "b"}})
    assert changed.body["tags"] == {"a": "b"}
    assert [door.send("GET", ACCOUNT + API).body.get("tags") for _ in range(3)] == [None] * 3
    door.cloud.clock.advance(6)
    assert tags(door) == {"a": "b"}


def test_every_other_read_lags(door: Door) -> None:
    """`lagging_reads: every_other`: new, old, new, old, as of two replicas."""
    door.cloud.behave(read_lag_seconds=5, lagging_reads="every_other")
    door.send("PATCH", ACCOUNT + API, {"tags": {"a": "b"}})
    seen = [door.send("GET", ACCOUNT + API).body.get("tags") for _ in range(4)]
    assert seen == [{"a": "b"}, None, {"a": "b"}, None]


def test_a_lagging_read_changes_nothing(door: Door) -> None:
    """An operation ends by its own polls: a stale GET is no look at it, and writes nothing."""
    door.cloud.behave(read_lag_seconds=60)
    url = door.send("PATCH", ACCOUNT + API, {"tags": {"a": "b"}}).headers["azure-asyncoperation"]
    for _ in range(5):
        door.send("GET", ACCOUNT + API)
    statuses = [door.send("GET", url).body["status"] for _ in range(2)]
    assert statuses == ["Updating", "Succeeded"]


def test_a_deleted_resource_shows_for_a_while_and_a_new_one_at_once(door: Door) -> None:
    """Lag hides what changed, not what is new: 200 right after a create, and for a while after a delete."""
    door.cloud.behave(read_lag_seconds=5)
    other = f"{ACCOUNT}-2{API}"
    door.send("PUT", other, LANGUAGE)
    assert door.send("GET", other).status == 200
    assert door.send("DELETE", ACCOUNT + API).status == 200
    assert door.send("GET", ACCOUNT + API).status == 200
    listed = door.send("GET", f"{GROUP}/providers/Microsoft.CognitiveServices/accounts{API}").body["value"]
    assert [item["name"] for item in listed] == ["language", "language-2"]
    door.cloud.clock.advance(6)
    assert door.send("GET", ACCOUNT + API).status == 404


def test_a_rotation_shows_late_through_arm(door: Door) -> None:
    """A key rotated on the data plane: there at once, through ARM after the lag."""
    door.send("PUT", VAULT, vault_body("all"))
    door.send("PUT", f"{VAULT}/keys/k", {"properties": {"kty": "RSA"}})
    door.cloud.behave(read_lag_seconds=5)
    bearer = token(seed.DEPLOYER, VAULTS)
    url = "https://lagging.vault.azure.net/keys/k"
    kid = door.send("POST", f"{url}/rotate?api-version=7.4", bearer=bearer).body["key"]["kid"]
    assert door.send("GET", f"{url}?api-version=7.4", bearer=bearer).body["key"]["kid"] == kid
    newest = [door.send("GET", f"{VAULT}/keys/k").body["properties"]["keyUriWithVersion"]]
    door.cloud.clock.advance(6)
    newest.append(door.send("GET", f"{VAULT}/keys/k").body["properties"]["keyUriWithVersion"])
    assert [uri == kid for uri in newest] == [False, True]
