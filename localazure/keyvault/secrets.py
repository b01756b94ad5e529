"""Secrets of a vault, as programs that make them through Resource Manager need them: written and read there,
where no answer shows a value; read, deleted and purged in the vault. Only the newest version is kept.
"""

from localazure.arm_type import SPECIFIED, ArmType
from localazure.cloud import Cloud
from localazure.keyvault import vault_store
from localazure.keyvault.data_plane import Answer, Call, operation
from localazure.keyvault.key_creation import check_name
from localazure.keyvault.models import DAY, Vault, recovery_level
from localazure.keyvault.vaults import VAULTS
from localazure.refusals import refused
from localazure.routes import Route
from localazure.web import Host, Json, Request

_LIVE, _DELETED = vault_store.SECRETS


def _vault(cloud: Cloud, request: Request) -> Vault:
    action = "read" if request.method == "GET" else "write"
    return vault_store.required(cloud, VAULTS.id_of(request), action)


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    name, vault, now = request.params["secret"], _vault(cloud, request), int(cloud.clock.now())
    check_name(name)
    if cloud.store.get(_DELETED, id) is not None:
        raise refused("SecretIsDeletedButRecoverable", secret=name)
    given, uri = request.properties, f"{vault.uri}secrets/{name}"
    created = known["properties"]["attributes"]["created"] if known else now
    kept = {name: given[name] for name in ("value", "contentType") if given.get(name) is not None}
    attributes = {"enabled": True, **(given.get("attributes") or {}), "created": created, "updated": now}
    places = {"secretUri": uri, "secretUriWithVersion": f"{uri}/{cloud.new_hex()}"}
    return {
        "location": vault.location,
        "tags": request.given.get("tags") or {},
        "properties": {**kept, "attributes": attributes, **places},
    }


def _without_value(_: Cloud, __: Request, body: Json) -> Json:
    shown = {name: value for name, value in body["properties"].items() if name != "value"}
    return {**body, "properties": shown}


SECRETS = ArmType(
    _LIVE,
    f"{VAULTS.path}/secrets/{{secret}}",
    _make,
    parent=_vault,
    shown=_without_value,
    patched=True,
    created_status=200,
)


def _found(call: Call, kind: str) -> tuple[str, Json]:
    id = f"{call.vault.id}/secrets/{call.use.key_name}"
    body = call.cloud.store.get(kind, id)
    version = body["properties"]["secretUriWithVersion"].rpartition("/")[2] if body else ""
    if body is None or call.use.version not in ("", version):
        raise refused("SecretNotFound", what=f"{call.use.key_name}/{call.use.version}".rstrip("/"))
    return id, body


def _bundle(vault: Vault, body: Json) -> Json:
    properties = body["properties"]
    times = {"notBefore": "nbf", "expires": "exp"}
    attributes = {times.get(name, name): value for name, value in properties["attributes"].items()}
    attributes |= {"recoveryLevel": recovery_level(vault), "recoverableDays": vault.retention_days}
    shown = {"id": properties["secretUriWithVersion"], "attributes": attributes, "tags": body["tags"]}
    kept = {name: properties[name] for name in ("value", "contentType") if name in properties}
    return {**shown, **kept}


@operation("SecretGet")
def _get(call: Call) -> Answer:
    return Answer(_bundle(call.vault, _found(call, _LIVE)[1]))


@operation("SecretDelete")
def _delete(call: Call) -> Answer:
    id, body = _found(call, _LIVE)
    now, vault = int(call.cloud.clock.now()), call.vault
    call.cloud.store.delete(_LIVE, id)
    dates: Json = {}
    if vault.soft_delete:
        call.cloud.store.put(_DELETED, id, body)
        dates = {"deletedDate": now, "scheduledPurgeDate": now + vault.retention_days * DAY}
    shown = {name: value for name, value in _bundle(vault, body).items() if name != "value"}
    return Answer({"recoveryId": f"{vault.uri}deletedsecrets/{call.use.key_name}", **dates, **shown})


@operation("SecretPurge")
def _purge(call: Call) -> Answer:
    id, _ = _found(call, _DELETED)
    if call.vault.purge_protected:
        raise refused("PurgeProtected", vault=call.vault.name, location=call.vault.location)
    call.cloud.store.delete(_DELETED, id)
    return Answer(None, status=204)


ARM_ROUTES = tuple(route for route in SECRETS.routes() if route.method != "DELETE")
DATA_ROUTES = tuple(
    Route(method, Host.VAULT, path, "", handler, SPECIFIED)
    for method, path, handler in (
        ("GET", "/secrets/{secret}", _get),
        ("GET", "/secrets/{secret}/{version}", _get),
        ("DELETE", "/secrets/{secret}", _delete),
        ("DELETE", "/deletedsecrets/{secret}", _purge),
    )
)
