"""What the fixtures' reports look like, and the examples in docs/reviews.md that are made of them.

python -m tests.review.rendered      # writes golden/ and the examples again
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from core.verdicts import Name, Verdict
from review import report
from review.preview import read, read_policies
from tests.review.build import comment, terminal
from tests.review.situations import SITUATIONS, Situation

HERE = Path(__file__).resolve().parent
_DOCS = HERE.parents[1] / "docs"
PULL_REQUESTS, REVIEWS = _DOCS / "pull-requests.md", _DOCS / "reviews.md"
BEGIN, END = "<!-- examples: made by tests/review/rendered.py -->", "<!-- end of the examples -->"
VERDICTS_BEGIN, VERDICTS_END = "<!-- verdicts: from core/verdicts.py -->", "<!-- end of the verdicts -->"
_TODAY = date(2026, 6, 15)
_ENTRIES = re.compile(r"\n<details><summary>To approve: .*?</details>\n", re.DOTALL)
"""The entries for approvals, which the page shows in its first report that has any."""


def reviewed(situation: Situation) -> report.Review:
    """The review of a situation's preview."""
    preview = HERE / "fixtures" / f"{situation.name}.json"
    events = preview.with_suffix(".events.jsonl")
    policies = read_policies(events.read_text()) if events.exists() else ()
    return report.make(read(preview.read_text()), (), _TODAY, policies)


def golden(situation: Situation) -> dict[str, str]:
    """The reports by file name: the comment of each, text and JSON of one."""
    made = reviewed(situation)
    found = {f"{situation.name}.md": comment(made)}
    if situation.name == "key-deleted":
        found |= {
            f"{situation.name}.txt": terminal(made),
            f"{situation.name}.json": report.as_json(made),
        }
    return found


def documented() -> dict[Path, str]:
    """The pages of the documentation, with the table of verdicts and the examples made new."""
    return {
        PULL_REQUESTS: _between(PULL_REQUESTS.read_text(), VERDICTS_BEGIN, VERDICTS_END, verdicts()),
        REVIEWS: _between(REVIEWS.read_text(), BEGIN, END, "\n".join(_examples())),
    }


def verdicts() -> str:
    """The verdicts by exit code."""
    rows = ["| exit code | verdicts |", "|---|---|"]
    for code in (4, 3, 0):
        names = [f"`{name}`" for name in Name if Verdict(name, "").severity.exit_code == code]
        rows.append(f"| {code} | {', '.join(names)} |")
    return "\n".join(rows)


def _between(text: str, begin: str, end: str, new: str) -> str:
    before, rest = text.split(begin)
    return f"{before}{begin}\n{new}\n{end}{rest.split(end)[1]}"


def _examples() -> Iterator[str]:
    entries_are_shown = False
    for situation in SITUATIONS:
        if not situation.documented:
            continue
        text = golden(situation)[f"{situation.name}.md"].split("\n", 1)[1]
        if entries_are_shown:
            text = _ENTRIES.sub("", text)
        entries_are_shown = entries_are_shown or bool(_ENTRIES.search(text))
        yield f"\n## {situation.title}\n"
        yield from ("> " + line if line else ">" for line in text.rstrip("\n").split("\n"))


def main() -> None:
    """Writes the goldens and the examples."""
    folder = HERE / "golden"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for situation in SITUATIONS:
        for name, text in golden(situation).items():
            (folder / name).write_text(text)
    for page, text in documented().items():
        page.write_text(text)


if __name__ == "__main__":
    main()
