"""Other services of the cloud: their use of keys in a vault or managed HSM, and their view of its facts.

Owns: another service's view of a vault and a key. The service passes the vault's firewall as a trusted one
(`trusted_services_reach_vault`), and may know access policies alone (`cmk_with_rbac_vault`). Otherwise it is
like any caller, without rights of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from localazure.cloud import Cloud
from localazure.directory import find_principal
from localazure.keyvault import access, key_store, usage, vault_store
from localazure.keyvault.models import KeyVersion, Vault, address_of
from localazure.web import Caller, ServiceError

T = TypeVar("T")
_ALGORITHM = "RSA-OAEP-256"


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


def vault_at(cloud: Cloud, vault_uri: str) -> Vault | None:
    """The vault or managed HSM at a URI (`https://contoso.vault.azure.net/`), live or soft-deleted."""
    label, hsm = address_of(vault_uri)
    return vault_store.holder(cloud, label, hsm=hsm) if label else None


def key_at(cloud: Cloud, vault_uri: str, key_name: str, version: str) -> KeyVersion | None:
    """A key version, for "" the newest usable one, else the current; None if it, the key or the vault is not
    there."""
    vault = vault_at(cloud, vault_uri)
    if vault is None or vault.deleted is not None:
        return None
    key = key_store.find(cloud, vault, key_name)
    if key is None:
        return None
    return key.version(version) if version else key.newest_usable(cloud.clock.now())


@dataclass(frozen=True)
class KeyUser:
    """The principal `object_id`, as a service uses a key by it; version "" is the current one. Every method
    raises KeyRefused, and leaves success and refusal in the audit log."""

    cloud: Cloud
    object_id: str
    vault_uri: str
    key_name: str
    version: str
    correlation_id: str

    def read(self) -> None:
        """Reads the key, as a service does before it takes it."""
        use = self._use("KeyGet")

        def act(_: str) -> tuple[str, None]:
            key = usage.find_key(self.cloud, use.vault, self.key_name)
            return usage.find_version(key, self.version).version, None

        self._recorded(use, act)

    def wrap(self, data: bytes) -> bytes:
        return self._transformed("KeyWrap", data)

    def unwrap(self, data: bytes) -> bytes:
        """Undoes `wrap`, which needs the version that wrapped."""
        return self._transformed("KeyUnwrap", data)

    def need_crypto_user(self) -> None:
        """Asks whether the principal's roles let it encrypt with the key, which tells Crypto User from the
        service's narrower role, in a managed HSM, too. Access policies are not asked."""
        use = self._use("KeyEncrypt")
        if use.vault.rbac or use.vault.hsm:
            self._recorded(use, lambda _: (self.version, None))

    def _transformed(self, operation: str, data: bytes) -> bytes:
        use = self._use(operation)

        def act(_: str) -> tuple[str, bytes]:
            _key, version, result = usage.transform(self.cloud, use, _ALGORITHM, data)
            return version.version, result

        return self._recorded(use, act)

    def _recorded(self, use: usage.Use, act: Callable[[str], tuple[str, T]]) -> T:
        try:
            return usage.carry_out(self.cloud, use, act)
        except ServiceError as error:
            code = error.extra.get("innererror", {}).get("code") or error.code
            raise KeyRefused(code, error.message) from error

    def _use(self, operation: str) -> usage.Use:
        vault = vault_at(self.cloud, self.vault_uri)
        if vault is None or vault.deleted is not None:
            raise KeyRefused("VaultNotFound", f"the vault {self.vault_uri} does not exist, or is deleted")
        principal = find_principal(self.cloud, self.object_id)
        # A deleted principal has no client id: the checks refuse it, and the log has the attempt.
        client_id, tenant_id = (
            (principal.client_id, principal.tenant_id) if principal else ("", vault.tenant_id)
        )
        return usage.Use(
            vault,
            Caller(self.object_id, client_id, tenant_id),
            access.OPERATIONS[operation],
            key_name=self.key_name,
            version=self.version,
            trusted=self.cloud.behaviour.trusted_services_reach_vault,
            policies_only=self.cloud.behaviour.cmk_with_rbac_vault == "refused",
            address=access.SERVICE_ADDRESS,
            correlation_id=self.correlation_id,
        )
