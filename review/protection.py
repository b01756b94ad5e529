"""How one account's data is protected at one moment: what a report shows and verdicts compare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from core import arm_ids, values
from core.resource_types import Kind
from core.rights import Access
from core.values import Mark, Value, folded, look, text
from review import access, settings
from review.access import ReviewedGrant
from review.keys import ReviewedKey
from review.resource import ReviewedState
from review.settings import Setting, Settings
from review.snapshot import Snapshot


@dataclass(frozen=True)
class ReviewedIdentity:
    """The identities of an account. `system` and `user` are None when they are not known."""

    system: bool | None
    user: frozenset[str] | None
    principal: Value = None

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
    """One account at one moment. `key` is None on Microsoft-managed keys; `vault` is the URN of its vault,
    None if the preview has none.

    `account` is the account as it is, None for one of another stack; `binding` is the URN of what binds it,
    and `used_by` are those of the user-assigned identities of this stack that may use the key.
    """

    key: ReviewedKey | Mark | None
    grants: tuple[ReviewedGrant, ...]
    vault: str | None = None
    vault_settings: Settings = field(default_factory=dict)
    identity: ReviewedIdentity | None = None
    settings: Settings = field(default_factory=dict)
    account: ReviewedState | None = None
    binding: str | None = None
    used_by: frozenset[str] = frozenset()

    @property
    def bound(self) -> bool:
        return self.key is not None

    @property
    def access(self) -> Access:
        """How far the service may use the key, by all grants together."""
        return access.level(self.grants)


def of_account(snapshot: Snapshot, state: ReviewedState) -> Protection:
    """The protection of an account of the stack."""
    id = state.id or None
    binding = snapshot.binding_of(state.urn, id)
    unbound = binding is None and snapshot.unbinds(id)
    key = None if unbound else snapshot.bound_key(binding or state)
    identity = _identity(snapshot, state)
    users = key_users(snapshot, state, identity, key)
    host = key.host if isinstance(key, ReviewedKey) else None
    logs = snapshot.logs_of(state.urn, id)
    own = settings.of_account(state, snapshot.private_endpoints_of(id), logs, host)
    vault = snapshot.vault_named(key.vault) if isinstance(key, ReviewedKey) else None
    made = (snapshot.identity(one) for one in users[1] if key is not None)
    return Protection(
        key=key,
        identity=identity,
        # What is bound in the account's own create waits for the grant itself.
        grants=_covering(snapshot, _grants(snapshot, state, identity, users, binding or state), key),
        settings={**own, **_protected("binding", binding)},
        vault=vault.urn if vault else None,
        vault_settings=_vault(snapshot, key, vault),
        account=state,
        binding=binding.urn if binding else None,
        used_by=frozenset(one.urn for one in made if one),
    )


def of_binding(snapshot: Snapshot, state: ReviewedState) -> Protection:
    """The protection of an account that is not in the stack, of which only its binding is known."""
    key = snapshot.bound_key(state)
    vault = snapshot.vault_named(key.vault) if isinstance(key, ReviewedKey) else None
    grants = snapshot.grants_of((), (values.text(state.found("principalId")),), state.dependencies)
    return Protection(
        key=key,
        grants=_covering(snapshot, grants, key),
        vault=vault.urn if vault else None,
        vault_settings=_vault(snapshot, key, vault),
        settings=_protected("binding", state),
        binding=state.urn,
    )


def _identity(snapshot: Snapshot, state: ReviewedState) -> ReviewedIdentity:
    declared = state.found("identity") if snapshot.live else state.stated("identity")
    named = values.word(look(declared, "type"))
    if isinstance(named, Mark):
        return ReviewedIdentity(None, None)
    kinds = (named or "none").split(",")
    listed = values.items(look(declared, "userAssignedIdentities"))
    user: frozenset[str] | None = frozenset()
    if "userassigned" in kinds:
        ids = [] if isinstance(listed, Mark) else [text(id) for id in listed]
        is_known = not isinstance(listed, Mark) and not any(isinstance(id, Mark) for id in ids)
        user = frozenset(known for id in ids if (known := folded(id))) if is_known else None
    system = "systemassigned" in kinds
    return ReviewedIdentity(system, user, text(state.found("identity.principalId")) if system else None)


def _is_identity(state: ReviewedState | None) -> bool:
    return state is not None and state.kind is Kind.USER_ASSIGNED_IDENTITY


def key_users(
    snapshot: Snapshot, state: ReviewedState, identity: ReviewedIdentity, key: ReviewedKey | Mark | None
) -> tuple[bool, frozenset[str]]:
    """Whether the account's own identity uses its key, and which user-assigned ones do.

    A key that names a client id is used by that identity alone, one that names none by the account's own;
    where neither is known, any of them may.
    """
    user = identity.user or frozenset()
    own = identity.system is True
    client = key.identity if isinstance(key, ReviewedKey) else Mark.UNKNOWN
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
    if made := snapshot.identity(id):
        yield text(made.found(name))
    assigned = look(state.outputs, "identity.userAssignedIdentities")
    if isinstance(assigned, dict):
        yield from (text(look(facts, name)) for known, facts in assigned.items() if folded(known) == id)


def _grants(
    snapshot: Snapshot,
    state: ReviewedState,
    identity: ReviewedIdentity,
    users: tuple[bool, frozenset[str]],
    waiting: ReviewedState,
) -> tuple[ReviewedGrant, ...]:
    own, user = users
    principals: list[Value] = [identity.principal] if own else []
    # An identity that is not made yet is known by the account that it is made with.
    urns = [state.urn] if own or identity.system is None else []
    for id in user:
        principals += _facts(snapshot, state, id, "principalId")
        urns += [made.urn] if (made := snapshot.identity(id)) else []
    if identity.user is None:
        made_from = state.sources.get("identity") or ()
        urns += [urn for urn in made_from if _is_identity(snapshot.state(urn))]
    return snapshot.grants_of(urns, principals, waiting.dependencies)


def _covering(
    snapshot: Snapshot, grants: tuple[ReviewedGrant, ...], key: ReviewedKey | Mark | None
) -> tuple[ReviewedGrant, ...]:
    if not isinstance(key, ReviewedKey):
        return grants
    vault, roles = snapshot.vault_named(key.vault), snapshot.uses_roles(key.vault)
    id = vault.id if vault else ""
    return tuple(grant.under(roles) for grant in grants if grant.covers(key.vault, key.name, id))


def _protected(what: str, state: ReviewedState | None) -> dict[str, Setting]:
    return {f"Pulumi's protection of the {what}": settings.protected(state)} if state else {}


def _vault(
    snapshot: Snapshot, key: ReviewedKey | Mark | None, vault: ReviewedState | None
) -> dict[str, Setting]:
    if vault is None or not isinstance(key, ReviewedKey):
        return {}
    return {**of_store(snapshot, vault), **_protected("key", snapshot.key_in(key.vault, key.name))}


def of_store(snapshot: Snapshot, state: ReviewedState) -> dict[str, Setting]:
    """The settings of a vault or a key of the stack."""
    if state.kind is Kind.KEY:
        return _protected("key", state)
    id = state.id or None
    endpoints, logs = snapshot.private_endpoints_of(id), snapshot.logs_of(state.urn, id)
    return settings.of_vault(state, endpoints, logs, live=snapshot.live)
