"""What there is: the facts about an account as an auditor gets them, and the answers they came from.

Owns: which answers are needed beside the facts. Does not own: how the cloud is asked, nor what it says
(evidence/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from operate.evidence import ask
from operate.evidence.ask import Azure, UnansweredError
from operate.evidence.collect import service
from operate.evidence.model import Account, Key, Service, Vault

Json = Mapping[str, Any]
T = TypeVar("T")


class UnreadError(Exception):
    """A part was used that was not read; obstacles() comes first and tells that."""


@dataclass(frozen=True)
class Found:
    """An account with what hangs on it. `body` is ARM's answer for it, `vault_body` for its vault;
    `assignments` are the role assignments of the identity that uses the key, under Azure RBAC; `identity` is
    the user-assigned identity by which it does."""

    service: Service
    taken: datetime
    body: Json = field(default_factory=dict)
    vault_body: Json = field(default_factory=dict)
    assignments: tuple[Json, ...] = ()
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
        return f"{self.vault.id}/keys/{self.key.name}"

    def _read(self, kind: type[T], part: object) -> T:
        if not isinstance(part, kind):
            raise UnreadError(f"{kind.__name__} of {self.service.account_id} was not read: {part}")
        return part


def find(azure: Azure, account_id: str, now: datetime) -> Found:
    """Everything about an account. What cannot be read is in `service`, as NotChecked."""
    seen = service(azure, account_id, now=now, days=1)
    if not isinstance(seen.account, Account):
        return Found(seen, now)
    body = azure.get(account_id, ask.ACCOUNTS)
    if not isinstance(seen.vault, Vault):
        return Found(seen, now, body)
    return Found(
        seen,
        now,
        body,
        azure.get(seen.vault.id, ask.VAULTS),
        _assignments(azure, seen.account, seen.vault),
        _identity(azure, seen.account, body),
    )


def _assignments(azure: Azure, account: Account, vault: Vault) -> tuple[Json, ...]:
    user = account.user
    if user is None or not vault.uses_rbac:
        return ()
    try:
        listed = azure.list(f"{vault.id}/providers/Microsoft.Authorization/roleAssignments", ask.ASSIGNMENTS)
    except UnansweredError:
        # That they were not read is a finding already.
        return ()
    return tuple(
        body for body in listed if body["properties"]["principalId"].lower() == user.principal_id.lower()
    )


def _identity(azure: Azure, account: Account, body: Json) -> Json | None:
    """The user-assigned identity's own answer; None where the account uses its own identity."""
    wanted = account.binding.identity_client_id.lower()
    assigned = (body.get("identity") or {}).get("userAssignedIdentities") or {}
    for id, seen in assigned.items():
        if wanted and str((seen or {}).get("clientId")).lower() == wanted:
            try:
                return azure.get(id, ask.IDENTITIES)
            except UnansweredError as error:
                return {"id": id, "name": id.rsplit("/", 1)[-1], "unread": str(error)}
    return None
