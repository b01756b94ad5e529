"""How other services use the keys of a vault or a managed HSM and read its facts.

Owns: the view of a vault and a key that another service of the cloud has. It passes the vault's firewall
as a trusted service (`trusted_services_reach_vault`), may know access policies alone
(`cmk_with_rbac_vault`), and is otherwise any caller: no right of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from localazure.cloud import Cloud
from localazure.directory import find_principal
from localazure.keyvault import access, key_store, managed_hsms, usage, vault_store
from localazure.keyvault.access import Operation
from localazure.keyvault.model import Vault, hsm_label_of, label_of
from localazure.web import Caller, ServiceError

T = TypeVar("T")

_ALGORITHM = "RSA-OAEP-256"


@dataclass(frozen=True)
class VaultFacts:
    """What another service sees of a vault. `deleted`: soft-deleted, so its keys are out of reach.

    `location` is as its creator spelled it (`West Europe`, `westeurope`).
    """

    name: str
    location: str
    tenant_id: str
    soft_delete: bool
    purge_protected: bool
    deleted: bool = False


@dataclass(frozen=True)
class KeyFacts:
    """What another service sees of a key version. Times are epoch seconds; `size` is in bits, None for EC."""

    version: str
    kty: str
    size: int | None
    enabled: bool
    not_before: int | None
    expires: int | None
    operations: tuple[str, ...]


class KeyRefused(Exception):  # noqa: N818 - Azure refuses; the caller decides whether that is an error
    """A key cannot be used. `code` says why, in Key Vault's own words where it has some:

    VaultNotFound, KeyNotFound, Unauthorized (another tenant), ForbiddenByPolicy, ForbiddenByRbac,
    AccessDenied (a managed HSM's roles),
    ForbiddenByFirewall, ForbiddenByConnection, KeyDisabled, KeyNotYetValid, KeyExpired,
    KeyOperationForbidden, BadParameter.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def vault_at(cloud: Cloud, vault_uri: str) -> VaultFacts | None:
    """The vault or managed HSM at a URI (`https://contoso.vault.azure.net/`), or None; also a soft-deleted
    vault."""
    vault = _vault(cloud, vault_uri)
    if vault is None:
        return None
    return VaultFacts(
        name=vault.name,
        location=vault.location,
        tenant_id=vault.tenant_id,
        soft_delete=vault.soft_delete,
        purge_protected=vault.purge_protected,
        deleted=vault.deleted is not None,
    )


def key_at(cloud: Cloud, vault_uri: str, key_name: str, version: str) -> KeyFacts | None:
    """The facts of a key version, for "" the newest usable one, else the current; None if it, the key or the
    vault does not exist."""
    vault = _vault(cloud, vault_uri)
    if vault is None or vault.deleted is not None:
        return None
    key = key_store.find(cloud, vault, key_name)
    found = None if key is None else key.version(version) if version else key.newest_usable(cloud.clock.now())
    if key is None or found is None:
        return None
    return KeyFacts(
        version=found.version,
        kty=found.kty,
        size=found.size,
        enabled=found.enabled,
        not_before=found.not_before,
        expires=found.expires,
        operations=found.operations,
    )


def wrap(
    cloud: Cloud,
    *,
    object_id: str,
    vault_uri: str,
    key_name: str,
    version: str,
    data: bytes,
    correlation_id: str,
) -> bytes:
    """Wraps a data key (RSA-OAEP-256) as the principal `object_id`; version "" is the current one.

    Raises KeyRefused. Success and refusal are in the audit log.
    """
    target = _Target(object_id, vault_uri, key_name, version, correlation_id)
    return _carry_out(cloud, access.WRAP, target, data)


def unwrap(
    cloud: Cloud,
    *,
    object_id: str,
    vault_uri: str,
    key_name: str,
    version: str,
    data: bytes,
    correlation_id: str,
) -> bytes:
    """Undoes `wrap`, which needs the version that wrapped. Raises KeyRefused."""
    target = _Target(object_id, vault_uri, key_name, version, correlation_id)
    return _carry_out(cloud, access.UNWRAP, target, data)


def read(
    cloud: Cloud, *, object_id: str, vault_uri: str, key_name: str, version: str, correlation_id: str
) -> None:
    """Reads a key as the principal `object_id`, as a service does before it takes it. Raises KeyRefused."""
    use = _use(cloud, access.GET, _Target(object_id, vault_uri, key_name, version, correlation_id))

    def act(_: usage.Admission) -> tuple[str, None]:
        key = usage.find_key(cloud, use.vault, key_name)
        return usage.find_version(key, version).version, None

    _recorded(cloud, use, act)


def need_crypto_user(
    cloud: Cloud, *, object_id: str, vault_uri: str, key_name: str, version: str, correlation_id: str
) -> None:
    """Raises KeyRefused where the principal's roles do not let it encrypt with the key, which tells Crypto
    User from the service's narrower role, in a managed HSM, too. Access policies are not asked."""
    use = _use(cloud, access.ENCRYPT, _Target(object_id, vault_uri, key_name, version, correlation_id))
    if use.vault.rbac or use.vault.hsm:
        _recorded(cloud, use, lambda _: (version, None))


@dataclass(frozen=True)
class _Target:
    object_id: str
    vault_uri: str
    key_name: str
    version: str
    correlation_id: str


def _carry_out(cloud: Cloud, operation: Operation, target: _Target, data: bytes) -> bytes:
    use = _use(cloud, operation, target)

    def act(_: usage.Admission) -> tuple[str, bytes]:
        _key, version, result = usage.transform(cloud, use, _ALGORITHM, data)
        return version.version, result

    return _recorded(cloud, use, act)


def _recorded(cloud: Cloud, use: usage.Use, act: Callable[[usage.Admission], tuple[str, T]]) -> T:
    try:
        return usage.carry_out(cloud, use, act)
    except ServiceError as error:
        code = error.extra.get("innererror", {}).get("code") or error.code
        raise KeyRefused(code, error.message) from error


def _use(cloud: Cloud, operation: Operation, target: _Target) -> usage.Use:
    vault = _vault(cloud, target.vault_uri)
    if vault is None or vault.deleted is not None:
        raise KeyRefused("VaultNotFound", f"the vault {target.vault_uri} does not exist, or is deleted")
    principal = find_principal(cloud, target.object_id)
    # A deleted principal has no client id: the checks refuse it, and the log has the attempt.
    caller = (
        Caller(target.object_id, principal.client_id, principal.tenant_id)
        if principal
        else Caller(target.object_id, "", vault.tenant_id)
    )
    use = use_by_service(cloud, vault, caller, operation, target.key_name)
    return replace(use, version=target.version, correlation_id=target.correlation_id)


def use_by_service(
    cloud: Cloud, vault: Vault, caller: Caller, operation: Operation, key_name: str
) -> usage.Use:
    """A use of a key by another service, which is `caller` by its identity."""
    return usage.Use(
        vault,
        caller,
        operation,
        key_name=key_name,
        trusted=cloud.behaviour.trusted_services_reach_vault,
        policies_only=cloud.behaviour.cmk_with_rbac_vault == "refused",
        address=access.SERVICE_ADDRESS,
    )


def _vault(cloud: Cloud, vault_uri: str) -> Vault | None:
    if label := hsm_label_of(vault_uri):
        return managed_hsms.holder(cloud, label)
    label = label_of(vault_uri)
    return vault_store.holder(cloud, label) if label else None
