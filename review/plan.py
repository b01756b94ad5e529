"""Reads an update plan (`pulumi preview --save-plan`), laid over the stack's current state, as a preview.

`pulumi up --plan` applies a saved plan or refuses, so a review of the plan is a review of the update. A plan
has only changes. The current state comes from `pulumi refresh --preview-only --json`, which runs no program,
so the program cannot influence it.

Source: sdk/go/common/apitype/plan.go and pkg/resource/deploy/{plan,step_generator}.go of pulumi/pulumi 3.259.
A plan has no `retainOnDelete`; a delete takes it from the stack's state.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from core import stack
from core.resource_types import Kind
from review import preview
from review.preview import REPLACING, Preview, PreviewError, token_of

# The engine's steps, the gravest first (pkg/resource/deploy/step.go). A plan allows each step that it names.
_STEPS: Final = (
    *REPLACING,
    *("delete", "create", "import", "update", "discard-replaced", "read-discard", "remove-pending-replace"),
    *("read", "refresh", "same"),
)


_GOAL: Final = {
    "dependencies": [str],
    "propertyDependencies": {"*": [str]},
    "inputDiff": {"adds": dict, "updates": dict, "deletes": [str]},
}
_PLAN: Final = {"resourcePlans": {"*": {"steps": [str], "goal": _GOAL}}}


def read(plan: str, refresh: str, claimed: str = "") -> Preview:
    """Reads a plan over a refresh.

    `claimed` is the preview's own output. It gives the one thing that a plan lacks: which resources were
    renamed. Raises PreviewError if the plan does not fit the refresh.
    """
    plans = _plans(plan)
    refreshed = [*_refreshed(refresh)]
    before = {
        str(step.get("urn", "")): state for step in refreshed if _is_looked_at(state := step["newState"])
    }
    renamed = _renamed(claimed, plans, before)
    steps = [*refreshed, *(_step(urn, one, before.get(renamed.get(urn, urn))) for urn, one in plans.items())]
    missing = sorted(before.keys() - plans.keys() - set(renamed.values()))
    if missing:
        raise PreviewError(
            f"the plan does not mention {missing[0]} and {len(missing) - 1} more, which the stack has: "
            "preview again with --refresh and without --target, and save the plan of that preview"
        )
    return preview.of_steps(steps)


def _exact(found: Mapping[str, Any] | None, *names: str) -> Mapping[str, Any]:
    """An object of the plan; empty where there is none. Go's JSON reads these names in any case.

    Raises PreviewError for another spelling, which would be something else to the engine than to this.
    """
    found, read_as = found or {}, {name.lower(): name for name in names}
    for name in found:
        if (read := read_as.get(name.lower(), name)) != name:
            raise PreviewError(f'the plan has "{name}", expected "{read}", as the engine writes it')
    return found


def _plans(text: str) -> Mapping[str, Mapping[str, Any]]:
    document = _exact(preview.parsed(text, "the plan", "", _PLAN), "plan", "resourcePlans")
    found = document.get("resourcePlans")
    # Another engine may read a wrapper, and not what stands beside it.
    if "plan" in document or found is None or None in found.values():
        raise PreviewError("the plan has no resourcePlans: expected what `pulumi preview --save-plan` writes")
    return {urn: one for urn, one in found.items() if _exact(one, "goal", "steps").get("steps")}


def _refreshed(text: str) -> Iterator[Mapping[str, Any]]:
    document = preview.parsed(text, "the refresh", "")
    # Of an empty stack the engine says how long it took and nothing else.
    if "duration" not in document or (document.get("steps") and "changeSummary" not in document):
        raise PreviewError(
            "the refresh did not finish: expected what `pulumi refresh --preview-only --json` writes; "
            "read its error output"
        )
    for step in document.get("steps") or ():
        new = None
        if step.get("op") != "delete":
            new = step.get("newState") or step.get("oldState")
        yield {**step, "op": "refresh", "newState": new}


def _is_looked_at(state: Any) -> bool:
    """Whether a review looks at this existing resource."""
    if not state:
        return False
    return stack.reviewed_kind(str(state.get("type", "")), state) not in {None, Kind.STACK}


def _renamed(
    claimed: str, plans: Mapping[str, Any], before: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, str]:
    """New URN by old one, for each renamed resource.

    Only a resource that the plan does not mention can have been renamed, and only once, to one that was not
    there before. The engine decides by aliases; where the claim is false it refuses the plan.
    """
    found: dict[str, str] = {}
    if not claimed.strip():
        return found
    for step in preview.parsed(claimed).get("steps") or ():
        was, urn = str((step.get("oldState") or {}).get("urn") or ""), str(step.get("urn") or "")
        is_new = urn in plans and urn not in before
        if is_new and was in before and was not in plans and was not in found.values():
            found[urn] = was
    return found


def _step(urn: str, plan: Mapping[str, Any], old: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What is planned for a resource; `old` is what is there now."""
    ops = [str(op) for op in plan["steps"]]
    op = next((step for step in _STEPS if step in ops), ops[-1])
    named = ("custom", "dependencies", "inputDiff", "propertyDependencies", "protect")
    goal = _exact(plan.get("goal"), *named)
    # By the URN: a goal could name another type, one that no rule looks at.
    type = token_of(urn)
    new = _new(urn, type, old or {}, goal) if goal and op != "delete" else None
    if _is_looked_at({**(new or old or {}), "type": type}):
        fits = op != "create"
        if old is None:
            fits = op in {"create", "import", "read"}
        if set(ops) - set(_STEPS) or not fits or (new is None and op != "delete"):
            found = f"{', '.join(ops)} for {urn}"
            raise PreviewError(f"the plan has {found}, which does not fit what the stack has: preview again")
    return {"op": op, "urn": urn, "oldState": old, "newState": new}


def _new(urn: str, type: str, old: Mapping[str, Any], goal: Mapping[str, Any]) -> Mapping[str, Any]:
    # Without the outputs that the plan has: what they say of the cloud, the engine does not compare. The diff
    # is one of whole properties at the top.
    diff = _exact(goal.get("inputDiff"), "adds", "updates", "deletes")
    inputs, adds = old.get("inputs") or {}, diff.get("adds") or {}
    gone = set(diff.get("deletes") or ())
    if adds.keys() & inputs.keys():
        # A resource that is deleted first and made again has no old inputs to the engine: all are added.
        gone = set(inputs)
    kept = {name: value for name, value in inputs.items() if name not in gone}
    return {
        "urn": urn,
        "type": type,
        "custom": bool(goal.get("custom")),
        "inputs": {**kept, **adds, **(diff.get("updates") or {})},
        "protect": bool(goal.get("protect")),
        "retainOnDelete": bool(old.get("retainOnDelete")),
        "dependencies": goal.get("dependencies") or [],
        "propertyDependencies": goal.get("propertyDependencies") or {},
    }
