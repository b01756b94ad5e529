"""What somebody took away outside Pulumi, where an update would make it worse: refused before it writes.

Owns: which of the live things that a bound account's data hangs on are gone, what that means for the data,
and the way back. What an update puts right by itself (a binding, access for an identity made anew, a vault's
protection) is not refused. Pure. Does not own: access that was taken away (access_guards.py), how Azure is
asked (preflight.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from components.arguments.problem import Problem
from components.guards.data_loss import HOURS_HELD
from components.guards.existing_resources import Answer, KeyLocation
from components.guards.recorded_state import SYSTEM, RecordedService
from core import arm_ids, facts

_FORGET = "`pulumi refresh` makes the stack forget it"


def problems(
    before: RecordedService, place: KeyLocation, account: Answer, vault: Answer, key: Answer
) -> Iterator[Problem]:
    """What is gone of a service whose account is bound; nothing of a vault that it is not bound in."""
    if before.account is None or not before.is_bound:
        return
    if account is None:
        yield _account(before.account)
        return
    if before.key_identity == SYSTEM and not (account.get("identity") or {}).get("principalId"):
        yield _identity(before.account)
    here = (arm_ids.name_of(place.vault_id).lower(), place.key_name.lower())
    if not place.vault_id or before.bound_to not in (None, here):
        return
    if vault is None:
        yield _vault(place)
    elif key is None:
        yield _key(place)


def _account(account: facts.Account) -> Problem:
    return Problem(
        "accountName",
        f"account {account.name!r} is not at {account.id} any more: it was deleted or moved outside Pulumi, "
        "and one made in its place would have none of its data. Where it was moved, move it back. Where it "
        f"was deleted less than {HOURS_HELD} hours ago: {_FORGET}, and softDeleted: recover brings it back "
        f"with its data. Where it is lost: {_FORGET}, and the next `pulumi up` makes an empty one",
    )


def _identity(account: facts.Account) -> Problem:
    group = arm_ids.group_of(account.id)
    return Problem(
        "identity",
        f"the system-assigned identity of account {account.name!r} was switched off outside Pulumi, and its "
        "data is out of reach, though nothing is lost; no update can write the account before it has one. "
        f"Switch it on with `az cognitiveservices account identity assign --name {account.name} "
        f"--resource-group {group}`; it is another identity then, and `pulumi up` gives it access",
    )


def _vault(place: KeyLocation) -> Problem:
    name = arm_ids.name_of(place.vault_id)
    return Problem(
        "vault",
        f"vault {name!r} was deleted outside Pulumi, and the data under its key is out of reach until it is "
        f"back: {_FORGET}, and softDeleted: recover brings a vault made here back with its keys; for "
        f"another, `az keyvault recover --name {name}`",
    )


def _key(place: KeyLocation) -> Problem:
    name = arm_ids.name_of(place.vault_id)
    return Problem(
        "key",
        f"vault {name!r} has no key {place.key_name!r} any more, and the data under it is out of reach; a "
        "new key of that name would open nothing. Bring it back with `az keyvault key recover --vault-name "
        f"{name} --name {place.key_name}`, or where the vault itself was made anew, with `az keyvault key "
        "restore` from a backup",
    )
