"""Which resources keep the names that they were made with, although the rule gives others now. Pure."""

from collections.abc import Iterator

from components.guards.recorded_state import RecordedService
from components.service_args import ServiceInputs
from core import arm_ids


def kept_names(inputs: ServiceInputs, before: RecordedService) -> Iterator[str]:
    """One text for each resource that an update would only rename by making it anew. Told only for a rule
    that replaces the default: a service that is renamed keeps them, too, and is meant to."""
    rule = inputs.naming_rule
    if not rule.replaces:
        return
    kept = {
        ("identity", ""): arm_ids.name_of(before.identity_id) if before.identity_id else "",
        ("workspace", ""): arm_ids.name_of(before.workspace_id) if before.workspace_id else "",
    }
    for what in ("account", "vault"):
        placed = before.placed.get(f"{inputs.name}-{what}-endpoint")
        if placed:
            kept["privateEndpoint", what] = placed.name
    for resource, target in inputs.named:
        name = kept.get((resource, target))
        by_rule = rule.name(resource, target)
        if name and name.lower() != by_rule.lower():
            yield (
                f"{name!r} keeps its name, because another one would replace it; the rule of names gives "
                f"{by_rule!r} to a new {resource}"
            )
