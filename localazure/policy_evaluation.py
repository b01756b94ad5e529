"""What the assigned policies say of a resource: asked by checkPolicyRestrictions, and enforced on writes.

Effects deny and denyAction refuse; audit and others do not. Assumed: every text, and that a resource's PUT is
judged by its own body alone. Shapes: azure-rest-api-specs, Microsoft.PolicyInsights checkPolicyRestrictions
2024-10-01.
"""

from __future__ import annotations

from collections.abc import Iterator

from localazure import policy_rules, policy_scopes
from localazure.cloud import Cloud
from localazure.policy_built_ins import CUSTOMER_KEY, RULES, TITLES
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response, ServiceError

_CHECK = "Microsoft.PolicyInsights/checkPolicyRestrictions"
_NOT_JUDGED = ("/providers/microsoft.authorization/", "/providers/microsoft.policyinsights/")


def violations(
    cloud: Cloud, resource_id: str, content: Json, effect: str = "deny"
) -> Iterator[tuple[Json, str]]:
    """The assignments (ARM's bodies) whose effect on a resource is this, with their definitions' titles."""
    for assignment in policy_scopes.all_counting(cloud, resource_id):
        definition = _definition(cloud, assignment["properties"]["policyDefinitionId"])
        rule = (definition or {}).get("policyRule")
        if definition is None or rule is None:
            continue
        values = policy_rules.values(definition, assignment["properties"])
        if policy_rules.effect(rule, values) == effect and policy_rules.violates(rule, content, values):
            yield assignment, str(definition.get("displayName") or assignment["name"])


def require_allowed(cloud: Cloud, method: str, id: str, body: Json) -> None:
    """Raises 403 RequestDisallowedByPolicy where a policy denies a PUT, or a DELETE by denyAction.

    The definition that asks for a customer's key is enforced by the accounts, for their PATCH, too.
    """
    if method not in ("PUT", "DELETE") or any(part in f"{id}/".lower() for part in _NOT_JUDGED):
        return
    name = id.rsplit("/", 1)[-1]
    content = {**(body if isinstance(body, dict) else {}), "type": type_of(id), "name": name, "id": id}
    for assignment, title in violations(cloud, id, content, "deny" if method == "PUT" else "denyaction"):
        definition = assignment["properties"]["policyDefinitionId"]
        if definition.lower().endswith(CUSTOMER_KEY):
            continue
        identifiers = (
            f'[{{"policyAssignment":{{"id":"{assignment["id"]}"}},"policyDefinition":{{"name":"{title}"}}}}]'
        )
        raise ServiceError(
            403,
            "RequestDisallowedByPolicy",
            f"Resource '{name}' was disallowed by policy. Policy identifiers: '{identifiers}'.",
            gateway=True,
            extra={"target": name},
        )


def type_of(id: str) -> str:
    """The type of an ARM id, a resource group's included."""
    parts = id.strip("/").split("/")
    last = max((i for i, part in enumerate(parts) if part.lower() == "providers"), default=None)
    if last is None:
        return "Microsoft.Resources/subscriptions/resourceGroups"
    return "/".join([parts[last + 1], *parts[last + 2 :: 2]])


def _definition(cloud: Cloud, id: str) -> Json:
    name = id.rsplit("/", 1)[-1].lower()
    if name in TITLES:
        return {**RULES.get(name, {}), "displayName": TITLES[name]}
    body = cloud.store.get("policyDefinition", id)
    return None if body is None else body["properties"]


def _check(cloud: Cloud, request: Request) -> Response:
    details = request.body.get("resourceDetails") if isinstance(request.body, dict) else None
    content = (details or {}).get("resourceContent")
    if not isinstance(content, dict) or not content.get("type"):
        message = "resourceDetails.resourceContent must be an object with a type."
        raise ServiceError(400, "InvalidCheckRestrictionsRequest", message)
    group = request.params.get("group")
    scope = f"/subscriptions/{request.params['subscription']}"
    scope = f"{scope}/resourceGroups/{group}" if group else scope
    # A resource that has no name yet is judged by where it will be.
    within = (details or {}).get("scope") or scope
    id = f"{within}/providers/{content['type']}/{content.get('name') or 'new'}"
    evaluations = [
        {
            "policyInfo": {
                "policyDefinitionId": assignment["properties"]["policyDefinitionId"],
                "policyAssignmentId": assignment["id"],
            },
            "evaluationResult": "NonCompliant",
            "effectDetails": {"policyEffect": "Deny"},
        }
        for assignment, _ in violations(cloud, id, content)
    ]
    answer = {"fieldRestrictions": [], "contentEvaluationResult": {"policyEvaluations": evaluations}}
    return Response(200, answer)


_ASSUMED = "evaluationDetails and fieldRestrictions are left out"
ROUTES = tuple(
    Route("POST", Host.ARM, f"{scope}/providers/{_CHECK}", f"{_CHECK}/read", _check, _ASSUMED)
    for scope in ("/subscriptions/{subscription}", "/subscriptions/{subscription}/resourceGroups/{group}")
)
