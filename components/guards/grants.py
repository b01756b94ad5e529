"""Grants at the key that exist already: the account's own role, which the stack takes over. An access policy
is taken over by its resource (provider/access_policy.py).

Pure. Does not own: the grant itself (components/access.py), nor access that was removed (access.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.arguments.checks import DEPLOYER
from components.arguments.problem import Problem
from components.guards.situation import Situation
from components.invokes import Answer
from core import resource_types as types


@dataclass(frozen=True)
class ExistingGrants:
    """`adopted_role` is the id of the account's own role assignment at the key, where it exists and the state
    lacks it: an update left it so that was cut off. `recorded_policies` are the logical names of the access
    policies that the state has; any other may be taken over. `operator_words` are, by key operator, what its
    access is called by in its logical name.
    """

    adopted_role: str | None = None
    recorded_policies: frozenset[str] = frozenset()
    operator_words: Mapping[str, str] = field(default_factory=dict)


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
    return ExistingGrants(adopted, frozenset(recorded), _operator_words(one))


def is_granted(situation: Situation) -> bool:
    """Whether the state or Azure has the account's grant."""
    one = situation
    in_azure = one.live.assignment or _permissions(one.live.vault).get(one.place.grantee_id.lower())
    return one.before.grant_recorded or bool(in_azure)


def operators_of_two_names(situation: Situation) -> Iterator[Problem]:
    """An identity is a key operator by two names. A vault gives it access once, so that what is made for one
    name would be deleted with the other."""
    named: dict[str, str] = {}
    for operator, object_id in _operators(situation).items():
        first = named.setdefault(object_id.lower(), operator)
        if first != operator:
            yield Problem(
                "vault.keyOperators",
                f"{first} and {operator} are one identity, {object_id}. Leave {operator} out of "
                "vault.keyOperators here",
            )


def _operators(situation: Situation) -> Mapping[str, str]:
    """The object id of each key operator."""
    deployer_id = situation.login.object_id
    return {one: deployer_id if one == DEPLOYER else one for one in situation.inputs.vault.key_operators}


def _operator_words(situation: Situation) -> Mapping[str, str]:
    """An identity's access keeps the word by which the state has it, whoever deploys now: under another one
    it would be made again, and then deleted with the former resource."""
    prefix, recorded = f"{situation.name}-operator-", dict[str, str]()
    for (_, name), outputs in situation.before.resources.items():
        object_id = (outputs.get("policy") or {}).get("objectId") or outputs.get("principalId")
        if object_id and name.startswith(prefix):
            recorded[object_id.lower()] = name.removeprefix(prefix).removesuffix("-access")
    operators = _operators(situation)
    kept = {one: recorded[id.lower()] for one, id in operators.items() if id.lower() in recorded}
    return {one: kept.get(one) or (id if one in kept.values() else one) for one, id in operators.items()}


def _permissions(vault: Answer) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """The permissions in a vault's access policies, by object id, lower case."""
    entries: Sequence[Mapping[str, Any]] = ((vault or {}).get("properties") or {}).get("accessPolicies") or ()
    return {
        str(entry["objectId"]).lower(): {
            group: given for group, given in (entry.get("permissions") or {}).items() if given
        }
        for entry in entries
        if not entry.get("applicationId")
    }
