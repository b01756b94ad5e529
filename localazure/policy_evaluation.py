"""The assigned policies, enforced on the writes of a resource: deny and denyAction refuse.

Owns: the store's kinds of policies, which assignments count for a resource (by scope, enforcement, exclusion
and exemption), and the refusals. Does not own: routes (policies.py), the rules' language (policy_rules.py).
Assumed: every text, and that a policy judges a PUT by its own body alone. Source:
learn.microsoft.com/azure/governance/policy/concepts/effect-basics, and Azure Policy's documentation of
assignments (enforcementMode, notScopes) and exemptions (expiresOn).
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from localazure import facts, policy_rules
from localazure.cloud import Cloud
from localazure.refusals import refused
from localazure.web import Json, Request, ServiceError

ASSIGNMENT, EXEMPTION, DEFINITION = "policyAssignment", "policyExemption", "policyDefinition"
ASSIGNMENTS = "Microsoft.Authorization/policyAssignments"
EXEMPTIONS = "Microsoft.Authorization/policyExemptions"
CUSTOMER_KEY = "67121cc7-ff39-4ab8-b7e3-95b84dab487d"
BUILT_INS: Mapping[str, Json] = facts.read("policy_built_ins.json")["definitions"]
"""The built-in definitions that this cloud knows, by id: their titles, and the rules if it evaluates
them."""
_NOT_JUDGED = ("/providers/microsoft.authorization/",)
_GROUP = "Microsoft.Resources/subscriptions/resourceGroups"


def violations(
    cloud: Cloud, resource_id: str, content: Json, effect: str = "deny"
) -> Iterator[tuple[Json, str]]:
    """The assignments (ARM's bodies) whose effect on a resource is this, with their definitions' titles."""
    for assignment in _counting(cloud, resource_id):
        definition = _definition(cloud, assignment["properties"]["policyDefinitionId"]) or {}
        if rule := definition.get("policyRule"):
            values = policy_rules.values(definition, assignment["properties"])
            found = policy_rules.effect(rule, values)
            title = definition.get("displayName") or assignment["name"]
            if found not in policy_rules.EFFECTS:
                raise refused("PolicyEffectNotHere", effect=found, title=title)
            if found == effect and policy_rules.violates(rule, content, values):
                yield assignment, str(title)


def require_admitted(cloud: Cloud, request: Request, id: str) -> None:
    """Raises 403 RequestDisallowedByPolicy where a policy denies a PUT, or a DELETE by denyAction.

    The definition that asks for a customer's key is enforced by the accounts, for their PATCH, too.
    """
    if request.method not in ("PUT", "DELETE") or any(part in f"{id}/".lower() for part in _NOT_JUDGED):
        return
    name = id.rsplit("/", 1)[-1]
    content = {**request.given, "type": type_of(id), "name": name, "id": id}
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
    both = {"policyAssignment": assigned, "policyDefinition": defined}
    identifiers = json.dumps([both], separators=(",", ":"))
    info = {
        "policyDefinitionId": properties["policyDefinitionId"],
        "policyAssignmentId": assignment["id"],
        "policyDefinitionEffect": "Deny",
    }
    details = {"target": name, "additionalInfo": [{"type": "PolicyViolation", "info": info}]}
    return refused("RequestDisallowedByPolicy", details=details, name=name, identifiers=identifiers)


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
    body = cloud.store.get(DEFINITION, id)
    return None if body is None else body["properties"]


def _counting(cloud: Cloud, resource_id: str) -> list[Json]:
    """The assignments (ARM's bodies) whose scope has a resource, the subscription's first.

    A resource that does not exist yet has an id, too: its future one.
    """
    parts = resource_id.split("/")
    scopes = dict.fromkeys(["/".join(parts[:3]), "/".join(parts[:5])])
    found = [
        body
        for scope in scopes
        for _, body in cloud.store.scan(ASSIGNMENT, f"{scope}/providers/{ASSIGNMENTS}/")
    ]
    return [
        body
        for body in found
        if body["properties"]["enforcementMode"] == "Default"
        and not any(is_within(resource_id, scope) for scope in body["properties"].get("notScopes") or [])
        and not _exempt(cloud, body, resource_id)
    ]


def ends(expires_on: str) -> datetime:
    """The moment that `expiresOn` names, UTC where it names no zone. Raises ValueError."""
    moment = datetime.fromisoformat(expires_on)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def is_within(resource_id: str, scope: str) -> bool:
    """Whether a resource is at or below a scope, both ARM ids."""
    return f"{resource_id}/".lower().startswith(f"{scope.rstrip('/')}/".lower())


def _exempt(cloud: Cloud, assignment: Json, resource_id: str) -> bool:
    now = cloud.clock.datetime()
    for _, body in cloud.store.scan(EXEMPTION, "/".join(resource_id.split("/")[:3])):
        properties = body["properties"]
        scope = body["id"].lower().rpartition(f"/providers/{EXEMPTIONS}/".lower())[0]
        over = properties.get("expiresOn") is not None and ends(properties["expiresOn"]) <= now
        same = properties["policyAssignmentId"].lower() == assignment["id"].lower()
        if same and not over and is_within(resource_id, scope):
            return True
    return False
