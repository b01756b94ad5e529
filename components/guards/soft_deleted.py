"""Names that soft-deleted vaults and accounts still hold, and the resources that come back with them.

Owns: whether a service recovers them, and the way out if it does not. Pure. Does not own: the call that lists
them (reader.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.arguments.problem import Problem
from components.guards.recorded_state import RecordedService
from components.service_args import RECOVER, EncryptedAIServicesAccountArgs
from core import arm_ids, demands, kinds, regions

Listed = Sequence[Mapping[str, Any]]
_BACK = "; set softDeleted: recover to bring it back with everything in it"


@dataclass(frozen=True)
class SoftDeleted:
    """The soft-deleted resources that hold names of a service."""

    vault: Mapping[str, Any] | None = None
    account: Mapping[str, Any] | None = None


def makes_names(inputs: EncryptedAIServicesAccountArgs, before: RecordedService) -> bool:
    """Whether a service will make a vault or an account, whose names could be held."""
    return before.account is None or (before.vault is None and inputs.makes_vault)


def holding_names(
    inputs: EncryptedAIServicesAccountArgs, before: RecordedService, vaults: Listed, accounts: Listed
) -> SoftDeleted:
    """Which soft-deleted resources of a subscription hold names that a service will make."""
    vault = None if before.vault else inputs.vault.name
    account = None if before.account else inputs.account_name
    return SoftDeleted(_named(vault, vaults), _named(account, accounts))


def problems(inputs: EncryptedAIServicesAccountArgs, deleted: SoftDeleted) -> list[Problem]:
    """Why the names are not available with these arguments."""
    found: list[Problem] = []
    if vault := deleted.vault:
        remedy = "give another vault.name; purge protection does not allow to purge it"
        if there := _elsewhere(inputs, vault):
            found.append(Problem("vault.name", f"{_held(vault)}{there}; {remedy}"))
        elif inputs.soft_deleted != RECOVER:
            found.append(Problem("vault.name", f"{_held(vault)}{_BACK}, or {remedy}"))
    if account := deleted.account:
        found += _of_account(inputs, account)
    return found


def _of_account(inputs: EncryptedAIServicesAccountArgs, account: Mapping[str, Any]) -> list[Problem]:
    held, there = _held(account), _elsewhere(inputs, account)
    where = f"--resource-group {_group(account)} --location {account['location']}"
    remedy = (
        "give another accountName, or delete its data for good with "
        f"`az cognitiveservices account purge --name {account['name']} {where}`"
    )
    if there:
        # Nobody knows whose account it is.
        return [Problem("accountName", f"{held}{there}; {remedy}")]
    unfit = _unfit(inputs, account, remedy)
    if inputs.soft_deleted == RECOVER:
        return [unfit] if unfit else []
    if unfit and unfit.path == "softDeleted":
        return [Problem("accountName", f"{held}, and {unfit.text}")]
    return [Problem("accountName", f"{held}{_BACK}, or {remedy}")]


def _unfit(inputs: EncryptedAIServicesAccountArgs, account: Mapping[str, Any], remedy: str) -> Problem | None:
    """Why an account would not come back as it is declared.

    Azure brings an account back with its binding, kind, tier and own identity (observed), and without a
    user-assigned identity.
    """
    kind, sku = str(account.get("kind") or inputs.kind), str(account.get("sku") or inputs.sku)
    back = f"account {account['name']!r} would come back"
    reason = ""
    if inputs.has_key and not account.get("principalId"):
        reason = (
            "without a system-assigned identity, and Azure does not recover a user-assigned one that it "
            "was bound through: no identity could be given access to its key"
        )
    elif inputs.has_key and (unmet := demands.tier(kind, sku, planned=True)):
        reason = f"on tier {unmet.found}"
    elif kind.lower() != inputs.kind.lower() and kinds.find(kind) is None:
        reason = f"as an account of kind {kind!r}, which this project does not know"
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


def _held(deleted: Mapping[str, Any]) -> str:
    until = f", until {deleted['scheduledPurgeDate']}" if deleted.get("scheduledPurgeDate") else ""
    return f"{deleted['name']!r} is held by a resource deleted {deleted.get('deletionDate', '')}{until}"


def _elsewhere(inputs: EncryptedAIServicesAccountArgs, deleted: Mapping[str, Any]) -> str:
    """In words: the deleted resource was in another group or region, so it is not this service's; "" if it
    was in the same."""
    group = inputs.group_name
    place = (_group(deleted).lower(), regions.normalised(deleted["location"]))
    if place == (group.lower() or place[0], regions.normalised(inputs.location)):
        return ""
    where = f"in group {_group(deleted)!r} and region {deleted['location']!r}"
    return f", {where}, and can be recovered only there"


def _named(name: str | None, listed: Listed) -> Mapping[str, Any] | None:
    return next((found for found in listed if name and found["name"].lower() == name.lower()), None)


def _group(deleted: Mapping[str, Any]) -> str:
    place = deleted.get("resourceId") or deleted["id"]
    return arm_ids.group_of(str(place))
