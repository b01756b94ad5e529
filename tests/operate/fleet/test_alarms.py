"""Each thing that is wrong in a fleet is told once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from operate.__main__ import main
from operate.fleet import alarms, work
from operate.fleet.alarms import Alarm
from operate.fleet.planning import Outcome
from operate.fleet.work import Done
from tests.operate.fleet.test_files import FLEET, checkout

SOON = Alarm("prod-a", "key-expires-soon", "warning", "cmk", "expires in 30 days", "rotate")
DRIFT = Alarm("prod-b", "drift", "warning", "", "the cloud is not as the state has it")


def test_an_alarm_is_new_once_then_open_then_gone() -> None:
    """Also when its text counts days; the same rule about another subject is another alarm."""
    later = Alarm("prod-a", "key-expires-soon", "error", "cmk", "expires in 2 days", "rotate")
    other = Alarm("prod-a", "key-expires-soon", "warning", "other", "expires in 30 days")
    first = alarms.compared([SOON, DRIFT], [], ())
    assert (first.new, first.open, first.gone) == ((SOON, DRIFT), (), ())
    second = alarms.compared([later, other], first.now, ())
    assert (second.new, second.open, second.gone) == ((other,), (later,), (DRIFT,))


def test_what_could_not_be_looked_at_is_not_gone() -> None:
    """A login that fails for a night closes no alarm, and opens none of them again in the morning."""
    night = alarms.compared([], [SOON], {"prod-a"})
    assert (night.new, night.open, night.gone) == ((), (SOON,), ())
    assert alarms.compared([SOON], night.now, ()).new == ()


def stacks(results: Mapping[str, Done]) -> Callable[[work.Task], Done]:
    return lambda task: results[task.stack]


def test_a_run_tells_what_is_new_and_keeps_what_it_could_not_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the command does it: the exit code, the report for an issue, and metrics that Prometheus reads."""
    monkeypatch.chdir(checkout(tmp_path, FLEET, prod_a={}, prod_b={}))
    found = {
        "prod-a": Done(Outcome("prod-a"), {"alarms.json": json.dumps([vars(SOON)])}),
        "prod-b": Done(Outcome("prod-b"), {"alarms.json": json.dumps([vars(DRIFT)])}),
    }
    monkeypatch.setattr(work, "ACTIONS", {"alarms": stacks(found)})
    assert main(["fleet", "alarms"]) == 1
    assert "2 new, 0 gone, 0 known before" in capsys.readouterr().err
    assert main(["fleet", "alarms"]) == 0
    # Of one stack alone: what is known of the others stays.
    found["prod-a"] = Done(Outcome("prod-a"), {"alarms.json": "[]"})
    assert main(["fleet", "alarms", "--stack", "prod-a"]) == 0
    assert "0 new, 1 gone, 1 known before" in capsys.readouterr().err
    found["prod-b"] = Done(Outcome("prod-b", "no login"))
    assert main(["fleet", "alarms"]) == 1
    assert [one.rule for one in alarms.known(tmp_path / ".fleet" / "alarms")] == ["not-read", "drift"]
    families = text_string_to_metric_families((tmp_path / ".fleet" / "alarms" / "alarms.prom").read_text())
    samples = {
        (sample.name, sample.labels.get("stack"), sample.labels.get("rule")): sample.value
        for family in families
        for sample in family.samples
    }
    assert samples["language_cmk_alarms", "prod-b", "drift"] == 1
    assert samples["language_cmk_stack_read", "prod-a", None] == 1
    assert samples["language_cmk_stack_read", "prod-b", None] == 0


def test_an_issue_shows_what_is_new_with_its_fix_and_no_mark_up() -> None:
    """Names in Azure are what others chose."""
    hostile = Alarm("a", "drift", "error", "`@team` <b>", "text\n# title", "fix")
    text = alarms.markdown(alarms.compared([hostile], [SOON], ()))
    assert "### New\n- **error** `a` `'@team' ‹b>` drift: `text # title` Fix: `fix`" in text
    assert "### Gone\n- **warning** `prod-a` `cmk`" in text
