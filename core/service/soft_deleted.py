"""Names that soft-deleted vaults and accounts still hold.

Owns: the way out. Pure. Does not own: the call that lists them (provider/service_look.py), nor what is
taken into the state once they are back (operate/recover.py).
"""

from collections.abc import Iterator, Sequence

from core import arm_ids, commands, kind_limits, regions
from core.facts import Deleted
from core.service.desired import DesiredService
from core.service.problem import Problem
from core.service.recorded import RecordedService

Listed = Sequence[Deleted]
"""Soft-deleted vaults or accounts of a subscription."""


def makes_names(desired: DesiredService, before: RecordedService) -> bool:
    """Whether a service will make a vault or an account, whose names could be held."""
    return before.account is None or (before.vault is None and desired.makes_vault)


def problems(
    desired: DesiredService, before: RecordedService, vaults: Listed, accounts: Listed
) -> Iterator[Problem]:
    """Why names that a service will make are not available, and the commands that bring back what holds them;
    `vaults` and `accounts` are the soft-deleted ones of the subscription."""
    vault = None if before.vault else _named(desired.vault.name, vaults)
    if vault:
        yield Problem("vault.name", _of_vault(desired, before, vault))
    account = None if before.account else _named(desired.account_name, accounts)
    if account:
        yield Problem("accountName", _of_account(desired, before, account))


def _of_vault(desired: DesiredService, before: RecordedService, vault: Deleted) -> str:
    """In words: which vault holds the name, and the ways out."""
    elsewhere = _elsewhere(desired, vault)
    back = "" if elsewhere else _back(desired, before, f"az keyvault recover --name {vault.name}")
    another = "give another vault.name; purge protection lets nobody purge it"
    return f"{_held(vault)}{elsewhere}; {back}{another}"


def _of_account(desired: DesiredService, before: RecordedService, account: Deleted) -> str:
    """In words: which account holds the name, and the ways out."""
    region = regions.normalised(account.location)  # az takes no spelling with a space unquoted
    options = f"--name {account.name} --resource-group {_group(account)} --location {region}"
    unsuited = _elsewhere(desired, account) or _unfit(desired, account)
    back = ""
    if not unsuited:
        after = "once the vault of its key is there, " if desired.has_key else ""
        back = _back(desired, before, f"az cognitiveservices account recover {options}", after)
    purge = f"delete its data for good with `az cognitiveservices account purge {options}`"
    return f"{_held(account)}{unsuited}; {back}give another accountName, or {purge}"


def _back(desired: DesiredService, before: RecordedService, command: str, after: str = "") -> str:
    """In words: how to bring a resource back with everything in it, which needs its group (learn.microsoft.
    com/powershell/module/az.cognitiveservices/undo-azcognitiveservicesaccountremoval, read 2026-11-30)."""
    region = regions.normalised(desired.location)
    group = f"`az group create --name {desired.resource_group_name} --location {region}`"
    is_there = before.group_name is not None or desired.existing_resource_group_name is not None
    first = "" if is_there else f"{group}, if that group is gone, and then "
    return (
        f"to bring it back with everything in it, {after}run {first}`{command}`, and once no name is held, "
        f"`{commands.operate(f'recover --stack {commands.STACK} --yes')}`, which takes it into the state; or "
    )


def _unfit(desired: DesiredService, account: Deleted) -> str:
    """In words: the account would stay of another kind, or no identity could be given access to its key; ""
    for neither. Azure brings an account back with its binding, kind, tier and own identity (observed)."""
    kind = account.kind or desired.kind
    if kind_limits.kind_change(kind, desired.kind):
        return f", and would come back as one of kind {kind!r}, which it keeps"
    if not desired.has_key or account.principal_id:
        return ""
    return (
        ", and would come back without a system-assigned identity, because Azure does not recover a "
        "user-assigned one that it was bound through: its data would stay out of reach"
    )


def _held(deleted: Deleted) -> str:
    until = f", until {deleted.scheduled_purge_date}" if deleted.scheduled_purge_date else ""
    return f"{deleted.name!r} is held by a resource deleted {deleted.deletion_date or ''}{until}"


def _elsewhere(desired: DesiredService, deleted: Deleted) -> str:
    """In words: the deleted resource was in another group or region, so it is not this service's; "" if it
    was in the same."""
    group = desired.group_name
    place = (_group(deleted).lower(), regions.normalised(deleted.location))
    if place == (group.lower() or place[0], regions.normalised(desired.location)):
        return ""
    where = f"in group {_group(deleted)!r} and region {deleted.location!r}"
    return f", {where}, and can be recovered only there"


def _named(name: str | None, listed: Listed) -> Deleted | None:
    return next((found for found in listed if name and found.name.lower() == name.lower()), None)


def _group(deleted: Deleted) -> str:
    return arm_ids.group_of(deleted.resource_id or deleted.id)
