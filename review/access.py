"""Grants: who may use a key. Access policies, inline or of their own, and role assignments.

Owns: what a grant allows, and whether that is what the service needs: get, wrap and unwrap, and nothing else.
The roles' ids are Azure's own (built-in roles of Key Vault).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from review.resource import State, arm_name
from review.values import Mark, Value, folded, items, look, text

NEEDED: Final = frozenset({"get", "wrapkey", "unwrapkey"})
_SPELLING: Final = {"wrapkey": "wrapKey", "unwrapkey": "unwrapKey"}
_ROLES: Final = {
    "e147488a-f6f5-4113-8e2d-b22465e65bf6": ("Key Vault Crypto Service Encryption User", False),
    "12338af0-0e69-4776-bea7-57ae8d297424": ("Key Vault Crypto User", True),
    "14b46e9e-c2b7-41b4-b07b-48a6ebf60603": ("Key Vault Crypto Officer", True),
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": ("Key Vault Administrator", True),
}


@dataclass(frozen=True)
class Grant:
    """What one identity may do. `enough` is None for a role that this project does not know.

    `scope` is an ARM id in lower case, or a vault's name for an access policy; empty when not known.
    `ignored`: the vault looks at grants of the other kind alone, so that this one opens nothing.
    """

    urn: str
    principal: Value
    what: str
    scope: str
    enough: bool | None
    more: bool = False
    is_role: bool = False
    ignored: bool = False

    @property
    def words(self) -> str:
        said = f"{self.what} on {_place(self.scope)}"
        return f"{said}, which the vault ignores" if self.ignored else said

    @property
    def place(self) -> tuple[str | None, str | None]:
        """The vault and the key that the scope names; None for what it does not name."""
        parts = self.scope.strip("/").split("/")
        return _after(parts, "vaults"), _after(parts, "keys")

    def covers(self, vault: Value, key: Value, vault_id: str = "") -> bool:
        """Whether it counts for that key, or may: an unknown vault or scope is given the benefit."""
        if not self.scope or not isinstance(vault, str):
            return True
        named_vault, named_key = self.place
        if named_vault is None:
            # A role counts for all below its scope: subscription, resource group.
            above = self.scope.startswith("/subscriptions/") and vault_id.startswith("/")
            return not above or f"{vault_id.lower()}/".startswith(f"{self.scope}/")
        if named_vault != vault.lower():
            return False
        return named_key is None or not isinstance(key, str) or named_key == key.lower()

    def under(self, roles: bool | Mark | None) -> Grant:
        """The grant in a vault that looks at role assignments alone (True), or at access policies alone
        (False). None: nobody says which."""
        if isinstance(roles, Mark):
            return replace(self, enough=None if self.enough else self.enough)
        if roles is None or roles is self.is_role:
            return self
        return replace(self, enough=False, more=False, ignored=True)


def _after(parts: list[str], word: str) -> str | None:
    """What follows a word in an ARM id; None where nothing does."""
    return dict(zip(parts[::2], parts[1::2], strict=False)).get(word)


def of_access_policy(urn: str, state: State) -> Grant:
    """A standalone azure-native:keyvault:AccessPolicy."""
    policy = state.declared("policy")
    vault = folded(text(state.declared("vaultName"))) or folded(arm_name(state, "vaultName"))
    return _of_policy(urn, policy, vault or "")


def inline(urn: str, vault: State, entries: object, name: Value) -> Iterable[Grant]:
    """The entries of a vault's own accessPolicies."""
    found = items(entries)
    for entry in found if isinstance(found, list) else ():
        yield _of_policy(urn, entry, folded(name) or "")


def of_role_assignment(urn: str, state: State) -> Grant:
    """An azure-native:authorization:RoleAssignment."""
    definition = folded(text(state.declared("roleDefinitionId")))
    id = (definition or "").rsplit("/", 1)[-1]
    role, more = _ROLES.get(id, (f"role {id}" if id else "a role known after apply", False))
    return Grant(
        urn=urn,
        principal=text(state.declared("principalId")),
        what=role,
        scope=folded(text(state.declared("scope"))) or "",
        enough=True if id in _ROLES else None,
        more=more,
        is_role=True,
    )


def _of_policy(urn: str, policy: Any, vault: str) -> Grant:
    listed = items(look(policy, "permissions.keys"))
    known = [text(item) for item in listed] if isinstance(listed, list) else []
    names = frozenset(name for item in known if (name := folded(item)) is not None)
    unsure = isinstance(listed, Mark) or any(isinstance(item, Mark) for item in known)
    everything = "all" in names
    return Grant(
        urn=urn,
        principal=text(look(policy, "objectId")),
        what=", ".join(_SPELLING.get(name, name) for name in sorted(names))
        or ("?" if unsure else "no key permissions"),
        scope=f"/vaults/{vault}" if vault else "",
        enough=True if everything or names >= NEEDED else (None if unsure else False),
        more=everything or bool(names - NEEDED),
    )


def _place(scope: str) -> str:
    parts = scope.strip("/").split("/")
    if "keys" in parts:
        return (
            f"key {parts[-1]} of vault {parts[parts.index('vaults') + 1]}" if "vaults" in parts else parts[-1]
        )
    if "vaults" in parts:
        return f"vault {parts[parts.index('vaults') + 1]}"
    if "resourcegroups" in parts:
        return f"resource group {parts[-1]}"
    return f"subscription {parts[-1]}" if parts[0] == "subscriptions" else "a scope known after apply"
