"""Names that soft-deleted vaults and accounts still hold, and what comes back with them.

Owns: whether a service recovers them, and what to do where it does not. Pure. Does not own: the call that
lists them (preflight.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.arguments.problem import Problem
from components.guards import data_loss
from components.guards.recorded_state import RecordedService
from components.service_args import RECOVER, EncryptedAIServicesAccountArgs
from core import arm_ids, demands, kinds, regions

Listed = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class SoftDeleted:
    """The soft-deleted resources that hold names of a service."""

    vault: Mapping[str, Any] | None = None
    account: Mapping[str, Any] | None = None


def makes_names(inputs: EncryptedAIServicesAccountArgs, before: RecordedService) -> bool:
    """Whether a service will make a vault or an account, whose names could be held."""
    return _makes_account(inputs, before) or (before.vault is None and inputs.makes_vault)


def _makes_account(inputs: EncryptedAIServicesAccountArgs, before: RecordedService) -> bool:
    return before.account is None or data_loss.is_replaced(inputs, before)


def holding_names(
    inputs: EncryptedAIServicesAccountArgs, before: RecordedService, vaults: Listed, accounts: Listed
) -> SoftDeleted:
    """Which soft-deleted resources of a subscription hold names that a service will make."""
    vault = None if before.vault else inputs.vault.name
    account = inputs.account_name if _makes_account(inputs, before) else None
    return SoftDeleted(_named(vault, vaults), _named(account, accounts))


def problems(inputs: EncryptedAIServicesAccountArgs, deleted: SoftDeleted) -> list[Problem]:
    """Why the names are not available with these arguments."""
    recovers = inputs.soft_deleted == RECOVER
    group, found = data_loss.group_name(inputs), []
    if vault := deleted.vault:
        remedy = "give another vault.name; purge protection does not allow to purge it"
        found += _held("vault.name", vault, group, inputs.location, remedy, recovers=recovers)
    if account := deleted.account:
        where = f"--resource-group {_group(account)} --location {account['location']}"
        purge = f"az cognitiveservices account purge --name {account['name']} {where}"
        remedy = f"give another accountName, or delete its data for good with `{purge}`"
        unfit = _unfit(inputs, account, remedy)
        found += _held("accountName", account, group, inputs.location, remedy, recovers=recovers, unfit=unfit)
    return found


def _unfit(inputs: EncryptedAIServicesAccountArgs, account: Mapping[str, Any], remedy: str) -> Problem | None:
    """Why an account would not come back as it is declared.

    One comes back as it was bound, with kind, tier and its own identity (observed), and without a
    user-assigned one.
    """
    kind, sku = str(account.get("kind") or inputs.kind), str(account.get("sku") or inputs.sku)
    back = f"account {account['name']!r} would come back"
    reason = ""
    if inputs.has_key and not account.get("principalId"):
        reason = (
            "without a system-assigned identity, and a user-assigned one that it was bound through is not "
            "recovered: nothing could be given access to its key"
        )
    elif inputs.has_key and (unmet := demands.tier(kind, sku, planned=True)):
        reason = f"on tier {unmet.found}"
    elif kind.lower() != inputs.kind.lower() and kinds.find(kind) is None:
        reason = f"as one of kind {kind!r}, which is not known here"
    if reason:
        return Problem("softDeleted", f"{back} {reason}; {remedy}")
    if kind.lower() != inputs.kind.lower():
        return Problem(
            "kind", f"{back} as one of kind {kind!r}; set kind: {kind} and set sku: {sku}, or {remedy}"
        )
    if inputs.has_key and not inputs.binds_in_two_phases:
        return Problem(
            "identity",
            f"{back} with its system-assigned identity, which can use its key; set identity: systemAssigned",
        )
    return None


def _held(
    path: str,
    deleted: Mapping[str, Any],
    group: str,
    location: str,
    remedy: str,
    *,
    recovers: bool,
    unfit: Problem | None = None,
) -> list[Problem]:
    until = f", until {deleted['scheduledPurgeDate']}" if deleted.get("scheduledPurgeDate") else ""
    held = f"{deleted['name']!r} is held by one that was deleted {deleted.get('deletionDate', '')}{until}"
    place = (_group(deleted).lower(), regions.normalised(deleted["location"]))
    if place != (group.lower() or place[0], regions.normalised(location)):
        where = f"in group {_group(deleted)!r} and region {deleted['location']!r}"
        return [Problem(path, f"{held}, {where}, and can be recovered only there; {remedy}")]
    if recovers:
        return [unfit] if unfit else []
    if unfit and unfit.path == "softDeleted":
        return [Problem(path, f"{held}, and {unfit.text}")]
    return [
        Problem(path, f"{held}; set softDeleted: recover to bring it back with everything in it, or {remedy}")
    ]


def _named(name: str | None, listed: Listed) -> Mapping[str, Any] | None:
    return next((found for found in listed if name and found["name"].lower() == name.lower()), None)


def _group(deleted: Mapping[str, Any]) -> str:
    place = deleted.get("resourceId") or deleted["id"]
    return arm_ids.group_of(str(place))
