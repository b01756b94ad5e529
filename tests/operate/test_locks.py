"""Whose lock is taken, and whose is left alone; and what is said where the engine refuses."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pulumi import automation
from pulumi.automation import CommandResult

from operate import stack as engine
from tests.operate.test_command_line import fake_pulumi

HERE = socket.gethostname()


def said(host: str, pid: int) -> str:
    """A lock, in the words of the CLI 3.259."""
    return (
        "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or "
        f"delete the lock file with `pulumi cancel`.\n  x.json: created by me@{host} (pid {pid}) at now"
    )


@pytest.fixture
def cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that a fake Pulumi CLI writes its words into."""
    words = tmp_path / "words"
    monkeypatch.setenv("PATH", fake_pulumi(tmp_path, f'echo "$@" >> {words}')["PATH"])
    return words


@pytest.fixture
def gone() -> int:
    """The id of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_only_the_lock_of_a_process_that_is_gone_is_taken(cancelled: Path, gone: int) -> None:
    """By `pulumi cancel`, for that stack; what says nothing of a lock takes none."""
    assert engine.unlock("prod-a", said(HERE, gone))
    assert cancelled.read_text().startswith("cancel --stack prod-a --yes")
    cancelled.unlink()
    assert not engine.unlock("prod-a", "error: refused by Azure")
    assert not cancelled.exists()


def test_a_lock_that_may_be_in_use_is_left_alone(cancelled: Path, gone: int) -> None:
    """Of a process that runs, of another machine, and where only one of several is so."""
    for host, pid, words in (
        (HERE, os.getpid(), "still runs"),
        ("elsewhere", gone, "process .* of elsewhere: look there"),
    ):
        with pytest.raises(engine.LockedError, match=words):
            engine.unlock("prod-a", said(host, pid))
        with pytest.raises(engine.LockedError, match=words):
            engine.unlock("prod-a", said(HERE, gone) + said(host, pid))
    assert not cancelled.exists()


def test_a_stack_that_has_nothing_was_never_updated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The backend dates it by its making, though an update of it takes many more calls than of another."""
    stacks = (
        '[{"name": "a", "current": true, "lastUpdate": "2026-11-26T19:24:34.159Z", "resourceCount": 17},'
        ' {"name": "b", "current": false, "lastUpdate": "2026-11-26T19:24:12.762Z", "resourceCount": 0}]'
    )
    monkeypatch.setenv("PATH", fake_pulumi(tmp_path, f"echo '{stacks}'")["PATH"])
    found = engine.last_updates()
    assert set(found) == {"a", "b"}
    assert found["a"].startswith("2026-11-26T19:24:34")
    assert found["b"] == ""


@pytest.mark.parametrize(
    ("error", "told", "way_out"),
    [
        (
            automation.StackNotFoundError(CommandResult("", "error: no stack named 'prod-a' found", 6)),
            engine.NoStackError,
            "`pulumi stack init prod-a`",
        ),
        # A refresh logs in with the secret of the last update, whatever the stack's file says now.
        (
            automation.CommandError(CommandResult("", "error: refused: AADSTS7000215: Invalid", 255)),
            engine.UpdateError,
            "`pulumi up --stack prod-a --run-program`",
        ),
    ],
    ids=["no stack in the backend", "a login that only the state still has"],
)
def test_what_keeps_a_refresh_from_running_is_told_with_its_way_out(
    error: Exception, told: type[Exception], way_out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not as an update that failed, which a repair could mend."""

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(automation.Stack, "preview_refresh", refuse)
    stack = engine.EngineStack.__new__(engine.EngineStack)
    stack.name = "prod-a"
    with pytest.raises(told, match=way_out):
        stack.drifted()
