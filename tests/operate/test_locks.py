"""What is said where the engine refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from pulumi import automation
from pulumi.automation import CommandResult

from operate import stack as engine
from tests.operate.test_command_line import fake_pulumi


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
        (
            automation.ConcurrentUpdateError(
                CommandResult(
                    "",
                    "error: the stack is currently locked by 1 lock(s). Either wait for the other "
                    "process(es) to end or delete the lock file with `pulumi cancel`.\n"
                    "  x.json: created by me@there (pid 7) at 9",
                    255,
                )
            ),
            engine.LockedError,
            r"me@there \(pid 7\).*`pulumi cancel --stack prod-a --yes` and `.* recover --stack prod-a`",
        ),
        # A refresh logs in with the secret of the last update, whatever the stack's file says now.
        (
            automation.CommandError(CommandResult("", "error: refused: AADSTS7000215: Invalid", 255)),
            engine.UpdateError,
            "`pulumi up --stack prod-a --run-program`",
        ),
    ],
    ids=["no stack in the backend", "a lock", "a login that only the state still has"],
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
