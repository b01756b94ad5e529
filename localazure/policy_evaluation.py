"""What the assigned policies say of a resource, enforced on writes: deny and denyAction refuse.

Assumed: every text; that a resource's PUT is judged by its own body alone. Source:
learn.microsoft.com/azure/governance/policy/concepts/effect-basics.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from localazure import policy_rules, policy_scopes
from localazure.cloud import Cloud
from localazure.policy_built_ins import BUILT_INS, CUSTOMER_KEY
from localazure.web import Json, Request, ServiceError

_NOT_JUDGED = ("/providers/microsoft.authorization/",)
_GROUP = "Microsoft.Resources/subscriptions/resourceGroups"


def violations(
    cloud: Cloud, resource_id: str, content: Json, effect: str = "deny"
) -> Iterator[tuple[Json, str]]:
    """The assignments (ARM's bodies) whose effect on a resource is this, with their definitions' titles."""
    for assignment in policy_scopes.all_counting(cloud, resource_id):
        definition = _definition(cloud, assignment["properties"]["policyDefinitionId"]) or {}
        if rule := definition.get("policyRule"):
            values = policy_rules.values(definition, assignment["properties"])
            if policy_rules.effect(rule, values) == effect and policy_rules.violates(rule, content, values):
                yield assignment, str(definition.get("displayName") or assignment["name"])


def require_admitted(cloud: Cloud, request: Request, id: str) -> None:
    """Raises 403 RequestDisallowedByPolicy where a policy denies a PUT, or a DELETE by denyAction.

    The definition that asks for a customer's key is enforced by the accounts, for their PATCH, too.
    """
    if request.method not in ("PUT", "DELETE") or any(part in f"{id}/".lower() for part in _NOT_JUDGED):
        return
    name = id.rsplit("/", 1)[-1]
    body = request.body if isinstance(request.body, dict) else {}
    content = {**body, "type": type_of(id), "name": name, "id": id}
    effect = "deny" if request.method == "PUT" else "denyaction"
    for assignment, title in violations(cloud, id, content, effect):
        if not _asks_for_key(assignment):
            raise _disallowed(name, assignment, title)


def require_customer_key(cloud: Cloud, id: str, content: Json) -> None:
    """Raises 403 where an account, as a write would leave it, lacks a key that a policy asks for."""
    for assignment, title in violations(cloud, id, content):
        if _asks_for_key(assignment):
            raise _disallowed(str(content["name"]), assignment, title)


def _asks_for_key(assignment: Json) -> bool:
    return str(assignment["properties"]["policyDefinitionId"]).lower().endswith(CUSTOMER_KEY)


def _disallowed(name: str, assignment: Json, title: str) -> ServiceError:
    properties = assignment["properties"]
    assigned = {"name": properties.get("displayName") or assignment["name"], "id": assignment["id"]}
    defined = {"name": title, "id": properties["policyDefinitionId"]}
    identifiers = json.dumps(
        [{"policyAssignment": assigned, "policyDefinition": defined}], separators=(",", ":")
    )
    info = {
        "policyDefinitionId": properties["policyDefinitionId"],
        "policyAssignmentId": assignment["id"],
        "policyDefinitionEffect": "Deny",
    }
    return ServiceError(
        403,
        "RequestDisallowedByPolicy",
        f"Resource '{name}' was disallowed by policy. Policy identifiers: '{identifiers}'.",
        gateway=True,
        extra={"target": name, "additionalInfo": [{"type": "PolicyViolation", "info": info}]},
    )


def type_of(id: str) -> str:
    """The type of an ARM id, a resource group's included."""
    parts = id.strip("/").split("/")
    last = max((i for i, part in enumerate(parts) if part.lower() == "providers"), default=None)
    if last is None:
        return _GROUP
    return "/".join([parts[last + 1], *parts[last + 2 :: 2]])


def _definition(cloud: Cloud, id: str) -> Json:
    name = id.rsplit("/", 1)[-1].lower()
    if name in BUILT_INS:
        return BUILT_INS[name]
    body = cloud.store.get("policyDefinition", id)
    return None if body is None else body["properties"]
