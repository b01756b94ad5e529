"""What must hold in the whole cloud, said a second time: one account under the key of one vault.

Times are seconds on the cloud's clock. What was purged is None, and its successor another object.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

DAY = 86400.0
VAULT_DAYS, ACCOUNT_DAYS = 7, 2


@dataclass
class Account:
    """`system` is the principal of its identity, `bound` the version of its key, `busy` when its operation
    ends."""

    system: str | None = None
    text: str = "first"
    bound: str | None = None
    deleted: float | None = None
    busy: float = 0.0


@dataclass
class Key:
    """Its versions, and which are enabled. Deleting and recovering take a while, in which it is nowhere."""

    versions: dict[str, bool]
    deleted: float | None = None
    visible: float = 0.0


@dataclass
class Vault:
    """`granted` holds since when which principal may use the key, for each access model. A closed vault lets
    nobody in, not even Azure's own services."""

    rbac: bool
    protected: bool
    key: Key | None = None
    granted: dict[bool, tuple[str, float]] = field(default_factory=dict)
    closed: bool = False
    deleted: float | None = None


@dataclass
class World:
    """All there is. `group_ends` is when the group's delete is over; None for one that is there to stay."""

    offset: float = 0.0
    delay: float = 0.0
    duration: float = 0.0
    group_ends: float | None = None
    vault: Vault | None = None
    account: Account | None = None

    @property
    def now(self) -> float:
        return time.time() + self.offset

    @property
    def live_vault(self) -> Vault | None:
        return self.vault if self.vault and self.vault.deleted is None else None

    @property
    def live_account(self) -> Account | None:
        return self.account if self.account and self.account.deleted is None else None

    @property
    def key(self) -> Key | None:
        """The key of a live vault, where it can be found."""
        key = self.live_vault.key if self.live_vault else None
        return key if key and key.deleted is None and key.visible <= self.now else None

    def usable(self, version: str | None) -> bool:
        """Whether vault, key, version, identity and grant are all there, and within reach."""
        vault, account = self.live_vault, self.account
        if vault is None or account is None or self.key is None or vault.closed:
            return False
        principal, since = vault.granted.get(vault.rbac, ("", 0.0))
        granted = principal == account.system and since + self.delay <= self.now
        return granted and self.key.versions.get(version or "", False)

    def readable(self) -> bool:
        """Whether the data of the account can be read: the first invariant."""
        account = self.account
        return account is not None and (account.bound is None or self.usable(account.bound))

    def delete_vault(self) -> None:
        """Roles at a vault go with it."""
        if vault := self.live_vault:
            vault.deleted = self.now
            vault.granted.pop(True, None)

    def delete_group(self) -> None:
        """Everything in it goes, softly."""
        if account := self.live_account:
            account.deleted, account.busy = self.now, 0.0
        self.delete_vault()
        self.group_ends = self.now + self.duration

    def pass_time(self, seconds: float) -> None:
        """What is over by then goes for good."""
        self.offset += seconds
        if self.vault and self.vault.key and self._over(self.vault.key.deleted, VAULT_DAYS):
            self.vault.key = None
        if self.vault and self._over(self.vault.deleted, VAULT_DAYS):
            self.vault = None
        if self.account and self._over(self.account.deleted, ACCOUNT_DAYS):
            self.account = None

    def _over(self, deleted: float | None, days: int) -> bool:
        return deleted is not None and deleted + days * DAY <= self.now
