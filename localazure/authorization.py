"""Azure RBAC: the rights of a principal at a scope, by role assignments, inheritance and deny assignments.

Owns: the assignments and the decision. Does not own: the roles (roles.py), the routes that change
assignments (role_assignments.py, locks.py), Key Vault's access policies.
"""

import uuid
from collections.abc import Callable, Iterator

from localazure import conditions
from localazure.cloud import Cloud, iso
from localazure.directory import find_principal
from localazure.refusals import refused
from localazure.roles import BY_ID, BY_NAME, Role, actions_of, role_from
from localazure.web import Caller, Json, Request

KIND, DENIED = "roleAssignment", "denyAssignment"
CUSTOM = "roleDefinition"
_BY_PRINCIPAL = "roleAssignment.principal"
_TYPE = "Microsoft.Authorization/roleAssignments"
_EVERYBODY = "00000000-0000-0000-0000-000000000000"
_NONE: conditions.Attributes = {}


def allows(
    cloud: Cloud, object_id: str, action: str, scope: str, attributes: conditions.Attributes = _NONE
) -> bool:
    """Whether a principal may do an action (`Microsoft.KeyVault/vaults/write`) at an ARM scope. `attributes`
    are what conditions may ask of the request."""
    return _gives(cloud, object_id, action, scope, attributes) and not _denies(
        cloud, object_id, scope, lambda denied: denied.allows(action)
    )


def _gives(
    cloud: Cloud, object_id: str, action: str, scope: str, attributes: conditions.Attributes = _NONE
) -> bool:
    """Whether a role allows an action, regardless of deny assignments."""
    return any(
        role.allows(action) and _meets_condition(assignment, action, attributes)
        for role, assignment in roles_at(cloud, object_id, scope)
    )


def allows_data(cloud: Cloud, object_id: str, data_action: str, scope: str) -> str | None:
    """The id of the role assignment that allows a data action at an ARM scope; None = refused."""
    for role, assignment in roles_at(cloud, object_id, scope):
        if role.allows_data(data_action) and _meets_condition(assignment, data_action, _NONE):
            if _denies(cloud, object_id, scope, lambda denied: denied.allows_data(data_action)):
                return None
            return str(assignment["id"])
    return None


def _meets_condition(assignment: Json, action: str, attributes: conditions.Attributes) -> bool:
    """Whether an assignment counts. A condition about anything else than role assignments is kept, and not
    looked at."""
    condition = assignment["properties"]["condition"]
    try:
        return not condition or conditions.holds(condition, action, attributes)
    except conditions.NotUnderstoodError:
        return True


def _attributes(cloud: Cloud, request: Request, scope: str) -> conditions.Attributes:
    """The attributes for conditions: role and principal of the assignment that a request writes (`Request`),
    and of the existing one (`Resource`)."""
    there = (cloud.store.get(KIND, scope) or {}).get("body")
    sources = {"Request": request.body, "Resource": there}
    bodies = {source: body.get("properties") for source, body in sources.items() if isinstance(body, dict)}
    return {
        f"{source}[{_TYPE}:{name[0].upper()}{name[1:]}]": {str(properties[name]).rpartition("/")[2].lower()}
        for source, properties in bodies.items()
        for name in ("roleDefinitionId", "principalId", "principalType")
        if isinstance(properties, dict) and properties.get(name)
    }


def _denies(cloud: Cloud, object_id: str, scope: str, denied: Callable[[Role], bool]) -> Json | None:
    """The deny assignment (ARM's body), at a scope or above it, that matches `denied` and applies to a
    principal."""
    target = f"{scope.rstrip('/')}/".lower()
    for _, body in cloud.store.scan(DENIED):
        properties = body["properties"]
        held = str(properties["scope"]).rstrip("/").lower()
        inherited = target != f"{held}/" and properties.get("doNotApplyToChildScopes")
        if inherited or not target.startswith(f"{held}/"):
            continue
        spared = object_id.lower() in _ids(properties, "excludePrincipals")
        if spared or not _ids(properties, "principals") & {_EVERYBODY, object_id.lower()}:
            continue
        blocks = [Role("", "", "", *actions_of(block)) for block in properties["permissions"]]
        if any(denied(block) for block in blocks):
            return body
    return None


def _ids(properties: Json, name: str) -> set[str]:
    return {str(one["id"]).lower() for one in properties.get(name) or ()}


def require(cloud: Cloud, request: Request, action: str, scope: str) -> None:
    """Lets the caller pass who may do this action at this scope. Raises ARM's 403 AuthorizationFailed; the
    text of a deny assignment's (DenyAssignmentAuthorizationFailed) is the one that users quote."""
    caller = request.caller
    attributes = _attributes(cloud, request, scope) if action.startswith(_TYPE) else _NONE
    if caller is not None and allows(cloud, caller.object_id, action, scope, attributes):
        return
    client, object_id = request.client_id, request.object_id
    denial = _denies(cloud, object_id, scope, lambda denied: denied.allows(action))
    if denial and _gives(cloud, object_id, action, scope, attributes):
        name, at = (denial["properties"].get(word, "") for word in ("denyAssignmentName", "scope"))
        raise refused(
            "DenyAssignmentAuthorizationFailed",
            client=client,
            object_id=object_id,
            action=action,
            scope=scope,
            name=name,
            denial=denial["name"],
            at=at,
        )
    raise refused("AuthorizationFailed", client=client, object_id=object_id, action=action, scope=scope)


def require_linked(
    cloud: Cloud, caller: Caller | None, action: str, linked: str, *, doing: str, scope: str
) -> None:
    """Lets a caller pass who may do an action on a resource that is linked to the one being written, by the
    action `doing` at `scope`. Raises ARM's 403 LinkedAuthorizationFailed."""
    client, object_id = (caller.client_id, caller.object_id) if caller else ("", "")
    if not allows(cloud, object_id, action, linked):
        raise refused(
            "LinkedAuthorizationFailed",
            client=client,
            object_id=object_id,
            doing=doing,
            scope=scope,
            action=action,
            linked=linked,
        )


def sees(cloud: Cloud, object_id: str, subscription_id: str) -> bool:
    """Whether a principal has any role at or below a subscription, and so finds it in its list."""
    scope = f"/subscriptions/{subscription_id}".lower()
    return any(
        found == "" or f"{found}/".startswith(f"{scope}/")
        for found in map(_scope_of, _assignments_of(cloud, object_id))
    )


def assignment_id(scope: str, name: str) -> str:
    """The ARM id of the assignment of this name at a scope."""
    return f"{scope.rstrip('/')}/providers/{_TYPE}/{name}"


def save_assignment(cloud: Cloud, body: Json, *, since: float) -> None:
    """Stores an assignment (ARM's body) that was granted at `since`, seconds on the cloud's clock."""
    cloud.store.put(KIND, body["id"], {"since": since, "body": body})
    index = f"{body['properties']['principalId']}|{body['id']}"
    cloud.store.put(_BY_PRINCIPAL, index, {"assignment": body["id"]})


def drop_assignment(cloud: Cloud, body: Json) -> None:
    """Takes an assignment (ARM's body) away; it stops counting at once."""
    cloud.store.delete(KIND, body["id"])
    cloud.store.delete(_BY_PRINCIPAL, f"{body['properties']['principalId']}|{body['id']}")


def drop_below(cloud: Cloud, scope: str) -> None:
    """Deletes every assignment at or below a deleted scope, as ARM does."""
    for _, found in cloud.store.scan(KIND, scope.rstrip("/") + "/"):
        drop_assignment(cloud, found["body"])


def assign_role(cloud: Cloud, object_id: str, role_name: str, scope: str) -> Json:
    """Grants a role by its name, effective at once: the way the seeds and the control endpoint do.

    Raises ValueError for a role that is not known. Granting it again changes nothing.
    """
    role = BY_NAME.get(role_name) or next((own for own in custom_roles(cloud) if own.name == role_name), None)
    if role is None:
        raise ValueError(f"unknown role {role_name!r}; known are {sorted(BY_NAME)}")
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{scope}|{object_id}|{role.id}".lower()))
    given = {"principalId": object_id}
    body = assignment(scope, name, role, given, created=iso(cloud.clock.now()), by="")
    save_assignment(cloud, body, since=0.0)
    return body


def assignment(scope: str, name: str, role: Role, given: Json, *, created: str, by: str) -> Json:
    """ARM's body of a new assignment at a scope, of the properties that were `given`."""
    properties = {
        "roleDefinitionId": f"{subscription_of(scope)}{definition_path(role)}",
        "principalId": given["principalId"],
        "principalType": given.get("principalType") or "ServicePrincipal",
        "scope": scope,
        "condition": given.get("condition"),
        "conditionVersion": given.get("conditionVersion"),
        "createdOn": created,
        "updatedOn": created,
        "createdBy": by,
        "updatedBy": by,
        "delegatedManagedIdentityResourceId": given.get("delegatedManagedIdentityResourceId"),
        "description": given.get("description"),
    }
    return {"properties": properties, "id": assignment_id(scope, name), "type": _TYPE, "name": name}


def subscription_of(scope: str) -> str:
    """The id of the subscription that a scope is in; empty for one in none."""
    return "/".join(scope.split("/")[:3]) if scope.lower().startswith("/subscriptions/") else ""


def definition_path(role: Role) -> str:
    """The end of a role definition's id; before it stands a subscription's id, or nothing."""
    return f"/providers/Microsoft.Authorization/roleDefinitions/{role.id}"


def role_of(cloud: Cloud, body: Json) -> Role | None:
    """The role that an assignment (ARM's body) gives."""
    return find_role(cloud, body["properties"]["roleDefinitionId"].rsplit("/", 1)[-1])


def find_role(cloud: Cloud, id: str) -> Role | None:
    """The built-in or custom role of a GUID."""
    if built_in := BY_ID.get(id.lower()):
        return built_in
    return cloud.store.made(CUSTOM, id.lower(), role_from)


def custom_roles(cloud: Cloud) -> list[Role]:
    """The custom roles of the tenant."""
    return [role_from(body) for _, body in cloud.store.scan(CUSTOM)]


def roles_at(cloud: Cloud, object_id: str, scope: str) -> Iterator[tuple[Role, Json]]:
    """The roles of a principal that count at a scope, each with its assignment (ARM's body): granted at it or
    above it, long enough ago, to one who exists."""
    target = scope.rstrip("/").lower() + "/"
    latest: float | None = None
    for assignment in _assignments_of(cloud, object_id):
        if not target.startswith(_scope_of(assignment) + "/"):
            continue
        if latest is None:
            latest = cloud.clock.now() - cloud.behaviour.grant_delay_seconds
            if find_principal(cloud, object_id) is None:
                return
        role = role_of(cloud, assignment["body"])
        if role is not None and assignment["since"] <= latest:
            yield role, assignment["body"]


def _assignments_of(cloud: Cloud, object_id: str) -> Iterator[Json]:
    for _, index in cloud.store.scan(_BY_PRINCIPAL, f"{object_id}|"):
        found = cloud.store.get(KIND, index["assignment"])
        if found is not None:
            yield found


def _scope_of(assignment: Json) -> str:
    return str(assignment["body"]["properties"]["scope"]).rstrip("/").lower()
