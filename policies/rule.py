"""What a rule is: its metadata, its pure judgement, and what it can find."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from core import values
from core.demands import DemandOutcome, Judgement
from core.protection import StatedEncryption
from core.resource_types import Kind
from core.stack import StackResource
from core.values import Mark, Value
from policies.used import UsedProtections

_TOLD: Final[dict[str, Any]] = json.loads(Path(__file__).with_name("rules.json").read_text(encoding="utf-8"))
"""What rules say of themselves, beside their names and titles."""


@dataclass(frozen=True)
class RuleFinding:
    """A violation of a rule: what was found, what is required, and how to fix it. By its outcome, it may
    instead be a question that only the update, or nobody here, can answer.

    `setting` is the fix for a resource that this project's components make, by their settings; None where it
    is the same. `urn` names the resource for stack rules; a resource rule leaves it out.
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


def hidden(what: str, mark: Mark, urn: str | None = None) -> RuleFinding:
    """A value that is not shown: not known yet, or secret."""
    return later(what, urn) if mark is Mark.UNKNOWN else undecided(f"{what}, which is secret", urn)


def customer_key(
    encryption: StatedEncryption | Mark | None, urn: str
) -> StatedEncryption | RuleFinding | None:
    """The customer-managed key that an account states, or the mark if it is not known; else None."""
    if isinstance(encryption, Mark):
        return hidden("properties.encryption", encryption, urn)
    if encryption is not None and isinstance(encryption.source, Mark):
        return hidden("properties.encryption.keySource", encryption.source, urn)
    return encryption if encryption is not None and encryption.is_customer_key else None


def of(judgement: Judgement | None, urn: str | None = None, **places: str) -> Iterable[RuleFinding]:
    """Core's judgement of a demand as a finding; nothing if the demand is met. `places` fill the fix."""
    if judgement is not None:
        fix, setting = judgement.fix.property.format(**places), judgement.fix.setting
        yield RuleFinding(judgement.found, judgement.expected, fix, urn, setting, judgement.outcome)


def expect(
    where: str, value: object, holds: bool, *, required: str, fix: str, setting: str | None = None
) -> Iterable[RuleFinding]:
    """The finding about one property; nothing if `holds`, which counts once the value is known."""
    if isinstance(value, Mark):
        yield hidden(where, value)
    elif not holds:
        yield RuleFinding(f"{where} is {values.shown(value)}", required, fix, setting=setting)


@dataclass(frozen=True)
class Options:
    """A rule's settings, which the engine has checked by their schemas; and the time."""

    values: Mapping[str, Any] = field(default_factory=dict)
    now: Callable[[], float] = time.time

    def number(self, name: str) -> int:
        """A whole-number setting, which the wire has as a float."""
        return int(self.values[name])

    def word(self, name: str) -> str:
        """An enum setting."""
        return str(self.values[name])

    def words(self, name: str) -> frozenset[str]:
        """A list of texts, lower case."""
        return frozenset(str(text).strip().lower() for text in self.values[name])


@dataclass(frozen=True)
class Subject:
    """One resource as a rule on a resource sees it: by its inputs; by its outputs in a stack that is shown
    alone. `around` are this project's components that it is in, innermost first; `above_vaults` is True for a
    role assignment whose scope is above vaults and keys; `users` are the kinds of the accounts that use a
    key, or use theirs by a role assignment, as Protections.users_of has them."""

    resource: StackResource
    around: tuple[StackResource, ...] = ()
    above_vaults: bool = False
    users: tuple[Value, ...] = ()

    @property
    def is_recovery(self) -> bool:
        """True when a deleted vault is brought back: Azure then keeps the properties it had. Azure's own
        built-in policies leave such a request alone (0b60c0b2, 1e66c121)."""
        return self.resource.kind is Kind.VAULT and self.word("createMode") == "recover"

    def get(self, path: str) -> Any:
        """What the program states."""
        return self.resource.stated(path)

    def word(self, path: str) -> Value:
        """An enum's value for comparison, as it is stated."""
        return values.word(self.get(path))

    def name(self, path: str) -> Value:
        """A text that is not empty."""
        return values.name(self.get(path))


ResourceJudge = Callable[[Subject, Options], Iterable[RuleFinding]]
StackJudge = Callable[[UsedProtections, Options], Iterable[RuleFinding]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every rule says of itself: its name and title by its function, and the rest in rules.json.

    `same_as` are the ids of the same demand in other rule sets: azure-policy:ID, checkov:ID and others.
    `settings` are JSON schemas by name, each with a default.
    """

    name: str
    title: str
    level: Literal["mandatory", "advisory", "disabled"]
    severity: Literal["low", "medium", "high", "critical"]
    why: str
    source: str
    same_as: list[str] = field(default_factory=list)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def options(
        self, values: Mapping[str, Any] | None = None, now: Callable[[], float] = time.time
    ) -> Options:
        """The rule's options from a configuration, which may be partial or empty."""
        defaults = {name: schema["default"] for name, schema in self.settings.items() if "default" in schema}
        stated = {name: value for name, value in (values or {}).items() if value is not None}
        return Options(defaults | stated, now)


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Rule):
    """A rule on one resource. `kinds` is None for every resource."""

    kinds: tuple[Kind, ...] | None
    judge: ResourceJudge


@dataclass(frozen=True, kw_only=True)
class UsedResourceRule(Rule):
    """A rule on a vault, a key or a grant that the customer-managed key of an account depends on.

    Which these are shows only when the whole stack is known: other keys and vaults of the same program, for
    signing or for disks, are not the service's.
    """

    kinds: tuple[Kind, ...]
    judge: ResourceJudge


@dataclass(frozen=True, kw_only=True)
class StackRule(Rule):
    """A rule on the whole stack."""

    judge: StackJudge


FOUND: Final[list[Rule]] = []
"""The rules of policies/rules."""
_Judge = TypeVar("_Judge", bound=Callable[..., Iterable[RuleFinding]])


def rule(form: Callable[..., Rule], *kinds: Kind) -> Callable[[_Judge], _Judge]:
    """Makes a rule of the function that judges: its name is the rule's, and the first line of its docstring
    the title. `kinds` are what a rule on one resource judges; without any, it judges every resource."""
    of_kinds = {"kinds": kinds or None} if form is not StackRule else {}

    def made(judge: _Judge) -> _Judge:
        name = judge.__name__.replace("_", "-")
        title = str(judge.__doc__).partition("\n")[0].removesuffix(".")
        FOUND.append(form(name=name, title=title, judge=judge, **of_kinds, **_TOLD["rules"][name]))
        return judge

    return made
