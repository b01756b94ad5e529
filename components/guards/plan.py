"""What is done about a situation that nothing is wrong with: one decision for each function. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.account_write import AccountBefore
from components.arguments.names import PlacedName
from components.guards.grants import adopted_grants, recovered_grants
from components.guards.situation import Login, Situation
from core import resource_types as types


@dataclass(frozen=True)
class Plan:
    """What follows for one service.

    `recovers_vault`, `restores_account`: a soft-deleted one comes back. `keeps_key`: the key exists and is
    used as it is. `adopted`: ids of existing grants that the stack takes over, by logical name.
    `account_waits`: the account is not written before its access to the key is repaired. `account_id`: that
    of the account, if it exists. `account_names`: those of the accounts, lower case, that the state has
    something of. `account`: the account as the state and Azure have it. `has_used_key`: the account is under
    its key by a grant that exists, and no proof of the access was ever recorded. `access_validated`: such a
    proof is recorded. `placed`: the private endpoints and network links that the state has, by logical name.
    `revocations`: what takes access away, of any service; all else comes after.
    """

    login: Login
    recovers_vault: bool = False
    restores_account: bool = False
    keeps_key: bool = False
    adopted: Mapping[str, str] = field(default_factory=dict)
    account_waits: bool = False
    account_id: str | None = None
    account_names: frozenset[str] = frozenset()
    account: AccountBefore | None = None
    has_used_key: bool = False
    access_validated: bool = False
    placed: Mapping[str, PlacedName] = field(default_factory=dict)
    revocations: tuple[pulumi.Resource, ...] = ()


def plan(situation: Situation) -> Plan:
    """What is kept, taken over, waited for and recovered."""
    before, deleted = situation.before, situation.deleted
    return Plan(
        situation.login,
        recovers_vault=deleted.vault is not None,
        restores_account=deleted.account is not None,
        keeps_key=situation.keeps_key,
        adopted=adopted(situation),
        account_waits=situation.account_lacks_access,
        account_id=before.account.id if before.account else None,
        account_names=before.account_names,
        account=situation.account,
        has_used_key=has_used_key(situation),
        access_validated=is_validated(situation),
        placed=before.placed,
    )


def adopted(situation: Situation) -> Mapping[str, str]:
    """The grants that are taken over. A preview cannot read a vault that is not back yet, and shows its
    grants as created."""
    recovered = {} if pulumi.runtime.is_dry_run() else recovered_grants(situation)
    return {**adopted_grants(situation), **recovered}


def is_validated(situation: Situation) -> bool:
    """Whether the access was waited for before the account was made."""
    return (types.KEY_ACCESS_VALIDATION, f"{situation.name}-key-access") in situation.before.resources


def has_used_key(situation: Situation) -> bool:
    """Whether the account proves by itself that its access counts, as one does that was adopted."""
    grant = situation.before.grant_recorded or f"{situation.name}-access" in adopted_grants(situation)
    return (
        not situation.is_replaced
        # A grant that is recorded may be gone all the same: an update that failed has taken it away.
        and not situation.account_lacks_access
        and grant
        and not is_validated(situation)
        and situation.account.bound_key is not None
    )
