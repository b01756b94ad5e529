"""How one account's data is protected at one moment: what a report shows and verdicts compare."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from core import arm_ids
from core.rights import Access
from review import access, settings
from review.access import ReviewedGrant
from review.keys import ReviewedKey
from review.resource import ReviewedResource, ReviewedState
from review.settings import Setting, Settings
from review.snapshot import Entry, Snapshot
from review.values import Mark, Value, folded, look, text


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
class VaultProtection:
    """The vault that the key is in, as far as it is in the preview."""

    urn: str
    settings: Settings
    shuts_services_out: bool


@dataclass(frozen=True)
class Protection:
    """One account at one moment. `key` is None on Microsoft-managed keys, `vault` if the preview has none.

    `used_by` are the URNs of the user-assigned identities of this stack that may use the key.
    """

    key: ReviewedKey | Mark | None
    grants: tuple[ReviewedGrant, ...]
    vault: VaultProtection | None
    identity: ReviewedIdentity | None = None
    settings: Settings = field(default_factory=dict)
    kind: Value = None
    tier: Value = None
    binding: str | None = None
    used_by: frozenset[str] = frozenset()
    linked: frozenset[tuple[str, str]] = frozenset()
    bypass: Value = None

    @property
    def bound(self) -> bool:
        return self.key is not None

    @property
    def access(self) -> Access:
        """How far the service may use the key, by all grants together."""
        return access.level(self.grants)


def of_account(snapshot: Snapshot, account: ReviewedResource, state: ReviewedState) -> Protection:
    """The protection of an account of the stack."""
    id = state.id or None
    binding = snapshot.binding_of(account.urn, id)
    if binding:
        key = snapshot.bound_key(*binding)
    else:
        key = None if snapshot.unbinds(id) else snapshot.bound_key(account, state)
    identity = _identity(snapshot, state)
    return Protection(
        key=key,
        identity=identity,
        grants=_covering(snapshot, _grants(snapshot, (account, state), identity, binding, key), key),
        settings={
            **settings.of_account(
                state, snapshot.private_endpoints_of(id), snapshot.logs_of(account.urn, id)
            ),
            **_protected("binding", binding),
        },
        vault=_vault(snapshot, key),
        kind=text(state.declared("kind")),
        tier=text(state.declared("sku.name")),
        linked=settings.linked_of(state),
        bypass=text(state.declared("properties.networkAcls.bypass")),
        binding=binding[0].urn if binding else None,
        used_by=frozenset(
            entry[0].urn
            for id in key_users(snapshot, state, identity, key)[1]
            if key is not None and (entry := snapshot.identity(id))
        ),
    )


def of_binding(snapshot: Snapshot, binding: ReviewedResource, state: ReviewedState) -> Protection:
    """The protection of an account that is not in the stack, of which only its binding is known."""
    key = snapshot.bound_key(binding, state)
    principal = text(state.computed("principalId"))
    grants = snapshot.grants_of((), (principal,), state.waits_for)
    return Protection(
        key=key,
        grants=_covering(snapshot, grants, key),
        vault=_vault(snapshot, key),
        settings=_protected("binding", (binding, state)),
        binding=binding.urn,
    )


def _identity(snapshot: Snapshot, state: ReviewedState) -> ReviewedIdentity:
    declared = state.declared("identity") if not snapshot.live else state.found("identity")
    type = text(look(declared, "type"))
    if isinstance(type, Mark):
        return ReviewedIdentity(None, None)
    kinds = {part.strip() for part in (folded(type) or "none").split(",")}
    user = _user_assigned(declared) if "userassigned" in kinds else frozenset()
    system = "systemassigned" in kinds
    return ReviewedIdentity(system, user, text(state.computed("identity.principalId")) if system else None)


def _user_assigned(identity: object) -> frozenset[str] | None:
    listed = look(identity, "userAssignedIdentities")
    ids = [text(id) for id in listed] if isinstance(listed, list | dict) else []
    if isinstance(listed, Mark) or any(isinstance(id, Mark) for id in ids):
        return None
    return frozenset(known for id in ids if (known := folded(id)))


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
    entry = snapshot.identity(id)
    if entry:
        yield text(entry[1].computed(name))
    assigned = look(state.computed("identity"), "userAssignedIdentities")
    if isinstance(assigned, dict):
        yield from (text(look(facts, name)) for known, facts in assigned.items() if folded(known) == id)


def _grants(
    snapshot: Snapshot,
    account: Entry,
    identity: ReviewedIdentity,
    binding: Entry | None,
    key: ReviewedKey | Mark | None,
) -> tuple[ReviewedGrant, ...]:
    state = account[1]
    own, user = key_users(snapshot, state, identity, key)
    principals: list[Value] = [identity.principal] if own else []
    # An identity that is not made yet is known by the account that it is made with.
    urns = [account[0].urn] if own or identity.system is None else []
    for id in user:
        entry = snapshot.identity(id)
        principals += _facts(snapshot, state, id, "principalId")
        if entry:
            urns.append(entry[0].urn)
    if identity.user is None:
        urns += [entry[0].urn for entry in snapshot.needed_identities(state)]
    # What is bound in the account's own create waits for the grant itself.
    waiting = binding[1] if binding else state
    return snapshot.grants_of(urns, principals, waiting.waits_for)


def _covering(
    snapshot: Snapshot, grants: tuple[ReviewedGrant, ...], key: ReviewedKey | Mark | None
) -> tuple[ReviewedGrant, ...]:
    if not isinstance(key, ReviewedKey):
        return grants
    vault, roles = snapshot.vault_named(key.vault), snapshot.uses_roles(key.vault)
    id = vault[1].id if vault else ""
    return tuple(grant.under(roles) for grant in grants if grant.covers(key.vault, key.name, id))


def _protected(what: str, entry: Entry | None) -> dict[str, Setting]:
    return {f"Pulumi's protection of the {what}": settings.protected(entry[1])} if entry else {}


def _vault(snapshot: Snapshot, key: ReviewedKey | Mark | None) -> VaultProtection | None:
    entry = snapshot.vault_named(key.vault) if isinstance(key, ReviewedKey) else None
    if entry is None or not isinstance(key, ReviewedKey):
        return None
    found = vault_facts(snapshot, *entry)
    own = _protected("key", snapshot.key_in(key.vault, key.name))
    return replace(found, settings={**found.settings, **own})


def vault_facts(snapshot: Snapshot, resource: ReviewedResource, state: ReviewedState) -> VaultProtection:
    """The facts of a vault of the stack."""
    id = state.id or None
    endpoints, logs = snapshot.private_endpoints_of(id), snapshot.logs_of(resource.urn, id)
    found = settings.of_vault(state, endpoints, logs, live=snapshot.live)
    return VaultProtection(resource.urn, found, settings.shuts_services_out(state, found["vault's network"]))
