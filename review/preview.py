"""Reads a preview as `pulumi preview --json` writes it, and the messages of policy packs in an event log.

Source: pkg/display and sdk/go/common/apitype/events.go of pulumi/pulumi.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final

from core import stack as stacks
from core.resource_types import Kind, kind_of, parse_urn
from review.resource import ReviewedResource, Step, resource_of, token_of

_HOW: Final = (
    ": write it with `pulumi preview --json`, its error output apart, and unset "
    "PULUMI_ENABLE_STREAMING_JSON_PREVIEW"
)


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
    off; `errors` say why."""

    resources: tuple[ReviewedResource, ...] = ()
    errors: tuple[str, ...] = ()
    finished: bool = True
    stack: str = ""


def read(written: str) -> Preview:
    """Reads a preview. Raises PreviewError for anything else."""
    if not written.strip():
        raise PreviewError("the preview is empty: pulumi did not start; read its error output")
    document = parsed(written)
    if not {"steps", "changeSummary", "diagnostics", "config", "duration"} & document.keys():
        raise PreviewError("the JSON has no steps: expected what `pulumi preview --json` writes")
    errors = [one for one in document.get("diagnostics") or () if one.get("severity") == "error"]
    steps = document.get("steps") or ()
    if not all(isinstance(one, Mapping) for one in steps):
        raise PreviewError("the steps are no objects: expected what `pulumi preview --json` writes")
    return of_steps(steps, [_error(one) for one in errors], finished="changeSummary" in document)


def read_policies(written: str) -> tuple[PolicyFinding, ...]:
    """The policy findings of an event log. Raises PreviewError for anything else."""
    events = (parsed(line).get("policyEvent") for line in written.splitlines() if line.strip())
    return tuple(_finding(one) for one in events if one is not None)


def parsed(written: str, what: str = "the preview", how: str = _HOW) -> Mapping[str, Any]:
    """A JSON object in which no name stands twice. Raises PreviewError, which says `how` it is written."""
    try:
        found = json.loads(written, object_pairs_hook=_once)
    except ValueError as problem:
        raise PreviewError(f"{what} is not JSON ({problem}){how}") from None
    if not isinstance(found, Mapping):
        raise PreviewError(f"{what} is a {type(found).__name__}, expected a JSON object{how}")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON. Raises ValueError for a repeated name, which the engine would merge."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'"{twice}" stands twice in an object')
    return found


def _finding(raw: Mapping[str, Any]) -> PolicyFinding:
    """A policy's message on one line; its first line names the rule."""
    lines = (line.strip() for line in str(raw.get("message", "")).splitlines())
    return PolicyFinding(
        policy=str(raw.get("policyName", "")),
        level=str(raw.get("enforcementLevel", "")).lower(),
        message="; ".join(filter(None, lines)),
        urn=str(raw.get("resourceUrn", "")),
    )


def _error(raw: Mapping[str, Any]) -> str:
    """An error without a traceback's frames: a reader needs the cause, not the way to it."""
    message = str(raw.get("message") or "").strip().removeprefix("error: ")
    head, found, frames = message.partition("Traceback (most recent call last):")
    said = takewhile(lambda line: not line.startswith(" "), reversed(frames.splitlines()))
    return "\n".join(filter(None, [head.strip(), *reversed([*said])])) if found else message


def of_steps(
    steps: Iterable[Mapping[str, Any]], errors: Sequence[str] = (), *, finished: bool = True
) -> Preview:
    """The preview of steps in the form of the engine's JSON."""
    named = [(str(raw.get("urn", "")), str(raw.get("op")), raw) for raw in steps]
    refreshing = _only_refreshes((urn, op) for urn, op, _ in named)
    found: dict[str, list[Step]] = {}
    stack, shows_sames = "", False
    for urn, op, raw in named:
        token, refreshed = token_of(urn), refreshing or op == "refresh"
        shows_sames = shows_sames or (op == "same" and not refreshed)
        inputs = (raw.get("newState") or raw.get("oldState") or {}).get("inputs")
        kind, _ = stacks.read(token, inputs if isinstance(inputs, Mapping) else {})
        if kind is Kind.STACK:
            stack = stack or parse_urn(urn).name
        elif kind is not None:
            step = Step(urn, kind, op, refreshed, raw.get("oldState"), raw.get("newState"))
            found.setdefault(urn, []).append(step)
    finished = finished and not errors
    # Only then is a resource without a planned step one that will not be there.
    whole = shows_sames and finished
    return Preview(
        resources=tuple(resource_of(each, unplanned=whole) for each in _by_resource(found)),
        errors=tuple(errors),
        finished=finished,
        stack=stack,
    )


def _by_resource(found: Mapping[str, list[Step]]) -> Iterable[list[Step]]:
    """The steps of each resource. A renamed one is refreshed by its old URN, planned by its new one."""
    planned = [(urn, step.old) for urn, steps in found.items() for step in steps if not step.refreshed]
    names = {str(old["urn"]): urn for urn, old in planned if old and old.get("urn") not in (None, urn)}
    joined: dict[str, list[Step]] = {}
    for urn, steps in found.items():
        only_refreshed = all(step.refreshed for step in steps)
        joined.setdefault(names.get(urn, urn) if only_refreshed else urn, []).extend(steps)
    return joined.values()


def _only_refreshes(steps: Iterator[tuple[str, str]]) -> bool:
    """Whether there is no plan, as in `pulumi refresh --preview-only`, by each step's URN and operation.

    There a step is called by what the refresh found (update, delete). Where a plan follows, each refreshed
    step is called refresh, in any order, and what is planned for the resource is a second step.
    """
    ops: dict[str, list[str]] = {}
    for urn, op in steps:
        ops.setdefault(urn, []).append(op)
    stack = [op for urn, found in ops.items() if kind_of(token_of(urn)) is Kind.STACK for op in found]
    return stack == ["refresh"] and all(len(found) == 1 for found in ops.values())
