"""How data is protected at one level of a preview: recorded in Pulumi's state, live in the cloud, or planned.
For each account, vault and key it has the values that a report shows and verdicts compare."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final, NamedTuple

from core import adapters, grants, judgements, values
from core.demands import Judgement
from core.effects import DataProtection
from core.facts import StatedEncryption, StatedIdentity, UserAssignedIdentity
from core.grants import Doubt, Grant, KeyLocation, entries_of
from core.protection import AccountProtection, Protections, principal_of
from core.resource_types import Kind
from core.stack import Stack, StackResource
from core.values import Hidden, Value, flag, folded, get_path, items, text
from review import settings
from review.preview import ReviewedResource, ReviewedState
from review.settings import Settings

_POLICIES: Final = "accessPolicies"
_RECOVERY: Final = ("soft-delete", "purge-protection")  # compared as settings
_Holder = tuple[str, str | None]
"""The name of a vault, and the object id of an identity that may use its keys."""


@dataclass(frozen=True)
class Protection:
    """One account at one level; or a vault or a key, of which there are `settings` and `unmet` alone.

    `key` is None on Microsoft-managed keys; `inline` is the key that the account states itself; `unmet` are
    the demands that do not hold. `account` is the account as it is, None for one of another stack; `users`
    are the URNs of the user-assigned identities of this stack that may use the key.
    """

    key: AccountProtection | Hidden | None = None
    grants: tuple[Grant, ...] = ()
    settings: Settings = field(default_factory=dict)
    unmet: Mapping[str, Judgement] = field(default_factory=dict)
    account: ReviewedState | None = None
    identity: StatedIdentity | None = None
    binding: StackResource | None = None
    users: frozenset[str] = frozenset()
    inline: AccountProtection | Hidden | None = None

    @property
    def bound(self) -> bool:
        return self.key is not None

    @property
    def data(self) -> DataProtection:
        """How the data is protected, for the judgement of what becomes of it."""
        grants = tuple(grant.held for grant in self.grants)
        if isinstance(self.key, AccountProtection):
            return DataProtection(self.key.used, self.key.newest, grants)
        return DataProtection(self.key, None, grants)

    @property
    def principal(self) -> Value:
        """The object id of the account's own identity; None where it has none."""
        if self.account and self.identity and self.identity.is_system:
            return principal_of(self.account)
        return None


OWN_IDENTITY: Final = ""
"""Stands for the id of an account's own identity, which has none."""


class Snapshot(Protections):
    """The protections at one level. What belongs together is looked up once, so that the time of a review
    grows with the number of resources alone.

    `told_elsewhere` has the holders whose entries in a vault's own list, as it was read, do not count, since
    another resource of the stack says what they may do: an access policy of their own, or a revocation.
    """

    is_planned: ClassVar[bool] = False

    def __init__(self, stack: Stack, told_elsewhere: Container[_Holder]) -> None:
        super().__init__(stack)
        self._told_elsewhere = told_elsewhere

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
        found: Settings = {}
        for resource in filter(None, around):
            logs = self.stack.logs_of(resource)
            found = {**found, **settings.of(resource, logs, planned=self.is_planned)}
        return found

    # Which key

    def inline(self, account: StackResource) -> StatedEncryption:
        """The encryption that the account has."""
        return adapters.stated_encryption(account.output("encryption"))

    def _of_account(self, account: ReviewedState) -> Protection:
        """The protection of an account of this stack."""
        key = self.use_of(account)
        binding = next(iter(self.bindings_by_account.get(account.urn, ())), None)
        identity = adapters.stated_identity({"identity": self.said(account, "identity")})
        user_ids = self._key_users(account, identity, key)
        users = {self.stack.by_id[id].urn for id in user_ids if id in self.stack.by_id}
        # The resources whose identities may be the holders of grants.
        holders = set(users)
        if OWN_IDENTITY in user_ids or isinstance(identity.type, Hidden):
            holders.add(account.urn)
        if identity.attached is None:  # not known, so by the resources from which the list comes
            attached, _ = self.attached_identities(account)
            holders |= {resource.urn for resource in attached}
        principals: list[Value] = [each.principal_id for each in self._described(account, user_ids)]
        if OWN_IDENTITY in user_ids:
            principals.append(principal_of(account))
        # Whatever writes the key, a binding or the account's own create, comes after the grant.
        writer = binding or account
        held = self._held_by(holders, principals, writer.dependencies)
        protection = self._of_key(key, held, account, binding)
        limits = {judged.demand: judged for judged in judgements.limits(account) if judged.unmet}
        return replace(
            protection,
            unmet={**protection.unmet, **limits},
            account=account,
            identity=identity,
            binding=binding,
            users=frozenset(users),
            inline=self.inline_use(account),
        )

    def _of_binding(self, binding: ReviewedState) -> Protection:
        """The protection of an account of another stack, of which this one has the binding."""
        principals = [text(binding.output("principalId"))]
        held = self._held_by(set(), principals, binding.dependencies)
        return replace(self._of_key(self.use_by_binding(binding), held, binding), binding=binding)

    def _of_key(
        self, key: AccountProtection | Hidden | None, held: Iterable[Grant], *around: StackResource | None
    ) -> Protection:
        """What a key brings: those of the grants `held` that count for it, its demands, and the settings of
        its vault, of itself and of the resources `around` it."""
        if not isinstance(key, AccountProtection):
            return Protection(key=key, grants=tuple(held), settings=self._settings(*around))
        if key.vault:
            around = (*around, key.vault, key.key)
        judgements_of_key = judgements.judge(self, key)
        return Protection(
            key=key,
            grants=tuple(self.on(key, held)),
            settings=self._settings(*around),
            unmet={judged.demand: judged for judged in judgements_of_key if judged.demand not in _RECOVERY},
        )

    # Who may use it

    def _key_users(
        self, account: ReviewedState, identity: StatedIdentity, key: AccountProtection | Hidden | None
    ) -> set[str]:
        """The ids of the identities that use an account's key; OWN_IDENTITY is the account's own.

        A key that names a client id is used by that identity alone, one that names none by the account's own;
        where neither is known, any of them may.
        """
        client = folded(key.client_id) if isinstance(key, AccountProtection) else None
        names_none = isinstance(key, AccountProtection) and key.client_id is None
        if names_none and identity.is_system:
            return {OWN_IDENTITY}
        users = set(identity.attached or ())
        if client:
            described = self._described(account, users)
            named = {each.id.lower() for each in described if each.client_id.lower() == client}
            if named:
                return named
        if identity.is_system:
            users.add(OWN_IDENTITY)
        return users

    def _described(self, account: ReviewedState, ids: Collection[str]) -> Iterator[UserAssignedIdentity]:
        """Identities of an account, as the account's answer and their own resources describe them."""
        for shown in adapters.stated_identity(account.outputs).shown:
            if shown.id.lower() in ids:
                yield shown
        for id in ids:
            if made := self.stack.by_id.get(id):
                client = values.known_name(made.output("clientId"))
                yield UserAssignedIdentity(id, client, values.known_name(made.output("principalId")))

    def _held_by(
        self, owners: set[str], principals: Iterable[Value], awaited: Container[str]
    ) -> Iterator[Grant]:
        """The grants of these identities.

        A grant to an identity that is not shown counts if it takes its holder from one of `owners`, or is in
        `awaited`: then for certain only if none of these identities is known. An entry of a vault's own list
        may then be anybody's.
        """
        known = set(filter(None, map(folded, principals)))
        for id in sorted(known):
            yield from self.by_principal.get(id, ())
        for grant in self.by_principal.get("", ()):
            sources = grant.resource.sources
            holders = {*(sources.get("policy") or ()), *(sources.get("principalId") or ())}
            is_awaited = grant.resource.urn in awaited
            if not owners.isdisjoint(holders) or (is_awaited and not known):
                yield grant
            elif is_awaited and not grant.is_listed:
                yield replace(grant, outer_doubt=Doubt.HOLDER)

    def listed_in(self, vault: StackResource) -> Iterator[Grant]:
        """The grants in a vault's own list. A declared list is what a write sends; a list that is not
        declared stays as it is. An entry that was read does not count if something else tells about its
        holder, because the read may be old."""
        declares = isinstance(vault, ReviewedState) and values.prop(vault.written, _POLICIES) is not None
        for grant in self.entries(vault, vault, adapters.stated_policies(self.said(vault, _POLICIES))):
            holder = folded(grant.principal)
            if declares or (holder and (grant.vault_name, holder) not in self._told_elsewhere):
                yield grant

    def on(self, place: KeyLocation, grants: Iterable[Grant]) -> list[Grant]:
        """Those of the grants that count for a key or a vault, each under the model of the vault."""
        uses_roles = self.uses_roles(place.vault_name)
        return [grant.under(uses_roles) for grant in grants if self.covers(grant, place)]

    def covers(self, grant: Grant, place: KeyLocation) -> bool:
        """Whether a grant counts for a key or a vault, or may; in a managed HSM its own roles alone do."""
        is_known = isinstance(place.vault_name, str)
        fits = not is_known or place.in_managed_hsm is grant.of_managed_hsm
        return fits and self.reaches(grant, place)

    def uses_roles(self, vault: Value) -> bool | Hidden | None:
        """Whether a vault uses role assignments and not access policies; None where that is not known."""
        state = self.stack.named(Kind.VAULT, vault)
        if state is None:
            return None
        if state.kind is Kind.MANAGED_HSM:
            return True
        return flag(state.output("enableRbacAuthorization"))


class PlannedSnapshot(Snapshot):
    """The protections after the update, as far as they are known. `before` is the level that it starts from;
    `overwritten` is the access that a vault's own list removes."""

    is_planned: ClassVar[bool] = True

    def __init__(
        self,
        stack: Stack,
        told_elsewhere: Container[_Holder],
        before: Snapshot,
        overwritten: Container[_Holder],
    ) -> None:
        super().__init__(stack, told_elsewhere)
        self._before = before
        self._overwritten = overwritten

    def said(self, resource: StackResource, name: str) -> object:
        """The value that the update gives a property."""
        return resource.input(name)

    def inline(self, account: StackResource) -> StatedEncryption:
        """The encryption that the account's next write sends."""
        written = account.written if isinstance(account, ReviewedState) else {}
        return adapters.stated_encryption(values.prop(written, "encryption"))

    def use_of(self, account: StackResource) -> AccountProtection | Hidden | None:
        """The account's use of a key. None also if the update takes the binding away: the account's own
        inputs no longer count."""
        if account.urn not in self.bindings_by_account:
            bindings = self._before.bindings_by_account.get(account.urn, ())
            if any(map(self._is_taken_away, bindings)):
                return None
        return super().use_of(account)

    def _is_taken_away(self, binding: StackResource) -> bool:
        """Whether the update deletes a binding, or binds another account with it."""
        planned = self.stack.at(binding.urn)
        if planned is None:
            return not (isinstance(binding, ReviewedState) and binding.retained)
        return folded(planned.text("accountId")) != folded(binding.text("accountId"))

    def counts(self, grant: Grant) -> bool:
        """Whether a grant counts. It does not if a vault's own list removes it, even if a resource of its own
        still declares it."""
        is_policy = grant.resource.kind is Kind.ACCESS_POLICY
        return not (is_policy and (grant.vault_name, folded(grant.principal)) in self._overwritten)

    def uses_roles(self, vault: Value) -> bool | Hidden | None:
        """What the program states, of a vault of which the model is known before the update."""
        state = self.stack.named(Kind.VAULT, vault)
        if state is None or super().uses_roles(vault) is None:
            return None
        return judgements.uses_roles(state)


class Snapshots(NamedTuple):
    """In Pulumi's state, in the cloud before the update, after it."""

    recorded: Snapshot
    live: Snapshot
    planned: Snapshot


def snapshots_of(resources: Sequence[ReviewedResource]) -> Snapshots:
    """The three levels of a preview's resources."""
    recorded = [resource.recorded for resource in resources if resource.recorded]
    live = [resource.live for resource in resources if resource.live]
    planned = [state for resource in resources if (state := _after(resource))]
    # A revocation that leaves the stack gives nothing back by that.
    revocations = [state for resource in resources if (state := resource.planned or resource.live)]
    policies = set(_with_policies(resources))
    before = Snapshot(Stack(live), policies | _revoked(live))
    after = PlannedSnapshot(
        Stack(planned), policies | _revoked(revocations), before, set(_overwritten(resources))
    )
    return Snapshots(Snapshot(Stack(recorded), policies | _revoked(recorded)), before, after)


def _after(resource: ReviewedResource) -> ReviewedState | None:
    # What leaves the stack and stays in Azure still gives access.
    if resource.released and resource.kind in {Kind.ACCESS_POLICY, Kind.ROLE_ASSIGNMENT}:
        return resource.live
    return resource.planned


def revoked_by(state: ReviewedState) -> tuple[Value, Value]:
    """The principal and the key id of an azure-cmk:index:KeyAccessRevocation. When an update writes it, it
    removes an identity's own access to a key at once, even if the program declares that access
    (provider/key_access.py)."""
    principal, key = (text(get_path(state.written, name)) for name in ("principalId", "keyId"))
    return principal, key


def _with_policies(resources: Iterable[ReviewedResource]) -> Iterator[_Holder]:
    """The identities that have an access policy of their own. A vault's own list, as it was read, says
    nothing about them.

    If a vault's inputs did not change, a refresh's JSON shows the outputs of the state (pkg/backend/display/
    json.go of pulumi 3.259), and azure-native leaves the list out of the inputs; it makes no policy where the
    list still has an entry (custom_keyvault_accesspolicy.go).
    """
    for policy in resources:
        if policy.kind is Kind.ACCESS_POLICY and not policy.released:
            for state in filter(None, (policy.live or policy.recorded, policy.planned)):
                vault = folded(state.text("vaultName")) or ""
                yield from (
                    (vault, folded(each.object_id)) for each in entries_of(policy.kind, state.declared)
                )


def _revoked(states: Iterable[ReviewedState]) -> set[_Holder]:
    """The identities whose access the revocations among these took, from whatever a vault's list had."""
    revoked = [revoked_by(state) for state in states if state.kind is Kind.REVOCATION]
    return {(grants.key_scope(folded(key) or "")[0] or "", folded(principal)) for principal, key in revoked}


def _overwritten(resources: Iterable[ReviewedResource]) -> Iterator[_Holder]:
    """Access that a vault's own list removes, although a resource of its own still declares it."""
    for vault in resources:
        if vault.kind is not Kind.VAULT or vault.op != "update" or not vault.live or not vault.planned:
            continue
        declared = values.prop(vault.planned.written, _POLICIES)
        before, after = items(vault.live.output(_POLICIES)), items(declared)
        if declared is None or isinstance(before, Hidden) or isinstance(after, Hidden):
            continue
        had, kept = (
            {folded(one.object_id) for one in adapters.stated_policies(each)} for each in (before, after)
        )
        yield from ((folded(vault.planned.azure_name) or "", id) for id in had - kept)
