"""A report is checked as it was written: each file, each kept answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from operate.__main__ import main
from operate.azure import SentQuery
from operate.errors import OperateError
from operate.evidence.check import check
from operate.evidence.report import files, sha256, write
from tests.operate.evidence.made import facts

ANSWERS = {sha256(text): text for text in ('{"name":"x"}', "null")}
KEPT = next(iter(ANSWERS))


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A report with two queries, whose answers are kept."""
    queries = [SentQuery(f"GET /{n}", "ok", digest) for n, digest in enumerate(ANSWERS)]
    write(tmp_path, files(facts(), (), queries, "9", ANSWERS))
    return tmp_path


def test_a_report_as_it_was_written_has_no_problems(report: Path) -> None:
    """Three files and two answers, each a file of just the bytes that were hashed."""
    found = check(report)
    assert (found.files, found.answers, found.not_kept, found.problems) == (5, 2, 0, ())
    assert (report / "answers" / f"{KEPT}.json").read_bytes() == ANSWERS[KEPT].encode()


@pytest.mark.parametrize("name", ["evidence.json", "index.html", "manifest.json", f"answers/{KEPT}.json"])
def test_fails_for_a_changed_file(report: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One blank more is found, and the command's exit code says so."""
    path = report / name
    path.write_bytes(path.read_bytes() + b" ")
    assert main(["evidence", "check", "--out", str(report)]) == 1
    assert f"{name}: found SHA-256 " in capsys.readouterr().out


def test_fails_for_what_is_missing_or_foreign(report: Path) -> None:
    """A file that is gone, one that nobody wrote, an answer to no query, a manifest of another report."""
    (report / "index.html").unlink()
    (report / "more.txt").write_text("x")
    (report / "answers" / "0.json").write_text("0")
    manifest = json.loads((report / "manifest.json").read_text())
    manifest["files"]["evidence.json"] = "0" * 64
    (report / "manifest.json").write_text(json.dumps(manifest))
    said = "\n".join(check(report).problems)
    for words in (
        "index.html: could not be read: No such file",
        "more.txt: is not in SHA256SUMS",
        "answers/0.json: no answer of manifest.json has this hash",
        "evidence.json: manifest.json and SHA256SUMS have different hashes",
    ):
        assert words in said


def test_answers_that_were_not_kept_are_counted(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A report without answers is sound, and says that they are missing; an earlier report's are gone."""
    queries = [SentQuery("GET /x", "ok", KEPT)]
    write(report, files(facts(), (), queries, "9"))
    assert main(["evidence", "check", "--out", str(report)]) == 0
    said = capsys.readouterr().out
    assert said == "3 files checked, 0 answers kept, 1 not kept (--keep keeps them); 0 problems\n"


@pytest.mark.parametrize("broken", ["", "{", '{"answers": [1], "files": {}}', "[]"])
def test_fails_where_there_is_no_report(tmp_path: Path, broken: str) -> None:
    """The message says which folder, and what is expected in it."""
    if broken:
        (tmp_path / "SHA256SUMS").write_text("")
        (tmp_path / "manifest.json").write_text(broken)
    with pytest.raises(OperateError, match="expected manifest"):
        check(tmp_path)


def test_fails_without_accounts(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to read is not an empty report."""
    assert main(["evidence"]) == 2
    assert "--stack, --account or --subscription" in capsys.readouterr().err
