"""What the assigned policies say of a resource: asked by checkPolicyRestrictions, and enforced on writes.

The effects modify and append change a PUT before anything else is judged; deny and denyAction refuse; audit
and the others do nothing here. Assumed: every text; that a resource's PUT is judged by its own body alone;
that of two policies that modify one property the later assignment wins; that a PATCH is not modified; and of
checkPolicyRestrictions, that a pending field's values stand for what the content has. Sources:
azure-rest-api-specs, Microsoft.PolicyInsights checkPolicyRestrictions 2024-10-01 (shapes; `Required` with the
value that policy will set, `Removed`); learn.microsoft.com/azure/governance/policy/concepts/effect-basics
(order), definition-structure-basics (mode Indexed: what has tags and a location).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from localazure import policy_rules, policy_scopes
from localazure.cloud import Cloud
from localazure.policy_built_ins import BUILT_INS, CUSTOMER_KEY
from localazure.policy_rules import API_VERSION, GROUP_TAGS, Change
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response, ServiceError

_CHECK = "Microsoft.PolicyInsights/checkPolicyRestrictions"
_NOT_JUDGED = ("/providers/microsoft.authorization/", "/providers/microsoft.policyinsights/")
_GROUP = "Microsoft.Resources/subscriptions/resourceGroups"
_CHANGING = ("modify", "append")


def violations(
    cloud: Cloud, resource_id: str, content: Json, effect: str = "deny"
) -> Iterator[tuple[Json, str]]:
    """The assignments (ARM's bodies) whose effect on a resource is this, with their definitions' titles."""
    for assignment, definition, values in _assigned(cloud, resource_id):
        rule = definition["policyRule"]
        denies = policy_rules.effect(rule, values) == effect and policy_rules.violates(rule, content, values)
        if denies or (effect == "deny" and any(one.refuses for one in _changes(rule, content, values))):
            yield assignment, str(definition.get("displayName") or assignment["name"])


def changes(
    cloud: Cloud, resource_id: str, content: Json, api_version: str
) -> Iterator[tuple[Json, str, Change]]:
    """What policies change of a resource that is about to be written: the assignment (ARM's body), the
    effect, and the change."""
    for assignment, definition, values in _assigned(cloud, resource_id):
        rule = definition["policyRule"]
        if definition.get("mode") == "Indexed" and (content["type"] == _GROUP or "location" not in content):
            continue
        for change in _changes(rule, content, {**values, API_VERSION: api_version}):
            if not change.refuses:
                yield assignment, policy_rules.effect(rule, values), change


def admitted(cloud: Cloud, request: Request, id: str) -> Json:
    """The body of a request as its handler gets it: a PUT's with what policies change of it.

    Raises 403 RequestDisallowedByPolicy where a policy denies the PUT, or a DELETE by denyAction. The
    definition that asks for a customer's key is enforced by the accounts, for their PATCH, too.
    """
    body, method = request.body, request.method
    if method not in ("PUT", "DELETE") or any(part in f"{id}/".lower() for part in _NOT_JUDGED):
        return body
    name = id.rsplit("/", 1)[-1]
    added = {"type": type_of(id), "name": name, "id": id}
    content = {**(body if isinstance(body, dict) else {}), **added}
    if method == "PUT" and isinstance(body, dict):
        for _, _, change in [*changes(cloud, id, content, request.api_version)]:
            content = policy_rules.changed(content, change)
        own = {word: body[word] for word in added if word in body}
        body = {**{word: one for word, one in content.items() if word not in added}, **own}
    for assignment, title in violations(cloud, id, content, "deny" if method == "PUT" else "denyaction"):
        if not _asks_for_key(assignment):
            raise _disallowed(name, assignment, title)
    return body


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
    info = {**_reference(assignment), "policyDefinitionEffect": "Deny"}
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


def _assigned(cloud: Cloud, resource_id: str) -> Iterator[tuple[Json, Json, Mapping[str, Json]]]:
    """The assignments that hold a resource, with the definitions that have a rule and its parameters."""
    group = cloud.store.get("group", "/".join(resource_id.split("/")[:5])) or {}
    for assignment in policy_scopes.all_counting(cloud, resource_id):
        definition = _definition(cloud, assignment["properties"]["policyDefinitionId"])
        if definition is not None and definition.get("policyRule") is not None:
            values = policy_rules.values(definition, assignment["properties"])
            yield assignment, definition, {**values, GROUP_TAGS: group.get("tags") or {}}


def _changes(rule: Json, content: Json, values: Mapping[str, Json]) -> Iterator[Change]:
    if policy_rules.effect(rule, values) in _CHANGING and policy_rules.violates(rule, content, values):
        yield from policy_rules.changes(rule, content, values)


def _definition(cloud: Cloud, id: str) -> Json:
    name = id.rsplit("/", 1)[-1].lower()
    if name in BUILT_INS:
        return BUILT_INS[name]
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
    version = str((details or {}).get("apiVersion") or "")
    restrictions: dict[str, list[Json]] = {}
    sent = content
    for field in request.body.get("pendingFields") or ():
        for value in field.get("values") or (None,):
            given = content if value is None else _with(content, str(field["field"]), value)
            for assignment, effect, change in changes(cloud, id, given, version):
                if change.field.lower().startswith(str(field["field"]).lower()):
                    one = {**_restriction(change), "policy": _reference(assignment), "policyEffect": effect}
                    restrictions.setdefault(_spelt(change.field), []).append(one)
    for _, _, change in [*changes(cloud, id, content, version)]:
        sent = policy_rules.changed(sent, change)
    evaluations = [
        {
            "policyInfo": _reference(assignment),
            "evaluationResult": "NonCompliant",
            "effectDetails": {"policyEffect": "Deny"},
        }
        for assignment, _ in violations(cloud, id, sent)
    ]
    answer = {
        "fieldRestrictions": [{"field": name, "restrictions": one} for name, one in restrictions.items()],
        "contentEvaluationResult": {"policyEvaluations": evaluations},
    }
    return Response(200, answer)


def _with(content: Json, field: str, value: str) -> Json:
    return policy_rules.changed(content, Change(field, value, replaces=True))


def _spelt(field: str) -> str:
    """A tag as the published example spells it."""
    return f"tags.{field[5:-1]}" if field.startswith("tags[") else field


def _restriction(change: Change) -> Json:
    if change.removes:
        return {"result": "Removed"}
    value = str(change.value).lower() if isinstance(change.value, bool) else str(change.value)
    return {"result": "Required", "defaultValue": value, **({"values": [value]} if change.replaces else {})}


def _reference(assignment: Json) -> Json:
    return {
        "policyDefinitionId": assignment["properties"]["policyDefinitionId"],
        "policyAssignmentId": assignment["id"],
    }


_ASSUMED = "evaluationDetails and reasons are left out"
ROUTES = tuple(
    Route("POST", Host.ARM, f"{scope}/providers/{_CHECK}", f"{_CHECK}/read", _check, _ASSUMED)
    for scope in ("/subscriptions/{subscription}", "/subscriptions/{subscription}/resourceGroups/{group}")
)
