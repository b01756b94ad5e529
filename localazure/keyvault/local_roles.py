"""A managed HSM's own roles, which alone give rights on its keys: Resource Manager's assignments give none.

Owns: the roles, the assignments and the decision. Does not own: the routes that show and change them.
Sources: of the roles, see local_roles.json; of scopes, learn.microsoft.com/azure/key-vault/managed-hsm/
access-control; of the refusal, Azure/azure-cli#32719.
"""

import uuid

from localazure import facts
from localazure.cloud import Cloud
from localazure.directory import find_principal
from localazure.keyvault.models import Vault
from localazure.roles import Role
from localazure.web import Json, ServiceError

TYPE = "Microsoft.Authorization/roleAssignments"
DEFINITIONS = "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions"
_KIND = "hsm.roleAssignment"
_PREFIX = "Microsoft.KeyVault/managedHsm/"


def _role(row: Json) -> Role:
    actions = tuple(f"{_PREFIX}{action}" for action in row["dataActions"])
    return Role(row["name"], row["roleName"], "", data_actions=actions)


ROLES = tuple(_role(row) for row in facts.read("keyvault/local_roles.json")["roles"])
ADMINISTRATOR = ROLES[0]
BY_ID = {role.id: role for role in ROLES}


def require(cloud: Cloud, hsm: Vault, object_id: str, action: str, scope: str) -> None:
    """Lets a principal pass who may do an action (`keys/wrap/action`) at a scope (`/keys/NAME`).

    Raises 403 AccessDenied (the status is assumed).
    """
    if find_principal(cloud, object_id) is not None:
        latest = cloud.clock.now() - cloud.behaviour.grant_delay_seconds
        for _, stored in cloud.store.scan(_KIND, f"{hsm.id}|"):
            body = stored["body"]["properties"]
            if body["principalId"].lower() != object_id.lower() or stored["since"] > latest:
                continue
            role = BY_ID.get(body["roleDefinitionId"].rsplit("/", 1)[-1])
            if role and role.allows_data(_PREFIX + action) and covers(body["scope"], scope):
                return
    message = f"Not authorized to access {_PREFIX}{action} on {scope} (Activity ID: {cloud.new_id()})"
    raise ServiceError(403, "AccessDenied", message)


def covers(above: str, below: str) -> bool:
    """Whether an assignment at a scope counts at another: `/` covers `/keys`, which covers each key."""
    return f"{below.rstrip('/')}/".lower().startswith(f"{above.rstrip('/')}/".lower())


def assign(
    cloud: Cloud, hsm: Vault, object_id: str, role_id: str, scope: str, *, name: str = "", since: float = 0.0
) -> Json:
    """Grants a role at a scope, from `since` on; gives the assignment's body."""
    name = name or str(uuid.uuid5(uuid.NAMESPACE_URL, f"{hsm.id}|{scope}|{object_id}|{role_id}".lower()))
    body = {
        "id": f"{scope.rstrip('/')}/providers/{TYPE}/{name}",
        "name": name,
        "type": TYPE,
        "properties": {
            "principalId": object_id,
            "roleDefinitionId": f"{DEFINITIONS}/{role_id}",
            "scope": scope,
        },
    }
    cloud.store.put(_KIND, f"{hsm.id}|{body['id']}", {"since": since, "body": body})
    return body


def assignments(cloud: Cloud, hsm: Vault) -> list[Json]:
    """Every assignment in an HSM."""
    return [stored["body"] for _, stored in cloud.store.scan(_KIND, f"{hsm.id}|")]


def drop(cloud: Cloud, hsm: Vault, body: Json) -> None:
    """Takes an assignment away; it stops counting at once."""
    cloud.store.delete(_KIND, f"{hsm.id}|{body['id']}")


def drop_all(cloud: Cloud, hsm: Vault) -> None:
    """Takes every assignment in an HSM away."""
    for body in assignments(cloud, hsm):
        drop(cloud, hsm, body)
