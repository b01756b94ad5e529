"""Access that was removed: by this stack on purpose, or by somebody outside Pulumi.

Owns: telling the two cases apart, the refusals, and the notes. An ordinary update never restores access that
somebody removed, in full or in part, at the grant or in the vault's firewall: they may have taken the data
out of reach on purpose, for example in an emergency. A grant that was widened is drift, which an update with
a refresh reverts. Pure. Does not own: the calls to Azure (provider/service_look.py), nor the grant
(components/resources/access.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from core import arm_ids, commands, demands, facts, key_uris
from core import resource_types as types
from core.demands import Judgement
from core.rights import Access, EffectiveAccess
from core.service.desired import ACCESS_POLICY, DesiredService
from core.service.key_place import KeyPlace, is_elsewhere
from core.service.problem import Problem
from core.service.recorded import RecordedService
from core.service.state import ServiceState

_BY_SETTING = "set access: revoked, run `pulumi up`, then set access: granted and run it again"


@dataclass(frozen=True)
class RevokedAccess:
    """The identity whose access to a key is removed. `assignment_id`: a role assignment at another scope."""

    key_id: str
    principal_id: str
    assignment_id: str | None = None


def revoked_without_a_key(service: ServiceState) -> Iterator[Problem]:
    """The update is to revoke the access of an account that needs none."""
    account = service.before.account
    if service.before.is_bound or not service.desired.is_revoked:
        return
    made = f"account {account.name!r}" if account else "an account that is yet to be made"
    yield Problem(
        "access",
        f"found 'revoked', but {made} is not bound to a customer-managed key, so revoking "
        "access would leave its data readable. First set access: granted and run `pulumi up`, which "
        "binds it; then set access: revoked",
    )


def deletes_data(service: ServiceState) -> Iterator[Problem]:
    """Azure would delete the data of an account when access is revoked, and its name is not given."""
    desired, before = service.desired, service.before
    if not desired.is_revoked or before.revoked or not before.is_bound or before.account is None:
        return
    if (lost := service.data_deleted) and desired.revoke_account != before.account.name:
        yield Problem(
            "access",
            f"found 'revoked', but Azure then {lost}, and access: granted brings neither back. To do that on "
            f"purpose, set revokeAccount: {before.account.name}",
        )


def revoked_at_unknown_key(service: ServiceState) -> Iterator[Problem]:
    """Access is to be revoked, but somebody has bound the account to a key that neither the settings nor the
    state name: the access to any other key says nothing about its data."""
    before, bound = service.before, service.account.bound_key
    if not service.desired.is_revoked or before.account is None or bound is None:
        return
    if key_in_use(before, service.place) is not None:
        return
    disables = f"`az keyvault key set-attributes --id {bound.uri} --enabled false`"
    if not bound.encryption.key_version:
        # The account would go on with an older version.
        key = key_uris.parse(bound.uri)
        options = key_uris.cli_options(key.vault_name, key.name, in_managed_hsm=key.in_managed_hsm)
        disables = f"all versions disabled, which `az keyvault key list-versions {options}` lists"
    yield Problem(
        "access",
        f"found 'revoked', but account {before.account.name!r} was bound outside Pulumi to the key "
        f"{bound.uri}, which neither the settings nor the state name, so its data would stay readable. Put "
        f"it out of reach with {disables}. For a revocation by Pulumi, set access: granted and run `pulumi "
        "up --refresh` while that key can be used, which binds the account to its own key again; then set "
        "access: revoked",
    )


def removed_access(service: ServiceState) -> Iterator[Problem]:
    """The account's access to its key was removed outside Pulumi."""
    before = service.before
    # A recovery writes nothing, and the update after it is told.
    if not before.is_bound or before.account is None or service.desired.is_revoked or service.recovers:
        return
    taken = [*_taken_at_grant(service)]
    closed = service.closed_vault
    if closed and (unmet := demands.keeps_service_out(closed)):
        taken.append(_shut(closed, unmet))
    if taken and service.desired.unbinds and before.key_id:
        # Access can be restored only while the account is to stay on its key.
        yield from _cannot_leave(service, before.key_id)
        return
    lost = service.data_deleted
    meaning = f". Where no access is left, Azure {lost}" if lost else ", though nothing is lost"
    named = f" and revokeAccount: {before.account.name}" if lost else ""
    for how, restored in taken:
        yield Problem(
            "access",
            f"the access of account {before.account.name!r} to its key was {how}, and the data is out of "
            f"reach{meaning}. Somebody may have removed it on purpose, so it is not restored by itself: to "
            f"keep it removed, set access: revoked{named} and run `pulumi up`; to restore it, {restored}",
        )


def _taken_at_grant(service: ServiceState) -> Iterator[tuple[str, str]]:
    """In words: how the grant was taken from a bound account, or no longer counts, and how to restore it."""
    before, access, vault = service.before, service.access, service.vault_under_other_model
    if before.revoked:
        if vault:
            yield _under_other_model(vault)
    elif before.has_new_identity and service.account_lacks_access:
        yield _turned_off(before)
    elif vault and not _has_recorded_model(before, vault):
        yield _under_other_model(vault)
    elif access is not None and access.missing:
        yield _taken(before, access)


def _has_recorded_model(before: RecordedService, vault: facts.Vault) -> bool:
    """Whether a refresh has recorded the access model that somebody gave the vault: then `data_loss` says how
    to go on."""
    return before.vault is not None and before.vault.uses_rbac == vault.uses_rbac


def _taken(before: RecordedService, access: EffectiveAccess) -> tuple[str, str]:
    """In words: what the grant lost, and how to restore it."""
    done = "removed" if access.level is Access.NONE else "reduced"
    how = f"{done} outside Pulumi: its identity{_named(before)} lacks {' and '.join(access.missing)}"
    return how, _BY_SETTING


def _turned_off(before: RecordedService) -> tuple[str, str]:
    """In words: how the identity was lost that had access, and how the one that the account has now gets it.
    An update may have turned that one on, which read late that the account had none."""
    how = (
        f"removed outside Pulumi: its system-assigned identity{_named(before)} was turned off; its new one, "
        f"{before.key_user_id}, has no access"
    )
    return how, _BY_SETTING


def _shut(vault: facts.Vault, unmet: Judgement) -> tuple[str, str]:
    """In words: how the firewall keeps the service out, and the az command that lets the service in again. It
    is not `pulumi up`, because an update without a refresh sees no difference in the vault."""
    how = f"cut off outside Pulumi, by the firewall of {vault.name!r}: {unmet.text}"
    return how, f"run `{unmet.az(vault_id=vault.id or vault.name)}`"


def _under_other_model(vault: facts.Vault) -> tuple[str, str]:
    """In words: what gave the access counts no more, and the az command that makes it count again."""
    now, declared, command = "access policies", "Azure RBAC is", commands.by_roles(vault.id)
    if vault.uses_rbac:
        now, declared, command = "Azure RBAC", "access policies are", commands.by_policies(vault.id)
    return (
        f"cut off outside Pulumi: {vault.name!r} goes by {now} now, although {declared} declared",
        f"run `{command}`",
    )


def key_left_behind(desired: DesiredService, before: RecordedService, place: KeyPlace) -> str | None:
    """The ARM id of the key that the account leaves in this update, for another one or for Microsoft's, if no
    other rule looks at the access to that key; else None.

    An access policy counts for all keys of its vault, so `ServiceState.access` shows it; an adopted role may
    be wider than one key, and is not judged.
    """
    if not (before.is_bound and before.key_user_id and before.bound_to) or desired.is_revoked:
        return None
    unknown = not place.vault_id  # a vault that is yet to be made
    stays = unknown or not is_elsewhere(before, place)
    if "access" in desired.as_found or (desired.has_key and stays):
        return None
    return key_in_use(before, place)


def key_in_use(before: RecordedService, place: KeyPlace) -> str | None:
    """The ARM id of the key that a bound account is under, which may be another than the declared one; None
    if it is not known."""
    if before.bound_to is None:
        return None
    key = before.bound_to[1]
    vault_ids = (place.vault_id, before.part(types.BINDING, "binding").get("vaultId"))
    in_vaults = [facts.key_id(str(id), key) for id in vault_ids if id]
    known = (before.key_id, before.made_key_id, *in_vaults)
    return next((id for id in known if id and _place_of_key(id) == before.bound_to), None)


def _place_of_key(key_id: str) -> tuple[str, str]:
    """The names of vault and key, lower case."""
    return key_uris.place_of(arm_ids.key_id(key_id).parent.text), arm_ids.name_of(key_id).lower()


def cannot_leave_key(service: ServiceState) -> Iterator[Problem]:
    """The account is to leave a key that its identity can no longer use."""
    key_id = key_left_behind(service.desired, service.before, service.place)
    if key_id and not service.live.can_leave_key:
        yield from _cannot_leave(service, key_id)


def _cannot_leave(service: ServiceState, key_id: str) -> Iterator[Problem]:
    """Azure first unwraps with the key that the account leaves (assumed), and this update gives access to the
    other key alone."""
    desired, before = service.desired, service.before
    if before.account is None:
        return
    yield Problem(
        "encryption" if desired.unbinds or not desired.has_key else "key",
        f"takes account {before.account.name!r} away from key {key_id}, but its identity can no longer use "
        "that key, and Azure moves an account only while it can. Keep the setting as it was and run `pulumi "
        "up` until access is restored; then make the change again",
    )


def revoked_access(service: ServiceState) -> RevokedAccess | None:
    """The access that this update takes away, or keeps away: at the key in use, whichever key is declared
    now."""
    if any(deletes_data(service)) or any(revoked_at_unknown_key(service)):
        return None
    before, place = service.before, service.place
    key_id = key_in_use(before, place) or before.key_id or (place.key_id if place.vault_id else None)
    if not (service.desired.is_revoked and before.is_bound and before.grantee_id and key_id):
        return None
    # Once the assignment is gone from the state, the revocation still names it: nothing has changed. It names
    # none once the settings have taken the vault to access policies: whoever puts it back means to.
    revoked = before.part(types.KEY_ACCESS_REVOCATION, "revocation").get("assignmentId")
    named = None if service.desired.grants_by == ACCESS_POLICY else revoked
    return RevokedAccess(key_id, before.grantee_id, before.assignment_id or named)


def stale_grant(service: ServiceState) -> Iterator[str]:
    """A failed update took the access away and left the grant in the state: without a refresh, the next
    update believes that the grant exists."""
    before, access = service.before, service.access
    if service.desired.is_revoked or not before.revoked or not before.grant_recorded:
        return
    if access is not None and access.level is Access.NONE:
        yield (
            "an update took the grant away and then failed, so the state still has the grant. If this run "
            "does not refresh, run `pulumi refresh` first; then the update creates the grant again"
        )


def still_granted(service: ServiceState) -> Iterator[str]:
    """Access is revoked, but a grant that is not of this stack still gives it."""
    before, access = service.before, service.access
    if not service.desired.is_revoked or before.grant_recorded or not before.is_bound:
        return
    if access is not None and access.level is not Access.NONE:
        yield (
            "access is 'revoked', but the vault still lets the account's identity"
            f"{_named(before)} use the key, by a grant that this stack did not make: the data can be "
            "read. Remove it with the commands that "
            f"`{commands.operate(f'revoke-commands --stack {commands.STACK}')}` prints"
        )


def left_as_it_is(service: ServiceState) -> Iterator[str]:
    """The vault is locked beside a revocation, so this update does not write it."""
    if service.leaves_vault:
        done = "closed" if service.closed_vault else "put under another access model"
        yield (
            f"somebody has {done} the vault outside Pulumi, too, so this update leaves it as it is, with its "
            "tags and tier. Once access is granted again, the preview says how to undo that"
        )


def not_by_targets(service: ServiceState) -> Iterator[str]:
    """This update is to take the access away. If it runs with targets, the engine leaves the new resource for
    that out, ends well, and does not tell the program."""
    before = service.before
    if service.desired.is_revoked and not before.revoked and before.is_bound:
        yield (
            "this update takes the access away before anything else. Do not run it with --target or "
            "--exclude: they would skip that"
        )


def _named(before: RecordedService) -> str:
    return f" {before.grantee_id}" if before.grantee_id else ""
