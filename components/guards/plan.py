"""What is done about a situation that nothing is wrong with: one decision for each function. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import pulumi

from components.account_write import AccountBefore
from components.guards.grants import ExistingGrants, existing_grants, is_granted
from components.guards.situation import Deployer, Situation
from components.guards.soft_deleted import consent
from components.service_args import PURGE
from components.vault_writes import VaultWrites
from core import arm_ids
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

    `recovers_vault`, `restores_account`: a soft-deleted one comes back. `purge` are the inputs of the purge
    of a soft-deleted account with the account's name, now or in an earlier run. `keeps_key`: the key exists
    and is used as it is. `account_waits`: the account is not written in this update. `account_id`: that of
    the account, if it exists. `account_names`: those of the accounts, lower case, that the state has
    something of. `account`: the account as the state and Azure have it. `shared` is what the services of one
    run have together.
    """

    login: Deployer
    recovers_vault: bool = False
    restores_account: bool = False
    purge: Mapping[str, str] | None = None
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
        purge=purge(situation),
        keeps_key=situation.keeps_key,
        grants=existing_grants(situation),
        account_waits=situation.account_waits,
        account_id=before.account.id if before.account else None,
        account_names=before.account_names,
        account=situation.account,
        proof=proof(situation),
    )


def purge(situation: Situation) -> Mapping[str, str] | None:
    """The purge of the account that holds the name; once it is done, the one that the state has, for as long
    as the settings name it."""
    if found := situation.deleted.purged:
        group = arm_ids.group_id(arm_ids.subscription_of(found["id"]), arm_ids.group_of(found["id"]))
        id = arm_ids.child(group, arm_ids.ACCOUNT, found["name"])
    else:
        found = situation.before.part(types.DELETED_ACCOUNT_PURGE, "purge")
        id = str(found.get("accountId"))
        said = consent({"name": arm_ids.name_of(id), "deletionDate": found.get("deletionDate")})
        if situation.inputs.soft_deleted != PURGE or not said or situation.inputs.purge_account != said:
            return None
    return {"account_id": id, "location": found["location"], "deletion_date": found["deletionDate"]}


def proof(situation: Situation) -> Proof:
    """What shows that the access counts. A grant that is recorded may be gone all the same: an update that
    failed has taken it away."""
    one = situation
    if (types.KEY_ACCESS_VALIDATION, f"{one.name}-key-access") in one.before.resources:
        return Proof.RECORDED
    usable = is_granted(one) and not one.is_replaced and not one.account_lacks_access
    return Proof.BY_USE if usable and one.account.bound_key is not None else Proof.NEEDED
