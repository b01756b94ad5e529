"""Grants at the key that exist already: the account's own, which the stack takes over, and those of others.

Pure. Does not own: the grant itself (components/access.py), nor access that was removed (access.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.access import ROTATION, USE
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


def adopted_grants(situation: Situation) -> Mapping[str, str]:
    """The ids, by logical name, of grants that exist and that the state lacks: the account's own, and the
    access policies of key operators in the vault that this stack made. An update leaves them so that was cut
    off, or that failed because Azure did not show the policy at once (azure-native: "newly written access
    policy not found").

    While the state records that access is revoked, the account's grant is gone, and a read that shows it is
    late: `azure-cmk` forgets the revocation once somebody has given the access back.
    """
    return {**_own_grant(situation), **_own_operators(situation)}


def _own_grant(situation: Situation) -> Mapping[str, str]:
    place, live = situation.place, situation.live
    if situation.before.revoked:
        return {}
    found = None
    if place.lacks_policy and place.grantee_id.lower() in _permissions(live.vault):
        found = _policy_id(place.vault_id, place.grantee_id)
    elif place.lacks_assignment and live.assignment:
        found = str(live.assignment["id"])
    return {f"{situation.name}-access": found} if found else {}


def _own_operators(situation: Situation) -> Mapping[str, str]:
    """Only policies that are just what this service itself would make."""
    one, place = situation, situation.place
    if place.vault_exists or one.recovers or one.inputs.grants_by != ACCESS_POLICY:
        return {}
    held = _permissions(one.live.vault)
    return {
        f"{one.name}-operator-{operator}-access": _policy_id(place.vault_id, object_id)
        for operator, object_id in _unmade_operators(one.inputs, one.before, one.login.object_id).items()
        if _is_rotation(held.get(object_id.lower(), {}))
    }


def _is_rotation(permissions: Mapping[str, Sequence[str]]) -> bool:
    folded = {group: {one.lower() for one in given} for group, given in permissions.items()}
    return folded == {"keys": set(ROTATION.policy)}


def recovered_grants(situation: Situation) -> Mapping[str, str]:
    """The id of the grant that a recovered vault has, by logical name.

    A vault comes back with its access policies and without its role assignments (source: "Azure Key Vault
    recovery management"). The account's identity still has its policy then, unless access was revoked before,
    which shows once the vault is back.
    """
    one, vault = situation, situation.deleted.vault
    principal = (
        one.before.grantee_id if one.before.account else (one.deleted.account or {}).get("principalId")
    )
    if vault is None or principal is None or one.inputs.access_model == RBAC:
        return {}
    return {f"{one.name}-access": _policy_id(vault["resourceId"], principal)}


def has_policy(vault: Answer, policy_id: str) -> bool:
    """Whether a vault has the access policy of an id."""
    return arm_ids.name_of(policy_id).lower() in _permissions(vault)


def policy_of_new_identity(situation: Situation) -> Iterator[Problem]:
    """An identity that somebody made anew has an access policy already: this update cannot add its own."""
    one, before, place = situation, situation.before, situation.place
    user, former = (before.key_user_id or "").lower(), (before.grantee_id or "").lower()
    is_granted = before.is_bound and before.grant_recorded and not one.is_replaced
    if (
        not is_granted
        or one.inputs.is_revoked
        or one.inputs.grants_by != ACCESS_POLICY
        or user in ("", former)
    ):
        return
    if one.inputs.binds_in_two_phases and user in _permissions(one.live.vault):
        name = arm_ids.name_of(place.vault_id)
        yield Problem(
            "access",
            f"the account's identity was re-created as {user}, which already has an access policy in vault "
            f"{name!r} that this stack does not record; a vault has one policy for each identity. Run "
            f"`az keyvault delete-policy --name {name} --object-id {user}` and then the same command again, "
            f"which gives the identity {', '.join(USE.policy)} on keys",
        )


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
    adopted = _own_operators(one)
    name, deployer_id = arm_ids.name_of(place.vault_id), one.login.object_id
    for operator, object_id in _unmade_operators(one.inputs, one.before, deployer_id).items():
        if f"{one.name}-operator-{operator}-access" in adopted:
            continue
        if one.inputs.grants_by == ACCESS_POLICY and object_id.lower() in _permissions(one.live.vault):
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


def _unmade_operators(
    inputs: EncryptedAIServicesAccountArgs, before: RecordedService, deployer_id: str
) -> Mapping[str, str]:
    """The object ids of the key operators whose access the state does not have, by operator."""
    return {
        operator: deployer_id if operator == DEPLOYER else operator
        for operator in inputs.vault.key_operators
        if not before.has(f"operator-{operator}-access")
    }


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


def _policy_id(vault_id: str, object_id: str) -> str:
    """The id that azure-native gives an access policy."""
    return f"{vault_id}/accessPolicy/{object_id}"
