"""A Cognitive Services account in the cloud's memory.

Owns: the stored document, the index of subdomains, the running operation of an account.
"""

import re
import secrets
from dataclasses import asdict, dataclass

from localazure.arm_type import GROUP, resource_not_found
from localazure.cloud import Cloud
from localazure.web import Json, Request, ServiceError

KIND = "account"
DELETED = "account.deleted"
PROJECTS, DEPLOYMENTS = "account.projects", "account.deployments"
_SUBDOMAIN = "account.subdomain"
TYPE = "Microsoft.CognitiveServices/accounts"
TEMPLATE = f"{GROUP}/providers/{TYPE}/{{account}}"
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,63}")
RETENTION_SECONDS = 2 * 86400.0
"""How long a deleted account can be restored: 2 days in the recordings of 2021 to 2023."""

PURGING = "Deleting"
"""The status of a purge that is under way."""
MICROSOFT = "Microsoft.CognitiveServices"
KEY_VAULT = "Microsoft.KeyVault"


@dataclass(frozen=True)
class Account:
    """An account; times are seconds on the cloud's clock.

    `identity` is ARM's form (None: no identity). `properties` are those a caller may set, as they were set.
    `wrapping` is the account's data key, wrapped (data.py). `state` is the provisioning state; `operation`
    the id of the operation that will end it. `verb` is the last write's, which orders the answer's keys.
    """

    id: str
    name: str
    tenant_id: str
    location: str
    kind: str
    sku: Json
    tags: Json | None
    identity: Json | None
    properties: Json
    internal_id: str
    date_created: float
    etag: str
    created_at: float
    created_by: str
    modified_at: float
    modified_by: str
    keys: list[str]
    wrapping: Json
    state: str = "Succeeded"
    operation: str | None = None
    verb: str = "PUT"
    deleted_at: float | None = None

    @property
    def subscription(self) -> str:
        return self.id.split("/")[2]

    @property
    def group(self) -> str:
        return self.id.split("/")[4]

    @property
    def subdomain(self) -> str | None:
        found = self.properties.get("customSubDomainName")
        return None if found is None else str(found)

    @property
    def encryption(self) -> Json | None:
        """The encryption block as the caller sent it; None if no caller ever did."""
        return self.properties.get("encryption")

    @property
    def key_vault_properties(self) -> Json | None:
        """The customer's key of the account; None on Microsoft-managed keys."""
        encryption = self.encryption or {}
        return encryption.get("keyVaultProperties") if is_key_vault(encryption) else None

    @property
    def content(self) -> Json:
        """The body that Azure Policy judges."""
        return {"type": TYPE, "name": self.name, "kind": self.kind, "properties": self.properties}

    @property
    def purge_at(self) -> float:
        return (self.deleted_at or 0.0) + RETENTION_SECONDS


def is_key_vault(encryption: Json | None) -> bool:
    """Whether an encryption block means a customer's key; the schema's default for `keySource` does."""
    if not encryption:
        return False
    return str(encryption.get("keySource") or KEY_VAULT).lower() == KEY_VAULT.lower()


def id_of(request: Request) -> str:
    """The ARM id of the account a request is about."""
    return TEMPLATE.format(**request.params)


def save(cloud: Cloud, account: Account) -> None:
    """Stores an account among the live or the deleted ones, and reserves its subdomain."""
    kind = KIND if account.deleted_at is None else DELETED
    cloud.store.put(kind, account.id, asdict(account))
    if account.subdomain:
        cloud.store.put(_SUBDOMAIN, account.subdomain, {"account": account.id})


def forget(cloud: Cloud, account: Account) -> None:
    """Removes a live account's document, or a deleted one's; its subdomain stays taken."""
    cloud.store.delete(KIND if account.deleted_at is None else DELETED, account.id)


def free_subdomain(cloud: Cloud, account: Account) -> None:
    """Lets another account have the subdomain."""
    if account.subdomain:
        cloud.store.delete(_SUBDOMAIN, account.subdomain)


def owner_of_subdomain(cloud: Cloud, subdomain: str) -> str | None:
    """The id of the account, live or soft-deleted, that has this subdomain."""
    return cloud.store.made(_SUBDOMAIN, subdomain, lambda found: str(found["account"]))


def find(cloud: Cloud, id: str) -> Account | None:
    """The live account with this id."""
    return cloud.store.made(KIND, id, lambda body: Account(**body))


def find_deleted(cloud: Cloud, id: str) -> Account | None:
    """The soft-deleted account with this (live) id, its two days over or not."""
    return cloud.store.made(DELETED, id, lambda body: Account(**body))


def under(cloud: Cloud, scope: str, kind: str = KIND) -> list[Account]:
    """The accounts of a subscription or resource group, given by its ARM id."""
    return [Account(**body) for _, body in cloud.store.scan(kind, scope.rstrip("/") + "/")]


def required(cloud: Cloud, request: Request) -> Account:
    """The live account that a request is about. Raises ARM's 404."""
    account = find(cloud, id_of(request))
    if account is None:
        raise not_found(id_of(request))
    return account


def not_found(id: str) -> ServiceError:
    """ARM's 404 for the account with this id."""
    return resource_not_found(f"{TYPE}/{id.rpartition('/')[2]}", id.split("/")[4])


def new_key() -> str:
    """An account key: 32 hex digits, from the machine's own randomness whatever the cloud's seed."""
    return secrets.token_hex(16)
