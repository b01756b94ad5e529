"""Microsoft Entra ID: tenants, and the principals that sign in or are granted access."""

import hashlib
import hmac
from dataclasses import asdict, dataclass

from localazure.cloud import Cloud

_KIND = "principal"
_BY_CLIENT = "principal.client"
_SECRET = "principal.secret"  # noqa: S105 - the name of a kind


@dataclass(frozen=True)
class Principal:
    """A service principal: an application's, or a managed identity's.

    `created` is in seconds on the cloud's clock; how long a new one stays unknown to role assignments is
    `Behaviour.principals_visible_after`.
    """

    object_id: str
    client_id: str
    tenant_id: str
    name: str
    managed_identity: bool
    created: float


def create_principal(cloud: Cloud, *, tenant_id: str, name: str, managed_identity: bool = True) -> Principal:
    """Makes and stores a new principal of a tenant."""
    principal = Principal(
        object_id=cloud.new_id(),
        client_id=cloud.new_id(),
        tenant_id=tenant_id,
        name=name,
        managed_identity=managed_identity,
        created=cloud.clock.now(),
    )
    save_principal(cloud, principal)
    return principal


def save_principal(cloud: Cloud, principal: Principal) -> None:
    """Stores a principal as it is, replacing the one with its object id."""
    cloud.store.put(_KIND, principal.object_id, asdict(principal))
    cloud.store.put(_BY_CLIENT, principal.client_id, {"objectId": principal.object_id})


def find_principal(cloud: Cloud, object_id: str) -> Principal | None:
    """The principal with this object id, None where the directory has none."""
    return cloud.store.made(_KIND, object_id, lambda body: Principal(**body))


def delete_principal(cloud: Cloud, object_id: str) -> None:
    """Deletes a principal: its grants stay, and grant nothing."""
    if principal := find_principal(cloud, object_id):
        cloud.store.delete(_BY_CLIENT, principal.client_id)
        cloud.store.delete(_SECRET, principal.client_id)
    cloud.store.delete(_KIND, object_id)


def find_application(cloud: Cloud, client_id: str) -> Principal | None:
    """The principal of the application with this client id, None where the directory has none."""
    found = cloud.store.get(_BY_CLIENT, client_id)
    return find_principal(cloud, found["objectId"]) if found else None


def set_secret(cloud: Cloud, client_id: str, secret: str) -> None:
    """Makes `secret` the one client secret of an application; only its digest is kept."""
    cloud.store.put(_SECRET, client_id, {"sha256": _digest(secret)})


def secret_fits(cloud: Cloud, client_id: str, secret: str) -> bool:
    """Whether this is the application's secret; false if it has none (a managed identity)."""
    found = cloud.store.get(_SECRET, client_id)
    return found is not None and hmac.compare_digest(found["sha256"], _digest(secret))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def list_principals(cloud: Cloud) -> list[Principal]:
    """Every principal of every tenant, in order of object id."""
    return [Principal(**body) for _, body in cloud.store.scan(_KIND)]
