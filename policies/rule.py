"""What a rule is: its metadata, its pure judgement, and what it can find."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from core import values
from core.demands import DemandOutcome, Judgement
from core.facts import StatedEncryption
from core.resource_types import Kind
from core.stack import StackResource
from core.values import Hidden
from policies.used import UsedProtections

_TOLD: Final[dict[str, Any]] = json.loads(Path(__file__).with_name("rules.json").read_text(encoding="utf-8"))
"""What rules say of themselves, beside their names and titles."""


@dataclass(frozen=True)
class RuleFinding:
    """A violation of a rule: what was found, what is required, and how to fix it. By its outcome, it may
    instead be a question that only the update, or nobody here, can answer.

    `setting` is the fix for a resource that this project's components make, by their settings; None where it
    is the same. `urn` names the resource; None for the one that the rule was asked about.
    """

    found: str
    required: str = ""
    fix: str = ""
    urn: str | None = None
    setting: str | None = None
    outcome: DemandOutcome = DemandOutcome.UNMET


Findings = Iterator[RuleFinding]


def later(what: str, urn: str | None = None) -> RuleFinding:
    """A value that this preview does not know. The rule is asked again when the value is known."""
    return RuleFinding(f"{what} is not known yet", urn=urn, outcome=DemandOutcome.LATER)


def undecided(what: str, urn: str | None = None) -> RuleFinding:
    """A question that this stack cannot answer: it is reported as advice and never counted as passed."""
    return RuleFinding(what, urn=urn, outcome=DemandOutcome.UNDECIDED)


def hidden(what: str, mark: Hidden, urn: str | None = None) -> RuleFinding:
    """A value that is not shown: not known yet, or secret."""
    if mark is Hidden.UNKNOWN:
        return later(what, urn)
    return undecided(f"{what}, which is secret", urn)


def customer_key(encryption: StatedEncryption) -> StatedEncryption | RuleFinding | None:
    """The customer-managed key that an account states, or what hides whether it does; else None."""
    if isinstance(encryption.key_source, Hidden):
        return hidden("properties.encryption.keySource", encryption.key_source)
    return encryption if encryption.is_customer_managed else None


def of(judgement: Judgement | None, urn: str | None = None, **places: str) -> Iterable[RuleFinding]:
    """Core's judgement of a demand as a finding; nothing if the demand is met. `places` fill the fix."""
    if judgement is not None:
        fix, setting = judgement.fix.property.format(**places), judgement.fix.setting
        yield RuleFinding(judgement.found, judgement.expected, fix, urn, setting, judgement.outcome)


def expect(
    where: str, value: object, holds: bool, *, required: str, fix: str, setting: str | None = None
) -> Iterable[RuleFinding]:
    """The finding about one property; nothing if `holds`, which counts once the value is known."""
    if isinstance(value, Hidden):
        yield hidden(where, value)
    elif not holds:
        yield RuleFinding(f"{where} is {values.shown(value)}", required, fix, setting=setting)


@dataclass(frozen=True)
class RuleContext:
    """What a rule is given besides its subject: its settings, which the engine has checked by their schemas;
    the time in seconds since 1970; what finds a resource by its URN; and the protections of the stack, which
    are empty for a rule that is asked before the stack is known."""

    settings: Mapping[str, Any]
    now: float
    at: Callable[[str], StackResource | None]
    protections: UsedProtections

    def words(self, name: str) -> frozenset[str]:
        """A setting that is a list of texts, lower case."""
        return frozenset(str(text).strip().lower() for text in self.settings[name])


class RuleSubject(Enum):
    """What a rule judges, each with its first argument."""

    STEP = "each resource of its kinds, or of all, before its step: the resource by its inputs"
    EACH = "each resource of its kinds, once the whole stack is known: the resource"
    USED = "each resource of its kinds that the customer-managed key of an account depends on: the resource"
    USE = "each use of a customer-managed key: its protection"
    STACK = "the whole stack: its protections"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every rule says of itself: its name and title by its function, and the rest in rules.json.

    `same_as` are the ids of the same demand in other rule sets: azure-policy:ID, checkov:ID and others.
    `settings` are JSON schemas by name, each with a default. `kinds` are those of the resources that it is
    asked about.
    """

    name: str
    title: str
    subject: RuleSubject
    kinds: tuple[Kind, ...]
    judge: Callable[[Any, RuleContext], Iterable[RuleFinding]]
    level: Literal["mandatory", "advisory", "disabled"]
    severity: Literal["low", "medium", "high", "critical"]
    why: str
    source: str
    same_as: list[str] = field(default_factory=list)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def subjects(self, protections: UsedProtections) -> Iterable[tuple[Any, str | None]]:
        """What a rule on the stack is asked about, and the URN that its findings have by default. Which keys
        and vaults the accounts use shows only when the whole stack is known: others of the same program, for
        signing or for disks, are not the service's."""
        if self.subject is RuleSubject.STACK:
            return [(protections, None)]
        if self.subject is RuleSubject.USE:
            return [(use, use.writer.urn) for use in protections.all]
        return [(one, one.urn) for kind in self.kinds for one in protections.stack.of(kind)]


FOUND: Final[list[Rule]] = []
"""The rules of policies/rules."""
_Judge = TypeVar("_Judge", bound=Callable[..., Iterable[RuleFinding]])


def rule(subject: RuleSubject, *kinds: Kind) -> Callable[[_Judge], _Judge]:
    """Makes a rule of the function that judges: its name is the rule's, and the first line of its docstring
    the title."""

    def made(judge: _Judge) -> _Judge:
        name = judge.__name__.replace("_", "-")
        title = str(judge.__doc__).partition("\n")[0].removesuffix(".")
        told = _TOLD["rules"][name]
        FOUND.append(Rule(name=name, title=title, subject=subject, kinds=kinds, judge=judge, **told))
        return judge

    return made
