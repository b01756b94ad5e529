"""The engine's account of a preview: `pulumi preview --json`, its streaming form, an event log.

Owns: the JSON's shapes (Pulumi's pkg/display and sdk/go/common/apitype/events.go) and which of its steps are
of one resource. Does not own: what any of it means.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from core.resource_types import parse_urn
from review.events import Diagnostic, PolicyFinding, policy_finding
from review.kinds import Kind, kind_of, token_of
from review.resource import REPLACING, ReviewedResource, Step, resource_of

_UNCHANGED: Final = frozenset({"same", "refresh", "read", "remove-pending-replace"})


class PreviewError(ValueError):
    """The text is not what `pulumi preview --json` writes. The message says what it is and what to do."""


@dataclass(frozen=True)
class Preview:
    """One preview. `resources` are those a review looks at; `finished` is False when it broke off."""

    resources: tuple[ReviewedResource, ...] = ()
    policies: tuple[PolicyFinding, ...] = ()
    errors: tuple[Diagnostic, ...] = ()
    finished: bool = True
    stack: str = ""
    changes: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass
class _Reading:
    steps: dict[str, list[Step]] = field(default_factory=dict)
    policies: list[PolicyFinding] = field(default_factory=list)
    errors: list[Diagnostic] = field(default_factory=list)
    finished: bool = False
    stack: str = ""
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    shows_sames: bool = False

    def count(self, type: str, op: str) -> None:
        """Counts a planned step of any resource; a replacement once."""
        self.shows_sames = self.shows_sames or op == "same"
        if op in REPLACING:
            op = "replace" if op == "replace" else "same"
        if op not in _UNCHANGED and not type.startswith("pulumi:"):
            self.changes[type, op] += 1

    def add(self, step: Step) -> None:
        if step.kind is Kind.STACK:
            self.stack = self.stack or parse_urn(step.urn).name
        elif step.kind is not None:
            self.steps.setdefault(step.urn, []).append(step)

    def _by_resource(self) -> Iterable[list[Step]]:
        """The steps of each resource. A renamed one is refreshed by its old URN, planned by its new one."""
        names = {
            step.was: urn
            for urn, steps in self.steps.items()
            for step in steps
            if not step.refreshed and step.was and step.was != urn
        }
        found: dict[str, list[Step]] = {}
        for urn, steps in self.steps.items():
            only_refreshed = all(step.refreshed for step in steps)
            found.setdefault(names.get(urn, urn) if only_refreshed else urn, []).extend(steps)
        return found.values()

    def done(self) -> Preview:
        # Only then is a resource without a planned step one that will not be there.
        whole = self.shows_sames and self.finished and not self.errors
        return Preview(
            resources=tuple(resource_of(steps, unplanned=whole) for steps in self._by_resource()),
            policies=tuple(self.policies),
            errors=tuple(self.errors),
            finished=self.finished and not self.errors,
            stack=self.stack,
            changes=dict(sorted(self.changes.items())),
        )


def read(written: str) -> Preview:
    """Reads either form. Raises PreviewError for anything else."""
    if not written.strip():
        raise PreviewError("the preview is empty: pulumi did not start; read its error output")
    try:
        document = json.loads(written)
    except json.JSONDecodeError as problem:
        # More than one document is how the streaming form looks.
        if problem.msg == "Extra data":
            return _read_events(_lines(written))
        raise _not_json(problem) from None
    return _read_digest(_mapping(document))


def read_policies(written: str) -> tuple[PolicyFinding, ...]:
    """The policy findings of an event log. Raises PreviewError for anything else."""
    return _read_events(_lines(written)).policies if written.strip() else ()


def _not_json(problem: ValueError) -> PreviewError:
    return PreviewError(
        f"the preview is not JSON ({problem}): write it with `pulumi preview --json`, its error output apart"
    )


def _mapping(document: object) -> Mapping[str, Any]:
    if not isinstance(document, Mapping):
        raise PreviewError(
            f"the preview is a {type(document).__name__}, expected what `pulumi preview --json` writes"
        )
    return document


def _lines(written: str) -> Iterator[Mapping[str, Any]]:
    for line in written.splitlines():
        if line.strip():
            try:
                event = json.loads(line)
            except ValueError as problem:
                raise _not_json(problem) from None
            yield _mapping(event)


def _read_digest(document: Mapping[str, Any]) -> Preview:
    if "sequence" in document:
        return _read_events([document])
    if not {"steps", "changeSummary", "diagnostics", "config", "duration"} & document.keys():
        raise PreviewError("the JSON has no steps: expected what `pulumi preview --json` writes")
    reading = _of_steps([_mapping(raw) for raw in document.get("steps") or ()])
    reading.errors = [
        Diagnostic.of(raw) for raw in document.get("diagnostics") or () if raw.get("severity") == "error"
    ]
    reading.finished = "changeSummary" in document
    return reading.done()


def of_steps(steps: Iterable[Mapping[str, Any]]) -> Preview:
    """A finished preview of these steps, in the form of the engine's JSON."""
    reading = _of_steps(list(steps))
    reading.finished = True
    return reading.done()


def _of_steps(raws: Sequence[Mapping[str, Any]]) -> _Reading:
    reading = _Reading()
    refreshing = _only_refreshes((str(raw.get("urn", "")), str(raw.get("op"))) for raw in raws)
    for raw in raws:
        token, refreshed = token_of(str(raw.get("urn", ""))), refreshing or raw.get("op") == "refresh"
        kind = kind_of(token, _inputs(raw, "newState", "oldState"))
        if not refreshed:
            reading.count(token, str(raw.get("op")))
        if kind is not None:
            reading.add(Step.of(raw, kind, refreshed=refreshed, old="oldState", new="newState"))
    return reading


def _read_events(events: Iterable[Mapping[str, Any]]) -> Preview:
    reading = _Reading()
    begun: list[tuple[str, str]] = []
    last: dict[int, Mapping[str, Any]] = {}
    latest: dict[str, int] = {}
    for event in events:
        if (entry := event.get("resourcePreEvent") or event.get("resOutputsEvent")) is not None:
            raw = entry.get("metadata") or {}
            urn = str(raw.get("urn", ""))
            if "resourcePreEvent" in event or urn not in latest:
                latest[urn] = len(begun)
                begun.append((urn, str(raw.get("op"))))
            # A step's second event carries what the provider answered.
            last[latest[urn]] = raw
        elif (policy := event.get("policyEvent")) is not None:
            reading.policies.append(policy_finding(policy))
        elif (diagnostic := event.get("diagnosticEvent")) is not None:
            if diagnostic.get("severity") == "error":
                reading.errors.append(Diagnostic.of(diagnostic))
        elif (summary := event.get("summaryEvent")) is not None:
            reading.finished = summary.get("result", "succeeded") == "succeeded"
    refreshing = _only_refreshes(begun)
    for place, (_, op) in enumerate(begun):
        raw, refreshed = last[place], refreshing or op == "refresh"
        kind = kind_of(str(raw.get("type", "")), _inputs(raw, "new", "old"))
        if not refreshed:
            reading.count(str(raw.get("type", "")), op)
        if kind is not None:
            reading.add(Step.of(raw, kind, refreshed=refreshed, old="old", new="new"))
    return reading.done()


def _only_refreshes(steps: Iterable[tuple[str, str]]) -> bool:
    """Whether there is no plan, as in `pulumi refresh --preview-only`, by each step's URN and operation.

    There a step is called by what the refresh found (update, delete). Where a plan follows, each refreshed
    step is called refresh, in any order, and what is planned for the resource is a second step.
    """
    ops: dict[str, list[str]] = {}
    for urn, op in steps:
        ops.setdefault(urn, []).append(op)
    stack = [op for urn, found in ops.items() if kind_of(token_of(urn)) is Kind.STACK for op in found]
    return stack == ["refresh"] and all(len(found) == 1 for found in ops.values())


def _inputs(raw: Mapping[str, Any], new: str, old: str) -> Mapping[str, Any]:
    found = (raw.get(new) or raw.get(old) or {}).get("inputs")
    return found if isinstance(found, Mapping) else {}
