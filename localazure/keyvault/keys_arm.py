"""ARM: keys. A PUT makes an absent key, and never changes an existing one.

ARM passes the vault's firewall, and its own permissions decide; in a vault under Azure RBAC a role on the
vault's data may be needed, too (`Behaviour.arm_keys_need_data_role`).
"""

from typing import Any

from localazure import authorization, definitions
from localazure.cloud import Cloud
from localazure.keyvault import access, key_creation, key_store, rotation, vault_store
from localazure.keyvault.errors import bad_parameter
from localazure.keyvault.models import TYPE, Key, KeyVersion, Vault
from localazure.keyvault.responses import attributes, kid
from localazure.keyvault.usage import find_key, find_version, require_defined
from localazure.keyvault.vaults import VAULTS
from localazure.paging import page
from localazure.refusals import refused
from localazure.web import Json, Request, Response

_SPELLED = {"kty": "kty", "key_size": "keySize", "crv": "curveName", "key_ops": "keyOps"}
"""ARM's names for the parts of a key, by their names in the data plane."""
_WITH_EXPORTABLE = "7.3"


def put(cloud: Cloud, request: Request) -> Response:
    """Creates the first version of a key; one that exists is answered as it is."""
    vault = _vault(cloud, request, "write")
    name = request.params["key"]
    key = key_store.find(cloud, vault, name)
    if key is None or key.visible > cloud.clock.now():
        _require_data_role(cloud, request, vault, "KeyCreate")
        body = definitions.of_version(f"{TYPE}/keys", request.body, request.api_version)
        require_defined(f"{TYPE}/keys", body)
        given, policy = body["properties"], None
        if (sent := given.get("rotationPolicy")) is not None:
            if problem := rotation.problem(sent):
                raise bad_parameter(problem)
            policy = rotation.completed(_policy(sent))
        asked = {word: given.get(arm) for word, arm in _SPELLED.items()}
        asked |= {"attributes": given.get("attributes"), "tags": body.get("tags")}
        key = key_creation.make(cloud, vault, name, asked, policy=policy)
    return Response(200, _shown(vault, key))


def get(cloud: Cloud, request: Request) -> Response:
    """A key, with its current version, or one version of it."""
    vault = _vault(cloud, request, "read")
    key = find_key(cloud, vault, request.params["key"])
    if "version" in request.params:
        return Response(200, _shown(vault, key, find_version(key, request.params["version"])))
    return Response(200, _shown(vault, key))


def list_all(cloud: Cloud, request: Request) -> Response:
    """The keys of a vault, with the properties of a list."""
    vault = _vault(cloud, request, "read")
    now = cloud.clock.now()
    keys = [key for key in key_store.all_of(cloud, vault) if key.visible <= now]
    rows = page(request, keys, lambda key: key.name, lambda key: _row(vault, key), ends_empty=True)
    return Response(200, rows)


def list_versions(cloud: Cloud, request: Request) -> Response:
    """The versions of a key, with the properties of a list."""
    vault = _vault(cloud, request, "read")
    key = find_key(cloud, vault, request.params["key"])
    rows = sorted(key.versions, key=lambda v: v.version)
    body = page(request, rows, lambda v: v.version, lambda v: _row(vault, key, v), ends_empty=True)
    return Response(200, body)


def _vault(cloud: Cloud, request: Request, action: str) -> Vault:
    vault = vault_store.required(cloud, VAULTS.id_of(request), action)
    _require_data_role(cloud, request, vault, "KeyGet")
    return vault


def _require_data_role(cloud: Cloud, request: Request, vault: Vault, operation: str) -> None:
    """Raises 400 ForbiddenByRbac where a role on the data is needed and missing (text reported by users)."""
    caller = request.caller
    if not (cloud.behaviour.arm_keys_need_data_role and vault.rbac and caller):
        return
    action, name = access.OPERATIONS[operation].data_action, request.params.get("key", "")
    resource = f"{vault.id}/keys/{name}" if name else vault.id
    if authorization.allows_data(cloud, caller.object_id, action, resource) is None:
        raise refused(
            "ForbiddenByRbacInArm",
            caller=access.describe(caller),
            action=action,
            resource=resource.lower(),
            vault=vault.name,
            location=vault.location,
        )


def _policy(sent: Any) -> Json:
    """A rotation policy as the data plane has it, and as ARM answers it, too: action types are capitalised,
    and there are no empty attributes."""
    actions = [
        {"trigger": action["trigger"], "action": {"type": action["action"]["type"].capitalize()}}
        for action in sent.get("lifetimeActions") or []
    ]
    if sent.get("attributes"):
        return {"attributes": sent["attributes"], "lifetimeActions": actions}
    return {"lifetimeActions": actions}


def _shown(vault: Vault, key: Key, version: KeyVersion | None = None) -> Json:
    """A key with its current version, or one version of it."""
    shown = version or key.current
    row = _row(vault, key, shown)
    properties = {
        "attributes": row["properties"]["attributes"],
        "kty": shown.kty,
        "keyOps": list(shown.operations),
        **({"keySize": shown.size} if shown.size else {"curveName": shown.curve}),
        **row["properties"],
    }
    if version is None:
        policy = rotation.DEFAULT if key.rotation_policy is None else key.rotation_policy
        properties["rotationPolicy"] = _policy(policy)
        row |= {"id": key.id, "name": key.name, "type": f"{TYPE}/keys"}
    return {**row, "properties": properties}


def _row(vault: Vault, key: Key, version: KeyVersion | None = None) -> Json:
    shown = version or key.current
    told = attributes(vault, shown, _WITH_EXPORTABLE)
    properties = {
        "attributes": {name: value for name, value in told.items() if name != "recoverableDays"},
        "keyUri": kid(vault, key),
        **({"keyUriWithVersion": kid(vault, key, version)} if version else {}),
    }
    return {
        "id": f"{key.id}/versions/{version.version}" if version else key.id,
        "name": version.version if version else key.name,
        "type": f"{TYPE}/keys/versions" if version else f"{TYPE}/keys",
        "location": vault.location,
        **({"tags": dict(shown.tags)} if shown.tags else {}),
        "properties": properties,
    }
