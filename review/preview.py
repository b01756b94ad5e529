"""Reads a preview as `pulumi preview --json` writes it, and the messages of policy packs in an event log.

Each resource is shown at three levels: in the state, in the cloud before the update, after it. At each it is
a resource of core, so that code that reads a stack reads a preview, too. Source: pkg/display and
sdk/go/common/apitype/events.go of pulumi/pulumi.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Final, NamedTuple, cast

from core import documents, resource_types, stack, values
from core.documents import DocumentError
from core.resource_types import Kind, kind_of
from core.stack import Bag, StackResource
from core.values import Hidden

REPLACING: Final = (
    *("replace", "create-replacement", "delete-replaced", "import-replacement", "read-replacement"),
)
VAULTS: Final = frozenset({Kind.VAULT, Kind.MANAGED_HSM})
_OF_EXISTING: Final = frozenset({"import", "read"})
"""Operations that take an existing resource into the state: their steps have the cloud's values as the new
state, and no old one."""
_IN_PLACE: Final = frozenset({"same", "update", "refresh", "import"})


@dataclass(frozen=True, eq=False)
class ReviewedState(StackResource):
    """A resource at one level. `inputs` are the declared values, or the cloud's if none is declared.
    `outputs` are the cloud's values; those that the update does not know yet are from before it. `written`
    has the program's own declarations alone."""

    written: Bag = field(default_factory=dict)
    retained: bool = False

    @property
    def id(self) -> str:
        """Its id; empty where it is not known."""
        return values.known_name(values.get_path(self.outputs, "id"))

    def output(self, path: str) -> Any:
        """The cloud's value, otherwise the declared one."""
        answered = super().output(path)
        if answered is None or answered is Hidden.UNKNOWN:
            declared = self.input(path)
            if declared is not None:
                return declared
        return answered


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
    """The resource that the steps of one URN are about. The steps are in the engine's order.

    `unplanned`: the plan lists every resource but this one. Then the refresh before it found the resource
    deleted, which its own step does not say, and the program declares it no more.
    """
    plan = [step for step in steps if not step.refreshed]
    before_refresh = next((step.old for step in steps if step.refreshed), None)
    if not plan:
        last = steps[-1]
        recorded = _state(last, before_refresh)
        live = None if last.op == "delete" or unplanned else _state(last, last.new)
        return ReviewedResource(last.urn, last.kind, "same", recorded, live, planned=live)
    first, op = plan[0], plan[-1].op
    current = next((step.old for step in plan if step.old is not None), None)
    wanted = next((step.new for step in reversed(plan) if step.new is not None), None)
    if current is None and op in _OF_EXISTING:
        current = wanted
    if any(step.op in REPLACING for step in plan):
        op = "replace"
    planned = None
    if op in _IN_PLACE and current is not wanted:
        # The step does not show the id and the cloud's answers, which stay as they are.
        planned = _state(first, wanted, carried=current)
    elif op != "delete":
        planned = _state(first, wanted)
    recorded, live = _state(first, before_refresh or current), _state(first, current)
    return ReviewedResource(first.urn, first.kind, op, recorded, live, planned)


def _state(step: Step, raw: Bag | None, carried: Bag | None = None) -> ReviewedState | None:
    if raw is None:
        return None
    # By the URN: a state could name another type, one that no rule looks at.
    named = {"urn": step.urn, "type": token_of(step.urn)}
    now, was = (stack.of_engine({**state, **named}) for state in (raw, carried or {}))
    written, outputs = now.inputs or {}, _over(now.outputs, was.outputs, over=Hidden.UNKNOWN)
    found = vars(now) | {
        "kind": step.kind,
        # What the program no longer declares is not what it was.
        "inputs": _over(written, _without(outputs, was.inputs or {}, written)),
        "outputs": outputs,
        "written": written,
        "retained": bool(raw.get("retainOnDelete")),
    }
    return ReviewedState(**found)


def _over(top: Bag, below: Bag, over: Hidden | None = None) -> Bag:
    """Lays properties over others, one by one, also inside `properties`. An absent value hides none, and
    neither does a value, at any depth, that is the mark `over`."""
    found = dict(below)
    for name, value in top.items():
        known, under = values.opened(value), values.opened(below.get(name))
        if known is None or (known is over and under is not None):
            continue
        found[name] = value
        if isinstance(known, Mapping) and isinstance(under, Mapping) and (over or name == "properties"):
            found[name] = _over(known, under, over)
    return found


def _without(outputs: Bag, was: Bag, written: Bag) -> Bag:
    """The outputs without values that were declared before and are not any more."""
    gone = {name for name, value in was.items() if value is not None and written.get(name) is None}
    kept = {name: value for name, value in outputs.items() if name not in gone}
    before, now, inner = (values.opened(bag.get("properties")) for bag in (was, written, outputs))
    if isinstance(before, Mapping) and isinstance(now, Mapping) and isinstance(inner, Mapping):
        kept["properties"] = _without(inner, before, now)
    return kept


def token_of(urn: str) -> str:
    """The type token in a URN. Raises ValueError for what is none."""
    return resource_types.parse_urn(urn).type


def name_of(urn: str) -> str:
    """The name in a URN, which is the resource's name in the program; the text itself for what is none."""
    return urn.split(resource_types.URN_SEPARATOR, 3)[-1]


_HOW: Final = (
    ": write it with `pulumi preview --json`, its error output apart, and unset "
    "PULUMI_ENABLE_STREAMING_JSON_PREVIEW"
)


_STATE: Final = {
    **dict.fromkeys(("urn", "type", "id", "parent", "provider"), str),
    **dict.fromkeys(("inputs", "outputs"), dict),
    "dependencies": [str],
    "ignoreChanges": [str],
    "propertyDependencies": {"*": [str]},
}
_PREVIEW: Final = {
    "steps": [{"op": str, "urn": str, "oldState": _STATE, "newState": _STATE}],
    "diagnostics": [{"severity": str, "message": str}],
}
_EVENT: Final = {
    "policyEvent": dict.fromkeys(("message", "enforcementLevel", "policyName", "resourceUrn"), str)
}


class PreviewError(ValueError):
    """The text is not what `pulumi preview --json` writes. The message says what it is and what to do."""


@dataclass(frozen=True)
class PolicyFinding:
    """One answer of a policy pack. `level` is the engine's: mandatory, remediate, advisory or "warning"."""

    policy: str
    level: str
    message: str
    urn: str = ""

    @property
    def refuses(self) -> bool:
        return self.level in {"mandatory", "remediate"}


@dataclass(frozen=True)
class Preview:
    """One preview. `resources` are those that a review looks at. `finished` is False if the preview broke
    off; `errors` say why. `outside` are the names of what a refresh without a plan finds changed."""

    resources: tuple[ReviewedResource, ...] = ()
    errors: tuple[str, ...] = ()
    finished: bool = True
    stack: str = ""
    outside: tuple[str, ...] = ()


def read(written: str) -> Preview:
    """Reads a preview. Raises PreviewError for anything else."""
    if not written.strip():
        raise PreviewError("the preview is empty: pulumi did not start; read its error output")
    document = parsed(written)
    if not {"steps", "changeSummary", "diagnostics", "config", "duration"} & document.keys():
        raise PreviewError("the JSON has no steps: expected what `pulumi preview --json` writes")
    errors = [
        diagnostic
        for diagnostic in document.get("diagnostics") or ()
        if diagnostic.get("severity") == "error"
    ]
    steps = document.get("steps") or ()
    return of_steps(steps, [_error(error) for error in errors], finished="changeSummary" in document)


def read_policies(written: str) -> tuple[PolicyFinding, ...]:
    """The policy findings of an event log, each message on one line. Raises PreviewError for anything
    else."""
    findings = []
    for event in filter(str.strip, written.splitlines()):
        finding = parsed(event, shape=_EVENT).get("policyEvent")
        if finding is not None:
            lines = (line.strip() for line in str(finding.get("message", "")).splitlines())
            message, level = "; ".join(filter(None, lines)), str(finding.get("enforcementLevel", "")).lower()
            policy, urn = str(finding.get("policyName", "")), str(finding.get("resourceUrn", ""))
            findings.append(PolicyFinding(policy, level, message, urn))
    return tuple(findings)


def parsed(
    written: str, what: str = "the preview", how: str = _HOW, shape: Mapping[str, Any] = _PREVIEW
) -> Mapping[str, Any]:
    """A JSON object of a shape. Raises PreviewError, which says `how` it is written."""
    try:
        found = documents.of_json(written)
        documents.require_shape(found, shape)
    except DocumentError as problem:
        raise PreviewError(f"{what} cannot be read ({problem}){how}") from None
    return cast("Mapping[str, Any]", found)


def _error(raw: Mapping[str, Any]) -> str:
    """An error without a traceback's frames: a reader needs the cause, not the way to it."""
    message = str(raw.get("message") or "").strip().removeprefix("error: ")
    head, traceback, frames = message.partition("Traceback (most recent call last):")
    if not traceback:
        return message
    cause = takewhile(lambda line: not line.startswith(" "), reversed(frames.splitlines()))
    return "\n".join(filter(None, [head.strip(), *reversed([*cause])]))


def of_steps(
    steps: Iterable[Mapping[str, Any]], errors: Sequence[str] = (), *, finished: bool = True
) -> Preview:
    """The preview of steps in the form of the engine's JSON."""
    raw_steps = [(str(raw.get("urn", "")), str(raw.get("op")), raw) for raw in steps]
    is_refresh = _is_refresh([(urn, op) for urn, op, _ in raw_steps])
    steps_by_urn: dict[str, list[Step]] = {}
    stack_name, shows_unchanged = "", False
    for urn, op, raw in raw_steps:
        refreshed = is_refresh or op == "refresh"
        shows_unchanged = shows_unchanged or (op == "same" and not refreshed)
        kind = stack.reviewed_kind(token_of(urn), raw.get("newState") or raw.get("oldState") or {})
        if kind is Kind.STACK:
            stack_name = stack_name or name_of(urn)
        elif kind is not None:
            step = Step(urn, kind, op, refreshed, raw.get("oldState"), raw.get("newState"))
            steps_by_urn.setdefault(urn, []).append(step)
    finished = finished and not errors
    # In such a plan, a resource without a step is one that will not be there; else it is an unchanged one.
    is_whole = shows_unchanged and finished
    resources = tuple(resource_of(each, unplanned=is_whole) for each in _with_former_urns(steps_by_urn))
    # A refresh has no plan, by which a review would tell that.
    changed_outside = [name_of(urn) for urn, op, _ in raw_steps if is_refresh and op in {"update", "delete"}]
    return Preview(resources, tuple(errors), finished, stack_name, tuple(changed_outside))


def _is_refresh(operations: Sequence[tuple[str, str]]) -> bool:
    """Whether steps, each a URN and its operation, are those of `pulumi refresh --preview-only`.

    There the operation of a step is what the refresh found: update, delete or refresh. Before a plan, each
    refreshed step is a refresh, and what is planned for the resource is a second step of its URN.
    """
    of_stack = [op for urn, op in operations if kind_of(token_of(urn)) is Kind.STACK]
    if of_stack != ["refresh"]:
        return False
    steps_by_urn = Counter(urn for urn, _ in operations)
    return max(steps_by_urn.values()) == 1


def _with_former_urns(steps_by_urn: Mapping[str, list[Step]]) -> Iterable[list[Step]]:
    """The steps of each resource. A renamed one is refreshed by its old URN, planned by its new one."""
    new_urns: dict[str, str] = {}
    for urn, steps in steps_by_urn.items():
        for step in steps:
            old_urn = (step.old or {}).get("urn")
            if not step.refreshed and old_urn not in (None, urn):
                new_urns[str(old_urn)] = urn
    joined: dict[str, list[Step]] = {}
    for urn, steps in steps_by_urn.items():
        is_only_refreshed = all(step.refreshed for step in steps)
        joined.setdefault(new_urns.get(urn, urn) if is_only_refreshed else urn, []).extend(steps)
    return joined.values()
