from __future__ import annotations

import json
import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review import as_json, markdown, plain_text
from review.escaping import LIMIT, code, in_markdown, in_text, plain
from review.values import Mark
from tests.review.build import ACCOUNT, account, review, step

HOSTILE = [
    "`x` <img src=x onerror=alert(1)>",
    "@octocat please",
    "a | b\n\n# heading",
    "\x1b[31mred\x1b[0m",
    "[click](https://example.com)",
    "\u202egnp.exe",
    "``` ```",
    "<!-- encryption-review 0 -->",
    "<details>",
    "#123 owner/repo#4",
    "::error::x",
    "##vso[task.prependpath]/x",
    "a ##VSO[task.setvariable variable=code;isOutput=true]0",
    "##[set-output name=code;]0",
    "x" * 5000,
]


@given(st.text())
def test_any_text_stays_within_its_code_span(text: str) -> None:
    """Whatever a value holds, it is one line in one code span, and cannot end it or a table's cell."""
    shown = code(text)
    if shown == "*empty*":
        return
    assert shown[0] == shown[-1] == "`"
    assert not set(shown[1:-1]) & set("`|\n\r")


@given(st.text())
def test_any_text_is_visible_characters_on_a_terminal(text: str) -> None:
    """No control, format or private character reaches a terminal, so no colour and no turned text."""
    assert all(unicodedata.category(character)[0] != "C" for character in plain(text))


@pytest.mark.parametrize(
    "text", ["##vso[x]", "a ##VSO[x]", "###vso[x]", "##[x]", "#\u200b#[x]", "# #[x] ##["]
)
def test_no_text_is_a_command_of_a_runner(text: str) -> None:
    """Both platforms look for `##vso[` and `##[` anywhere in a line that a job prints."""
    for shown in (plain(text), code(text)):
        assert "##[" not in shown
        assert "##vso[" not in shown.lower()


@given(st.text(alphabet=string.ascii_letters, min_size=LIMIT + 1, max_size=LIMIT * 20))
def test_a_long_text_is_cut_and_says_so(text: str) -> None:
    """What is left out is counted."""
    shown = plain(text)
    assert len(shown) < LIMIT + 40
    assert shown.endswith("more characters)")


def test_a_mark_cannot_be_imitated() -> None:
    """A value that reads `known after apply` does not look like a value that is not known."""
    assert in_markdown("known after apply") != in_markdown(Mark.UNKNOWN)
    assert in_text("(known after apply)") != in_text(Mark.SECRET)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_changes_nothing_but_its_own_place(text: str) -> None:
    """The same report with a harmless name has the same lines around the name."""

    def rendered(name: str) -> list[str]:
        before, after = account(), account(publicNetworkAccess="Enabled")
        before["inputs"]["accountName"] = after["inputs"]["accountName"] = name
        before["id"] = after["id"] = ""
        return markdown.render(review(step("update", ACCOUNT, "a", before, after))).splitlines()[1:]

    hostile, harmless = rendered(text), rendered("lang")
    assert len(hostile) == len(harmless)
    differing = [one for one, other in zip(hostile, harmless, strict=True) if one != other]
    places = ("#### ", "  - account: ", "    review: ")
    assert all(line.startswith(places) for line in differing)
    quotes = [line.removeprefix("  - account: ") for line in hostile if line.startswith("  - account: ")]
    assert [json.loads(one) for one in quotes]
    assert "`" not in "".join(quotes)


def test_every_report_of_a_hostile_preview_is_inert() -> None:
    """Text shows no escape sequence and JSON is ASCII."""
    before, after = account(), account(publicNetworkAccess="Enabled")
    before["inputs"]["accountName"] = "\x1b[2J\u202e\u00e9"
    before["id"] = after["id"] = ""
    made = review(step("update", ACCOUNT, "a", before, after))
    assert "\x1b" not in plain_text.render(made)
    assert as_json.render(made).isascii()
