"""Where a service's key is, and what has to be read about it. Pure."""

from dataclasses import dataclass, replace

from core import arm_ids, facts, key_uris, roles
from core import resource_types as types
from core.service.desired import ACCESS_POLICY, UNKNOWN, DesiredService
from core.service.recorded import RecordedService


@dataclass(frozen=True)
class KeyPlace:
    """A service's key, its vault or managed HSM, and the identity `grantee_id` that is to use it, by the role
    assignment `assignment_id` or else by an access policy. Without a `vault_id` there is nothing to read yet.
    """

    vault_id: str = ""
    makes_key: bool = False
    key_name: str = ""
    grantee_id: str = ""
    assignment_id: str = ""

    @property
    def key_id(self) -> str:
        """The key's ARM id."""
        return facts.key_id(self.vault_id, self.key_name)

    @property
    def names(self) -> tuple[str, str]:
        """The names of vault and key, lower case."""
        return key_uris.place_of(self.vault_id), self.key_name.lower()

    @property
    def in_managed_hsm(self) -> bool:
        """Whether the key is in a managed HSM, which azure-cmk reads."""
        return arm_ids.in_managed_hsm(self.vault_id)

    @property
    def noun(self) -> str:
        """The word for the resource that the key is in."""
        return "managed HSM" if self.in_managed_hsm else "vault"

    @property
    def cli_options(self) -> str:
        """The options that name the key to `az keyvault key`."""
        name = arm_ids.name_of(self.vault_id)
        return key_uris.cli_options(name, self.key_name, in_managed_hsm=self.in_managed_hsm)


def place_of_key(desired: DesiredService, before: RecordedService) -> KeyPlace:
    """The place of a service's key, in the vault that the settings name, or else in the one that the state
    has."""
    if not desired.has_key:
        return KeyPlace()
    key_id, vault_id, key_name = desired.key.id, desired.vault.id, desired.key.name
    if UNKNOWN in (key_id, vault_id):
        return KeyPlace(makes_key=key_id is None, key_name=key_name)
    if key_id:
        vault_id, key_name = vault_id or arm_ids.key_id(key_id).parent.text, arm_ids.name_of(key_id)
    elif before.vault:
        vault_id = vault_id or before.vault.id
    makes_key = _makes_key(desired, before, vault_id or "", key_name)
    if not vault_id:
        return KeyPlace("", makes_key, key_name)
    # The state has a user-assigned identity before it has an account, the account's own only afterwards.
    grantee_id = before.grantee_id or ""
    place = KeyPlace(vault_id, makes_key, key_name, grantee_id)
    if not grantee_id or desired.grants_by == ACCESS_POLICY:
        return place
    # An assignment that was adopted has the name and scope that its maker gave it.
    adopted_id = before.assignment_id if "access" in desired.as_found else None
    return replace(place, assignment_id=adopted_id or assignment_id(place))


def _makes_key(desired: DesiredService, before: RecordedService, vault_id: str, key_name: str) -> bool:
    """Whether this run makes the key. The key of the state stays where it is if the settings now name another
    one, or another vault."""
    if desired.key.id:
        return False
    return not before.has(types.KEY, "key") or _is_another_key(before.made_key_id, vault_id, key_name)


def assignment_id(place: KeyPlace) -> str:
    """The ARM id that the stack gives the role assignment of the identity at the key."""
    role = roles.CRYPTO_SERVICE_ENCRYPTION_USER.id
    name = roles.assignment_name(place.key_id, place.grantee_id, role)
    return arm_ids.child(place.key_id, arm_ids.ROLE_ASSIGNMENT, name)


def is_elsewhere(before: RecordedService, place: KeyPlace) -> bool:
    """Whether the declared key is another than the one in use, and its access is granted elsewhere: by
    policies of another vault, or by roles at another key."""
    if before.bound_to is None:
        return False
    vault, key = before.bound_to
    by_role = bool(place.assignment_id)
    return vault != key_uris.place_of(place.vault_id) or (by_role and key != place.key_name.lower())


def is_another_vault(recorded: str | None, vault_id: str) -> bool:
    """Whether a vault's name in the state is that of another vault; names of vaults are unique. A vault whose
    id is not known yet, "", counts as the same."""
    return bool(recorded and vault_id) and not arm_ids.same(str(recorded), arm_ids.name_of(vault_id))


def _is_another_key(recorded_id: str | None, vault_id: str, key_name: str) -> bool:
    """Whether the key of the state is not the declared one. Without a vault only their names are compared."""
    if recorded_id is None:
        return False
    recorded = arm_ids.key_id(recorded_id)
    return is_another_vault(recorded.parent.name, vault_id) or recorded.name != key_name
