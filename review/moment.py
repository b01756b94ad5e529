"""How data is protected at one moment, read from core's model of its resources. For each account, vault and
key it has the values that a report shows and verdicts compare."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from core import grants, judgements, protection, values
from core.demands import Judgement
from core.grants import Doubt, Grant, KeyLocation, entries_in, entries_of
from core.protection import AccountProtection, Protections, StatedIdentity, encryption_in, identity_of
from core.resource_types import Kind
from core.stack import Stack, StackResource
from core.values import Mark, Value, flag, folded, items, look, text
from review import settings
from review.preview import ReviewedResource, ReviewedState
from review.settings import Settings

_POLICIES: Final = "accessPolicies"
_RECOVERY: Final = ("soft-delete", "purge-protection")  # compared as settings


@dataclass(frozen=True)
class Protection:
    """One account at one moment; or a vault or a key, of which there are `settings` and `unmet` alone.

    `key` is None on Microsoft-managed keys; `inline` is the key that the account states itself; `unmet` are
    the demands that do not hold. `account` is the account as it is, None for one of another stack; `binding`
    is the URN of its binding; `used_by` are the URNs of the user-assigned identities of this stack that may
    use the key. `principal` is the object id of the account's own identity.
    """

    key: AccountProtection | Mark | None = None
    grants: tuple[Grant, ...] = ()
    settings: Settings = field(default_factory=dict)
    unmet: Mapping[str, Judgement] = field(default_factory=dict)
    account: ReviewedState | None = None
    identity: StatedIdentity | None = None
    principal: Value = None
    binding: str | None = None
    used_by: frozenset[str] = frozenset()
    inline: AccountProtection | Mark | None = None

    @property
    def bound(self) -> bool:
        return self.key is not None


class Moment(Protections):
    """The protections at one moment. Made once per moment, so that a review grows linearly."""

    def __init__(
        self, resources: Sequence[ReviewedResource], when: str, before: Moment | None = None
    ) -> None:
        super().__init__(Stack(state for one in resources if (state := _at(one, when)) is not None))
        self.is_planned, self._before = before is not None, before
        self._overwritten = set(_overwritten(resources)) if self.is_planned else set()
        self._told_elsewhere = set(_told_elsewhere(resources, when))

    def of(self, urn: str) -> Protection | None:
        """The protection of an account, or of a binding's account, which another stack may have; of a vault
        or a key. None when it is not there."""
        state = self.stack.at(urn)
        if not isinstance(state, ReviewedState):
            return None
        if state.kind is Kind.ACCOUNT:
            return self._of_account(state)
        if state.kind is Kind.BINDING:
            return self._of_binding(state)
        unmet = {}
        if state.kind is not Kind.KEY and (shut_out := judgements.trusted_services(state)):
            unmet[shut_out.demand] = shut_out
        return Protection(settings=self._settings(state), unmet=unmet)

    def _settings(self, *around: StackResource | None) -> Settings:
        found = (settings.of(one, self.stack.logs_of(one), planned=self.is_planned) for one in around if one)
        return {name: setting for each in found for name, setting in each.items()}

    # Which key

    def said(self, resource: StackResource, name: str) -> object:
        """The value in the cloud, or the one that the update gives it."""
        return resource.stated(name) if self.is_planned else resource.found(name)

    def inline(self, account: StackResource) -> protection.StatedEncryption | Mark | None:
        """The encryption that the account has, or that its next write sends."""
        written = account.written if isinstance(account, ReviewedState) else {}
        block = values.prop(written, "encryption") if self.is_planned else account.found("encryption")
        says = isinstance(block, Mark) or look(block, "keySource") or look(block, "keyVaultProperties")
        return encryption_in(block) if says else None

    def of_account(self, account: StackResource) -> AccountProtection | Mark | None:
        """The account's use of a key. None also if the update takes the binding away: the account's own
        inputs no longer count."""
        if self._before and account.urn not in self.bindings_by_account:
            for one in self._before.bindings_by_account.get(account.urn, ()):
                now = self.stack.at(one.urn)
                moves = now and folded(now.text("accountId")) != folded(one.text("accountId"))
                if moves or (now is None and not getattr(one, "retained", False)):
                    return None
        return super().of_account(account)

    def _of_account(self, account: ReviewedState) -> Protection:
        """The protection of an account of this stack."""
        bindings = self.bindings_by_account.get(account.urn, ())
        binding = bindings[0] if bindings else None
        key = self.of_account(account)
        client_id = key.client_id if isinstance(key, AccountProtection) else Mark.UNKNOWN
        identity = identity_of({"identity": self.said(account, "identity")})
        users = self._key_users(account, identity, client_id)
        resources = [self.stack.by_id[user] for user in users if user in self.stack.by_id]
        used_by = frozenset(resource.urn for resource in resources)
        owners = set(used_by)
        if "" in users or isinstance(identity.type, Mark):
            owners.add(account.urn)
        if identity.attached is None:
            owners |= {resource.urn for resource in self.attached_identities(account)[0]}
        principals = [fact for user in users for fact in self._facts(account, user, "principalId")]
        # What is bound in the account's own create waits for the grant itself.
        awaited = binding.dependencies if binding else account.dependencies
        protected = self._of_key(key, self._held_by(owners, principals, awaited), account, binding)
        limits = {limit.demand: limit for limit in judgements.limits(account) if limit.unmet}
        return replace(
            protected,
            unmet={**protected.unmet, **limits},
            account=account,
            identity=identity,
            principal=text(account.found("identity.principalId")) if identity.is_system else None,
            binding=binding.urn if binding else None,
            used_by=used_by if key is not None else frozenset(),
            inline=self.stated(account),
        )

    def _of_binding(self, binding: ReviewedState) -> Protection:
        """The protection of an account of another stack, of which this one has the binding."""
        principals = [text(binding.found("principalId"))]
        held = self._held_by(set(), principals, binding.dependencies)
        return replace(self._of_key(self.bound(binding), held, binding), binding=binding.urn)

    def _of_key(
        self, key: AccountProtection | Mark | None, held: Iterable[Grant], *around: StackResource | None
    ) -> Protection:
        """What a key brings: those of the grants `held` that count for it, its demands, and the settings of
        its vault, of itself and of the resources `around` it."""
        if not isinstance(key, AccountProtection):
            return Protection(key=key, grants=tuple(held), settings=self._settings(*around))
        if key.vault:
            around = (*around, key.vault, key.key)
        judged = {one.demand: one for one in judgements.judge(self, key) if one.demand not in _RECOVERY}
        return Protection(
            key=key, grants=tuple(self.on(key, held)), settings=self._settings(*around), unmet=judged
        )

    # Who may use it

    def _key_users(self, state: ReviewedState, identity: StatedIdentity, client: Value) -> set[str]:
        """The ids of the identities that use an account's key; "" is the account's own.

        A key that names a client id is used by that identity alone, one that names none by the account's own;
        where neither is known, any of them may.
        """
        own, users = {""} if identity.is_system else set(), identity.attached or frozenset()
        if client is None and own:
            return own
        id = folded(client)
        named = {one for one in users if id and id in map(folded, self._facts(state, one, "clientId"))}
        return named or own | users

    def _facts(self, state: ReviewedState, id: str, name: str) -> Iterator[Value]:
        """The cloud's answers about an identity: by its own resource, and by the account."""
        if made := self.stack.by_id.get(id):
            yield text(made.found(name))
        if not id:
            yield text(state.found(f"identity.{name}"))
        assigned = look(state.outputs, "identity.userAssignedIdentities")
        if isinstance(assigned, Mapping):
            yield from (text(look(facts, name)) for known, facts in assigned.items() if folded(known) == id)

    def _held_by(
        self, owners: set[str], principals: Iterable[Value], awaited: Container[str]
    ) -> Iterator[Grant]:
        """The grants of these identities.

        A grant to an identity that is not shown counts if it takes its holder from one of `owners`, or is in
        `awaited`: then for certain only if none of these identities is known. An entry of a vault's own list
        may then be anybody's.
        """
        known = {id for one in principals if (id := folded(one)) is not None}
        for id in sorted(known):
            yield from self.by_principal.get(id, ())
        for grant in self.by_principal.get("", ()):
            named = (grant.resource.sources.get(name) or () for name in ("policy", "principalId"))
            if not owners.isdisjoint(urn for each in named for urn in each):
                yield grant
            elif grant.resource.urn in awaited and not (known and grant.is_listed):
                yield replace(grant, more_doubt=Doubt.HOLDER) if known else grant

    def counts(self, grant: Grant) -> bool:
        """Whether a grant counts. It does not if a vault's own list removes it, even if a resource of its own
        still declares it."""
        is_policy = grant.resource.kind is Kind.ACCESS_POLICY
        return not (is_policy and (grant.vault_name, folded(grant.principal)) in self._overwritten)

    def listed_in(self, vault: StackResource) -> Iterator[Grant]:
        """The grants in a vault's own list. A declared list is what a write sends; a list that is not
        declared stays as it is. An entry that was read does not count if something else tells about its
        holder, because the read may be old."""
        written = vault.written if isinstance(vault, ReviewedState) else {}
        declares = values.prop(written, _POLICIES) is not None
        for grant in self.entries(vault, vault, entries_in(self.said(vault, _POLICIES))):
            id = folded(grant.principal)
            if declares or (id and (grant.vault_name, id) not in self._told_elsewhere):
                yield grant

    def on(self, place: KeyLocation, grants: Iterable[Grant]) -> list[Grant]:
        """Those of the grants that count for a key or a vault, each under the model of the vault."""
        uses_roles = self.uses_roles(place.vault_name)
        return [one.under(uses_roles) for one in grants if self.covers(one, place)]

    def covers(self, grant: Grant, place: KeyLocation) -> bool:
        """Whether a grant counts for a key or a vault, or may; in a managed HSM its own roles alone do."""
        is_known = isinstance(place.vault_name, str)
        fits = not is_known or place.in_managed_hsm is grant.of_managed_hsm
        return fits and self.reaches(grant, place)

    def uses_roles(self, vault: Value) -> bool | Mark | None:
        """Whether a vault uses role assignments and not access policies; None where that is not known."""
        state = self.stack.named(Kind.VAULT, vault)
        found = flag(state.found("enableRbacAuthorization")) if state else None
        if state and (state.kind is Kind.MANAGED_HSM or (self.is_planned and found is not None)):
            return judgements.uses_roles(state)
        return found


class Moments(NamedTuple):
    """In Pulumi's state, in the cloud before the update, after it."""

    recorded: Moment
    live: Moment
    planned: Moment


def revoked_by(state: ReviewedState) -> tuple[Value, Value]:
    """The principal and the key id of an azure-cmk:index:KeyAccessRevocation. When an update writes it, it
    removes an identity's own access to a key at once, even if the program declares that access
    (provider/key_access.py)."""
    principal, key = (text(look(state.written, name)) for name in ("principalId", "keyId"))
    return principal, key


def _at(one: ReviewedResource, when: str) -> ReviewedState | None:
    state: ReviewedState | None = getattr(one, when)
    # What leaves the stack and stays in Azure still gives access.
    stays = when == "planned" and one.released and one.kind in {Kind.ACCESS_POLICY, Kind.ROLE_ASSIGNMENT}
    return one.live if state is None and stays else state


def _told_elsewhere(resources: Iterable[ReviewedResource], when: str) -> Iterator[tuple[str, str | None]]:
    """The identities, each after the name of its vault, about which the vault's own list, as it was read,
    says nothing: those that have an access policy of their own, and those whose access a revocation took.

    If a vault's inputs did not change, a refresh's JSON shows the outputs of the state (pkg/backend/display/
    json.go of pulumi 3.259), and azure-native leaves the list out of the inputs; it makes no policy where the
    list still has an entry (custom_keyvault_accesspolicy.go).
    """
    for one in resources:
        if one.kind is Kind.ACCESS_POLICY and not one.released:
            for state in filter(None, (one.live or one.recorded, one.planned)):
                vault = folded(state.text("vaultName")) or ""
                yield from ((vault, folded(each.holder)) for each in entries_of(one.kind, state.declared))
        elif one.kind is Kind.REVOCATION:
            carried_out = _at(one, when) or (one.live if when == "planned" else None)
            if carried_out:
                principal, key = revoked_by(carried_out)
                yield grants.key_scope(folded(key) or "")[0] or "", folded(principal)


def _overwritten(resources: Iterable[ReviewedResource]) -> Iterator[tuple[str, str | None]]:
    """Access that a vault's own list removes, although a resource of its own still declares it."""
    for one in resources:
        if one.kind is not Kind.VAULT or one.op != "update" or not one.live or not one.planned:
            continue
        declared = values.prop(one.planned.written, _POLICIES)
        before, after = items(one.live.found(_POLICIES)), items(declared)
        if declared is None or isinstance(before, Mark) or isinstance(after, Mark):
            continue
        had, kept = ({folded(entry.holder) for entry in entries_in(listed)} for listed in (before, after))
        yield from ((folded(one.planned.azure_name) or "", id) for id in had - kept)
