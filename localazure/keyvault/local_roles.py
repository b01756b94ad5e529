"""A managed HSM's own roles: who may do what in it. Resource Manager's role assignments give nothing there.

Owns: the roles, the assignments and the decision. Does not own: the routes that show and change them.
Sources: the list of role definitions in the recordings of Azure/azure-sdk-for-js, keyvault-admin
(names, ids, data actions); learn.microsoft.com/azure/key-vault/managed-hsm/access-control (scopes);
Azure/azure-cli#32719 (the refusal).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from localazure.cloud import Cloud
from localazure.directory import find_principal
from localazure.keyvault.model import Vault
from localazure.roles import Role
from localazure.web import Json, ServiceError

TYPE = "Microsoft.Authorization/roleAssignments"
DEFINITIONS = "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions"
_KIND = "hsm.roleAssignment"
_PREFIX = "Microsoft.KeyVault/managedHsm/"


def _role(id: str, name: str, *actions: str) -> Role:
    return Role(id, f"Managed HSM {name}", "", data_actions=tuple(f"{_PREFIX}{one}" for one in actions))


_READ_ROLES = ("roleAssignments/read/action", "roleDefinitions/read/action")
_CHANGE_ROLES = (
    "roleAssignments/write/action",
    "roleAssignments/delete/action",
    "roleDefinitions/write/action",
    "roleDefinitions/delete/action",
)


def _keys(*actions: str) -> tuple[str, ...]:
    return tuple(f"keys/{action}" for action in actions)


ADMINISTRATOR = _role(
    "a290e904-7015-4bba-90c8-60543313cdb4",
    "Administrator",
    *_READ_ROLES,
    *_CHANGE_ROLES,
    *("securitydomain/download/action", "securitydomain/download/read", "securitydomain/upload/action"),
    *("securitydomain/upload/read", "securitydomain/transferkey/read"),
    *("backup/start/action", "backup/status/action", "restore/start/action", "restore/status/action"),
    *("settings/read/action", "settings/write/action"),
)
ROLES = (
    ADMINISTRATOR,
    _role(
        "515eb02d-2335-4d2d-92f2-b1cbdf9c3778",
        "Crypto Officer",
        *_READ_ROLES,
        *_CHANGE_ROLES,
        *_keys("deletedKeys/read/action", "deletedKeys/delete", "deletedKeys/recover/action"),
        "keys/export/action",
    ),
    _role(
        "21dbd100-6940-42c2-9190-5d6cb909625b",
        "Crypto User",
        *_READ_ROLES,
        *_keys("read/action", "write/action", "delete", "create", "rotate/action", "import/action"),
        *_keys("release/action", "backup/action", "restore/action", "encrypt/action", "decrypt/action"),
        *_keys("wrap/action", "unwrap/action", "sign/action", "verify/action", "derive/action"),
        "rng/action",
    ),
    _role("4bd23610-cdcf-4971-bdee-bdc562cc28e4", "Policy Administrator", *_READ_ROLES, *_CHANGE_ROLES),
    _role(
        "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3",
        "Crypto Auditor",
        *_READ_ROLES,
        *_keys("read/action", "deletedKeys/read/action"),
    ),
    _role(
        "33413926-3206-4cdd-b39a-83574fe37a17",
        "Crypto Service Encryption User",
        *_keys("read/action", "wrap/action", "unwrap/action"),
    ),
    _role("21dbd100-6940-42c2-9190-5d6cb909625c", "Crypto Service Release User", "keys/release/action"),
    _role(
        "7b127d3c-77bd-4e3e-bbe0-dbb8971fa7f8",
        "Backup User",
        *("backup/start/action", "backup/status/action", "keys/backup/action"),
    ),
)
BY_ID = {role.id: role for role in ROLES}


def require(cloud: Cloud, hsm: Vault, object_id: str, action: str, scope: str) -> None:
    """Lets a principal pass who may do an action (`keys/wrap/action`) at a scope (`/keys/NAME`).

    Raises 403 AccessDenied (the status is assumed).
    """
    if find_principal(cloud, object_id) is not None:
        latest = cloud.clock.now() - cloud.behaviour.grant_delay_seconds
        for stored in _stored(cloud, hsm):
            body = stored["body"]["properties"]
            if body["principalId"].lower() != object_id.lower() or stored["since"] > latest:
                continue
            role = BY_ID.get(body["roleDefinitionId"].rsplit("/", 1)[-1])
            if role and role.allows_data(_PREFIX + action) and covers(body["scope"], scope):
                return
    message = f"Not authorized to access {_PREFIX}{action} on {scope} (Activity ID: {cloud.new_id()})"
    raise ServiceError(403, "AccessDenied", message)


def covers(above: str, below: str) -> bool:
    """Whether what is assigned at a scope counts at another: `/` covers `/keys`, which covers each key."""
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


def find(cloud: Cloud, hsm: Vault, scope: str, name: str) -> Json | None:
    """The assignment of a name at a scope."""
    stored = cloud.store.get(_KIND, f"{hsm.id}|{scope.rstrip('/')}/providers/{TYPE}/{name}")
    return stored["body"] if stored else None


def assignments(cloud: Cloud, hsm: Vault) -> list[Json]:
    """Every assignment in an HSM."""
    return [stored["body"] for stored in _stored(cloud, hsm)]


def drop(cloud: Cloud, hsm: Vault, body: Json) -> None:
    """Takes an assignment away; it stops counting at once."""
    cloud.store.delete(_KIND, f"{hsm.id}|{body['id']}")


def drop_all(cloud: Cloud, hsm: Vault) -> None:
    """Takes every assignment in an HSM away."""
    for body in assignments(cloud, hsm):
        drop(cloud, hsm, body)


def _stored(cloud: Cloud, hsm: Vault) -> Iterator[Json]:
    for _, stored in cloud.store.scan(_KIND, f"{hsm.id}|"):
        yield stored
