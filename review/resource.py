"""One resource in a preview, from the steps of its URN, at three moments: in the state, in the cloud before
the update, after it. At each moment it is a resource of core, so that code that reads a stack reads a
preview, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from core import resource_types, stack, values
from core.resource_types import Kind
from core.stack import Bag, StackResource
from core.values import Mark

REPLACING: Final = (
    "replace",
    "create-replacement",
    "delete-replaced",
    "import-replacement",
    "read-replacement",
)
VAULTS: Final = frozenset({Kind.VAULT, Kind.MANAGED_HSM})
# What is adopted or only read is there before.
_FOUND: Final = frozenset({"import", "read"})
_STAYS: Final = frozenset({"same", "update", "refresh", "import"})


@dataclass(frozen=True, eq=False)
class ReviewedState(StackResource):
    """A resource at one moment. `inputs` are the declared values, or the cloud's if none is declared.
    `outputs` are the cloud's values; those that the update does not know yet are from before it. `written`
    has the program's own declarations alone."""

    written: Bag = field(default_factory=dict)
    retained: bool = False

    @property
    def id(self) -> str:
        """Its id; empty where it is not known."""
        known = values.text(values.look(self.outputs, "id"))
        return known if isinstance(known, str) else ""

    def found(self, path: str) -> Any:
        """The cloud's value, otherwise the declared one."""
        answered = super().found(path)
        declared = self.stated(path) if answered is None or answered is Mark.UNKNOWN else None
        return answered if declared is None else declared


class Step(NamedTuple):
    """One step of the engine, of a kind that a review looks at: its raw states."""

    urn: str
    kind: Kind
    op: str
    refreshed: bool
    old: Bag | None
    new: Bag | None


@dataclass(frozen=True)
class ReviewedResource:
    """A resource over the whole preview. `op` is planned: same, create, update, replace, delete, read."""

    urn: str
    kind: Kind
    op: str
    recorded: ReviewedState | None = None
    live: ReviewedState | None = None
    planned: ReviewedState | None = None

    @property
    def name(self) -> str:
        """Its name in the program."""
        return name_of(self.urn)

    @property
    def state(self) -> ReviewedState:
        """The current state, otherwise the planned one, otherwise the recorded one."""
        return self.live or self.planned or self.recorded or ReviewedState(self.urn, self.kind)

    @property
    def replaced(self) -> bool:
        return self.op == "replace"

    @property
    def deleted(self) -> bool:
        """Deleted by this update, in the cloud as well."""
        return self.live is not None and self.planned is None and not self.live.retained

    @property
    def released(self) -> bool:
        """Taken out of the stack and left in the cloud as it is."""
        return self.live is not None and self.planned is None and self.live.retained

    @property
    def goes(self) -> bool:
        """Deleted, or replaced by a new one."""
        return self.deleted or (self.replaced and self.live is not None)

    @property
    def written(self) -> bool:
        return self.op in {"create", "update", "replace"}


def resource_of(steps: Sequence[Step], *, unplanned: bool = False) -> ReviewedResource:
    """Puts the steps of one URN together, in the order the engine gave them.

    `unplanned`: there is a plan that shows all resources, and not this one. Then the refresh found it
    deleted, and the program does not declare it.
    """
    plan = [step for step in steps if not step.refreshed]
    recorded = next((step.old for step in steps if step.refreshed), None)
    if not plan:
        last = steps[-1]
        live = None if last.op == "delete" or unplanned else last.new
        found = (_state(last, one) for one in (recorded, live, live))
        return ReviewedResource(last.urn, last.kind, "same", *found)
    first, op = plan[0], plan[-1].op
    old = next((step.old for step in plan if step.old is not None), None)
    new = next((step.new for step in reversed(plan) if step.new is not None), None)
    if old is None and op in _FOUND:
        old = new
    op = "replace" if any(step.op in REPLACING for step in plan) else op
    # What an update leaves as it is: the id, and what the cloud answered.
    carried = old if op in _STAYS and old is not new else None
    planned = _state(first, new, carried) if op != "delete" else None
    was, now = _state(first, recorded or old), _state(first, old)
    return ReviewedResource(first.urn, first.kind, op, was, now, planned)


def _state(step: Step, raw: Bag | None, carried: Bag | None = None) -> ReviewedState | None:
    if raw is None:
        return None
    # By the URN: a state could name another type, one that no rule looks at.
    named = {"urn": step.urn, "type": token_of(step.urn)}
    now, was = (stack.of_engine({**one, **named}) for one in (raw, carried or {}))
    written, outputs = now.inputs or {}, _over(now.outputs, was.outputs, over=Mark.UNKNOWN)
    found = vars(now) | {
        "kind": step.kind,
        # What the program no longer declares is not what it was.
        "inputs": _over(written, _without(outputs, was.inputs or {}, written)),
        "outputs": outputs,
        "written": written,
        "retained": bool(raw.get("retainOnDelete")),
    }
    return ReviewedState(**found)


def _over(top: Bag, below: Bag, over: Mark | None = None) -> Bag:
    """Lays properties over others, one by one, also inside `properties`. An absent value hides none, and
    neither does a value, at any depth, that is the mark `over`."""
    found = dict(below)
    for name, value in top.items():
        known, under = values.opened(value), values.opened(below.get(name))
        if known is None or (known is over and under is not None):
            continue
        both = isinstance(known, Mapping) and isinstance(under, Mapping)
        found[name] = _over(known, under, over) if both and (over or name == "properties") else value
    return found


def _without(outputs: Bag, was: Bag, written: Bag) -> Bag:
    """The outputs without values that were declared before and are not any more."""
    gone = {name for name, value in was.items() if value is not None and written.get(name) is None}
    kept = {name: value for name, value in outputs.items() if name not in gone}
    before, now, inner = (values.opened(one.get("properties")) for one in (was, written, outputs))
    if isinstance(before, Mapping) and isinstance(now, Mapping) and isinstance(inner, Mapping):
        kept["properties"] = _without(inner, before, now)
    return kept


def token_of(urn: str) -> str:
    """The type token in a URN; empty for what is none."""
    try:
        return resource_types.parse_urn(urn).type
    except ValueError:
        return ""


def name_of(urn: str) -> str:
    """The name in a URN, which is the resource's name in the program; the text itself for what is none."""
    return urn.split(resource_types.URN_SEPARATOR, 3)[-1]
