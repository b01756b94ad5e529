"""Removals outside Pulumi that an update would make worse: refused before it writes.

Owns: the missing resources that a bound account's data depends on, the effect on the data, and the way back.
Does not refuse a loss that an update repairs itself (a binding, access for a new identity, a vault's
protection). Pure. Does not own: removed access (access.py), the calls to Azure (reader.py).
"""

from collections.abc import Iterator

from components.arguments.problem import Problem
from components.guards.key_place import KeyPlace
from components.guards.recorded_state import SYSTEM, USER
from components.guards.situation import Situation, is_in_subscription
from core import arm_ids, coverage, facts, regions
from core.facts import HOURS_HELD

_FORGET = "run `pulumi refresh`, which removes it from the state"


def gone(situation: Situation) -> Iterator[Problem]:
    """The missing resources of a service: its account and, if that is bound, those that it needs. A vault
    that holds no key of the account does not count."""
    before, place, live = situation.before, situation.place, situation.live
    # A login to another subscription is refused for that (data_loss.py).
    if before.account is None or live.unread or not is_in_subscription(before.account, situation.login):
        return
    if live.account is None and _was_made(before.account):
        yield _account(before.account)
    if live.account is None or not before.is_bound:
        return
    if before.key_identity == SYSTEM and not (live.account.get("identity") or {}).get("principalId"):
        yield _identity(before.account)
    if before.key_identity == USER and before.identity_id and live.identity is None:
        yield _user_assigned(before.identity_id, before.account)
    if not place.vault_id or before.bound_to not in (None, place.names):
        return
    if live.vault is None:
        yield _vault(place, before.account)
    elif live.key is None:
        yield _key(place, before.account)


def _was_made(account: facts.Account) -> bool:
    """Whether Azure ever answered for it. `operate recover` records a resource that a killed update was
    creating, by its inputs alone, and the refresh drops it if it was never made."""
    return bool(account.provisioning_state or account.principal_id)


def _account(account: facts.Account) -> Problem:
    return Problem(
        "accountName",
        f"account {account.name!r} no longer exists at {account.id}: it was deleted or moved outside Pulumi, "
        "and a new one in its place would have none of its data. If it was moved, move it back. If it was "
        f"deleted less than {HOURS_HELD} hours ago, bring it back with its data: `az cognitiveservices "
        f"account recover --name {account.name} --resource-group {arm_ids.group_of(account.id)} --location "
        f"{regions.normalised(account.location)}`. If its resource group or its key's vault is gone, too, or "
        f"it is lost, {_FORGET}; the next preview says how all that Azure still holds comes back, or makes "
        "an empty one",
    )


def _identity(account: facts.Account) -> Problem:
    group, meaning = arm_ids.group_of(account.id), _lost(account) or ", though nothing is lost"
    return Problem(
        "identity",
        f"the system-assigned identity of account {account.name!r} was turned off outside Pulumi, and its "
        f"data is out of reach{meaning}; no update can write the account without one. Turn it on with `az "
        f"cognitiveservices account identity assign --name {account.name} --resource-group {group}`; this "
        "creates a new identity, to which `pulumi up` grants access",
    )


def _lost(account: facts.Account) -> str:
    """Azure's irreversible act on the data of an account that is cut off from its key; "" for none."""
    lost = coverage.named(account.kind).deletes
    return f"; Azure then {lost}" if lost else ""


def _user_assigned(id: str, account: facts.Account) -> Problem:
    """Nobody has observed that the service opens the data by another identity than the deleted one."""
    return Problem(
        "identity",
        f"the user-assigned identity {id} was deleted outside Pulumi, which cannot be undone, and the data "
        f"is out of reach, though the key is there{_lost(account)}. For another identity, {_FORGET}; the "
        "next `pulumi up` makes one of the same name, gives it access to the key, and binds the account "
        "by it",
    )


def _vault(place: KeyPlace, account: facts.Account) -> Problem:
    name = arm_ids.name_of(place.vault_id)
    if place.in_managed_hsm:
        return Problem(
            "key.id",
            f"managed HSM {name!r} was deleted outside Pulumi, and the data under its key is out of reach "
            f"until it is back{_lost(account)}. To bring it back: `az keyvault recover --hsm-name {name} "
            "--location REGION`",
        )
    return Problem(
        "vault",
        f"vault {name!r} was deleted outside Pulumi, and the data under its key is out of reach until it "
        f"is back with its keys{_lost(account)}. To bring it back: `az keyvault recover --name {name}`",
    )


def _key(place: KeyPlace, account: facts.Account) -> Problem:
    name, noun = arm_ids.name_of(place.vault_id), place.noun
    return Problem(
        "key",
        f"{noun} {name!r} no longer has the key {place.key_name!r}, and the data under it is out of "
        f"reach{_lost(account)}; a new key of that name would not open it. Bring it back with "
        f"`az keyvault key recover {place.cli_options}` or, if the {noun} itself was created again, with "
        "`az keyvault key restore` from a backup",
    )
