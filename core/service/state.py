"""What is known of one service before a run: its settings, its resources in the state, and those in Azure.

Owns: conclusions from these three, such as whether the identity can use the key. Pure. Does not own: how it
is read (provider/service_look.py), what is wrong with it (rules.py), what is done about it (components/).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from core import adapters, arm_ids, coverage, demands, facts, rights
from core import resource_types as types
from core.rights import Access, EffectiveAccess
from core.service.account import AccountBefore, recorded_account
from core.service.desired import DEPLOYER, PINNED, RBAC, DesiredService
from core.service.key_place import KeyPlace, is_another_vault, is_elsewhere, place_of_key
from core.service.recorded import Answer, RecordedService, State, as_it_is

_NO_ACCESS = EffectiveAccess()
_FULL_ACCESS = EffectiveAccess(frozenset(word.lower() for word in rights.NEEDED))


@dataclass(frozen=True)
class Deployer:
    """Who deploys. A field is empty if azure-native does not tell it, as Pulumi's mocks do not."""

    tenant_id: str = ""
    subscription_id: str = ""
    object_id: str = ""


_NO_UPGRADE = facts.Upgrade()


READ_PARTS: Final = ("account", "vault", "key", "assignment", "operator", "audit", "identity")
"""What is read of a service, as `Live.unread` names it."""


@dataclass(frozen=True)
class Live:
    """The resources in Azure; None for each that does not exist or did not have to be read. `unread` names
    those that the login may not read, and that may exist.

    `account` is the service's account, or any account with the name that it is to get. `assignment` is the
    role assignment of the account's identity, and `identity` the user-assigned identity that uses the key.
    `upgrade` is Azure's plan to make the account a Foundry resource by itself. `audit` is the diagnostic
    setting that the stack gave the vault: None if it does not exist, empty if it was not read. `is_held` is
    False if Azure lists no deleted account of the name of one that is gone, so that none can come back.
    `can_leave_key` is False if the account is to leave a key that its identity can no longer use.
    `operators` are the key operators, by object id, who have an access that the state does not record; with
    its id. `unusable`: why the version that the account is on wraps nothing; "" if it does, or was not read.
    """

    account: Answer = None
    vault: Answer = None
    key: Answer = None
    assignment: Answer = None
    identity: Answer = None
    upgrade: facts.Upgrade = _NO_UPGRADE
    can_leave_key: bool = True
    audit: Answer = field(default_factory=dict)
    operators: Mapping[str, str] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    is_held: bool = True
    unusable: str = ""


@dataclass(frozen=True)
class ServiceState:
    """One service. `account` is its account as the settings declare it, beside what the state and Azure have
    of it. `recovers`: this is a run of `operate recover`, which looks for what the state lacks."""

    desired: DesiredService
    before: RecordedService
    login: Deployer
    place: KeyPlace
    live: Live
    account: AccountBefore
    recovers: bool = False

    @property
    def kind(self) -> str:
        """The kind of the account that exists, or else of the one that is to be made."""
        account = self.before.account
        return (account.kind if account else None) or self.desired.kind

    @property
    def data_deleted(self) -> str:
        """In words: Azure's irreversible act on the account's data when its key is out of reach; "" for
        none."""
        return coverage.named(self.kind).deletes

    @property
    def keeps_key(self) -> bool:
        """Whether the key is there, and is used as it is."""
        return self.live.key is not None and self.place.makes_key and not self.recovers

    @cached_property
    def _vault(self) -> facts.Vault:
        """The live vault; one without any properties where Azure showed none."""
        return adapters.vault(self.live.vault or {})

    @property
    def _reads_grant(self) -> bool:
        return self.live.vault is not None and not is_elsewhere(self.before, self.place)

    @property
    def _roles_count(self) -> bool:
        """Whether the live vault looks at role assignments; a managed HSM always does."""
        return self.place.in_managed_hsm or self._vault.uses_rbac

    @property
    def access(self) -> EffectiveAccess | None:
        """The access to the key in use that Azure shows for the account's identity.

        None if the answers do not show it: the vault is gone (drift.py), the account is about to move from
        another vault or key to the declared one, or the settings declare a role where the state has an access
        policy, or the other way round.
        """
        if not self._reads_grant or "assignment" in self.live.unread:
            return None
        recorded_by_role = self.before.assignment_id is not None
        if self.place.assignment_id:
            changes_model = self.before.grant_recorded and not recorded_by_role
        else:
            changes_model = recorded_by_role
        return None if changes_model else self._given_to(self.before.grantee_id or "")

    def _given_to(self, user: str) -> EffectiveAccess:
        """What the live vault shows that an identity may do with the key, by the kind of grant that the
        settings declare. A role assignment is read for the account's identity alone."""
        if not self.place.assignment_id:
            return rights.by_policies(self._vault, user)
        return _FULL_ACCESS if self.live.assignment and self._roles_count else _NO_ACCESS

    @property
    def rotates(self) -> bool:
        """Whether the settings ask for another version of the key than the state has."""
        made = self.before.part(types.KEY_VERSION, "key-version").get("generation")
        return (self.desired.key.generation or 0) > int(made or 0)

    @property
    def closed_vault(self) -> facts.Vault | None:
        """The vault whose key the account is bound to, if its firewall does not let the service in."""
        if not self._reads_grant or not self.before.is_bound:
            return None
        found = self._vault
        return found if demands.keeps_service_out(found) else None

    @property
    def vault_under_other_model(self) -> facts.Vault | None:
        """The vault whose key the account is bound to, if somebody has put it under another access model than
        the settings declare for it."""
        if not (self.desired.makes_vault and self._reads_grant and self.before.is_bound):
            return None
        vault = self._vault
        if self.desired.access_model == RBAC:
            was_changed = not vault.uses_rbac and self.settings_chose_roles
        else:
            was_changed = vault.uses_rbac and not self.stack_chose_roles
        return vault if was_changed else None

    @property
    def stack_chose_roles(self) -> bool:
        """Whether this stack itself put the vault under Azure RBAC: the account's access, which may be
        revoked since, was a role. Then it is the settings that take the vault to access policies."""
        return self.before.vault is not None and self.before.vault.uses_rbac and self._was_granted_by_role

    @property
    def settings_chose_roles(self) -> bool:
        """Whether the settings have put the vault under Azure RBAC already, whatever it is under now."""
        return self.before.outputs.access_model == RBAC or self._was_granted_by_role

    @property
    def _was_granted_by_role(self) -> bool:
        revocation = self.before.part(types.KEY_ACCESS_REVOCATION, "revocation")
        return (self.before.assignment_id or revocation.get("assignmentId")) is not None

    @property
    def leaves_vault(self) -> bool:
        """Whether the vault stays unwritten: access is revoked, somebody has closed the vault or put it under
        the other access model besides, and what the settings declare would undo that."""
        is_locked = self.closed_vault is not None or self.vault_under_other_model is not None
        return self.desired.is_revoked and self.desired.makes_vault and is_locked

    @property
    def granted_user(self) -> str:
        """The object id of the identity by which a bound account uses its key, if that was read to have all
        the access that it needs, and is to keep it; else ""."""
        user = self.before.key_user_id
        if user is None or user != self.before.grantee_id or self.before.revoked or self.desired.is_revoked:
            return ""
        is_full = self.access is not None and self.access.level is Access.FULL
        return user if self.before.is_bound and is_full else ""

    @property
    def account_lacks_access(self) -> bool:
        """Whether the identity of a bound account lacks access to its key, in full or in part.

        The service then refuses every write of the account (assumed, `same_key_again`), so an account whose
        access comes after it waits until the grant is repaired. An account that moves to a key under another
        grant does not wait, nor does one whose identity is gone (drift.py).
        """
        before, user = self.before, self.before.key_user_id
        if not before.is_bound or {"vault", "assignment"} & self.live.unread:
            return False
        if before.bound_to is None or user is None or not self._reads_grant:
            return False
        if before.revoked:
            return True
        if self.place.assignment_id and user != before.grantee_id:
            return True
        return self._given_to(user).level is not Access.FULL

    @property
    def account_waits(self) -> bool:
        """Whether the account is not written in this update: first it gets access to its key, or it is bound
        again, because neither Azure nor the state tells the version, which every write has to repeat."""
        has = self.account.bound_key
        untold = has is not None and not has.encryption.key_version and self.desired.key.version == PINNED
        return self.account_lacks_access or (untold and self.desired.binds_in_two_phases)

    @property
    def recorded_policies(self) -> frozenset[str]:
        """The logical names of the access policies that the state has. The resource
        (provider/access_policy.py) may take over any other."""
        before = self.before
        recorded = {name for type, name in before.resources if type == types.ACCESS_POLICY}
        vault = before.part(types.ACCESS_POLICY, "access").get("vaultName")
        user, former = (before.key_user_id or "").lower(), (before.grantee_id or "").lower()
        # That of another vault or identity, while an update that was cut off made the one here. If one policy
        # were taken for two, the engine would delete the former, and so the only one.
        if is_another_vault(vault, self.place.vault_id) or user not in ("", former):
            recorded.discard(f"{before.name}-access")
        return frozenset(recorded)

    @property
    def account_id(self) -> str | None:
        """The account's ARM id, if it exists."""
        account = self.before.account
        return account.id if account else None

    @property
    def has_proof(self) -> bool:
        """Whether the state has the resource that waited until the access to the key counted."""
        return self.before.has(types.KEY_ACCESS_VALIDATION, "key-access")

    @property
    def proven_by_use(self) -> bool:
        """Whether the account is under its key by an existing grant, as an adopted account is, so that no
        update has to wait. A recorded grant may be gone all the same, if an update took it away and then
        failed."""
        policies = rights.by_policies(self._vault, self.place.grantee_id)
        in_azure = self.live.assignment is not None or policies.level is not Access.NONE
        usable = (self.before.grant_recorded or in_azure) and not self.account_lacks_access
        return usable and self.account.bound_key is not None and not self.has_proof


def known_service(
    desired: DesiredService,
    recorded: RecordedService,
    state: State,
    login: Deployer,
    live: Live,
    *,
    recovers: bool = False,
) -> ServiceState:
    """What is known of a service that a state records, once it has been looked at."""
    before = as_it_is(recorded, live.account)
    declared = replace(
        recorded_account(state, desired.account_name), live=live.account, unusable=live.unusable
    )
    return ServiceState(desired, before, login, place_of_key(desired, before), live, declared, recovers)


def key_operators(desired: DesiredService, login: Deployer) -> list[str]:
    """The object id of each key operator, once."""
    ids: dict[str, str] = {}
    for operator in desired.vault.key_operators:
        object_id = login.object_id if operator == DEPLOYER else operator
        ids.setdefault(object_id.lower(), object_id)
    return [*ids.values()]


def is_in_subscription(account: facts.Account | None, login: Deployer) -> bool:
    """Whether an account is in the login's subscription."""
    return account is not None and arm_ids.subscription_of(account.id) == login.subscription_id.lower()


def gives_reading_role(desired: DesiredService, before: RecordedService) -> bool:
    """Whether an update of a service may give the deployer the role to read the key."""
    return desired.access_model == RBAC and DEPLOYER in desired.vault.key_operators and not before.is_bound
