"""Which account uses which customer-managed key, across a whole stack.

Owns: joining accounts, bindings, keys and vaults, by value where values are known, else by dependency.
Does not own: who may open the key (relations.py), what is wrong with any of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from policies.encryption import Encryption, Text, covers, encryption_of
from policies.key_uri import split_key_uri, vault_name
from policies.kinds import Kind
from policies.stack_index import Node, StackIndex
from policies.view import UNKNOWN, type_of_unknown


@dataclass(frozen=True, eq=False)
class KeyUse:
    """One account's use of a customer-managed key: by a binding, or stated in the account itself.

    `account`, `vault` and `key` are None when they are not resources of this stack.
    """

    writer: Node
    account: Node | None
    vault: Node | None
    key: Node | None
    vault_name: Text
    key_name: Text
    client_id: Text

    @property
    def is_binding(self) -> bool:
        """True for a CustomerManagedKey, False for inline encryption."""
        return self.writer.kind is Kind.BINDING


class KeyUses:
    """The uses of customer-managed keys in a stack; each join is made once per question."""

    def __init__(self, index: StackIndex) -> None:
        self.index = index

    def account_of(self, binding: Node) -> Node | None:
        """The account a binding writes to."""
        return self._target(binding, Kind.ACCOUNT, "accountId")

    @cached_property
    def bindings_by_account(self) -> dict[str, list[Node]]:
        """The bindings of each account, by the account's URN, else by the id they name."""
        found: dict[str, list[Node]] = {}
        for binding in self.index.of(Kind.BINDING):
            account = self.account_of(binding)
            stated = binding.view.text("accountId")
            key = account.urn if account else stated.lower() if isinstance(stated, str) else None
            if key is not None:
                found.setdefault(key, []).append(binding)
        return found

    @cached_property
    def has_unplaced_binding(self) -> bool:
        """True when some binding does not tell its account."""
        placed = sum(len(bindings) for bindings in self.bindings_by_account.values())
        return placed < len(self.index.of(Kind.BINDING))

    def inline(self, account: Node) -> Encryption | type_of_unknown | None:
        """The encryption that the program itself states for an account; not what it ignores."""
        if covers(account.ignore_changes, "properties", "encryption"):
            return None
        declared = self.index.session.declared(account.urn)
        return encryption_of(account.view if declared is None else declared)

    @cached_property
    def uses(self) -> list[KeyUse]:
        """Every use of a customer-managed key that is known."""
        bound = [self._bound(binding) for binding in self.index.of(Kind.BINDING)]
        stated = [self._stated(account) for account in self.index.of(Kind.ACCOUNT)]
        return bound + [use for use in stated if use is not None]

    def _bound(self, binding: Node) -> KeyUse:
        uri = binding.view.text("keyUriWithVersion")
        parts = split_key_uri(uri) if isinstance(uri, str) else None
        name = vault_name(parts[0]) if parts else UNKNOWN if uri is UNKNOWN else None
        key = self._key_from(binding, "keyUriWithVersion")
        vault = self._target(binding, Kind.VAULT, "vaultId") or self._vault_from(key, name)
        return KeyUse(
            writer=binding,
            account=self.account_of(binding),
            vault=vault,
            key=key,
            vault_name=name,
            key_name=parts[1].lower() if parts else UNKNOWN if uri is UNKNOWN else None,
            client_id=binding.view.text("identityClientId"),
        )

    def _stated(self, account: Node) -> KeyUse | None:
        encryption = self.inline(account)
        if encryption is None or encryption is UNKNOWN or not encryption.is_customer_key:
            return None
        uri, name = encryption.vault_uri, encryption.key_name
        vault = vault_name(uri) if isinstance(uri, str) else uri
        key = self._key_from(account, "properties")
        return KeyUse(
            writer=account,
            account=account,
            vault=self._vault_from(key, vault) or self.index.source(account, Kind.VAULT, "properties"),
            key=key,
            vault_name=vault,
            key_name=name.lower() if isinstance(name, str) else name,
            client_id=encryption.client_id,
        )

    def _target(self, node: Node, kind: Kind, name: str) -> Node | None:
        stated = node.view.text(name)
        by_id = self.index.named_by(stated) if isinstance(stated, str) else None
        if by_id is not None and by_id.kind is kind:
            return by_id
        return self.index.source(node, kind, name)

    def _key_from(self, node: Node, name: str) -> Node | None:
        version = self.index.source(node, Kind.KEY_VERSION, name)
        if version is not None:
            return self._target(version, Kind.KEY, "keyId")
        return self.index.source(node, Kind.KEY, name)

    def _vault_from(self, key: Node | None, name: Text) -> Node | None:
        by_name = self.index.vault_by_name.get(name) if isinstance(name, str) else None
        return by_name or (self.vault_of(key) if key is not None else None)

    def vault_of(self, node: Node) -> Node | None:
        """The vault that a key or an access policy is in."""
        stated = node.view.get("vaultName")
        by_name = self.index.vault_by_name.get(stated.lower()) if isinstance(stated, str) else None
        return by_name or self.index.source(node, Kind.VAULT, "vaultName")
