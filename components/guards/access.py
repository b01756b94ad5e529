"""Access that was removed: by this stack on purpose, or by somebody outside Pulumi.

Owns: telling the two cases apart, and the refusals. An ordinary update never restores access that somebody
removed, in full or in part, at the grant or in the vault's firewall: they may have taken the data out of
reach on purpose, for example in an emergency. A grant that was widened is drift, which an update reverts.
Pure. Does not own: the calls to Azure (preflight.py), nor the grant (components/access.py).
"""

from collections.abc import Iterator

from components.arguments.inputs import known_text
from components.arguments.problem import Problem
from components.guards.existing_resources import Answer, KeyLocation
from components.guards.recorded_state import RecordedService
from components.key_access_revocation import RevokedAccess
from components.service_args import ServiceInputs
from core import adapters, arm_ids, demands, facts, key_uris, rights
from core.rights import Access, EffectiveAccess

_WHOLE = EffectiveAccess(frozenset(word.lower() for word in rights.NEEDED))


def granted(
    before: RecordedService, place: KeyLocation, vault: Answer, assignment: Answer
) -> EffectiveAccess | None:
    """The access that the account's identity has in the vault whose key the account is bound to.

    None if the answers do not show it: the vault is gone (drift.py), the account is about to move to this
    vault or key, or the access model is another one.
    """
    if vault is None or _is_elsewhere(before, place):
        return None
    if place.assignment_name:
        by_policy = before.grant_recorded and before.assignment_id is None
        return None if by_policy else _WHOLE if assignment else EffectiveAccess()
    if before.assignment_id is not None:
        return None
    found = adapters.vault(vault)
    return EffectiveAccess() if found.uses_rbac else rights.by_policies(found, before.grantee_id or "")


def closed_vault(before: RecordedService, place: KeyLocation, vault: Answer) -> facts.Vault | None:
    """The vault whose key the account is bound to, if its firewall does not let the service in; else None."""
    if vault is None or not before.is_bound or _is_elsewhere(before, place):
        return None
    found = adapters.vault(vault)
    return found if demands.trusted_services(found.network, found.noun) else None


def _is_elsewhere(before: RecordedService, place: KeyLocation) -> bool:
    """Whether the declared key is another than the one in use, and so is what says who may use it: of access
    policies the vault, of roles the key."""
    if before.bound_to is None:
        return False
    vault, key = before.bound_to
    by_role = bool(place.assignment_name)
    return vault != key_uris.place_of(place.vault_id) or (by_role and key != place.key_name.lower())


def holds_up_account(
    before: RecordedService, place: KeyLocation, vault: Answer, assignment: Answer, *, loses_roles: bool
) -> bool:
    """Whether the identity of a bound account lacks access to its key, in full or in part. `loses_roles`: the
    vault is under Azure RBAC and comes back from soft delete, without its role assignments.

    The service then refuses every write of the account (assumed, `same_key_again`), so that an
    account whose access comes after it waits: the grant is repaired first. Not so of an account that moves
    to a key under another grant, nor of one whose identity is gone (drift.py).
    """
    user = before.key_user_id
    if before.is_bound and loses_roles:
        return True
    if not before.is_bound or before.bound_to is None or user is None or vault is None:
        return False
    if _is_elsewhere(before, place):
        return False
    if before.revoked:
        return True
    if place.assignment_name:
        return assignment is None or user != before.grantee_id
    return rights.by_policies(adapters.vault(vault), user).level is not Access.FULL


def problems(
    inputs: ServiceInputs,
    before: RecordedService,
    *,
    access: EffectiveAccess | None,
    closed: facts.Vault | None = None,
) -> Iterator[Problem]:
    """The problems with a service's access. `access` is the result of granted(), `closed` the result of
    closed_vault()."""
    if not before.is_bound or before.account is None:
        if inputs.is_revoked:
            account = before.account
            made = f"account {account.name!r}" if account else "an account that is yet to be made"
            yield Problem(
                "access",
                f"found 'revoked', but {made} is not bound to a customer-managed key, so revoking "
                "access would leave its data readable. First set access: granted and run `pulumi up`, which "
                "binds it; then set access: revoked",
            )
        return
    taken = [] if before.revoked or access is None or not access.missing else [_taken(before, access)]
    taken += [_shut(closed)] if closed else []
    if inputs.is_revoked or not taken:
        return
    if inputs.unbinds and before.key_id:
        # Access can be restored only while the account is to stay on its key.
        yield from immovable(inputs, before, before.key_id)
        return
    for how, restored in taken:
        yield Problem(
            "access",
            f"the access of account {before.account.name!r} to its key was {how}, and the data is out of "
            "reach, though nothing is lost. What may have been removed on purpose is not restored by itself: "
            f"to keep it removed, set access: revoked and run `pulumi up`; to restore it, {restored}",
        )


def _taken(before: RecordedService, access: EffectiveAccess) -> tuple[str, str]:
    """In words: what the grant lost, and how to restore it."""
    how = f"removed outside Pulumi: its identity{_named(before)} has none"
    if access.level is not Access.NONE:
        how = (
            f"reduced outside Pulumi: its identity{_named(before)} lacks {' and '.join(access.missing)}, and "
            f"needs {', '.join(rights.NEEDED)}"
        )
    return how, "do the same, then set access: granted and run `pulumi up` again"


def _shut(vault: facts.Vault) -> tuple[str, str]:
    """In words: how the firewall keeps the service out, and the az command that lets the service in again. It
    is not `pulumi up`, because an update without a refresh sees no difference in the vault."""
    unmet = demands.trusted_services(vault.network, vault.noun)
    how = f"cut off outside Pulumi, by the firewall of {vault.name!r}: {unmet.text if unmet else ''}"
    return how, f"run `{unmet.az(vault_id=vault.id or vault.name) if unmet else ''}`"


def left_key(inputs: ServiceInputs, before: RecordedService, place: KeyLocation) -> str | None:
    """The ARM id of the key that this update takes the account away from, to another one or to Microsoft's,
    where nothing else in it looks at the access to that key; None where there is none.

    An access policy is for all keys of its vault, so that `granted` judges it; an adopted role may be
    wider than one key, and is not judged.
    """
    if not (before.is_bound and before.key_user_id and before.bound_to) or inputs.is_revoked:
        return None
    unknown = not place.vault_id  # one that is yet to be made
    stays = unknown or not _is_elsewhere(before, place)
    if "access" in inputs.as_found or (inputs.has_key and stays):
        return None
    return bound_key_id(before, place)


def bound_key_id(before: RecordedService, place: KeyLocation) -> str | None:
    """The ARM id of the key that a bound account is under, which may be another than the declared one; None
    where it is not known."""
    if before.bound_to is None:
        return None
    vault, key = before.bound_to
    here = bool(place.vault_id) and key_uris.place_of(place.vault_id) == vault
    known = [before.key_id, facts.key_id(place.vault_id, key) if here else None]
    return next((id for id in known if id and _place_of_key(id) == before.bound_to), None)


def _place_of_key(key_id: str) -> tuple[str, str]:
    """The names of vault and key, lower case."""
    return key_uris.place_of(arm_ids.key_id(key_id).parent.text), arm_ids.name_of(key_id).lower()


def immovable(inputs: ServiceInputs, before: RecordedService, key_id: str) -> Iterator[Problem]:
    """An account whose identity cannot use the key that the account is to be moved away from: Azure unwraps
    with that key first (assumed), and what this update gives is at the other key alone."""
    if before.account is None:
        return
    key, vault = arm_ids.name_of(key_id), arm_ids.key_id(key_id).parent
    made_here = before.vault is not None and arm_ids.same(before.vault.id, vault.text)
    setting, back = "key.name", f"set key.name: {key}"
    if inputs.unbinds or not inputs.has_key:
        setting, back = "encryption", "set encryption: customerManaged"
    elif inputs.key.id is not None:
        setting, back = "key.id", "remove key.id" if made_here else f"set key.id: {key_id}"
    elif inputs.vault.id is not None and not arm_ids.same(known_text(inputs.vault.id) or "", vault.text):
        setting, back = "vault.id", "remove vault.id" if made_here else f"set vault.id: {vault.text}"
    yield Problem(
        setting,
        f"takes account {before.account.name!r} away from key {key!r}, but its identity can no longer use "
        f"that key, and Azure moves an account only while it can. First {back} and run `pulumi up` until "
        "access is restored; then make the change again",
    )


def revoked_access(
    inputs: ServiceInputs, before: RecordedService, place: KeyLocation
) -> RevokedAccess | None:
    """What this update takes away, or keeps away: at the key in use, whichever is declared now."""
    key_id = bound_key_id(before, place) or before.key_id or (place.key_id if place.vault_id else None)
    if not (inputs.is_revoked and before.is_bound and before.grantee_id and key_id):
        return None
    # Once the assignment is gone from the state, the revocation still names it: nothing has changed.
    return RevokedAccess(key_id, before.grantee_id, before.assignment_id or before.revoked_assignment_id)


def not_by_targets(inputs: ServiceInputs, before: RecordedService) -> str | None:
    """A warning where this update is to take the access away: with targets the engine leaves out a resource
    that is new, ends well, and tells the program nothing of it."""
    if not inputs.is_revoked or before.revoked or not before.is_bound:
        return None
    return (
        "access: revoked is carried out by this update before anything else, but not with --target or "
        "--exclude: leave them out"
    )


def stale_grant(
    inputs: ServiceInputs, before: RecordedService, *, access: EffectiveAccess | None
) -> str | None:
    """A warning where an update that failed took the access away and could not take the grant out of the
    state: without a refresh, the next one takes it for there."""
    if inputs.is_revoked or not before.revoked or not before.grant_recorded:
        return None
    if access is None or access.level is not Access.NONE:
        return None
    return (
        "the state still has the grant that an update which failed took away; unless this update creates it "
        "again, as it does after a refresh, run `pulumi refresh` before it"
    )


def still_granted(
    inputs: ServiceInputs, before: RecordedService, place: KeyLocation, *, access: EffectiveAccess | None
) -> str | None:
    """A warning where access is revoked, but a grant that is not of this stack still gives it; or where that
    cannot be seen, because the settings have another key than the one in use."""
    if not inputs.is_revoked or before.grant_recorded or not before.is_bound:
        return None
    if access is not None and access.level is not Access.NONE:
        return (
            "access is 'revoked', but the vault still lets the account's identity"
            f"{_named(before)} use the key, by a grant that this stack did not make: the data can be "
            "read. Remove it with the commands that `python -m operate revoke-commands --stack STACK` prints"
        )
    if before.bound_to and _is_elsewhere(before, place):
        vault, key = before.bound_to
        return (
            f"not checked: whether somebody has given the account's identity{_named(before)} access to key "
            f"{key!r} in {vault!r} again, because the settings name another key, to which the account is "
            "bound once access is granted; run `python -m operate evidence --stack STACK` to see"
        )
    return None


def _named(before: RecordedService) -> str:
    return f" {before.grantee_id}" if before.grantee_id else ""
