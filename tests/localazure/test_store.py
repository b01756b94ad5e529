"""The cloud's memory: how much of a stream is kept, and what a kill leaves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from localazure import store


def test_the_audit_log_keeps_its_latest_events_and_history_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many keys are used, the log stays near its bound; nothing else is forgotten."""
    monkeypatch.setattr(store, "KEPT", {"audit": 20})
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
