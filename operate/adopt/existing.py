"""An existing account: the facts about it as the evidence has them."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from core import adapters, api_versions, facts
from core.facts import Account, Key, UserAssignedIdentity, Vault
from operate.azure import LiveAzure
from operate.evidence.collect import attempt, service
from operate.evidence.model import NotChecked, Service

T = TypeVar("T")


class UnreadError(Exception):
    """A part was used that could not be read; `obstacles` runs first and reports it."""


@dataclass(frozen=True)
class Existing:
    """An account with its vault, key and grants; `identity` is the user-assigned identity that uses the
    key."""

    service: Service
    taken: datetime
    identity: UserAssignedIdentity | NotChecked | None = None

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
    """Everything about an account. A part that cannot be read is NotChecked."""
    seen = service(cloud, account_id, now=now, days=1)
    user = seen.account.key_client if isinstance(seen.account, Account) else None
    if user is None:
        return Existing(seen, now)
    # Its own answer has the id as Azure spells it.
    id = user.id
    return Existing(seen, now, attempt(lambda: adapters.identity(cloud.get(id, api_versions.IDENTITIES))))
