"""Approvals recorded in the repository: which verdict on which account may pass, why, and until when.

Owns: the file's shape, what is wrong with it, and which approval counts. Does not own: who may write
it, which is for the repository's code owners.

    approvals:
      - account: lang-contoso            # name or ARM id; of the vault or key where no account uses it
        verdict: unbound                 # the name in the report
        reason: moves to the new region, data exported in CHG-1234
        approver: alice@contoso.com
        expires: 2027-01-31              # the last day (UTC) on which it counts
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import yaml

from review.values import folded
from review.verdict import Name, Severity, Verdict

_FIELDS: Final = ("account", "verdict", "reason", "approver", "expires")
_ASKABLE: Final = tuple(name for name in Name if Verdict(name, "").severity >= Severity.APPROVAL)


class ApprovalError(ValueError):
    """The file cannot be used. The message lists everything that is wrong with it."""


@dataclass(frozen=True)
class Approval:
    """One approval; `expires` is the last day (UTC) on which it counts."""

    account: str
    verdict: Name
    reason: str
    approver: str
    expires: date

    def names(self, account: Iterable[str], verdict: Name) -> bool:
        """Whether it is about this verdict on the account of these names."""
        return self.verdict is verdict and folded(self.account) in set(account)

    def counts_on(self, day: date) -> bool:
        """True up to and including its last day."""
        return day <= self.expires


def read(written: str) -> tuple[Approval, ...]:
    """Reads YAML or JSON. Raises ApprovalError with every problem: half a file approves nothing."""
    try:
        document = yaml.safe_load(written)
    except (yaml.YAMLError, ValueError) as problem:
        raise ApprovalError(f"not YAML or JSON: {' '.join(str(problem).split())}") from None
    if document is None:
        return ()
    entries = document.get("approvals") if isinstance(document, Mapping) else None
    if (
        not isinstance(document, Mapping)
        or set(document) != {"approvals"}
        or not isinstance(entries, list | None)
    ):
        raise ApprovalError("wanted one list by the name of approvals")
    found: list[Approval] = []
    problems: list[str] = []
    for number, entry in enumerate(entries or (), start=1):
        wrong = list(_wrong(entry))
        problems += [f"approval {number}: {problem}" for problem in wrong]
        if not wrong:
            found.append(_approval(entry))
    if problems:
        raise ApprovalError("\n".join(problems))
    return tuple(found)


def _wrong(entry: object) -> Iterable[str]:
    if not isinstance(entry, Mapping):
        yield f"is {type(entry).__name__}, wanted {', '.join(_FIELDS)}"
        return
    for name in entry.keys() - set(_FIELDS):
        yield f'"{name}" is not known, wanted {", ".join(_FIELDS)}'
    for name in _FIELDS[:-1]:
        value = entry.get(name)
        if not isinstance(value, str) or not value.strip():
            yield f"{name} is missing: say it as text"
        elif name == "account" and set(value) & set("*?["):
            yield f'account is "{value}": name one account, patterns approve too much'
    verdict = entry.get("verdict")
    if isinstance(verdict, str) and verdict.strip() and verdict not in _ASKABLE:
        yield f'verdict is "{verdict}", wanted one of {", ".join(_ASKABLE)}'
    if _day(entry.get("expires")) is None:
        yield f"expires is {entry.get('expires')!r}, wanted a date such as 2027-01-31"


def _approval(entry: Mapping[str, Any]) -> Approval:
    words = {name: entry[name].strip() for name in ("account", "reason", "approver")}
    return Approval(**words, verdict=Name(entry["verdict"]), expires=_day(entry["expires"]) or date.min)


def _day(value: object) -> date | None:
    if isinstance(value, date):
        # YAML reads a bare date by itself; a date with a time is a datetime, and refused.
        return value if type(value) is date else None
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
