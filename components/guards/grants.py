"""Grants at the key that exist already: the account's own role, which the stack takes over. An access policy
is taken over by its resource (provider/access_policy.py).

Pure. Does not own: the grant itself (components/access.py), nor access that was removed (access.py).
"""

from dataclasses import dataclass

from components.guards.situation import Situation
from core import adapters, rights
from core import resource_types as types
from core.rights import Access


@dataclass(frozen=True)
class ExistingGrants:
    """`adopted_role` is the id of the account's own role assignment at the key, where it exists and the state
    lacks it: an update left it so that was cut off. `recorded_policies` are the logical names of the access
    policies that the state has; any other may be taken over.
    """

    adopted_role: str | None = None
    recorded_policies: frozenset[str] = frozenset()


def existing_grants(situation: Situation) -> ExistingGrants:
    """What the stack has made before, recorded or not."""
    one, before = situation, situation.before
    # While a revocation is recorded, a read that shows the role is late: `azure-cmk` forgets the revocation
    # once somebody has given the access back.
    unrecorded = one.live.assignment if one.place.lacks_assignment and not before.revoked else None
    recorded = {name for type, name in before.resources if type == types.ACCESS_POLICY}
    user, former = (before.key_user_id or "").lower(), (before.grantee_id or "").lower()
    # One policy must never be taken for two, of which the former is deleted.
    if one.place.lacks_policy or user not in ("", former):
        recorded.discard(f"{one.name}-access")
    adopted = str(unrecorded["id"]) if unrecorded else None
    return ExistingGrants(adopted, frozenset(recorded))


def is_granted(situation: Situation) -> bool:
    """Whether the state or Azure has the account's grant."""
    one = situation
    policies = rights.by_policies(adapters.vault(one.live.vault or {}), one.place.grantee_id)
    in_azure = one.live.assignment is not None or policies.level is not Access.NONE
    return one.before.grant_recorded or in_azure
