"""What is done about a situation that nothing is wrong with: one decision for each function. Pure."""

from dataclasses import dataclass, field
from enum import Enum

import pulumi

from components.account_write import AccountBefore
from components.guards.grants import ExistingGrants, existing_grants, is_granted
from components.guards.situation import Deployer, Situation
from components.vault_writes import VaultWrites
from core import resource_types as types


class Proof(Enum):
    """What shows that the access to the key counts before an account is bound in its create."""

    NEEDED = "needed"
    """Nothing yet: the update waits for it."""
    RECORDED = "recorded"
    """The state has the resource that waited."""
    BY_USE = "by use"
    """The account is under its key by a grant that exists, as one that was adopted."""


@dataclass(frozen=True)
class SharedOrder:
    """The order between the services of one run. `revocations` are what takes access away, of any service:
    all else comes after. `writes` are those to vaults, which services may share."""

    revocations: tuple[pulumi.Resource, ...] = ()
    writes: VaultWrites = field(default_factory=VaultWrites, compare=False)


@dataclass(frozen=True)
class ServicePlan:
    """What follows for one service.

    `recovers_vault`, `restores_account`: a soft-deleted one comes back. `keeps_key`: the key exists
    and is used as it is. `account_waits`: the account is not written in this update. `account_id`: that of
    the account, if it exists. `account_names`: those of the accounts, lower case, that the state has
    something of. `account`: the account as the state and Azure have it. `shared` is what the services of one
    run have together.
    """

    login: Deployer
    recovers_vault: bool = False
    restores_account: bool = False
    keeps_key: bool = False
    grants: ExistingGrants = field(default_factory=ExistingGrants)
    account_waits: bool = False
    account_id: str | None = None
    account_names: frozenset[str] = frozenset()
    account: AccountBefore = AccountBefore()
    proof: Proof = Proof.NEEDED
    shared: SharedOrder = field(default_factory=SharedOrder)


def plan(situation: Situation) -> ServicePlan:
    """What is kept, taken over, waited for and recovered."""
    before, deleted = situation.before, situation.deleted
    return ServicePlan(
        situation.login,
        recovers_vault=deleted.vault is not None,
        restores_account=deleted.account is not None,
        keeps_key=situation.keeps_key,
        grants=existing_grants(situation),
        account_waits=situation.account_waits,
        account_id=before.account.id if before.account else None,
        account_names=before.account_names,
        account=situation.account,
        proof=proof(situation),
    )


def proof(situation: Situation) -> Proof:
    """What shows that the access counts. A grant that is recorded may be gone all the same: an update that
    failed has taken it away."""
    one = situation
    if (types.KEY_ACCESS_VALIDATION, f"{one.name}-key-access") in one.before.resources:
        return Proof.RECORDED
    usable = is_granted(one) and not one.is_replaced and not one.account_lacks_access
    return Proof.BY_USE if usable and one.account.bound_key is not None else Proof.NEEDED
