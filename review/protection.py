"""How one account's data is protected at one moment: what a report shows and verdicts compare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from core import arm_ids, grants, judgements
from core.demands import Judgement
from core.grants import Grant
from core.protection import AccountProtection, StatedIdentity, identity_of
from core.resource_types import Kind
from core.rights import Access
from core.stack import StackResource
from core.values import Mark, Value, folded, look, text
from review import settings
from review.resource import ReviewedState
from review.settings import Setting, Settings
from review.snapshot import Snapshot

_RECOVERY: Final = ("soft-delete", "purge-protection")
"""What is compared as a setting, which has a line in the report."""


@dataclass(frozen=True)
class ReviewedIdentity:
    """The identities of an account. `system` and `user` are None when they are not known."""

    system: bool | None
    user: frozenset[str] | None
    principal: Value = None

    @classmethod
    def of(cls, stated: StatedIdentity, principal: Value) -> ReviewedIdentity:
        if isinstance(stated.type, Mark):
            return cls(None, None)
        user = None if isinstance(stated.attached, Mark) else frozenset(map(str.lower, stated.attached))
        user = user if stated.is_user else frozenset()
        return cls(stated.is_system, user, principal if stated.is_system else None)

    @property
    def words(self) -> str:
        if self.system is None:
            return Mark.UNKNOWN.value
        said = []
        if self.system:
            known = f" {self.principal}" if isinstance(self.principal, str) else ""
            said.append(f"system-assigned{known}")
        if self.user is None:
            said.append("user-assigned, known after apply")
        elif self.user:
            said.append("user-assigned " + ", ".join(sorted(arm_ids.name_of(id) for id in self.user)))
        return " and ".join(said) or "none"


@dataclass(frozen=True)
class Protection:
    """One account at one moment. `key` is None on Microsoft-managed keys; `inline` is the key that the
    account states itself; `unmet` are the demands that do not hold, `hosts` the host of the key's vault.

    `account` is the account as it is, None for one of another stack; `binding` is the URN of what binds it,
    and `used_by` are those of the user-assigned identities of this stack that may use the key.
    """

    key: AccountProtection | Mark | None
    grants: tuple[Grant, ...]
    vault_settings: Settings = field(default_factory=dict)
    identity: ReviewedIdentity | None = None
    settings: Settings = field(default_factory=dict)
    account: ReviewedState | None = None
    binding: str | None = None
    used_by: frozenset[str] = frozenset()
    inline: AccountProtection | Mark | None = None
    unmet: Mapping[str, Judgement] = field(default_factory=dict)
    hosts: frozenset[str] = frozenset()

    @property
    def bound(self) -> bool:
        return self.key is not None

    @property
    def vault(self) -> str | None:
        """The URN of the vault of its key; None if the preview has none."""
        return self.key.vault.urn if isinstance(self.key, AccountProtection) and self.key.vault else None

    @property
    def access(self) -> Access:
        """How far the service may use the key, by all grants together."""
        return grants.level(self.grants)


def of_account(snapshot: Snapshot, state: ReviewedState) -> Protection:
    """The protection of an account of the stack."""
    key, identity = snapshot.of_account(state), _identity(snapshot, state)
    bindings = snapshot.bindings_by_account.get(state.urn)
    own, users = key_users(snapshot, state, identity, key)
    made = [one.urn for id in users if (one := snapshot.stack.by_id.get(id))]
    # An identity that is not made yet is known by the account that it is made with.
    urns = [*made, state.urn] if own or identity.system is None else [*made]
    if identity.user is None:
        sources = snapshot.stack.sources(state, "identity")
        urns += [one.urn for one in sources if one.kind is Kind.USER_ASSIGNED_IDENTITY]
    principals = [identity.principal] if own else []
    principals += [fact for id in users for fact in _facts(snapshot, state, id, "principalId")]
    # What is bound in the account's own create waits for the grant itself.
    waiting = bindings[0] if bindings else state
    grants = snapshot.grants_for(urns, principals, waiting.dependencies)
    return replace(
        _of_key(snapshot, key, grants, bindings[0] if bindings else None, state),
        identity=identity,
        used_by=frozenset(made) if key is not None else frozenset(),
        inline=snapshot.stated(state),
    )


def of_binding(snapshot: Snapshot, state: ReviewedState) -> Protection:
    """The protection of an account that is not in the stack, of which only its binding is known."""
    grants = snapshot.grants_for((), (text(state.found("principalId")),), state.dependencies)
    return _of_key(snapshot, snapshot.bound(state), grants, state)


def _of_key(
    snapshot: Snapshot,
    key: AccountProtection | Mark | None,
    grants: Iterable[Grant],
    binding: StackResource | None,
    account: ReviewedState | None = None,
) -> Protection:
    """What a key and the account bring with them."""
    used = key if isinstance(key, AccountProtection) else None
    vault = used.vault if used and isinstance(used.vault, ReviewedState) else None
    judged = [*judgements.judge(snapshot, used)] if used else []
    own: Settings = {}
    if account:
        judged += [one for one in judgements.limits(account) if one.unmet]
        endpoints, logs = snapshot.private_endpoints_of(account.id), snapshot.stack.logs_of(account)
        own = settings.of_account(account, endpoints, logs)
    around = {**_of_store(snapshot, vault), **_protected("key", used.key)} if vault and used else {}
    return Protection(
        key=key,
        grants=tuple(snapshot.on(used, grants) if used else grants),
        vault_settings=around,
        settings={**own, **_protected("binding", binding)},
        account=account,
        binding=binding.urn if binding else None,
        unmet={one.demand: one for one in judged if one.demand not in _RECOVERY},
        hosts=frozenset(snapshot.vault_hosts(used) if used else ()),
    )


def _identity(snapshot: Snapshot, state: ReviewedState) -> ReviewedIdentity:
    stated = identity_of({"identity": snapshot.said(state, "identity")})
    return ReviewedIdentity.of(stated, text(state.found("identity.principalId")))


def key_users(
    snapshot: Snapshot,
    state: ReviewedState,
    identity: ReviewedIdentity,
    key: AccountProtection | Mark | None,
) -> tuple[bool, frozenset[str]]:
    """Whether the account's own identity uses its key, and which user-assigned ones do.

    A key that names a client id is used by that identity alone, one that names none by the account's own;
    where neither is known, any of them may.
    """
    user = identity.user or frozenset()
    own = identity.system is True
    client = key.client_id if isinstance(key, AccountProtection) else Mark.UNKNOWN
    if client is None and own:
        return True, frozenset()
    named = {
        id
        for id in user
        if isinstance(client, str)
        and any(folded(one) == folded(client) for one in _facts(snapshot, state, id, "clientId"))
    }
    return (False, frozenset(named)) if named else (own, user)


def _facts(snapshot: Snapshot, state: ReviewedState, id: str, name: str) -> Iterator[Value]:
    """What the cloud says of an attached identity, by its own resource and by the account."""
    if made := snapshot.stack.by_id.get(id):
        yield text(made.found(name))
    assigned = look(state.outputs, "identity.userAssignedIdentities")
    if isinstance(assigned, Mapping):
        yield from (text(look(facts, name)) for known, facts in assigned.items() if folded(known) == id)


def _protected(what: str, state: StackResource | None) -> dict[str, Setting]:
    return {f"Pulumi's protection of the {what}": settings.protected(state)} if state else {}


def _of_store(snapshot: Snapshot, state: ReviewedState) -> dict[str, Setting]:
    if state.kind is Kind.KEY:
        return _protected("key", state)
    endpoints, logs = snapshot.private_endpoints_of(state.id), snapshot.stack.logs_of(state)
    return settings.of_vault(state, endpoints, logs, live=snapshot.live)


def of_store(snapshot: Snapshot, state: ReviewedState) -> Protection:
    """The protection of a vault or a key that no account of the preview uses."""
    shut = None if state.kind is Kind.KEY else judgements.trusted_services(state)
    unmet = {shut.demand: shut} if shut else {}
    return Protection(key=None, grants=(), settings=_of_store(snapshot, state), unmet=unmet)
