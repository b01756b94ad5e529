"""Which policy assignments count for a resource: by scope, enforcement, exclusion and exemption.

Owns: the store's kinds of assignments and exemptions, and the decision. Does not own: their routes
(policy_assignments.py, policy_exemptions.py), what a policy then refuses (policy_evaluation.py).
Source: Azure Policy's documentation of assignments (enforcementMode, notScopes) and exemptions (expiresOn).
"""

from __future__ import annotations

from datetime import UTC, datetime

from localazure.cloud import Cloud
from localazure.web import Json

ASSIGNMENT, EXEMPTION = "policyAssignment", "policyExemption"
ASSIGNMENTS = "Microsoft.Authorization/policyAssignments"
EXEMPTIONS = "Microsoft.Authorization/policyExemptions"


def all_counting(cloud: Cloud, resource_id: str) -> list[Json]:
    """The assignments (ARM's bodies) that hold a resource, the subscription's first.

    A resource that does not exist yet has an id, too: what it will be.
    """
    parts = resource_id.split("/")
    scopes = dict.fromkeys(["/".join(parts[:3]), "/".join(parts[:5])])
    found = [
        body
        for scope in scopes
        for _, body in cloud.store.scan(ASSIGNMENT, f"{scope}/providers/{ASSIGNMENTS}/")
    ]
    return [body for body in found if _holds(body, resource_id) and not _exempt(cloud, body, resource_id)]


def ends(expires_on: str) -> datetime:
    """The moment that `expiresOn` names, UTC where it names no zone. Raises ValueError."""
    moment = datetime.fromisoformat(expires_on)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def is_within(resource_id: str, scope: str) -> bool:
    """Whether a resource is at or below a scope, both ARM ids."""
    return f"{resource_id}/".lower().startswith(f"{scope.rstrip('/')}/".lower())


def exempted_by(exemption: Json) -> str:
    """The scope of an exemption (ARM's body), an ARM id: what stands before its own name."""
    id = str(exemption["id"])
    return id[: id.lower().rindex(f"/providers/{EXEMPTIONS}/".lower())]


def _holds(assignment: Json, resource_id: str) -> bool:
    properties = assignment["properties"]
    excluded = any(is_within(resource_id, scope) for scope in properties.get("notScopes") or [])
    return properties["enforcementMode"] == "Default" and not excluded


def _exempt(cloud: Cloud, assignment: Json, resource_id: str) -> bool:
    now = cloud.clock.datetime()
    for _, body in cloud.store.scan(EXEMPTION, "/".join(resource_id.split("/")[:3])):
        properties = body["properties"]
        over = properties.get("expiresOn") is not None and ends(properties["expiresOn"]) <= now
        same = properties["policyAssignmentId"].lower() == assignment["id"].lower()
        if same and not over and is_within(resource_id, exempted_by(body)):
            return True
    return False
