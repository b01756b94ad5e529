"""What a rule is: its metadata, its pure judgement, and what it can find."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from core.resource_types import Kind
from policies.view import UNKNOWN, View, as_items, as_number, as_text, as_word, shown

if TYPE_CHECKING:
    from policies.relations import Relations


@dataclass(frozen=True)
class Violation:
    """One thing that breaks a rule: what was found, what is required, and how to fix it.

    `setting` is the fix for a resource that this project's components make, by their settings; None where it
    is the same. `urn` names the resource for stack rules; a resource rule leaves it out.
    """

    found: str
    required: str
    fix: str
    urn: str | None = None
    setting: str | None = None


@dataclass(frozen=True)
class NotYetKnown:
    """A value that this preview does not know. The rule is asked again when the value is known."""

    what: str
    urn: str | None = None


@dataclass(frozen=True)
class Undecided:
    """A question that this stack cannot answer: it is reported as advice and never counted as passed."""

    what: str
    urn: str | None = None


Finding = Violation | NotYetKnown | Undecided
Findings = Iterable[Finding]


def expect(
    where: str, value: object, holds: bool, *, required: str, fix: str, setting: str | None = None
) -> Findings:
    """The finding about one property: nothing where `holds`, which counts once the value is known."""
    if value is UNKNOWN:
        yield NotYetKnown(f"{where} is not known yet")
    elif not holds:
        yield Violation(f"{where} is {shown(value)}", required, fix, setting=setting)


def texts(description: str, *default: str) -> dict[str, Any]:
    """The schema of a setting that is a list of texts."""
    items = {"type": "string", "minLength": 1}
    return {"type": "array", "items": items, "default": [*default], "description": description}


@dataclass(frozen=True)
class Options:
    """A rule's settings as configured, over the defaults of its schema; and the time."""

    values: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    now: Callable[[], float] = time.time

    def get(self, name: str) -> Any:
        """The configured value, else the default."""
        value = self.values.get(name)
        return self.defaults.get(name) if value is None else value

    def number(self, name: str) -> int | None:
        """A whole-number setting."""
        number = as_number(self.get(name))
        return number if isinstance(number, int) else None

    def word(self, name: str) -> str:
        """An enum setting, lower case."""
        word = as_word(self.get(name))
        return word if isinstance(word, str) else ""

    def words(self, name: str) -> frozenset[str]:
        """A list of texts, lower case."""
        items = as_items(self.get(name))
        texts = (as_text(item) for item in items) if isinstance(items, tuple) else ()
        return frozenset(text.lower() for text in texts if isinstance(text, str))


@dataclass(frozen=True)
class Subject:
    """One resource as a resource rule sees it: its inputs before the step, and its options."""

    kind: Kind | None
    token: str
    api_version: str | None
    view: View
    protect: bool = False
    deletes_first: bool = False
    ignore_changes: tuple[str, ...] = ()
    around: tuple[View, ...] = ()
    """The inputs of this project's components around the resource, innermost first."""
    above_vaults: bool = False
    """True for a role assignment whose scope is above vaults and keys."""

    @property
    def is_recovery(self) -> bool:
        """True when a deleted vault is brought back: Azure then keeps the properties it had. Azure's own
        built-in policies leave such a request alone (0b60c0b2, 1e66c121)."""
        return self.kind is Kind.VAULT and self.view.word("createMode") == "recover"


ResourceJudge = Callable[[Subject, Options], Findings]
StackJudge = Callable[["Relations", Options], Findings]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every rule says of itself. `name` and `title` come from its file (rules/__init__.py).

    `same_as` are the ids of the same demand in other rule sets, as tags with spaces between: azure-policy:ID,
    cis-azure-6.0:ID, psrule:ID, checkov:ID and others. `settings` are JSON schemas by name, each with a
    default. `regulated` are the settings and the level that the profile of that name uses where they differ.
    """

    why: str
    source: str
    severity: Literal["low", "medium", "high", "critical"]
    name: str = ""
    title: str = ""
    level: Literal["mandatory", "advisory", "disabled"] = "mandatory"
    same_as: str = ""
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    regulated: Mapping[str, Any] = field(default_factory=dict)

    def options(
        self, values: Mapping[str, Any] | None = None, now: Callable[[], float] = time.time
    ) -> Options:
        """The rule's options from a configuration, which may be partial or empty."""
        defaults = {name: schema["default"] for name, schema in self.settings.items() if "default" in schema}
        return Options(values or {}, defaults, now)


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Rule):
    """A rule on one resource. `kinds` is None for every resource.

    `remedy` takes the inputs as the SDK gives them to a remediation and returns them mended, or None.
    """

    kinds: tuple[Kind, ...] | None
    judge: ResourceJudge
    remedy: Callable[[Any], Any] | None = None


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
