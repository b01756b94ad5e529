"""The reviews of many stacks as one comment: `python -I review/merge.py FOLDER STACK ...`.

FOLDER/1, 2, ... hold what review/judge.sh wrote for each stack in turn. Prints one comment, whose first line
the pipelines find again: a line for each stack, the gravest first, then whole reviews as long as there is
room. A stack without a review is named as such. Imports nothing from the current folder, as isolated.py.
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[1]))

from review.escaping import code
from review.markdown import SIGNS
from review.verdict import VerdictSeverity

MARKER: Final = "fleet"
_LIMIT: Final = 60_000  # GitHub takes 65,536 characters
_FIRST: Final = re.compile(r"<!-- encryption-review \S+ [0-9a-f]{64} -->")
_NAMED: Final = 100
"""Stacks that are named in the list of those that have nothing to tell."""


@dataclass(frozen=True)
class StackReview:
    """A stack's review; `text` is empty where there is none, which is as grave as a refusal."""

    stack: str
    title: str
    severity: VerdictSeverity
    text: str


def read(folder: Path, stack: str) -> StackReview:
    """A review as judge.sh left it; none where it is missing or is not a review."""
    try:
        lines = (folder / "comment.md").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    if len(lines) < 2 or not _FIRST.fullmatch(lines[0]):
        return StackReview(stack, "no review", VerdictSeverity.BLOCKED, "")
    title = lines[1].removeprefix("### ")
    severity = next((one for one, sign in SIGNS.items() if title.startswith(sign)), VerdictSeverity.BLOCKED)
    shown = title.removeprefix(SIGNS[severity]).strip().removeprefix("Encryption: ")
    return StackReview(stack, shown.partition(" in `")[0], severity, "\n".join(lines[2:]).strip())


def merged(reviews: Sequence[StackReview]) -> str:
    """The comment, with a line feed at the end."""
    ordered = sorted(reviews, key=lambda one: (-one.severity, one.stack))
    worst = max((one.severity for one in reviews), default=VerdictSeverity.NONE)
    quiet = [one for one in ordered if one.severity is VerdictSeverity.NONE]
    body = [f"### {SIGNS[worst]} Encryption of {len(reviews)} stacks", ""]
    room = _LIMIT
    for one in ordered[: len(ordered) - len(quiet)]:
        line = f"{SIGNS[one.severity]} {code(one.stack)}: {one.title}"
        whole = f"<details><summary>{line}</summary>\n\n{one.text}\n\n</details>\n"
        # Inside a summary Markdown is not read, so the name is shown as it is in HTML.
        whole = whole.replace(f"<summary>{line}", f"<summary>{_in_html(line)}", 1)
        if not one.text or len(whole) > room:
            whole = f"- {line}{'' if not one.text else ' (the review is in the run)'}\n"
        if len(whole) > room:
            body.append("*More are left out here; the run has all reviews.*\n")
            break
        room -= len(whole)
        body.append(whole)
    if quiet:
        names = ", ".join(code(one.stack) for one in quiet[:_NAMED])
        more = f" and {len(quiet) - _NAMED} more" if len(quiet) > _NAMED else ""
        body.append(f"{SIGNS[VerdictSeverity.NONE]} No change in {names}{more}.")
    text = "\n".join(body).rstrip() + "\n"
    return f"<!-- encryption-review {MARKER} {sha256(text.encode()).hexdigest()} -->\n{text}"


def _in_html(line: str) -> str:
    return re.sub(r"`([^`]*)`", lambda name: f"<code>{_entities(name[1])}</code>", line)


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")


def main(words: Sequence[str]) -> int:
    """Prints the comment; the exit code is 0, or 2 for a wrong call."""
    if len(words) < 2:
        sys.stderr.write("usage: python -I review/merge.py FOLDER STACK ...\n")
        return 2
    folder, *stacks = words
    reviews = [read(Path(folder, str(number)), stack) for number, stack in enumerate(stacks, start=1)]
    sys.stdout.write(merged(reviews))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
