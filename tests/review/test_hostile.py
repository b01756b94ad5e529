"""Whatever a change is called, its texts stay texts in every output of the review."""

import json
import re
import string
import unicodedata
from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.values import Hidden
from core.verdicts import VerdictSeverity
from review import plan, printers, report
from review.merge import StackReview, merged
from review.preview import PreviewError, read
from review.printers import LIMIT, Form, ReportLine, Shown, Text, fold, in_markdown, in_plain, line
from tests.review.build import comment, terminal
from tests.review.changes import ROWS, Row
from tests.review.rendered import HERE
from tests.review.scenes import Scene

ATTACK = (
    "x`|y\n::error::z\r\n##vso[task.prependpath]/a ##[set-output name=c;]d <img src=x onerror=1> "
    "<!-- @octocat [l](https://evil.example) www.evil.example "
    "{0} {x} {} *b* \x1b[31m\u202e\n# h\n```\n</details>"
)
# What would do something outside of a code span, in any of the outputs.
_LIVE = re.compile(r"octocat|evil\.example|onerror|::error|</details>x|\{|\x1b|\u202e")
_COMMAND = re.compile(r"##\[|##vso\[", re.IGNORECASE)
# Grants say the most of a change's own; besides, one row for each verdict.
_ONE_BY_ONE = {
    "role under a condition",
    "stranger: a custom role",
    "policy: for an application",
    "access of somebody else revoked",
}
_BY_VERDICT = {name: row for row in ROWS for name in row.expected("plain")}
_CHOSEN = {row.name: row for row in ROWS if row.name in _ONE_BY_ONE or row in _BY_VERDICT.values()}


def texts(value: Any, name: str = "") -> Iterator[str]:
    """Every text of a document but what the engine itself writes: operations."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner, name)
    elif isinstance(value, str) and value and name != "op":
        yield value


def attacked(value: Any, chosen: Collection[str]) -> Any:
    """The document with these texts made attacks, wherever they stand, so that what belongs together does."""
    if isinstance(value, dict):
        return {key: attacked(inner, chosen) for key, inner in value.items()}
    if isinstance(value, list):
        return [attacked(inner, chosen) for inner in value]
    return value + ATTACK if isinstance(value, str) and value in chosen else value


def parts(value: Any, count: int) -> list[list[str]]:
    """The texts of a document, each in one of so many parts; beside it, most of what it belongs to is not."""
    found = list(dict.fromkeys(texts(value)))
    return [found[number::count] for number in range(min(count, len(found)))]


def document(row: Row) -> dict[str, Any]:
    scene = Scene("plain")
    row.change(scene)
    return {"steps": [*scene.refreshed, *scene.steps], "changeSummary": {"same": 1}, "duration": 1}


def is_inert(made: report.Review) -> None:
    """In the comment, in the comment of many stacks, on a terminal, in JSON."""
    first, _, below = comment(made).partition("\n")
    assert re.fullmatch(r"<!-- encryption-review [\w./-]+ [0-9a-f]{64} -->", first, re.ASCII)
    fleet = merged([StackReview("dev", ("BLOCKED",), VerdictSeverity.BLOCKED, below)]).partition("\n")[2]
    for text in (below, fleet):
        quoted = re.sub(r'^  - account: "[^`\n]*"$', "", text, flags=re.MULTILINE)
        bare = re.sub(r"^```(yaml)?$|`[^`\n]*`", "", quoted, flags=re.MULTILINE)
        assert not _LIVE.search(bare), bare
        assert "`" not in bare
        assert not _COMMAND.search(text)
    printed = terminal(made)
    assert not _COMMAND.search(printed)
    assert not any(line.lstrip().startswith(("::", "#")) for line in printed.splitlines())
    assert all(one == "\n" or unicodedata.category(one)[0] != "C" for one in printed)
    written = report.as_json(made)
    assert written.isascii()
    assert not _COMMAND.search(written)
    assert json.loads(written)["stack"] == made.stack


@pytest.mark.parametrize("row", _CHOSEN.values(), ids=lambda row: row.name)
def test_no_text_of_a_change_gets_out_of_its_place(row: Row) -> None:
    """Every text of a preview: ids, names, roles, conditions, addresses, types, permissions."""
    clean = document(row)
    for chosen in parts(clean, 1000 if row.name in _ONE_BY_ONE else 5):
        hostile = attacked(clean, chosen)
        is_inert(report.make(read(json.dumps(hostile)), (), date(2026, 6, 15)))


@pytest.mark.parametrize("name", ["unbound", "project-rotated"])
def test_no_text_of_a_plan_gets_out_of_its_place(name: str) -> None:
    """The gate reads the plan, which a job of the change wrote: also its operations, which are text there."""
    written, refresh = ((HERE / "fixtures" / f"{name}.{one}.json").read_text() for one in ("plan", "refresh"))
    clean = json.loads(written)
    for chosen in parts(clean, 20):
        try:
            made = plan.read(json.dumps(attacked(clean, chosen)), refresh)
        except PreviewError:
            continue  # the command prints it as one plain line: test_command.py
        is_inert(report.make(made, (), date(2026, 6, 15)))


HOSTILE = st.text(
    alphabet=st.sampled_from("`|<>&@[]()#:*_~\\\n\r\t\x1b\u202e vso{}-!\"'x1")
) | st.sampled_from([ATTACK, "``` ```", "<details>", "##VSO[task.setvariable variable=code]0", "::error::x"])


@given(HOSTILE)
def test_every_kind_of_block_keeps_a_value_in_its_place(text: str) -> None:
    """Around a hostile value a block has the same lines and the same words as around a harmless one, in both
    prints; that holds for whatever is built of blocks."""

    def blocks(value: str) -> list[ReportLine]:
        text: Text = ("our ", Shown(value), " words ", Shown(value))
        return [
            ReportLine(Form.ACCOUNT, ((VerdictSeverity.NOTE,), (Shown(value), " (vault)"))),
            *(ReportLine(form, (text,)) for form in (Form.ITEM, Form.MORE, Form.SMALL)),
            ReportLine(Form.CHANGED, (("key",), (Shown(value),), (Shown(None),))),
            *fold([line(Form.FOLD, *text), line(Form.TEXT, "account: ", Shown(value, quoted=True))]),
        ]

    for printed, show in ((printers.markdown, in_markdown), (printers.plain, in_plain)):
        lines, harmless = printed(blocks(text)).splitlines(), printed(blocks("lang")).splitlines()
        assert len(lines) == len(harmless)
        for found, other in zip(lines, harmless, strict=True):
            if "summary" not in other and '"' not in other:
                assert found == other.replace(show("lang"), show(text)).rstrip() or found.endswith(" ")
            assert not _COMMAND.search(found)
        assert not [one for one in lines if one.lstrip().startswith(("::", "##["))]
    lines = printers.markdown(blocks(text)).splitlines()
    (summary,) = (one for one in lines if "<summary>our" in one)
    assert not re.search(r"<(?!/?(?:code|em|details|summary)>)|@", summary)
    (quoted,) = (one for one in lines if one.startswith("account: "))
    assert isinstance(json.loads(quoted.removeprefix("account: ")), str)
    assert "`" not in quoted


@given(st.text() | st.sampled_from(["##vso[x]", "a ##VSO[x]", "###vso[x]", "#\u200b#[x]", "# #[x] ##["]))
def test_any_text_stays_in_its_place(text: str) -> None:
    """It is one line in one code span, and cannot end it or a table's cell; on a terminal it has no control,
    format or private character, so no colour and no turned text. Both platforms look for `##vso[` and `##[`
    anywhere in a line that a job prints."""
    code, printed = in_markdown(text), in_plain(text)
    if code != "*empty*":
        assert code[0] == code[-1] == "`"
        assert not set(code[1:-1]) & set("`|\n\r")
    assert all(unicodedata.category(character)[0] != "C" for character in printed)
    assert not _COMMAND.search(code + "\n" + printed)


@given(st.text(alphabet=string.ascii_letters, min_size=LIMIT + 1, max_size=LIMIT * 20))
def test_a_long_text_is_cut_and_says_so(text: str) -> None:
    """What is left out is counted."""
    shown = in_plain(text)
    assert len(shown) < LIMIT + 40
    assert shown.endswith("more characters)")


def test_a_mark_cannot_be_imitated() -> None:
    """A value that reads `known after apply` does not look like a value that is not known."""
    assert in_markdown("known after apply") != in_markdown(Hidden.UNKNOWN)
    assert in_plain("(known after apply)") != in_plain(Hidden.SECRET)
