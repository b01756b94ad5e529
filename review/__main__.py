"""`python -m review preview.json`: the encryption review of a preview, and an exit code for a check.

    pulumi preview --json --show-sames > preview.json
    python -m review preview.json --markdown comment.md

Exit codes: 0 nothing or notes, 3 needs a named approval, 4 blocked, 2 cannot review.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from review import approvals, as_json, markdown, plain_text, preview, report
from review.verdict import Severity

_CANNOT = 2


def main(words: Sequence[str] | None = None) -> int:
    """Writes the reports and returns the exit code."""
    asked = _arguments().parse_args(words)
    try:
        read = preview.read(_read(asked.preview))
        policies = preview.read_policies(_read(asked.policies)) if asked.policies else ()
    except (OSError, UnicodeDecodeError, preview.PreviewError) as problem:
        print(f"review: {problem}", file=sys.stderr)
        return _CANNOT
    try:
        approved = approvals.read(_read(asked.approvals)) if asked.approvals else ()
    except (OSError, UnicodeDecodeError, approvals.ApprovalError) as problem:
        print(f"review: approvals {asked.approvals}: {problem}", file=sys.stderr)
        return _CANNOT
    made = report.make(read, approved, datetime.now(UTC).date(), policies)
    if asked.markdown:
        asked.markdown.write_text(markdown.render(made), encoding="utf-8")
    if asked.json:
        asked.json.write_text(as_json.render(made), encoding="utf-8")
    sys.stdout.write(plain_text.render(made))
    if asked.expect is not None and made.rows and asked.expect != as_json.digest(made):
        print("review: this update is not the one that was reviewed: review it again", file=sys.stderr)
        return Severity.BLOCKED.exit_code
    return made.severity.exit_code


def _read(path: Path) -> str:
    return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m review", description="What a preview does to the encryption of data at rest."
    )
    parser.add_argument(
        "preview", type=Path, help="what `pulumi preview --json` wrote, in either form; - for the input"
    )
    parser.add_argument(
        "--policies",
        type=Path,
        help="the engine's event log of the same preview, for what the policy packs said",
    )
    parser.add_argument("--approvals", type=Path, help="the approvals recorded in the repository")
    parser.add_argument("--markdown", type=Path, help="write a pull-request comment here")
    parser.add_argument(
        "--expect",
        metavar="DIGEST",
        help="refuse (4) if the update changes anything else than the review of it",
    )
    parser.add_argument("--json", type=Path, help="write the review for machines here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
