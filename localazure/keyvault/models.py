"""Vaults and keys as values. Nothing here reads the store, the clock or a request."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from localazure.locations import normal_location
from localazure.web import Json

SUFFIX, HSM_SUFFIX = ".vault.azure.net", ".managedhsm.azure.net"
TYPE, HSM_TYPE = "Microsoft.KeyVault/vaults", "Microsoft.KeyVault/managedHSMs"
MAX_RETENTION_DAYS = 90
DAY = 86400
_UNWATCHED_SECONDS = 2.0


@dataclass(frozen=True)
class Vault:
    """A vault, live or soft-deleted. Times are seconds on the cloud's clock.

    `properties` are those a caller set, in ARM's spelling. `ready` is when its DNS name is registered;
    `settled` says that a client has seen it being registered, or has changed it since.
    `granted` holds since when each permission of each policy entry has been there without a break
    (`access.grant_key` makes the keys), since a grant takes time to count. `recovered` is when it was last
    brought back. `hsm`: it is a managed HSM, which keeps keys as a vault does, under roles of its own.
    """

    id: str
    name: str
    location: str
    tags: Mapping[str, str]
    properties: Mapping[str, Any]
    created: float
    created_by: str
    modified: float
    modified_by: str
    ready: float
    granted: Mapping[str, float] = field(default_factory=dict)
    deleted: float | None = None
    recovered: float = 0.0
    settled: bool = False
    hsm: bool = False

    def registering(self, now: float) -> bool:
        """Whether its name is still being registered: until it is ready and a client has seen that."""
        return now < self.ready or (not self.settled and now < self.ready + _UNWATCHED_SECONDS)

    @property
    def uri(self) -> str:
        """`https://contoso.vault.azure.net/`, as every answer but the first has it."""
        return f"https://{self.name.lower()}{HSM_SUFFIX if self.hsm else SUFFIX}/"

    @property
    def group_id(self) -> str:
        return self.id[: self.id.lower().index("/providers/")]

    @property
    def subscription_id(self) -> str:
        return self.id.split("/")[2]

    @property
    def tenant_id(self) -> str:
        return str(self.properties["tenantId"])

    @property
    def soft_delete(self) -> bool:
        return self.properties.get("enableSoftDelete") is not False

    @property
    def purge_protected(self) -> bool:
        return self.properties.get("enablePurgeProtection") is True

    @property
    def retention_days(self) -> int:
        return int(self.properties.get("softDeleteRetentionInDays") or MAX_RETENTION_DAYS)

    @property
    def rbac(self) -> bool:
        """Whether roles give access to its data; otherwise its access policies do."""
        return self.properties.get("enableRbacAuthorization") is True

    @property
    def premium(self) -> bool:
        """Whether it keeps keys in hardware."""
        return self.hsm or str(self.properties["sku"]["name"]).lower() == "premium"

    @property
    def place(self) -> str:
        """The location as ids and comparisons have it: `westeurope`, however it was spelled."""
        return normal_location(self.location)

    @property
    def purge_date(self) -> float | None:
        return None if self.deleted is None else self.deleted + self.retention_days * DAY

    def document(self) -> Json:
        return dict(vars(self))


@dataclass(frozen=True)
class KeyVersion:
    """One version of a key, its public half only. `created`, `not_before`... are whole epoch seconds.

    `public` holds the JWK members of the public key: `n` and `e`, or `crv`, `x` and `y`. `tags` are None if
    none were ever sent.
    """

    version: str
    kty: str
    size: int | None
    operations: tuple[str, ...]
    enabled: bool
    created: int
    updated: int
    public: Mapping[str, str]
    not_before: int | None = None
    expires: int | None = None
    tags: Mapping[str, str] | None = None

    @property
    def curve(self) -> str | None:
        return self.public.get("crv")

    def is_usable(self, now: float) -> bool:
        """Whether it is enabled and within its dates."""
        return self.enabled and (self.not_before or 0) <= now < (self.expires or math.inf)


@dataclass(frozen=True)
class Key:
    """A key with its versions, oldest first; the last one is the current one.

    `deleted` is when it was soft-deleted. From `visible` on, clients find it in its present place: deleting
    and recovering take a while, during which a key is in neither place.
    `rotation_policy` is in the data plane's spelling.
    """

    vault_id: str
    name: str
    versions: tuple[KeyVersion, ...]
    rotation_policy: Mapping[str, Any] | None = None
    deleted: float | None = None
    visible: float = 0.0

    @property
    def id(self) -> str:
        return f"{self.vault_id}/keys/{self.name}"

    @property
    def current(self) -> KeyVersion:
        return self.versions[-1]

    def newest_usable(self, now: float) -> KeyVersion:
        """The newest version that is enabled and within its dates; the current one where none is."""
        return next((one for one in reversed(self.versions) if one.is_usable(now)), self.current)

    def version(self, version: str) -> KeyVersion | None:
        """The version with this name, the current one for an empty name, None if it does not exist."""
        if not version:
            return self.current
        return next((v for v in self.versions if v.version == version.lower()), None)

    def with_version(self, changed: KeyVersion) -> Key:
        versions = tuple(changed if v.version == changed.version else v for v in self.versions)
        return replace(self, versions=versions)

    def document(self) -> Json:
        return asdict(self)


def vault_of(document: Json) -> Vault:
    """Undoes `Vault.document`, whatever ARM has beside it."""
    return Vault(**{name: value for name, value in document.items() if name in Vault.__dataclass_fields__})


def key_of(document: Json) -> Key:
    """Undoes `Key.document`."""
    versions = tuple(KeyVersion(**{**v, "operations": tuple(v["operations"])}) for v in document["versions"])
    return Key(**{**document, "versions": versions})


def address_of(uri: str) -> tuple[str, bool]:
    """The name of a vault or managed HSM in its URI, lower case, and whether it is the latter's; no name
    where it is neither's."""
    host = uri.lower().removeprefix("https://").split("/", 1)[0].removesuffix(":443")
    label, dot, suffix = host.partition(".")
    return (label if dot + suffix in (SUFFIX, HSM_SUFFIX) else ""), dot + suffix == HSM_SUFFIX


def recovery_level(vault: Vault) -> str:
    """Whether a deleted key of this vault can be recovered or purged (Key Vault's `recoveryLevel`)."""
    if not vault.soft_delete:
        return "Purgeable"
    level = "Recoverable" if vault.retention_days == MAX_RETENTION_DAYS else "CustomizedRecoverable"
    return level if vault.purge_protected else f"{level}+Purgeable"
