"""What a review prints to be done: the entries that approve a change, pasted and filled in, let its next
review pass; and the command that is named for what cannot be read, as recorded, writes what is read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

import pytest

from core.verdicts import Name, Verdict, VerdictSeverity
from review import approvals, plan, preview
from review.__main__ import _state
from review.preview import PreviewError
from tests.remediation.test_what_is_printed import TEXTS
from tests.review.build import comment
from tests.review.changes import ROWS, Row
from tests.review.rendered import HERE
from tests.review.scenes import STACKS, Scene
from tests.support.printed import printed

ASKS = [name for name in Name if Verdict(name, "").severity >= VerdictSeverity.APPROVAL]
STACK = next(iter(STACKS))
_ENTRIES = re.compile(r"```yaml\n(approvals:\n.*?)```", re.DOTALL)
_GAPS = {"WHY": "decided on Monday", "WHO, not the author": "alice", "YYYY-MM-DD, at most": "2026-06-20 # at"}
"""What a person writes in the place of words in capitals."""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_printed_entries_let_a_change_pass(row: Row) -> None:
    """Each change that needs approvals, by what its comment shows; one that needs none shows none."""
    scene = Scene(STACK)
    row.change(scene)
    shown = _ENTRIES.search(comment(scene.review()))
    assert bool(shown) is any(name in ASKS for name in row.expected(STACK))
    if shown is None:
        return
    text = shown[1]
    for gap, written in _GAPS.items():
        text = text.replace(gap, written)
    assert scene.review(approvals.read(text)).severity < VerdictSeverity.APPROVAL


def test_every_verdict_that_asks_has_a_row() -> None:
    """So that the entry of each was pasted."""
    assert {*ASKS} - {name for row in ROWS for name in row.expected(STACK)} == set()


def _recorded(name: str) -> str:
    return (HERE / "fixtures" / name).read_text()


def _planned(saved: str = "", refreshed: str = "") -> object:
    saved = saved or _recorded("unbound.plan.json")
    return plan.read(saved, refreshed or _recorded("unbound.refresh.json"))


def _previewed() -> object:
    return preview.read(_recorded("tags.json"))


EXPORTED = json.dumps({"version": 3, "deployment": {"manifest": {"time": "2026-06-01"}, "resources": []}})
"""As `pulumi stack export` writes it (tests/support/stack.py reads one in each life)."""
READS: Mapping[str, tuple[str, Callable[[], object], Callable[[], object]]] = {
    "no JSON": ("pulumi preview --json", lambda: preview.read("no"), _previewed),
    "no preview": ("pulumi preview --json", lambda: preview.read("{}"), _previewed),
    "no plan": ("pulumi preview --save-plan", lambda: _planned(saved="{}"), _planned),
    "no refresh": ("pulumi refresh --preview-only --json", lambda: _planned(refreshed="{}"), _planned),
    "no state": ("pulumi stack export", lambda: _state("{}"), lambda: _state(EXPORTED)),
}
"""What is read: the command that its refusal names, a text that is refused, one that the command wrote."""


@pytest.mark.parametrize("case", READS)
def test_the_command_that_is_named_writes_what_is_read(case: str) -> None:
    """As the engine's own output was recorded (tests/review/situations.py)."""
    command, refused, right = READS[case]
    with pytest.raises(PreviewError) as told:
        refused()
    assert command in printed(str(told.value))
    assert right()


def test_every_command_that_a_review_names_has_a_row() -> None:
    """What a text of it prints in back quotes."""
    named = {command for place, text in TEXTS if place.startswith("review/") for command in printed(text)}
    assert named == {command for command, _, _ in READS.values()}
