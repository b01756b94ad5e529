"""Grants at the key that exist already: the account's own role, which the stack takes over, and those of
others. An access policy is taken over by its resource (provider/access_policy.py).

Pure. Does not own: the grant itself (components/access.py), nor access that was removed (access.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.access import ROTATION
from components.access_model import ACCESS_POLICY, RBAC
from components.arguments import names
from components.arguments.checks import DEPLOYER
from components.arguments.problem import Problem
from components.guards.key_place import KeyPlace
from components.guards.recorded_state import RecordedService
from components.guards.situation import Situation
from components.invokes import Answer
from components.service_args import EncryptedAIServicesAccountArgs
from core import arm_ids
from core import resource_types as types


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
    return ExistingGrants(str(unrecorded["id"]) if unrecorded else None, frozenset(recorded))


def is_granted(situation: Situation) -> bool:
    """Whether the state or Azure has the account's grant."""
    one = situation
    in_azure = one.live.assignment or _permissions(one.live.vault).get(one.place.grantee_id.lower())
    return one.before.grant_recorded or bool(in_azure)


def _is_rotation(permissions: Mapping[str, Sequence[str]]) -> bool:
    folded = {group: {one.lower() for one in given} for group, given in permissions.items()}
    return folded == {"keys": set(ROTATION.policy)}


def roles_of_operators(
    inputs: EncryptedAIServicesAccountArgs, before: RecordedService, place: KeyPlace, deployer_id: str
) -> Mapping[str, Mapping[str, str]]:
    """By key operator whose role at a vault with Azure RBAC this service has not made: the arguments to read
    the role assignment that it would make."""
    if not place.vault_id or inputs.grants_by != RBAC:
        return {}
    return {
        operator: {
            "scope": place.vault_id,
            "roleAssignmentName": names.role_assignment_name(place.vault_id, object_id, ROTATION.role.id),
        }
        for operator, object_id in _unmade_operators(inputs, before, deployer_id).items()
    }


def operators_of_others(situation: Situation) -> Iterator[Problem]:
    """A key operator has access already that this service did not make: whoever made it may take it away.

    A recovery takes over what the owner of a vault declares, so that nothing is refused there.
    """
    one, place = situation, situation.place
    if one.recovers and not place.vault_exists:
        return
    held = _permissions(one.live.vault) if one.inputs.grants_by == ACCESS_POLICY else {}
    name, deployer_id = arm_ids.name_of(place.vault_id), one.login.object_id
    if [*operators_of_two_names(one)]:
        return  # The access that is there is this service's, by the other name.
    for operator, object_id in _unmade_operators(one.inputs, one.before, deployer_id).items():
        policy = held.get(object_id.lower())
        if policy and not place.vault_exists and _is_rotation(policy):
            continue  # An update that was cut off left it so; it is taken over.
        if policy:
            what = "an access policy"
            delete = f"az keyvault delete-policy --name {name} --object-id {object_id}"
        elif assignment := one.live.operator_roles.get(operator):
            what = f"the role {ROTATION.role.name!r}"
            delete = f"az role assignment delete --ids {assignment['id']}"
        else:
            continue
        again = f". Or, if nobody else relies on it, run `{delete}` and then the same command again"
        yield Problem(
            "vault.keyOperators",
            f"key operator {operator} has {what} in vault {name!r} already, which this service did not make: "
            "another program may have made it, and may delete it. A vault gives it to an identity once, so "
            f"name the operator only in the program that owns the vault. Leave {operator} out of "
            "vault.keyOperators here: the operator keeps the access that it has"
            f"{'' if place.vault_exists else again}",
        )


def operators_of_two_names(situation: Situation) -> Iterator[Problem]:
    """An identity is a key operator by two names, now or before and after this update. A vault gives it
    access once, so that what is made for one name would be deleted with the other."""
    one, named = situation, dict[str, str]()
    former = _recorded_operators(one.before)
    for operator, object_id in _operators(one.inputs, one.login.object_id):
        first, before = named.setdefault(object_id.lower(), operator), former.get(object_id.lower(), operator)
        if first != operator:
            yield Problem(
                "vault.keyOperators",
                f"{first} and {operator} are one identity, {object_id}. Leave {operator} out of "
                "vault.keyOperators here",
            )
        elif before != operator and not one.before.has(f"operator-{operator}-access"):
            yield Problem(
                "vault.keyOperators",
                f"{operator} is the identity that was named {before}, and this update would delete the "
                f"access that both are. Name {before} again, or name neither and run `pulumi up` first",
            )


def _recorded_operators(before: RecordedService) -> Mapping[str, str]:
    """The key operators to whom the state says that this service gave access, by object id, lower case."""
    found = {}
    for (_, name), outputs in before.resources.items():
        operator = name.removeprefix(f"{before.name}-operator-").removesuffix("-access")
        if name == f"{before.name}-operator-{operator}-access":
            policy = outputs.get("policy") or {}
            found[str(policy.get("objectId") or outputs.get("principalId")).lower()] = operator
    return found


def _operators(inputs: EncryptedAIServicesAccountArgs, deployer_id: str) -> Iterator[tuple[str, str]]:
    """Each key operator with its object id."""
    for operator in inputs.vault.key_operators:
        yield operator, deployer_id if operator == DEPLOYER else operator


def _unmade_operators(
    inputs: EncryptedAIServicesAccountArgs, before: RecordedService, deployer_id: str
) -> Mapping[str, str]:
    """The object ids of the key operators whose access the state does not have, by operator."""
    found = dict(_operators(inputs, deployer_id))
    return {one: id for one, id in found.items() if not before.has(f"operator-{one}-access")}


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
