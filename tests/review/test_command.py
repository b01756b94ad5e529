import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from review.__main__ import main
from tests.review.build import ACCOUNT, BINDING, account, binding, bound, digest, step

GOOD = digest(*bound())
OPENED = digest(step("update", ACCOUNT, "a", account(), account(publicNetworkAccess="Enabled")))
UNBOUND = digest(step("delete", BINDING, "b", binding()))


def run(folder: Path, preview: str, *words: str) -> int:
    (folder / "preview.json").write_text(preview)
    return main([str(folder / "preview.json"), *words])


@pytest.mark.parametrize(("preview", "code"), [(GOOD, 0), (OPENED, 3), (UNBOUND, 4), ("nothing", 2)])
def test_the_exit_code_is_the_severity(tmp_path: Path, preview: str, code: int) -> None:
    """0 nothing or notes, 3 needs a named approval, 4 blocked, 2 cannot review."""
    assert run(tmp_path, preview) == code


def test_every_report_is_written_where_it_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text goes to the output, Markdown and JSON to their files."""
    words = ["--markdown", str(tmp_path / "c.md"), "--json", str(tmp_path / "r.json")]
    assert run(tmp_path, UNBOUND, *words) == 4
    assert capsys.readouterr().out.startswith("Encryption: BLOCKED\n")
    assert "BLOCKED" in (tmp_path / "c.md").read_text()
    assert json.loads((tmp_path / "r.json").read_text())["exitCode"] == 4


def test_a_reader_that_closes_the_output_changes_no_verdict(tmp_path: Path) -> None:
    """As `| head` does, of which a pipeline would otherwise take the exit code for a review that failed."""
    (tmp_path / "preview.json").write_text(UNBOUND)
    reads, writes = os.pipe()
    os.close(reads)
    command = [sys.executable, "-m", "review", str(tmp_path / "preview.json")]
    ended = subprocess.run(command, stdout=writes, stderr=subprocess.PIPE, check=False)
    os.close(writes)
    assert (ended.returncode, ended.stderr) == (4, b"")


def test_the_preview_may_come_by_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """`pulumi preview --json | python -m review -`."""
    monkeypatch.setattr("sys.stdin", io.StringIO(UNBOUND))
    assert main(["-"]) == 4


def test_a_mandatory_violation_blocks(tmp_path: Path) -> None:
    """What a policy pack refuses cannot be passed here, whatever the preview looks like."""
    event = {"policyName": "p", "enforcementLevel": "mandatory", "message": "m"}
    (tmp_path / "events.jsonl").write_text(json.dumps({"sequence": 0, "policyEvent": event}) + "\n")
    assert run(tmp_path, GOOD, "--policies", str(tmp_path / "events.jsonl")) == 4


def test_fails_on_approvals_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file with a mistake approves nothing, and the run says so and does not go on without it."""
    (tmp_path / "a.yaml").write_text("approvals: 1")
    assert run(tmp_path, GOOD, "--approvals", str(tmp_path / "a.yaml")) == 2
    assert "expected one list" in capsys.readouterr().err
    assert run(tmp_path, GOOD, "--approvals", str(tmp_path / "absent.yaml")) == 2


COMMANDS = "x\n::set-output name=code::0\r##vso[task.prependpath]/x\x1b[31m ##[set-output name=code;]0"


@pytest.mark.parametrize("what", ["preview", "approvals"])
def test_what_is_refused_gives_the_runner_no_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    """The gate's log quotes what a change wrote: each line begins with our own word and is harmless."""
    approvals = tmp_path / "a.yaml"
    approvals.write_text(json.dumps({"approvals": [{COMMANDS: 1}]}))
    words = ["--approvals", str(approvals)]
    if what == "preview":
        steps = {f"urn:pulumi:prod::shop::{ACCOUNT}::{COMMANDS}": {"steps": ["delete"]}}
        (tmp_path / "plan.json").write_text(json.dumps({"resourcePlans": steps}))
        (tmp_path / "refresh.json").write_text('{"duration": 1}')
        words = ["--plan", str(tmp_path / "plan.json"), "--refresh", str(tmp_path / "refresh.json")]
    assert run(tmp_path, GOOD, *words) == 2
    said = capsys.readouterr().err
    assert "set-output" in said
    assert all(line.startswith("review: ") for line in re.split("[\r\n]+", said.strip()))
    assert not re.search(r"##(vso)?\[|\x1b", said)
