"""The audit log: every use of a key, allowed or refused. One function writes it."""

from localazure.cloud import Cloud, iso
from localazure.keyvault.models import Key, Vault

STREAM = "audit"
_RESULTS = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict"}


def record(
    cloud: Cloud,
    vault: Vault,
    *,
    operation: str,
    key: Key | str | None = None,
    collection: str = "keys",
    version: str = "",
    object_id: str = "",
    status: int = 200,
    correlation_id: str = "",
    time: float | None = None,
    lasting: bool = True,
) -> None:
    """Appends an event about `vault`; `key` is a key, a name in the collection, or None for the vault.

    One that is not `lasting` is undone with the change that it records (`Store.append`).
    """
    name = key.name if isinstance(key, Key) else key
    key_id = f"{vault.uri}{collection}/{name}" if name else None
    if key_id and version:
        key_id += f"/{version}"
    cloud.store.append(
        STREAM,
        vault.id,
        {
            "time": iso(cloud.clock.now() if time is None else time),
            "operation": operation,
            "vaultId": vault.id,
            "keyId": key_id,
            "objectId": object_id or None,
            "result": "Success" if status < 300 else _RESULTS.get(status, "Error"),
            "correlationId": correlation_id,
        },
        lasting=lasting,
    )
