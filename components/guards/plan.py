"""What is done about a situation that nothing is wrong with: one decision for each function. Pure."""

from dataclasses import dataclass
from enum import Enum

import pulumi

from components.guards.situation import Situation
from core import adapters, rights
from core import resource_types as types
from core.rights import Access


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
    def adopted_role(self) -> str | None:
        """The id of the account's own role assignment at the key, where it exists and the state lacks it: an
        update left it so that was cut off."""
        one = self.situation
        # While a revocation is recorded, a read that shows the role is late: `azure-cmk` forgets the
        # revocation once somebody has given the access back.
        is_own = one.place.lacks_assignment and not one.before.revoked
        return str(one.live.assignment["id"]) if is_own and one.live.assignment else None

    @property
    def recorded_policies(self) -> frozenset[str]:
        """The logical names of the access policies that the state has; any other may be taken over, by its
        resource (provider/access_policy.py)."""
        one, before = self.situation, self.situation.before
        recorded = {name for type, name in before.resources if type == types.ACCESS_POLICY}
        user, former = (before.key_user_id or "").lower(), (before.grantee_id or "").lower()
        # One policy must never be taken for two, of which the former is deleted.
        if one.place.lacks_policy or user not in ("", former):
            recorded.discard(f"{one.name}-access")
        return frozenset(recorded)

    @property
    def operators(self) -> dict[str, str]:
        """By object id in lower case, the logical names of what the state has of key operators."""
        found: dict[str, str] = {}
        for (_, name), outputs in self.situation.before.resources.items():
            object_id = (outputs.get("policy") or {}).get("objectId") or outputs.get("principalId")
            if object_id and name.startswith(f"{self.situation.name}-operator-"):
                found[object_id.lower()] = name
        return found

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
        policies = rights.by_policies(adapters.vault(one.live.vault or {}), one.place.grantee_id)
        in_azure = one.live.assignment is not None or policies.level is not Access.NONE
        usable = (one.before.grant_recorded or in_azure) and not one.account_lacks_access
        return Proof.BY_USE if usable and one.account.bound_key is not None else Proof.NEEDED
