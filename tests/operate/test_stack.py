"""What a stack's outputs and file say, and what is said where the engine refuses."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pulumi import automation
from pulumi.automation import CommandResult

from operate import stack as engine
from operate.errors import OperateError
from operate.evidence.command import deployments
from operate.stack import services
from operate.stack_file import stack_file
from tests.operate.test_command_line import fake_pulumi

ONE, TWO = {"accountId": "/a"}, {"accountId": "/b"}


def test_a_stack_has_one_service_or_several() -> None:
    """The only service needs no name, and may be asked for by it; of several each has its name. Stacks that
    were deployed before have the outputs of a single one at the top."""
    assert services({"services": {"x": ONE}, **ONE}) == {"": ONE}
    assert services({"services": {"x": ONE}, **ONE}, "x") == {"x": ONE}
    assert services(ONE) == {"": ONE}
    several = {"services": {"x": ONE, "y": TWO}}
    assert services(several) == {"x": ONE, "y": TWO}
    assert services(several, "y") == {"y": TWO}
    with pytest.raises(engine.StackError, match="no service 'z'; it has 'x', 'y'"):
        services(several, "z")


def test_a_tab_in_a_stacks_file_is_shown_in_its_line(tmp_path: Path) -> None:
    """YAML takes none there: the message has the file, the line and the text."""
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text("config:\n\ta: b\n")
    with pytest.raises(
        OperateError, match=r"(?s)Pulumi\.dev\.yaml cannot be read: .* at line 2, column 1.*a: b"
    ):
        stack_file(path)


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


LOCK = (
    "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or "
    "delete the lock file with `pulumi cancel`.\n  x.json: created by me@there (pid 7) at 9"
)


def failed(text: str) -> CommandResult:
    return CommandResult("", text, 255)


@pytest.mark.parametrize(
    ("error", "told", "way_out"),
    [
        (
            automation.StackNotFoundError(failed("error: no stack named 'prod-a' found")),
            engine.NoStackError,
            "`pulumi stack init prod-a`",
        ),
        (
            automation.ConcurrentUpdateError(failed(LOCK)),
            engine.LockedError,
            r"me@there \(pid 7\).*`pulumi cancel --stack prod-a --yes` and `.* recover --stack prod-a`",
        ),
        # A refresh logs in with the secret of the last update, whatever the stack's file says now.
        (
            automation.CommandError(failed("error: refused: AADSTS7000215: Invalid")),
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


def test_an_update_of_a_fleet_records_its_plan_and_who_approved_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the message of the stack's history, as the evidence reads it."""
    said: list[str] = []
    planned: dict[str, str] = {}

    def up(_: object, *, message: str, plan: str, **__: object) -> Any:
        said.append(message)
        planned["updatePlan"] = str(bool(plan)).lower()
        return SimpleNamespace(outputs={})

    monkeypatch.setattr(automation.Stack, "up", up)
    monkeypatch.setattr(automation.Stack, "refresh", lambda *_, **__: None)
    monkeypatch.setattr(engine, "_pack", dict)
    monkeypatch.setenv("APPROVAL", "pull request 7; approved by alice")
    (tmp_path / "plan.json").write_text("{}")
    stack = engine.EngineStack.__new__(engine.EngineStack)
    stack.name = "prod-a"
    stack.updated(tmp_path / "plan.json")
    update = {"kind": "update", "startTime": "2026-11-30T00:00:00Z", "result": "", "message": said[0]}
    (found,) = deployments([{**update, "environment": planned}], datetime(2026, 1, 1, tzinfo=UTC))
    assert found.plan == hashlib.sha256(b"{}").hexdigest()
    assert (found.pull_request, found.approved_by) == ("7", "alice")
