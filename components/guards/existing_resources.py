"""What exists already: the vault and the key that a service is to use, and an account of its name.

Owns: what an existing vault and key must be. Pure. Does not own: the calls that read them (reader.py), nor
the grants at the key (grants.py).
"""

from collections.abc import Iterator

import pulumi

from components.access_model import ACCESS_POLICY, RBAC
from components.arguments.problem import Problem
from components.guards.drift import gone
from components.guards.situation import Situation
from components.service_args import RECOVER
from core import adapters, arm_ids, demands, facts, regions
from core.commands import adopt, take_over


def unusable_vault(situation: Situation) -> Iterator[Problem]:
    """The existing vault cannot hold the service's key."""
    one, place, inputs = situation, situation.place, situation.inputs
    if not place.vault_exists or "vault" in one.live.unread:
        return
    path = "key.id" if inputs.key.id is not None else "vault.id"
    if one.live.vault is None:
        if not any(gone(one)):  # a vault that is gone is told once
            yield _no_vault(one, path)
        return
    found = adapters.vault(one.live.vault)
    model = RBAC if found.uses_rbac else ACCESS_POLICY
    if not found.is_managed_hsm and model != inputs.access_model:
        yield Problem(
            "accessModel",
            f"found {inputs.access_model!r}, but the vault {found.name!r} grants by {model!r}; set "
            f"accessModel: {model}",
        )
    yield from _unmet_by_vault(one, found, path)
    is_own = one.before.bound_to == place.names
    if one.live.key is not None and place.makes_key and not is_own and inputs.soft_deleted != RECOVER:
        yield Problem(
            "key.name",
            f"the vault {found.name!r} already has a key {place.key_name!r}; to use it, leave key.name "
            f"out and set key.id: {place.key_id}; to make another, give another key.name",
        )


def _no_vault(situation: Situation, path: str) -> Problem:
    place = situation.place
    name = arm_ids.name_of(place.vault_id)
    options = f"--name {name}"
    if place.in_managed_hsm:
        options = f"--hsm-name {name} --location {situation.inputs.location}"
    return Problem(
        path,
        f"there is no {place.noun} {place.vault_id!r}, or the login may not read it; correct the id, or run "
        f"`az keyvault recover {options}` if it was deleted",
    )


def _unmet_by_vault(situation: Situation, found: facts.Vault, path: str) -> Iterator[Problem]:
    location = situation.inputs.location
    # A firewall that keeps out an account that is bound already is told by access.py.
    is_closed = not situation.is_replaced and situation.closed_vault is not None
    unmet = (
        demands.region(location, found.location, found.noun),
        demands.tenant(situation.login.tenant_id, found.tenant_id, found.noun),
        demands.activated(found.activated),
        demands.soft_delete(found.soft_delete, found.purge_protection),
        demands.purge_protection(found.purge_protection, found.noun),
        None if is_closed else demands.trusted_services(found.network, found.noun),
    )
    for demand in (one for one in unmet if one and one.unmet):
        run = f"; run `{fix}`" if (fix := demand.az(vault_id=found.id)) else ""
        if demand.demand == "same-region":
            there = regions.normalised(found.location)
            run = f"; set location: {there}, or give a {found.noun} in {location}"
        yield Problem(path, f"the {found.noun} {found.name!r} cannot be used: {demand.text}{run}")


def absent_key(situation: Situation) -> Iterator[Problem]:
    """The key that is named does not exist."""
    place = situation.place
    if situation.lacks_named_key:
        yield Problem(
            "key.id",
            f"there is no key {place.key_name!r} in {place.noun} {arm_ids.name_of(place.vault_id)!r}; "
            "correct it, or make the key first; if it was deleted, run `az keyvault key recover "
            f"{place.cli_options}`",
        )


def unusable_key(situation: Situation) -> Iterator[Problem]:
    """An existing key cannot be used by an account that is not under it yet."""
    key, place = situation.live.key, situation.place
    if key is None or place.makes_key or situation.before.is_bound:
        return
    size = key.get("keySize")
    unmet = (
        demands.key_type(key.get("kty"), None if size is None else int(size)),
        demands.key_operations(key.get("keyOps")),
    )
    for demand in (one for one in unmet if one and one.unmet):
        run = f"; run `{command}`" if (command := demand.az(key=key.get("keyUri"))) else ""
        yield Problem("key.id", f"the key {place.key_name!r} cannot be used: {demand.text}{run}")


def unrecorded_account(situation: Situation) -> Iterator[Problem]:
    """The account is to be made, but exists, and the state does not have it.

    Where the service has another one, an update that failed may have put it there, and the engine shows no
    program what such an update has left to delete.
    """
    one, account = situation, situation.live.account
    is_made = one.before.account is None or one.is_replaced
    if one.recovers or not is_made or account is None or one.account.recorded is not None:
        return
    name, stack = account["name"], pulumi.get_stack()
    fix = f"{take_over(stack)}; {adopt(account['id'])}, or choose another accountName"
    if one.before.account and one.before.account.name:
        fix = (
            f"the service has {one.before.account.name!r}. If a replacement of {name!r} by it failed "
            f"half-way, finish that first: put back the settings that it had, and set replaceAccount: {name} "
            f"for {name!r} to be deleted; or choose another accountName"
        )
    yield Problem(
        "accountName", f"account {name!r} exists at {account['id']}, and this stack does not record it: {fix}"
    )


def unreadable_account(situation: Situation) -> Iterator[Problem]:
    """An account that the stack has is not written by somebody who may not read which key it has."""
    account = situation.before.account
    if account is not None and "account" in situation.live.unread:
        yield Problem(
            "accountName",
            f"whether account {account.name!r} is under its key is unknown, because this login may not "
            f"read it: have Microsoft.CognitiveServices/accounts/read granted at {account.id}, or the "
            "deny assignment changed that forbids it",
        )
