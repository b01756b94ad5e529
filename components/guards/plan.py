"""What is done about a situation that nothing is wrong with: one decision for each function. Pure."""

from dataclasses import dataclass
from enum import Enum

import pulumi

from components.guards.grants import ExistingGrants, existing_grants, is_granted
from components.guards.situation import Situation
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
class ServicePlan:
    """What follows for one service from its situation. `revocations` are what takes access away, of any
    service of the run: all else comes after."""

    situation: Situation
    revocations: tuple[pulumi.Resource, ...] = ()

    @property
    def recovers_vault(self) -> bool:
        """Whether a soft-deleted vault comes back."""
        return self.situation.deleted.vault is not None

    @property
    def restores_account(self) -> bool:
        """Whether a soft-deleted account comes back."""
        return self.situation.deleted.account is not None

    @property
    def grants(self) -> ExistingGrants:
        """What exists of the grants."""
        return existing_grants(self.situation)

    @property
    def account_id(self) -> str | None:
        """The account's ARM id, if it exists."""
        account = self.situation.before.account
        return account.id if account else None

    @property
    def proof(self) -> Proof:
        """What shows that the access counts. A grant that is recorded may be gone all the same: an update
        that failed has taken it away."""
        one = self.situation
        if one.before.has(types.KEY_ACCESS_VALIDATION, "key-access"):
            return Proof.RECORDED
        usable = is_granted(one) and not one.account_lacks_access
        return Proof.BY_USE if usable and one.account.bound_key is not None else Proof.NEEDED
