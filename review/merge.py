"""The reviews of many stacks as one comment: `python -I review/merge.py FOLDER STACK ...`.

FOLDER/1, 2, ... hold what review/judge.sh wrote for each stack in turn. Prints one comment, whose first line
the pipelines find again: a line for each stack, the gravest first, then whole reviews as long as there is
room. A stack without a review is named as such. Imports nothing from the current folder, as `__main__`.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[1]))

from core import documents
from core.verdicts import VerdictSeverity
from review import printers
from review.printers import Form, ReportLine, Shown, Text, fold, line, paragraph

MARKER: Final = "fleet"


@dataclass(frozen=True)
class StackReview:
    """A stack's review. `comment` is its Markdown below the headline. It is empty without a review, which is
    as grave as a refusal."""

    stack: str
    headline: Text = ("no review",)
    severity: VerdictSeverity = VerdictSeverity.BLOCKED
    comment: str = ""


def read(folder: Path, stack: str) -> StackReview:
    """A review as judge.sh left it; none where it is missing or is not a review."""
    try:
        found = documents.of_json((folder / "review.json").read_text(encoding="utf-8"))
        headline = tuple(
            Shown(part["value"]) if isinstance(part, dict) else part for part in found["headline"]["text"]
        )
        severity = VerdictSeverity[found["headline"]["severity"].upper()]
        first, _, comment = (folder / "comment.md").read_text(encoding="utf-8").split("\n", 2)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return StackReview(stack)
    if not first.endswith(f" {found.get('digest')} -->"):
        return StackReview(stack)
    return StackReview(stack, headline, severity, comment.strip())


def merged(reviews: Sequence[StackReview]) -> str:
    """The comment, with a line feed at the end."""
    ordered = sorted(reviews, key=lambda review: (-review.severity, review.stack))
    quiet = [review for review in ordered if review.severity is VerdictSeverity.NONE]
    lines = [
        ReportLine(Form.TITLE, ((ordered[0].severity,), (f"Encryption of {len(reviews)} stacks",))),
        *_within(printers.LONGEST, ordered[: len(ordered) - len(quiet)]),
    ]
    if quiet:
        names = Shown(", ".join(review.stack for review in quiet))
        lines += paragraph([line(Form.TEXT, VerdictSeverity.NONE, " No change in ", names, ".")])
    text = printers.markdown(lines)
    return f"<!-- encryption-review {MARKER} {sha256(text.encode()).hexdigest()} -->\n{text}\n"


def _within(room: int, reviews: Sequence[StackReview]) -> Iterator[ReportLine]:
    """Each review as a whole if there is room, otherwise its line alone."""
    for review in reviews:
        title: Text = (review.severity, " ", Shown(review.stack), ": ", *review.headline)
        whole = [*fold([line(Form.TEXT, review.comment)], *title)]
        if not review.comment or len(printers.markdown(whole)) > room:
            where = " (the review is in the run)" if review.comment else ""
            whole = [*paragraph([line(Form.ITEM, *title, where)])]
        room -= len(printers.markdown(whole)) + 1
        if room < 0:
            yield from paragraph([line(Form.TEXT, "*More are left out; the run has all.*")])
            return
        yield from whole


if __name__ == "__main__":
    folder, *stacks = sys.argv[1:]
    reviews = [read(Path(folder, str(number)), stack) for number, stack in enumerate(stacks, start=1)]
    sys.stdout.write(merged(reviews))
