"""ARM: keys. A PUT makes a key that is not there, and never touches one that is.

ARM passes the vault's firewall, and its own permissions decide; in a vault under Azure RBAC a role on the
vault's data may be needed, too (`Behaviour.arm_keys_need_data_role`).
"""

from __future__ import annotations

from typing import Any

from localazure import authorization
from localazure.cloud import Cloud
from localazure.keyvault import access, arm, key_creation, key_store, rotation, vault_store
from localazure.keyvault.key_body import kid
from localazure.keyvault.model import TYPE, Key, KeyVersion, Vault, recovery_level
from localazure.keyvault.usage import find_key, find_version
from localazure.keyvault.vault_body import answer
from localazure.paging import page
from localazure.web import Json, Request, Response, ServiceError


def put(cloud: Cloud, request: Request) -> Response:
    """Creates the first version of a key; one that exists is answered as it is."""
    vault = _vault(cloud, request, "write")
    name = request.params["key"]
    key = key_store.find(cloud, vault, name)
    if key is None or key.visible > cloud.clock.now():
        _require_data_role(cloud, request, vault, access.CREATE)
        key = key_creation.make(cloud, vault, name, _key_request(request.body))
    return answer(_body(vault, key, key.current))


def get(cloud: Cloud, request: Request) -> Response:
    """A key, with its current version."""
    vault = _vault(cloud, request, "read")
    key = find_key(cloud, vault, request.params["key"])
    return answer(_body(vault, key, key.current))


def list_all(cloud: Cloud, request: Request) -> Response:
    """The keys of a vault, with the properties of a list."""
    vault = _vault(cloud, request, "read")
    now = cloud.clock.now()
    keys = [key for key in key_store.all_of(cloud, vault) if key.visible <= now]
    return answer(page(request, keys, lambda key: key.name, lambda key: _item(vault, key), ends_empty=True))


def get_version(cloud: Cloud, request: Request) -> Response:
    """One version of a key."""
    vault = _vault(cloud, request, "read")
    key = find_key(cloud, vault, request.params["key"])
    version = find_version(key, request.params["version"])
    return answer(_version_body(vault, key, version))


def list_versions(cloud: Cloud, request: Request) -> Response:
    """The versions of a key, with the properties of a list."""
    vault = _vault(cloud, request, "read")
    key = find_key(cloud, vault, request.params["key"])
    rows = sorted(key.versions, key=lambda v: v.version)
    return answer(
        page(request, rows, lambda v: v.version, lambda v: _version_item(vault, key, v), ends_empty=True)
    )


def _vault(cloud: Cloud, request: Request, action: str) -> Vault:
    arm.require_group(cloud, request)
    vault_id = arm.vault_id(request)
    vault = vault_store.find(cloud, vault_id)
    if vault is None:
        raise ServiceError(
            404,
            "ParentResourceNotFound",
            f"Failed to perform '{action}' on resource(s) of type 'vaults/keys', because the parent resource "
            f"'{vault_id}' could not be found.",
            gateway=True,
        )
    _require_data_role(cloud, request, vault, access.GET)
    return vault


def _require_data_role(cloud: Cloud, request: Request, vault: Vault, operation: access.Operation) -> None:
    """Raises 400 ForbiddenByRbac where a role on the data is needed and missing (text reported by users)."""
    caller = request.caller
    if not (cloud.behaviour.arm_keys_need_data_role and vault.rbac and caller):
        return
    name = request.params.get("key", "")
    resource = f"{vault.id}/keys/{name}" if name else vault.id
    if authorization.allows_data(cloud, caller.object_id, operation.data_action, resource) is None:
        raise ServiceError(
            400,
            "ForbiddenByRbac",
            "[ForbiddenByRbac (Forbidden)] Caller is not authorized to perform action on resource.\r\nIf "
            "role assignments, deny assignments or role definitions were changed recently, please observe "
            f"propagation time.\r\nCaller: name=KeyVault/ManagementPlane;{access.describe(caller)}\r\n"
            f"Action: '{operation.data_action}'\r\nResource: '{resource.lower()}'\r\n"
            f"Assignment: (not found)\r\nVault: {vault.name};location={vault.location}\r\n",
        )


def _key_request(body: Json) -> key_creation.KeyRequest:
    sent = body.get("properties") if isinstance(body, dict) else None
    if not isinstance(sent, dict):
        raise ServiceError(400, "BadRequest", "The request body has no properties.")
    return key_creation.KeyRequest(
        kty=sent.get("kty"),
        size=sent.get("keySize"),
        curve=sent.get("curveName"),
        operations=sent.get("keyOps"),
        attributes=sent.get("attributes"),
        tags=body.get("tags"),
        rotation_policy=_policy(sent.get("rotationPolicy")),
    )


def _policy(sent: Json) -> Json:
    """A rotation policy in the data plane's spelling, whose action types are capitalised."""
    if not isinstance(sent, dict):
        return sent
    try:
        actions = [
            {
                "trigger": action["trigger"],
                "action": {"type": str(action["action"]["type"]).capitalize()},
            }
            for action in sent.get("lifetimeActions") or []
        ]
    except (KeyError, TypeError) as error:
        raise ServiceError(400, "BadRequest", "The value of 'rotationPolicy' is not valid.") from error
    return {**sent, "lifetimeActions": actions, "attributes": sent.get("attributes") or {}}


def _arm_policy(policy: Any) -> Json:
    actions = [
        {"trigger": action["trigger"], "action": {"type": action["action"]["type"].lower()}}
        for action in policy.get("lifetimeActions") or []
    ]
    return {"attributes": policy.get("attributes") or {}, "lifetimeActions": actions}


def _frame(vault: Vault, key: Key, version: KeyVersion, properties: Json, *, of_version: bool) -> Json:
    return {
        "id": f"{key.id}/versions/{version.version}" if of_version else key.id,
        "name": version.version if of_version else key.name,
        "type": f"{TYPE}/keys/versions" if of_version else f"{TYPE}/keys",
        "location": vault.location,
        **({"tags": dict(version.tags)} if version.tags else {}),
        "properties": {"attributes": _attributes(vault, version), **properties},
    }


def _body(vault: Vault, key: Key, version: KeyVersion) -> Json:
    policy = rotation.DEFAULT if key.rotation_policy is None else key.rotation_policy
    properties = {**_whole(vault, key, version), "rotationPolicy": _arm_policy(policy)}
    return _frame(vault, key, version, properties, of_version=False)


def _version_body(vault: Vault, key: Key, version: KeyVersion) -> Json:
    return _frame(vault, key, version, _whole(vault, key, version), of_version=True)


def _item(vault: Vault, key: Key) -> Json:
    return _frame(vault, key, key.current, {"keyUri": kid(vault, key)}, of_version=False)


def _version_item(vault: Vault, key: Key, version: KeyVersion) -> Json:
    uris = {"keyUri": kid(vault, key), "keyUriWithVersion": kid(vault, key, version)}
    return _frame(vault, key, version, uris, of_version=True)


def _whole(vault: Vault, key: Key, version: KeyVersion) -> dict[str, Any]:
    shape = {"keySize": version.size} if version.size else {"curveName": version.curve}
    return {
        "kty": version.kty,
        "keyOps": list(version.operations),
        **shape,
        "keyUri": kid(vault, key),
        "keyUriWithVersion": kid(vault, key, version),
    }


def _attributes(vault: Vault, version: KeyVersion) -> Json:
    body: dict[str, Any] = {"enabled": version.enabled}
    if version.not_before is not None:
        body["nbf"] = version.not_before
    if version.expires is not None:
        body["exp"] = version.expires
    return {
        **body,
        "created": version.created,
        "updated": version.updated,
        "recoveryLevel": recovery_level(vault),
        "exportable": False,
    }
