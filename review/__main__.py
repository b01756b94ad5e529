"""`python -m review preview.json`: the encryption review of a preview, and an exit code for a check.

    pulumi preview --refresh --json --show-sames > preview.json
    python -m review preview.json --markdown comment.md

The gate of a pull request reads the saved plan over a refresh, so that nothing the program wrote decides what
is there (review/judge.sh):

    python -I review/__main__.py preview.json --plan plan.json --refresh refresh.json --state state.json

`python -m review` puts the current folder first on the import path, so a file of the change under review
could replace a module of the review. -I imports nothing from the current folder, the environment or the
user's home; the folder that holds the review comes last, so that it shadows nothing.

Exit codes: 0 nothing or notes, 3 needs a named approval, 4 blocked, 2 cannot review.
"""

import argparse
import json
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

if __name__ == "__main__" and not __package__:
    if not sys.flags.isolated:
        sys.exit("review: run this with python -I, so that no file of the change is imported")
    sys.path.append(str(Path(__file__).resolve().parents[1]))

from core import documents
from review import approvals, plan, preview, printers, report
from review.approvals import People
from review.preview import Preview, PreviewError
from review.report import Origin, Review

_PROG = "python -m review"


def guarded(words: Sequence[str] | None = None, prog: str = _PROG) -> int:
    """Writes the reports and returns the exit code, whatever the input does to the review."""
    try:
        return main(words, prog)
    except Exception:  # noqa: BLE001 - an error of the review is no verdict
        return cannot(traceback.format_exc(limit=-5))


def main(words: Sequence[str] | None = None, prog: str = _PROG) -> int:
    """Writes the reports and returns the exit code."""
    parser = _parser(prog)
    arguments = parser.parse_args(words)
    if bool(arguments.plan) != bool(arguments.refresh):
        parser.error("--plan and --refresh go together: the review compares a plan with what Azure has now")
    try:
        made = _review(arguments)
    except (OSError, ValueError) as problem:
        return cannot(str(problem))
    if arguments.markdown:
        comment = printers.comment(made.stack, made.digest, report.document(made))
        arguments.markdown.write_text(comment, encoding="utf-8")
    if arguments.json:
        arguments.json.write_text(report.as_json(made), encoding="utf-8")
    try:
        print(printers.plain(report.document(made, rows=len(made.rows))), flush=True)
    except BrokenPipeError:
        # The reader has closed the output, so the interpreter's last flush goes nowhere. The verdict stands.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return made.severity.exit_code


def cannot(why: str) -> int:
    """Says why there is no review, and returns the exit code. The text may quote the change."""
    for line in why.splitlines():
        print(f"review: {printers.visible(line)}", file=sys.stderr)
    return 2


def _review(arguments: argparse.Namespace) -> Review:
    """The review of what the arguments name."""
    reviewed = _preview(arguments)
    if arguments.stack:
        reviewed = replace(reviewed, stack=arguments.stack)
    state = _state(_read(arguments.state)) if arguments.state else ""
    approvers = None
    if arguments.approvers is not None:
        approvers = frozenset(filter(None, arguments.approvers.split(",")))
    return report.make(
        reviewed,
        approvals.read(_read(arguments.approvals)),
        datetime.now(UTC).date(),
        preview.read_policies(_read(arguments.policies)),
        origin=Origin(state, arguments.commit, arguments.head, arguments.run),
        people=People(arguments.author, approvers),
    )


def _preview(arguments: argparse.Namespace) -> Preview:
    if not arguments.refresh:
        return preview.read(_read(arguments.preview))
    claimed = _read(arguments.preview) if arguments.preview.exists() else ""
    if not arguments.plan.exists():
        # It has failed, whatever it says of itself.
        made = preview.read(claimed)
        missing = "the preview saved no plan: it failed, and its own errors say why"
        return replace(made, errors=made.errors or (missing,), finished=False)
    made = plan.read(_read(arguments.plan), _read(arguments.refresh), claimed)
    if not claimed.strip():
        return made
    errors = preview.read(claimed).errors
    return replace(made, errors=errors, finished=made.finished and not errors)


def _state(written: str) -> str:
    """A digest of the state that an update starts from, made of the parts that every update changes.

    Raises PreviewError for a text that `pulumi stack export` does not write.
    """
    try:
        deployment = documents.of_json(written)["deployment"] or {}
        found = [(deployment.get("manifest") or {}).get("time"), len(deployment.get("resources") or ())]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise PreviewError("the state is not what `pulumi stack export` writes") from None
    return sha256(json.dumps(found).encode()).hexdigest()


def _read(path: Path | None) -> str:
    """The text of a file, or of the input; "" for a file that is not given."""
    if path is None:
        return ""
    if str(path) == "-":
        return sys.stdin.read()
    return path.read_text(encoding="utf-8")


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="What a preview does to the encryption of data at rest.",
        epilog="examples:\n"
        "  pulumi preview --refresh --json --show-sames > preview.json\n"
        f"  {prog} preview.json\n"
        f"  {prog} preview.json --markdown comment.md --json review.json\n"
        "exit codes: 0 nothing or notes; 3 needs a named approval; 4 blocked; 2 cannot review",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("preview", type=Path, help="what `pulumi preview --json` wrote; - for the input")
    gate = parser.add_argument_group("for the gate: a saved plan, compared with what Azure has now")
    gate.add_argument("--plan", type=Path, help="what `pulumi preview --save-plan` wrote")
    gate.add_argument("--refresh", type=Path, help="what `pulumi refresh --preview-only --json` wrote")
    gate.add_argument("--state", type=Path, help="what `pulumi stack export` wrote")
    gate.add_argument("--stack", default="", help="the stack's name")
    gate.add_argument("--commit", default="", help="a digest of the repository's files")
    gate.add_argument("--head", default="", help="the commit, for the reader")
    gate.add_argument("--run", default="", help="the address of the pipeline's run, for the reader")
    gate.add_argument("--author", default="", help="who made the change: may not approve it")
    gate.add_argument("--approvers", help="who approved it on the platform, with commas between")
    parser.add_argument("--policies", type=Path, help="the preview's event log: what policy packs said")
    parser.add_argument("--approvals", type=Path, help="the approvals recorded in the repository")
    parser.add_argument("--markdown", type=Path, help="write a pull-request comment here")
    parser.add_argument("--json", type=Path, help="write the review for machines here")
    return parser


if __name__ == "__main__":
    sys.exit(guarded())
