"""Approvals recorded in the repository: which verdict on which resource may pass, why, and until when.

Owns: the file's shape (docs/pull-requests.md), what is wrong with it, and which approval counts. Does not
own: who may write it, which is for the repository's code owners. The code of a review is a digest of the
stack, its state, the commit, the resource and what happens to it, so an approval counts for one update: once
it has run, the state is another one.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import jsonschema  # type: ignore[import-untyped]
import yaml

from core.values import folded
from review.verdict import Name, Verdict, VerdictSeverity

LONGEST: Final = timedelta(days=14)
_FIELDS: Final[Mapping[str, Any]] = {
    "account": {"pattern": r"^\s*[^\s*?\[][^*?\[]*$", "description": "one name; a pattern approves too much"},
    "verdict": {"enum": [str(one) for one in Name if Verdict(one, "").severity >= VerdictSeverity.APPROVAL]},
    "review": {"pattern": r"^\s*[0-9a-f]{64}\s*$", "description": "the 64 digits that the report shows"},
    "reason": {"pattern": r"\S"},
    "approver": {"pattern": r"\S"},
    "expires": {"pattern": r"^\d{4}-\d{2}-\d{2}$", "description": "a date such as 2027-01-31"},
}
_ENTRY: Final = {
    "type": "object",
    "properties": {name: {"type": "string", **schema} for name, schema in _FIELDS.items()},
    "required": [*_FIELDS],
    "additionalProperties": False,
}
_CHECK: Final = jsonschema.Draft202012Validator(
    {
        "type": ["object", "null"],
        "properties": {"approvals": {"type": ["array", "null"], "items": _ENTRY}},
        "required": ["approvals"],
        "additionalProperties": False,
    }
)


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

    def names(self, account: Iterable[str], verdict: Name) -> bool:
        """Whether it is about this verdict on the account of these names."""
        return self.verdict is verdict and folded(self.account) in set(account)


@dataclass(frozen=True)
class People:
    """Who made the change and who approved it there; empty or None where the platform does not say."""

    author: str = ""
    approvers: frozenset[str] | None = None


def refusal(approval: Approval, code: str, today: date, people: People) -> str:
    """Why an approval does not count for the verdict of this code; empty where it counts."""
    if approval.review != code:
        return "it is for another update: stack, state, commit or change differ from what was approved"
    if approval.expires < today:
        return f"it ended on {approval.expires}"
    if approval.expires - today > LONGEST:
        return f"it ends on {approval.expires}, more than {LONGEST.days} days ahead"
    if people.author and _same(approval.approver, people.author):
        return "its approver is the author of the change"
    if people.approvers is not None and not any(_same(approval.approver, one) for one in people.approvers):
        return "its approver has not approved the pull request"
    return ""


def _same(one: str, other: str) -> bool:
    return one.strip().lstrip("@").casefold() == other.strip().lstrip("@").casefold()


def read(written: str) -> tuple[Approval, ...]:
    """Reads YAML or JSON. Raises ApprovalError with every problem: half a file approves nothing."""
    try:
        # A bare date becomes a text, as in JSON.
        document: Any = json.loads(json.dumps(yaml.safe_load(written), default=str))
    except (yaml.YAMLError, ValueError, TypeError) as problem:
        raise ApprovalError(f"not YAML or JSON: {' '.join(str(problem).split())}") from None
    problems = [*map(_said, _CHECK.iter_errors(document))]
    given = [] if problems or not document else document["approvals"] or []
    approved = []
    for number, entry in enumerate(given, start=1):
        words = {name: entry[name].strip() for name in ("account", "review", "reason", "approver")}
        try:
            ends = date.fromisoformat(entry["expires"])
            approved.append(Approval(**words, verdict=Name(entry["verdict"]), expires=ends))
        except ValueError as problem:
            problems.append(f"approval {number}: expires: {problem}")
    if problems:
        raise ApprovalError("\n".join(problems))
    return tuple(approved)


def _said(problem: Any) -> str:
    """A problem with its place, and what the field is for."""
    _, number, *field = [*problem.absolute_path, "", ""][:3]
    place = f"approval {number + 1}" + (f": {field[0]}" if field[0] else "") if number != "" else "the file"
    meant = problem.schema.get("description")
    return f"{place}: {problem.message}" + (f"; expected {meant}" if meant else "")
