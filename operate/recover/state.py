"""A stack's state after its engine was killed: what was cut off, and the state with all of it resolved.

Owns: what becomes of each operation. Pure. Does not own: whether a resource really was made; the refresh that
begins the next `pulumi up` reads it, and drops it where it was not.

The engine itself resolves what it was updating or deleting. What it was creating it leaves to a person, and
azure-native refuses to create what is there. `pulumi refresh --import-pending-creates` does not help: the
operations become imports and are then forgotten (CLI 3.259, cmd/pulumi/operations/refresh.go).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from operate.recover.ids import UnknownIdError, arm_id

OWN_PROVIDER = "azure-cmk:"
"""Resources whose create finds by itself what an earlier one has done."""


@dataclass(frozen=True)
class Cut:
    """An operation that was cut off: what it was doing (`creating`, ...), and to what.

    `id` is where the resource is if it was made, `predecessor` the id of the one that it replaces, `problem`
    why neither can be told.
    """

    doing: str
    urn: str
    id: str = ""
    predecessor: str = ""
    problem: str = ""

    def __str__(self) -> str:
        what = f"{self.doing} {self.urn.rsplit('$', 1)[-1]}"
        if self.problem:
            return f"{what}: {self.problem}"
        if not self.id:
            return f"{what}: `pulumi up` does it again"
        replaced = f"; it replaces {self.predecessor}, which `pulumi up` deletes" if self.predecessor else ""
        return f"{what}: `pulumi up` takes it over where it was made, as {self.id}{replaced}"


def as_exported(document: Mapping[str, Any]) -> dict[str, Any]:
    """A state as `pulumi stack export` gives it, also from a checkpoint file as a backend keeps it.

    Raises ValueError for anything else.
    """
    checkpoint = document.get("checkpoint")
    if isinstance(checkpoint, Mapping) and isinstance(checkpoint.get("latest"), Mapping):
        kept = {name: document[name] for name in ("version", "features") if name in document}
        return {**kept, "deployment": checkpoint["latest"]}
    if isinstance(document.get("deployment"), Mapping):
        return dict(document)
    raise ValueError("found neither a `deployment`, as `pulumi stack export` writes it, nor a `checkpoint`")


def resolved(
    document: Mapping[str, Any], subscription_id: str | None
) -> tuple[dict[str, Any], Sequence[Cut]]:
    """An exported state with every operation resolved, and what was cut off.

    `subscription_id` is the login's, for resources whose own provider does not say one. Where a cut has a
    problem, the state is as it was.
    """
    after: dict[str, Any] = copy.deepcopy(dict(document))
    deployment = after["deployment"]
    resources: list[dict[str, Any]] = deployment.get("resources") or []
    cuts = []
    for operation in deployment.get("pending_operations") or []:
        made, doing = operation["resource"], operation["type"]
        if doing != "creating" or made["type"].startswith(OWN_PROVIDER):
            cuts.append(Cut(doing, made["urn"]))
            continue
        try:
            id = arm_id(
                made["type"], made.get("inputs") or {}, _subscription(made, resources) or subscription_id
            )
        except UnknownIdError as error:
            cuts.append(Cut(doing, made["urn"], problem=str(error)))
            continue
        cuts.append(Cut(doing, made["urn"], id, _adopt({**made, "id": id}, resources)))
    if any(cut.problem for cut in cuts):
        return copy.deepcopy(dict(document)), cuts
    deployment["resources"] = resources
    deployment.pop("pending_operations", None)
    return after, cuts


def _adopt(made: dict[str, Any], resources: list[dict[str, Any]]) -> str:
    """Adds a resource to a state; the id of the one that it replaces, if any."""
    for place, present in enumerate(resources):
        if present["urn"] != made["urn"] or present.get("delete"):
            continue
        if str(present.get("id", "")).lower() == made["id"].lower():
            # Deleted before its replacement of the same id was begun: what the id names now is that one.
            if present.pop("pendingReplacement", False):
                present.update(made)
            return ""
        # As the engine itself writes it between the two halves of a replacement.
        present["delete"] = True
        resources.insert(place, made)
        return str(present.get("id", ""))
    # What a resource depends on is in the state before its create begins.
    resources.append(made)
    return ""


def _subscription(made: Mapping[str, Any], resources: Sequence[Mapping[str, Any]]) -> str | None:
    """The subscription that a resource's provider says, else the one that its other resources are in."""
    reference = str(made.get("provider", ""))
    for resource in resources:
        if reference and reference == f"{resource['urn']}::{resource.get('id')}":
            said = (resource.get("inputs") or {}).get("subscriptionId")
            if isinstance(said, str) and said:
                return said
    for resource in resources:
        words = str(resource.get("id", "")).split("/")
        if reference and resource.get("provider") == reference and words[1:2] == ["subscriptions"]:
            return words[2]
    return None
