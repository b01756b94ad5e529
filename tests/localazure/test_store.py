"""The cloud's memory: how much of a stream is kept, and what a kill leaves."""

from __future__ import annotations

import gc
import shutil
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from localazure import operations, seed, store
from localazure.cloud import Cloud
from localazure.web import LOGIN, ServiceError
from tests.bench import load
from tests.support.front import Door, token


def test_each_stream_keeps_its_own_latest_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many keys are used, the log stays near its bound, and no other stream is forgotten for it."""
    monkeypatch.setattr(store, "KEPT", {"audit": 20, "encryption": 40})
    monkeypatch.setattr(store, "TRIM_EVERY", 4)
    memory = store.Store()
    most = 0
    for number in range(200):
        with memory.transaction():
            memory.append("audit", f"vault-{number % 3}", {"n": number})
            if not number % 5:
                memory.append("encryption", "account", {"n": number})
        most = max(most, memory.count("audit"))
    assert most < 20 + 2 * store.TRIM_EVERY
    kept = [event["n"] for event in memory.events("audit")]
    assert kept == list(range(200 - len(kept), 200))
    assert len(kept) >= 20
    assert len(memory.events("encryption")) == 40


def test_what_clients_do_again_and_again_leaves_no_more_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes, reads, uses of keys, logins and refusals of each: the memory has as many rows after the last
    rounds as before them."""
    monkeypatch.setattr(store, "KEPT", dict.fromkeys(["audit", "activity", "signin", "throttled"], 10))
    monkeypatch.setattr(store, "TRIM_EVERY", 7)
    door = Door()
    policies = [
        {"tenantId": seed.TENANT_ID, "objectId": seed.DEPLOYER.object_id, "permissions": {"keys": ["all"]}}
    ]
    properties = {
        "tenantId": seed.TENANT_ID,
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": policies,
    }
    vault = f"{door.group()}/providers/Microsoft.KeyVault/vaults/kv-again?api-version=2026-02-01"
    keys, bearer = "https://kv-again.vault.azure.net/keys/k", token(audience="https://vault.azure.net")
    wrap = {"alg": "RSA-OAEP-256", "value": "c2l4dGVlbiBieXRlcyEh"}
    made = door.send("PUT", vault, {"location": "westeurope", "properties": properties})
    assert made.status < 300, made
    assert door.send("POST", f"{keys}/create?api-version=7.4", {"kty": "RSA"}, bearer=bearer).status == 200
    rows: list[dict[str, int]] = []
    documents: list[Any] = []
    for number in range(40):
        door.cloud.behave(throttling="token_bucket" if number % 2 else "none")
        body = {"location": "westeurope", "tags": {"n": str(number)}, "properties": properties}
        for sender in (None, token(seed.READER)):
            door.send("PUT", vault, body, bearer=sender)
            door.send("GET", vault, bearer=sender)
        door.front.buckets.update(dict.fromkeys(door.front.buckets, (0.0, door.cloud.clock.now())))
        assert (door.send("PUT", vault, body).status == 429) is bool(number % 2)
        for version in ("", "0" * 32):
            door.send("POST", f"{keys}/{version}/wrapkey?api-version=7.4", wrap, bearer=bearer)
        door.send("POST", f"{LOGIN}/{seed.TENANT_ID}/oauth2/v2.0/token", content=b"grant_type=x", bearer="")
        rows.append({stream: len(door.cloud.store.events(stream)) for stream in store.KEPT})
        documents.append(door.cloud.store._db.execute("SELECT COUNT(*) FROM documents").fetchone())
    assert all(10 <= count <= 10 + 2 * store.TRIM_EVERY for row in rows[20:] for count in row.values()), rows
    assert documents[20:] == documents[20:21] * 20


def test_a_thousand_calls_leave_nothing_that_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty lives of accounts with keys of their own, and forty more, each forty with the cloud's clock moved
    so far that Azure would have purged them: as many documents of each kind, a database of the same size,
    and a process that holds no more than before."""
    monkeypatch.setattr(store, "KEPT", dict.fromkeys(store.KEPT, 50))
    monkeypatch.setattr(store, "TRIM_EVERY", 10)
    door = Door()
    group, bearer = door.group(), token(audience="https://vault.azure.net")

    def left_by(part: str) -> tuple[list[Any], int, int]:
        for number in range(40):
            name = f"life-{part}-{number}"

            def answer(call: load.Call, vault: str = name) -> Any:
                if call.is_of_vault:
                    url = f"https://{vault}.vault.azure.net{call.path}"
                    reply = door.send(call.method, url, call.body, bearer=bearer)
                else:
                    reply = door.send(call.method, call.path, call.body)
                assert reply.status < 300, reply
                return reply.body

            load.live(group, name, answer)
        door.cloud.clock.advance(load.EIGHT_DAYS)
        for path in load.SOFT_DELETED:
            assert door.send("GET", path).body["value"] == []
        with door.cloud.store.transaction():
            operations.forget_expired(door.cloud)
        gc.collect()
        query = door.cloud.store._db.execute
        kinds = query("SELECT kind, COUNT(*) FROM documents GROUP BY kind ORDER BY kind").fetchall()
        return kinds, query("PRAGMA page_count").fetchone()[0], tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        kinds, pages, held = left_by("a")
        later_kinds, later_pages, later_held = left_by("b")
    finally:
        tracemalloc.stop()
    assert later_kinds == kinds
    assert later_pages <= pages + 2
    assert later_held - held < 300_000


def test_a_process_that_is_killed_at_any_write_has_done_all_of_them_or_none(tmp_path: Path) -> None:
    """The disk is taken as it is after each write of a transaction, and after its end, and opened again."""
    served = tmp_path / "served"
    served.mkdir()
    memory = store.Store(served / "cloud.sqlite3")
    images: list[Path] = []

    def take_image() -> None:
        images.append(tmp_path / f"image-{len(images)}")
        shutil.copytree(served, images[-1], ignore=shutil.ignore_patterns("*-shm"))

    with memory.transaction():
        for name in "abc":
            memory.put("group", name, {})
            memory.append("encryption", name, {})
            take_image()
    take_image()
    opened = [store.Store(image / "cloud.sqlite3") for image in images]
    found = [(len(one.scan("group")), len(one.events("encryption"))) for one in opened]
    assert found == [(0, 0), (0, 0), (0, 0), (3, 3)]


def test_settings_that_are_remembered_are_those_of_the_store() -> None:
    """Also after a write that was taken back: by a refusal, or with all that was tried."""
    cloud = Cloud()
    with suppress(ServiceError), cloud.store.transaction():
        cloud.behave(page_size=7)
        cloud.clock.advance(1000.0)
        assert (cloud.behaviour.page_size, cloud.clock.now() > time.time() + 900) == (7, True)
        raise ServiceError(400, "BadRequest", "refused")
    assert (cloud.behaviour.page_size, cloud.clock.now() < time.time() + 900) == (0, True)
    with cloud.store.transaction(), cloud.store.undone():
        cloud.behave(page_size=7)
        assert cloud.behaviour.page_size == 7
    assert cloud.behaviour.page_size == 0
