"""Approvals recorded in the repository: which verdict on which resource may pass, why, and until when.

Owns the file's shape (docs/pull-requests.md), its problems, and which approval counts. Does not own who may
write it: the repository's code owners decide that. The code of a review is a digest of the stack, its state,
the commit, the resource and what happens to it, so an approval counts for one update: once it has run, the
state is another one.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from core import yaml_documents
from core.documents import DocumentError
from core.verdicts import Name, Verdict, VerdictSeverity

LONGEST: Final = timedelta(days=14)
_ASKABLE: Final = tuple(name for name in Name if Verdict(name, "").severity >= VerdictSeverity.APPROVAL)


class ApprovalError(ValueError):
    """The file cannot be used. The message lists everything that is wrong with it."""


@dataclass(frozen=True)
class Approval:
    """One approval; `expires` is the last day (UTC) on which it counts, `review` the code in the report."""

    account: str
    verdict: Name
    review: str
    reason: str
    approver: str
    expires: date


@dataclass(frozen=True)
class People:
    """Who made the change and who approved it there; empty or None where the platform does not say."""

    author: str = ""
    approvers: frozenset[str] | None = None


def refusal(approval: Approval, code: str, today: date, people: People) -> str:
    """Why an approval does not count for the verdict with this code; empty if it counts."""
    if approval.review != code:
        return "it is for another update: stack, state, commit or change differ from what was approved"
    if approval.expires < today:
        return f"it ended on {approval.expires}"
    if approval.expires - today > LONGEST:
        return f"it ends on {approval.expires}, more than {LONGEST.days} days ahead"
    if people.author and _same(approval.approver, people.author):
        return "its approver is the author of the change"
    if people.approvers is not None and not any(
        _same(approval.approver, approver) for approver in people.approvers
    ):
        return "its approver has not approved the pull request"
    return ""


def _same(one: str, other: str) -> bool:
    return one.strip().lstrip("@").casefold() == other.strip().lstrip("@").casefold()


def read(written: str) -> tuple[Approval, ...]:
    """Reads YAML or JSON. Raises ApprovalError with every problem: half a file approves nothing."""
    try:
        document = yaml_documents.of_yaml(written)
    except DocumentError as problem:
        raise ApprovalError(f"approvals: {problem}") from None
    if document is None:
        return ()
    entries = None
    if isinstance(document, Mapping) and document.keys() == {"approvals"}:
        entries = document["approvals"] or []
    if not isinstance(entries, list):
        raise ApprovalError("approvals: expected one list with the name approvals, and nothing else")
    numbered = [*enumerate(entries, start=1)]
    problems = [f"approval {number}: {wrong}" for number, entry in numbered for wrong in _wrong(entry)]
    if problems:
        raise ApprovalError("\n".join(problems))
    found = []
    for entry in entries:
        account, verdict, code, reason, approver, day = (str(entry[name]).strip() for name in _EXPECTED)
        found.append(Approval(account, Name(verdict), code, reason, approver, date.fromisoformat(day)))
    return tuple(found)


def _wrong(entry: object) -> Iterable[str]:
    if not isinstance(entry, Mapping):
        yield f"is {type(entry).__name__}, expected the fields {', '.join(_EXPECTED)}"
        return
    for name in entry.keys() - _EXPECTED.keys():
        yield f'"{name}" is not a field, expected {", ".join(_EXPECTED)}'
    for name, (expected, holds) in _EXPECTED.items():
        said = entry.get(name)
        if type(said) is date:
            # YAML reads a bare date by itself; a date with a time is a datetime, and refused.
            said = str(said)
        if not isinstance(said, str) or not said.strip() or not holds(said.strip()):
            yield f"{name} is {said!r}, expected {expected}"


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


_EXPECTED: Final[Mapping[str, tuple[str, Callable[[str], object]]]] = {
    "account": ("one account: a pattern approves too much", lambda said: not set(said) & set("*?[")),
    "verdict": (f"one of {', '.join(_ASKABLE)}", _ASKABLE.__contains__),
    "review": ("the 64 hexadecimal digits that the report shows", re.compile("[0-9a-f]{64}").fullmatch),
    "reason": ("a text", bool),
    "approver": ("a name", bool),
    "expires": ("a date such as 2027-01-31", _is_day),
}
"""The fields, each with what is expected and whether a text is that."""
