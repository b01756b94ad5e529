"""What exists already: the vault that a service is to use, a key of its name, grants in the vault.

Owns: what an existing vault must be, and what a service takes over. Pure. Does not own: the calls that
read it (preflight.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from components.access import ROTATION, USE, KeyPermissions
from components.access_model import ACCESS_POLICY, RBAC
from components.arguments import names
from components.arguments.checks import DEPLOYER
from components.arguments.inputs import UNKNOWN, known_text
from components.arguments.problem import Problem
from components.guards import data_loss
from components.guards.recorded_state import RecordedService
from components.guards.soft_deleted import SoftDeleted
from components.service_args import RECOVER, ServiceInputs
from core import adapters, arm_ids, demands, facts, key_uris, regions, roles
from core import resource_types as types
from core.commands import adopt, set_policy, take_over

Answer = Mapping[str, Any] | None


@dataclass(frozen=True)
class KeyLocation:
    """Where a service's key is, and what has to be read about it.

    `grants` is the access policy of the account if that is missing in the state: its logical name, with the
    object id that it is for. `assignment` is the logical name of the role assignment if that is missing in
    the state, `assignment_name` its name in Azure.
    """

    vault_id: str = ""
    vault_exists: bool = False
    makes_key: bool = False
    reads_vault: bool = False
    reads_key: bool = False
    key_name: str = ""
    grantee_id: str = ""
    grants: tuple[tuple[str, str], ...] = ()
    assignment: str = ""
    assignment_name: str = ""
    assignment_scope: str = ""

    @property
    def key_id(self) -> str:
        """The key's ARM id."""
        return facts.key_id(self.vault_id, self.key_name)

    @property
    def place(self) -> tuple[str, str]:
        """The names of vault and key, lower case."""
        return key_uris.place_of(self.vault_id), self.key_name.lower()

    @property
    def in_managed_hsm(self) -> bool:
        """Whether the key is in a managed HSM, which azure-cmk reads."""
        return arm_ids.in_managed_hsm(self.vault_id)

    @property
    def vault_arguments(self) -> dict[str, str]:
        """What names the vault in azure-native's functions."""
        vault = arm_ids.vault_id(self.vault_id)
        return {"resourceGroupName": vault.group, "vaultName": vault.name}

    @property
    def key_arguments(self) -> dict[str, str]:
        """What names the key in azure-native's functions."""
        return {**self.vault_arguments, "keyName": self.key_name}

    @property
    def assignment_arguments(self) -> dict[str, str]:
        """What names the role assignment in azure-native's functions."""
        return {"scope": self.assignment_scope, "roleAssignmentName": self.assignment_name}


def locate_key(inputs: ServiceInputs, before: RecordedService, deleted: SoftDeleted) -> KeyLocation:
    """Where the key of a service is. A vault that is yet to be made, here or elsewhere, is not read."""
    if not inputs.has_key:
        return KeyLocation()
    key_id, given = known_text(inputs.key.id), known_text(inputs.vault.id)
    if UNKNOWN in (key_id, given):
        return KeyLocation(makes_key=key_id is None, key_name=inputs.key.name)
    given = given or (arm_ids.key_id(key_id).parent.text if key_id else None)
    vault_id = given or (before.vault.id if before.vault else "")
    key_name = arm_ids.name_of(key_id) if key_id else inputs.key.name
    # Also where the state has another: a change of the name, or of the vault, leaves each key where it is.
    recorded = (types.KEY, f"{inputs.name}-key") in before.resources
    missing_key = not key_id and (not recorded or _is_another_key(before.made_key_id, vault_id, key_name))
    if not vault_id:
        return KeyLocation(makes_key=missing_key, key_name=key_name)
    # A user-assigned identity is known before there is an account.
    principal = before.grantee_id or (deleted.account or {}).get("principalId")
    if data_loss.is_replaced(inputs, before):
        principal = None  # the new account has another identity
    role = f"{inputs.name}-access"
    grants = tuple(
        (grant, object_id)
        for grant, object_id in _policies(inputs, principal)
        if (types.ACCESS_POLICY, grant) not in before.resources
        # The state has it of another vault, and an update that was cut off may have made this one.
        or (grant == role and _is_another_vault(before.policy_vault, vault_id))
    )
    assigned = (types.ROLE_ASSIGNMENT, role) in before.resources
    assignment_name, assignment_scope = "", facts.key_id(vault_id, key_name)
    if arm_ids.in_managed_hsm(vault_id):
        # A grant that exists is taken over by the resource itself.
        assigned = True
        assignment_name = role if principal else ""
    if principal and inputs.access_model == RBAC:
        assignment_name = names.role_assignment_name(
            facts.key_id(vault_id, key_name), principal, roles.CRYPTO_SERVICE_ENCRYPTION_USER.id
        )
        if before.assignment_id and "access" in inputs.as_found:
            # An adopted assignment has the name and scope that its maker gave it.
            assignment_scope = arm_ids.parse(before.assignment_id).scope
            assignment_name = arm_ids.name_of(before.assignment_id)
        else:
            # Its name follows from the key: the state may have that of another key.
            former = arm_ids.name_of(before.assignment_id or assignment_name)
            assigned = assigned and former.lower() == assignment_name.lower()
    return KeyLocation(
        vault_id=vault_id,
        vault_exists=given is not None,
        makes_key=missing_key,
        reads_vault=given is not None or bool(grants or inputs.vault.key_operators) or before.is_bound,
        reads_key=missing_key or before.is_bound or key_id is not None,
        key_name=key_name,
        grantee_id=principal or "",
        grants=grants,
        assignment="" if assigned else role,
        assignment_name=assignment_name,
        assignment_scope=assignment_scope,
    )


def problems(
    inputs: ServiceInputs,
    location: KeyLocation,
    vault: Answer,
    key: Answer,
    tenant_id: str,
    *,
    is_closed: bool = False,
) -> Iterator[Problem]:
    """Why an existing vault cannot hold the service's key. `key` is a key with the wanted name that is not
    known to be the service's own. `is_closed`: the vault's firewall keeps out an account that is bound to the
    vault's key, which access.py reports.
    """
    path = "key.id" if inputs.key.id is not None else "vault.id"
    if vault is None:
        noun = "managed HSM" if location.in_managed_hsm else "vault"
        name = arm_ids.name_of(location.vault_id)
        options = f"--name {name}"
        if location.in_managed_hsm:
            options = f"--hsm-name {name} --location {inputs.location}"
        yield Problem(
            path,
            f"there is no {noun} {location.vault_id!r}, or the login may not read it; correct the id, or run "
            f"`az keyvault recover {options}` if it was deleted",
        )
        return
    found = adapters.vault(vault)
    model = RBAC if found.uses_rbac else ACCESS_POLICY
    if not found.is_managed_hsm and model != inputs.access_model:
        yield Problem(
            "accessModel",
            f"found {inputs.access_model!r}, but the vault {found.name!r} grants by {model!r}; set "
            f"accessModel: {model}",
        )
    unmet = (
        demands.region(inputs.location, found.location, found.noun),
        demands.tenant(tenant_id, found.tenant_id, found.noun),
        demands.activated(found.activated),
        demands.soft_delete(found.soft_delete, found.purge_protection),
        demands.purge_protection(found.purge_protection, found.noun),
        None if is_closed else demands.trusted_services(found.network, found.noun),
    )
    for demand in unmet:
        if demand and demand.unmet:
            run = f"; run `{fix}`" if (fix := demand.az(vault_id=found.id)) else ""
            if demand.demand == "same-region":
                there = regions.normalised(found.location)
                run = f"; set location: {there}, or give a {found.noun} in {inputs.location}"
            yield Problem(path, f"the {found.noun} {found.name!r} cannot be used: {demand.text}{run}")
    if key is not None and inputs.soft_deleted != RECOVER:
        yield Problem(
            "key.name",
            f"the vault {found.name!r} already has a key {location.key_name!r}; to use it, leave key.name "
            f"out and set key.id: {location.key_id}; to make another, give another key.name",
        )


def unusable_key(
    key: Answer, location: KeyLocation, before: RecordedService, *, is_absent: bool
) -> Iterator[Problem]:
    """Why an existing key cannot be used by an account that is not under it yet. `is_absent`: whether its
    vault is there without it."""
    if is_absent:
        hsm, place = location.in_managed_hsm, arm_ids.key_id(location.key_id).parent.name
        noun = "managed HSM" if hsm else "vault"
        options = key_uris.cli_options(place, location.key_name, in_managed_hsm=hsm)
        yield Problem(
            "key.id",
            f"there is no key {location.key_name!r} in {noun} {place!r}; correct it, or make the key first; "
            f"if it was deleted, run `az keyvault key recover {options}`",
        )
    if key is None or location.makes_key or before.is_bound:
        return
    size = key.get("keySize")
    unmet = (
        demands.key_type(key.get("kty"), None if size is None else int(size)),
        demands.key_operations(key.get("keyOps")),
    )
    for demand in (one for one in unmet if one and one.unmet):
        run = f"; run `{command}`" if (command := demand.az(key=key.get("keyUri"))) else ""
        yield Problem("key.id", f"the key {location.key_name!r} cannot be used: {demand.text}{run}")


def unrecorded_account(
    recorded: Answer, account: Answer, stack: str, in_its_place: str = ""
) -> Iterator[Problem]:
    """Why an account cannot be made: it exists, and the state does not have it.

    `in_its_place` is the account that the service has. An update that failed may have put it there, and the
    engine shows no program what such an update has left to delete.
    """
    if account is None or recorded is not None:
        return
    name, fix = account["name"], f"{take_over(stack)}; {adopt(account['id'])}, or choose another accountName"
    if in_its_place:
        fix = (
            f"the service has {in_its_place!r}. If a replacement of {name!r} by it failed half-way, finish "
            f"that first: put back the settings that it had, and set replaceAccount: {name} for {name!r} to "
            "be deleted; or choose another accountName"
        )
    yield Problem(
        "accountName", f"account {name!r} exists at {account['id']}, and this stack does not record it: {fix}"
    )


def not_rotated(inputs: ServiceInputs, before: RecordedService, location: KeyLocation) -> str | None:
    """A warning where another key, which exists, is to be bound, and the generation is raised beside that."""
    raised = (inputs.key.generation or 0) > before.generation
    another = bool(before.key_id and location.vault_id) and not arm_ids.same(
        before.key_id or "", location.key_id
    )
    if not (raised and another):
        return None
    return (
        f"key.generation goes from {before.generation} to {inputs.key.generation}, but the account also gets "
        f"another key: the newest version of {location.key_name!r} is bound, and none is made. For a new "
        "one, raise key.generation again after this update"
    )


def recovered_grants(
    inputs: ServiceInputs, before: RecordedService, deleted: SoftDeleted
) -> Mapping[str, str]:
    """Ids of the grants that a recovered vault has, by logical name.

    A vault comes back with its access policies and without its role assignments (source: "Azure Key Vault
    recovery management"). The account's identity still has its policy then, unless access was revoked before,
    which shows once the vault is back; whether the policies of people were removed before is not known.
    """
    principal = before.grantee_id if before.account else (deleted.account or {}).get("principalId")
    if deleted.vault is None or principal is None or inputs.access_model == RBAC:
        return {}
    return {f"{inputs.name}-access": _policy_id(deleted.vault["resourceId"], principal)}


def has_policy(vault: Answer, policy_id: str) -> bool:
    """Whether a vault has the access policy of an id."""
    return arm_ids.name_of(policy_id).lower() in _permissions(vault)


def of_new_identity(
    inputs: ServiceInputs, before: RecordedService, location: KeyLocation
) -> KeyLocation | None:
    """Where the grant of an identity that somebody has re-created is: an update that was cut off may have
    made it, while the state still has that of the former identity. None where the identity is the one of the
    recorded grant, or gets none."""
    user, role = before.key_user_id, f"{inputs.name}-access"
    here = location.vault_id and not location.in_managed_hsm and inputs.binds_in_two_phases
    grants = here and before.is_bound and before.grant_recorded and not inputs.is_revoked
    if not (grants and user) or user.lower() == (before.grantee_id or "").lower():
        return None
    if inputs.access_model != RBAC:
        return replace(location, grants=((role, user),), assignment="", assignment_name="")
    name = names.role_assignment_name(location.key_id, user, roles.CRYPTO_SERVICE_ENCRYPTION_USER.id)
    return replace(
        location, grants=(), assignment=role, assignment_name=name, assignment_scope=location.key_id
    )


def inexact_policy(place: KeyLocation, vault: Answer) -> Iterator[Problem]:
    """An access policy of a new identity that this stack cannot take over, because it gives anything else
    than the stack would. `place` is that of of_new_identity()."""
    for _, user in place.grants:
        found = _permissions(vault).get(user.lower())
        if found is None or _is_exactly(found, USE):
            continue
        name, others = arm_ids.name_of(place.vault_id), sorted({*found} - {"keys"})
        beside = f", remove its permissions on {' and '.join(others)}," if others else ""
        yield Problem(
            "access",
            f"the account's identity was re-created as {user}, which already has an access policy in vault "
            f"{name!r}, but not exactly {', '.join(USE.policy)} on keys; a vault has one policy for each "
            f"identity. Run `{set_policy(place.vault_id, user, USE.policy)}`{beside} and run the same "
            "command again, which takes the policy over",
        )


def grants_to_adopt(
    location: KeyLocation, vault: Answer, assignment: Answer, *, revoked: bool = False
) -> Mapping[str, str]:
    """The id of the account's own grant, by logical name, if it exists but is missing in the state.

    While the state records that access is `revoked`, it is gone, and a read that shows it is late:
    `azure-cmk` forgets the revocation once somebody has given the access back.
    """
    if revoked:
        return {}
    adopted = {
        grant: _policy_id(location.vault_id, grantee)
        for grant, grantee in location.grants
        if grantee.lower() in _permissions(vault)
    }
    if assignment is not None and location.assignment:
        adopted[location.assignment] = assignment["id"]
    return adopted


def operator_roles(
    inputs: ServiceInputs, before: RecordedService, location: KeyLocation, deployer_id: str
) -> Mapping[str, Mapping[str, str]]:
    """By key operator whose role at a vault with Azure RBAC this service has not made: the arguments to read
    the role assignment that it would make."""
    if not location.vault_id or inputs.grants_by != RBAC:
        return {}
    return {
        operator: {
            "scope": location.vault_id,
            "roleAssignmentName": names.role_assignment_name(location.vault_id, object_id, ROTATION.role.id),
        }
        for operator, object_id in _unmade_operators(inputs, before, deployer_id).items()
    }


def operators_of_others(
    inputs: ServiceInputs,
    before: RecordedService,
    location: KeyLocation,
    vault: Answer,
    assignments: Mapping[str, Answer],
    *,
    deployer_id: str,
) -> Iterator[Problem]:
    """Key operators who have their access already, though this service has not made it: whoever made it may
    take it away. `assignments` are the answers to operator_roles()."""
    name, by_policy = arm_ids.name_of(location.vault_id), inputs.grants_by == ACCESS_POLICY
    for operator, object_id in _unmade_operators(inputs, before, deployer_id).items():
        assignment = assignments.get(operator)
        if by_policy and object_id.lower() in _permissions(vault):
            what = "an access policy"
            delete = f"az keyvault delete-policy --name {name} --object-id {object_id}"
        elif assignment:
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
            f"vault.keyOperators here: the operator keeps the access that it has"
            f"{'' if location.vault_exists else again}",
        )


def _unmade_operators(inputs: ServiceInputs, before: RecordedService, deployer_id: str) -> Mapping[str, str]:
    """The object ids of the key operators whose access the state does not have, by operator."""
    made = {name for _, name in before.resources}
    return {
        operator: deployer_id if operator == DEPLOYER else operator
        for operator in inputs.vault.key_operators
        if f"{inputs.name}-operator-{operator}-access" not in made
    }


def _permissions(vault: Answer) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """The permissions in a vault's access policies, by object id, lower case."""
    entries = ((vault or {}).get("properties") or {}).get("accessPolicies") or ()
    return {
        str(entry["objectId"]).lower(): {
            group: given for group, given in (entry.get("permissions") or {}).items() if given
        }
        for entry in entries
        if not entry.get("applicationId")
    }


def _is_exactly(permissions: Mapping[str, Sequence[str]], wanted: KeyPermissions) -> bool:
    given = {name.lower() for name in permissions.get("keys", ())}
    return set(permissions) == {"keys"} and given == {name.lower() for name in wanted.policy}


def _policy_id(vault_id: str, object_id: str) -> str:
    """The id that azure-native gives an access policy."""
    return f"{vault_id}/accessPolicy/{object_id}"


def _is_another_vault(recorded: str | None, vault_id: str) -> bool:
    """Whether a vault's name in the state is that of another one; their names are unique. An access policy
    that is the same must never be taken for two, of which the former goes."""
    return bool(recorded) and str(recorded).lower() != arm_ids.name_of(vault_id).lower()


def _is_another_key(recorded_id: str | None, vault_id: str, key_name: str) -> bool:
    """Whether the key of the state is not the declared one. Without a vault only their names are compared."""
    if recorded_id is None:
        return False
    recorded = arm_ids.key_id(recorded_id)
    moves = bool(vault_id) and _is_another_vault(recorded.parent.name, vault_id)
    return moves or recorded.name != key_name


def _policies(inputs: ServiceInputs, principal: str | None) -> Iterator[tuple[str, str]]:
    if inputs.grants_by != ACCESS_POLICY:
        return
    if principal:
        yield f"{inputs.name}-access", principal
