"""An existing account: the facts about it as the evidence has them, and the answers they came from."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from core import api_versions, arm_ids, facts
from core.facts import Account, Key, UserAssignedIdentity, Vault
from operate.azure import Json, LiveAzure, UnansweredError
from operate.evidence.collect import service
from operate.evidence.model import Service

T = TypeVar("T")


class UnreadError(Exception):
    """A part was used that could not be read; `obstacles` runs first and reports it."""


@dataclass(frozen=True)
class Existing:
    """An account with its vault, key and grants. `body` is ARM's answer for it, `vault_body` for its vault;
    `identity` is the user-assigned identity that uses the key."""

    service: Service
    taken: datetime
    body: Json = field(default_factory=dict)
    vault_body: Json = field(default_factory=dict)
    identity: Json | None = None

    @property
    def account(self) -> Account:
        """The account. Raises UnreadError."""
        return self._read(Account, self.service.account)

    @property
    def vault(self) -> Vault:
        """The vault that the account is bound in. Raises UnreadError."""
        return self._read(Vault, self.service.vault)

    @property
    def key(self) -> Key:
        """The key that the account is bound to. Raises UnreadError."""
        return self._read(Key, self.service.key)

    @property
    def key_id(self) -> str:
        """The key's ARM id, in the vault's own spelling. Raises UnreadError."""
        return facts.key_id(self.vault.id, self.key.name)

    def _read(self, kind: type[T], part: object) -> T:
        if not isinstance(part, kind):
            raise UnreadError(f"{kind.__name__} of {self.service.account_id} was not read: {part}")
        return part


def find(cloud: LiveAzure, account_id: str, now: datetime) -> Existing:
    """Everything about an account. A part that cannot be read is NotChecked in `service`."""
    seen = service(cloud, account_id, now=now, days=1)
    if not isinstance(seen.account, Account):
        return Existing(seen, now)
    body = cloud.get(account_id, api_versions.ACCOUNTS)
    if not isinstance(seen.vault, Vault):
        return Existing(seen, now, body)
    vault_body = cloud.get(seen.vault.id, api_versions.VAULTS)
    wanted = seen.account.encryption.identity_client_id.lower()
    users = (one for one in seen.account.user_assigned if wanted and one.client_id.lower() == wanted)
    user = next(users, None)
    return Existing(seen, now, body, vault_body, _identity(cloud, user) if user else None)


def _identity(cloud: LiveAzure, user: UserAssignedIdentity) -> Json:
    """The user-assigned identity's own answer."""
    try:
        return cloud.get(user.id, api_versions.IDENTITIES)
    except UnansweredError as error:
        return {"id": user.id, "name": arm_ids.name_of(user.id), "unread": str(error)}
