"""One resource in a preview, from the steps of its URN.

`recorded` is what the state had, `live` what a refresh found (the same without one), `planned` what will be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from core import arm_ids
from core.defaults import DEFAULTS
from review.kinds import Kind, name_of, token_of, with_names
from review.values import Mark, Value, look, text

REPLACING: Final = (
    "replace",
    "create-replacement",
    "delete-replaced",
    "import-replacement",
    "read-replacement",
)
# What is adopted or only read is there before.
_FOUND: Final = frozenset({"import", "read"})
_STAYS: Final = frozenset({"same", "update", "refresh", "import"})


@dataclass(frozen=True)
class ReviewedState:
    """A resource at one moment.

    `carried` are the outputs from before an update, whose own are not known yet; `before` its inputs then.
    `dependencies` are URNs by input; `waits_for` all of them, also those that give no value.
    `replaced_on` are its `replaceOnChanges`: paths of properties whose change replaces the resource, even if
    the provider would update it.
    """

    id: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    carried: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    protect: bool = False
    retained: bool = False
    dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    waits_for: Sequence[str] = ()
    replaced_on: Sequence[str] = ()

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> ReviewedState:
        id = text(raw.get("id"))
        return cls(
            id=id if isinstance(id, str) else "",
            inputs=raw.get("inputs") or {},
            outputs=raw.get("outputs") or {},
            protect=bool(raw.get("protect")),
            retained=bool(raw.get("retainOnDelete")),
            dependencies=raw.get("propertyDependencies") or {},
            waits_for=raw.get("dependencies") or (),
            replaced_on=raw.get("replaceOnChanges") or (),
        )

    def declared(self, path: str) -> Any:
        """What the program declares, else what is there; None where it no longer declares what it did."""
        declared = look(self.inputs, path)
        if declared is None and look(self.before, path) is not None:
            return None
        return self.computed(path) if declared is None else declared

    def setting(self, path: str) -> Any:
        """The declared value, or else Azure's default."""
        declared = self.declared(path)
        return DEFAULTS.get(path.rpartition(".")[2]) if declared is None else declared

    def found(self, path: str) -> Any:
        """What the cloud answered, else what the program declares."""
        answered = look(self.outputs, path)
        return look(self.inputs, path) if answered is None or answered is Mark.UNKNOWN else answered

    def computed(self, path: str) -> Any:
        """What only the cloud can say; what it said before where the update does not know yet."""
        answered = look(self.outputs, path)
        if answered is None or answered is Mark.UNKNOWN:
            before = look(self.carried, path)
            return answered if before is None else before
        return answered

    def needs(self, urn: str, *properties: str) -> bool:
        """Whether one of these inputs is made from that resource; of any input when none is named."""
        names = properties or tuple(self.dependencies)
        return any(urn in (self.dependencies.get(name) or ()) for name in names)


@dataclass(frozen=True)
class Step:
    """One step of the engine, of a kind that a review looks at. `was` is the URN it had before."""

    urn: str
    kind: Kind
    op: str
    refreshed: bool
    old: ReviewedState | None
    new: ReviewedState | None
    was: str = ""

    @classmethod
    def of(cls, raw: Mapping[str, Any], kind: Kind, *, refreshed: bool) -> Step:
        urn = str(raw.get("urn", ""))
        before, after = (with_names(token_of(urn), kind, raw.get(one)) for one in ("oldState", "newState"))
        return cls(
            urn=urn,
            kind=kind,
            op=str(raw.get("op", "")),
            refreshed=refreshed,
            old=ReviewedState.of(before) if before else None,
            new=ReviewedState.of(after) if after else None,
            was=str(before.get("urn") or "") if before else "",
        )


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
        """What is there now, else what will be, else what was recorded."""
        return self.live or self.planned or self.recorded or ReviewedState()

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
    def written(self) -> bool:
        return self.op in {"create", "update", "replace"}


def resource_of(steps: Sequence[Step], *, unplanned: bool = False) -> ReviewedResource:
    """Puts the steps of one URN together, in the order the engine gave them.

    `unplanned`: there is a plan that shows all resources, and not this one. Then the refresh found it
    deleted, and the program does not declare it.
    """
    refreshes = [step for step in steps if step.refreshed]
    plan = [step for step in steps if not step.refreshed]
    recorded = refreshes[0].old if refreshes else None
    if not plan:
        last = refreshes[-1]
        live = None if last.op == "delete" or unplanned else last.new
        return ReviewedResource(last.urn, last.kind, "same", recorded or last.old, live, live)
    old = next((step.old for step in plan if step.old is not None), None)
    new = next((step.new for step in reversed(plan) if step.new is not None), None)
    if old is None and plan[-1].op in _FOUND:
        old = new
    op = "replace" if any(step.op in REPLACING for step in plan) else plan[-1].op
    if op in _STAYS and new is not None and old is not None:
        new = _carried(old, new, op)
    return ReviewedResource(
        plan[0].urn, plan[0].kind, op, recorded or old, old, new if op != "delete" else None
    )


def _carried(old: ReviewedState, new: ReviewedState, op: str) -> ReviewedState:
    """What an update leaves as it is: the id, and what the cloud answered."""
    outputs = old.outputs if op == "same" and not new.outputs else new.outputs
    return replace(new, id=new.id or old.id, outputs=outputs, carried=old.outputs, before=old.inputs)


def arm_name(state: ReviewedState, *inputs: str) -> Value:
    """The name in Azure: the id's last part, else the input that gives it."""
    if state.id.startswith("/"):
        return arm_ids.name_of(state.id)
    return next((found for name in inputs if (found := text(look(state.inputs, name))) is not None), None)
