"""Reads a preview: `pulumi preview --json`, its streaming form, or an event log.

Source: pkg/display and sdk/go/common/apitype/events.go of pulumi/pulumi.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from core.resource_types import Kind, parse_urn
from review.events import Diagnostic, PolicyFinding, policy_finding
from review.resource import REPLACING, ReviewedResource, Step, kind_of, resource_of, token_of

# Of the steps of a replacement, the first is counted.
_NOT_COUNTED: Final = frozenset({"same", "refresh", "read", "remove-pending-replace", *REPLACING[1:]})


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
    diagnostics = document.get("diagnostics") or ()
    return of_steps(
        [_mapping(raw) for raw in document.get("steps") or ()],
        errors=[Diagnostic.of(raw) for raw in diagnostics if raw.get("severity") == "error"],
        finished="changeSummary" in document,
    )


def _read_events(events: Iterable[Mapping[str, Any]]) -> Preview:
    steps: list[Mapping[str, Any]] = []
    ops: list[str] = []
    latest: dict[str, int] = {}
    policies: list[PolicyFinding] = []
    errors: list[Diagnostic] = []
    finished = False
    for event in events:
        if (entry := event.get("resourcePreEvent") or event.get("resOutputsEvent")) is not None:
            raw = entry.get("metadata") or {}
            urn, op = str(raw.get("urn", "")), str(raw.get("op"))
            if "resourcePreEvent" in event or urn not in latest:
                latest[urn] = len(steps)
                steps.append({})
                ops.append(op)
            # A step's second event carries what the provider answered.
            states = {"oldState": raw.get("old"), "newState": raw.get("new")}
            steps[latest[urn]] = {"urn": urn, "op": op, **states}
        elif (policy := event.get("policyEvent")) is not None:
            policies.append(policy_finding(policy))
        elif (diagnostic := event.get("diagnosticEvent")) is not None:
            if diagnostic.get("severity") == "error":
                errors.append(Diagnostic.of(diagnostic))
        elif (summary := event.get("summaryEvent")) is not None:
            finished = summary.get("result", "succeeded") == "succeeded"
    return of_steps(steps, ops, policies=policies, errors=errors, finished=finished)


def of_steps(
    steps: Sequence[Mapping[str, Any]],
    ops: Sequence[str] | None = None,
    *,
    policies: Iterable[PolicyFinding] = (),
    errors: Sequence[Diagnostic] = (),
    finished: bool = True,
) -> Preview:
    """The preview of steps in the form of the engine's JSON; `ops` is what each began as."""
    ops = [str(raw.get("op")) for raw in steps] if ops is None else ops
    refreshing = _only_refreshes((str(raw.get("urn", "")), op) for raw, op in zip(steps, ops, strict=True))
    changes: Counter[tuple[str, str]] = Counter()
    found: dict[str, list[Step]] = {}
    stack, shows_sames = "", False
    for raw, op in zip(steps, ops, strict=True):
        urn = str(raw.get("urn", ""))
        token, refreshed = token_of(urn), refreshing or op == "refresh"
        if not refreshed:
            shows_sames = shows_sames or op == "same"
            if op not in _NOT_COUNTED and not token.startswith("pulumi:"):
                changes[token, op] += 1
        inputs = (raw.get("newState") or raw.get("oldState") or {}).get("inputs")
        kind = kind_of(token, inputs if isinstance(inputs, Mapping) else {})
        if kind is Kind.STACK:
            stack = stack or parse_urn(urn).name
        elif kind is not None:
            states = raw.get("oldState"), raw.get("newState")
            found.setdefault(urn, []).append(Step(urn, kind, str(raw.get("op", "")), refreshed, *states))
    finished = finished and not errors
    # Only then is a resource without a planned step one that will not be there.
    whole = shows_sames and finished
    return Preview(
        resources=tuple(resource_of(each, unplanned=whole) for each in _by_resource(found)),
        policies=tuple(policies),
        errors=tuple(errors),
        finished=finished,
        stack=stack,
        changes=dict(sorted(changes.items())),
    )


def _by_resource(found: Mapping[str, list[Step]]) -> Iterable[list[Step]]:
    """The steps of each resource. A renamed one is refreshed by its old URN, planned by its new one."""
    names = {
        step.was: urn
        for urn, steps in found.items()
        for step in steps
        if not step.refreshed and step.was and step.was != urn
    }
    joined: dict[str, list[Step]] = {}
    for urn, steps in found.items():
        only_refreshed = all(step.refreshed for step in steps)
        joined.setdefault(names.get(urn, urn) if only_refreshed else urn, []).extend(steps)
    return joined.values()


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
