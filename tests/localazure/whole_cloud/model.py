"""What must hold in the whole cloud, said a second time: a small model that knows no code of ours.

Times are seconds on the cloud's clock. Names are what the machine calls things: `a` and `b` are resource
groups, a vault or an account is in one of them for good. A thing that was purged and made again is another
object here, so that nothing of the old one counts for the new one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

DAY = 86400.0
VAULT_DAYS, ACCOUNT_DAYS = 7, 2
NEEDED = ("get", "wrapKey", "unwrapKey")
SUBSCRIPTION = "/subscriptions/7b2e9d40-1c58-4f6a-8e37-94a0c5d6b213"


def group_id(group: str) -> str:
    return f"{SUBSCRIPTION}/resourceGroups/rg-{group}"


@dataclass(eq=False)
class Version:
    """A key version. Expired, it opens what it wrapped and wraps nothing more."""

    name: str
    enabled: bool = True
    expires: float | None = None


@dataclass(eq=False)
class Key:
    """Deleting and recovering take a while, in which the key is nowhere; `visible` is when that is over.

    `back` is when it was recovered last.
    """

    versions: list[Version]
    rotates: bool = False
    back: float = 0.0
    deleted: float | None = None
    visible: float = 0.0


@dataclass(eq=False)
class Vault:
    """`policies` hold since when each principal has each permission; `back` is when it was recovered last.

    `closed` is its firewall with nobody let in, not even Azure's own services.
    """

    name: str
    group: str
    rbac: bool
    protected: bool
    policies: dict[str, dict[str, float]]
    closed: bool = False
    key: Key | None = None
    deleted: float | None = None
    back: float = 0.0

    @property
    def id(self) -> str:
        return f"{group_id(self.group)}/providers/Microsoft.KeyVault/vaults/{self.name}"


@dataclass(eq=False)
class Binding:
    """`user` is the user-assigned principal that uses the key; None: the account's own."""

    vault: Vault
    key: Key
    version: Version
    user: str | None


@dataclass(eq=False)
class Account:
    """`system` and `user` are the principals of its identities; `busy` is when its operation ends."""

    name: str
    group: str
    system: str | None
    user: str | None
    text: str = ""
    bound: Binding | None = None
    deleted: float | None = None
    busy: float = 0.0

    @property
    def id(self) -> str:
        return f"{group_id(self.group)}/providers/Microsoft.CognitiveServices/accounts/{self.name}"


@dataclass(frozen=True)
class Role:
    """A role that lets a principal use keys, at an ARM id."""

    name: str
    scope: str
    principal: str
    since: float


@dataclass
class World:
    """All there is. `groups` hold until when a group is being deleted, None for one that is there to stay."""

    offset: float = 0.0
    delay: float = 0.0
    duration: float = 0.0
    groups: dict[str, float | None] = field(default_factory=dict)
    vaults: dict[str, Vault] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    principals: set[str] = field(default_factory=set)
    identity: str | None = None
    roles: dict[str, Role] = field(default_factory=dict)
    locks: dict[str, str] = field(default_factory=dict)

    @property
    def now(self) -> float:
        return time.time() + self.offset

    def writable(self, group: str) -> bool:
        return self.groups.get(group, 0.0) is None

    def locked(self, scope: str, *, delete: bool = False) -> bool:
        """Whether a lock at or above (for a delete also below) the scope stands against this."""
        return any(
            (f"{scope}/".startswith(f"{held}/") or (delete and held.startswith(f"{scope}/")))
            and (delete or level == "ReadOnly")
            for held, level in self.locks.items()
        )

    def there(self, key: Key | None) -> bool:
        """Whether a key of a live vault can be found."""
        return key is not None and key.deleted is None and key.visible <= self.now

    def granted(self, vault: Vault, principal: str | None, *permissions: str) -> bool:
        """Whether a principal may now do all of this with the vault's key."""
        if principal not in self.principals:
            return False
        if vault.rbac:
            place = f"{vault.id}/keys/k/"
            return any(
                role.principal == principal
                and place.startswith(f"{role.scope}/")
                and role.since + self.delay <= self.now
                for role in self.roles.values()
            )
        held = vault.policies.get(str(principal), {})
        return all(
            since + self.delay <= self.now for since in (held.get(p, self.now + 1) for p in permissions)
        )

    def user_of(self, account: Account, binding: Binding) -> str | None:
        """The principal that uses a binding's key: one of the identities that the account has now."""
        if binding.user is None:
            return account.system
        return binding.user if binding.user == account.user else None

    def usable(self, account: Account, binding: Binding, *permissions: str) -> bool:
        """Identity, grant, key version and vault are all there, and within reach."""
        vault, key = binding.vault, binding.key
        return (
            self.vaults.get(vault.name) is vault
            and vault.deleted is None
            and not vault.closed
            and vault.key is key
            and self.there(key)
            and binding.version.enabled
            and self.granted(vault, self.user_of(account, binding), *permissions)
        )

    def readable(self, account: Account) -> bool:
        """Whether the data of a live account can be read: the first invariant."""
        return account.bound is None or self.usable(account, account.bound, "unwrapKey")

    def bindable(self, account: Account, binding: Binding) -> bool:
        """Whether the service takes a key, the old one being there to let go of."""
        expires = binding.version.expires
        return (
            self.readable(account)
            and binding.vault.protected
            and (expires is None or self.now < expires)
            and self.usable(account, binding, *NEEDED)
        )

    def drop_roles(self, scope: str) -> None:
        """What hangs on a resource goes with it."""
        self.roles = {
            n: role for n, role in self.roles.items() if not f"{role.scope}/".startswith(f"{scope}/")
        }

    def delete_vault(self, vault: Vault) -> None:
        vault.deleted = self.now
        self.drop_roles(vault.id)

    def delete_group(self, group: str) -> None:
        """Everything in it goes, softly where that exists."""
        for account in self.accounts.values():
            if account.group == group and account.deleted is None:
                account.deleted, account.busy = self.now, 0.0
        for vault in self.vaults.values():
            if vault.group == group and vault.deleted is None:
                self.delete_vault(vault)
        if group == "a" and self.identity is not None:
            self.principals.discard(self.identity)
            self.identity = None
        self.drop_roles(group_id(group))
        self.groups[group] = self.now + self.duration

    def pass_time(self, seconds: float) -> None:
        """What is over by then goes for good."""
        self.offset += seconds
        vaults = self.vaults.values()
        self.vaults = {v.name: v for v in vaults if not _over(v.deleted, VAULT_DAYS, self.now)}
        for vault in self.vaults.values():
            if vault.key is not None and _over(vault.key.deleted, VAULT_DAYS, self.now):
                vault.key = None
        for account in [a for a in self.accounts.values() if _over(a.deleted, ACCOUNT_DAYS, self.now)]:
            self.purge_account(account)
        self.groups = {g: end for g, end in self.groups.items() if end is None or end > self.now}

    def purge_account(self, account: Account) -> None:
        del self.accounts[account.name]
        self.principals.discard(str(account.system))


def _over(deleted: float | None, days: int, now: float) -> bool:
    return deleted is not None and deleted + days * DAY <= now
