"""Existing resources: the vault and the key that a service is to use, and the account that it has.

Pure. Does not own: the calls that read them (reader.py), nor what the
service demands of a vault and a key (the provider's checkDeployment).
"""

from collections.abc import Iterator

from components.access_model import ACCESS_POLICY, RBAC
from components.arguments.problem import Problem
from components.guards.situation import Situation, gives_reading_role
from core import adapters, arm_ids


def other_vault(situation: Situation) -> Iterator[Problem]:
    """The existing vault has another access model than the declared one, or already has the key that is to be
    made. The provider judges whether it can hold the key at all."""
    place, inputs, vault = situation.place, situation.inputs, situation.live.vault
    if inputs.makes_vault or vault is None:
        return
    found = adapters.vault(vault)
    model = RBAC if found.uses_rbac else ACCESS_POLICY
    if not found.is_managed_hsm and model != inputs.access_model:
        yield Problem(
            "accessModel",
            f"found {inputs.access_model!r}, but the vault {found.name!r} grants by {model!r}; set "
            f"accessModel: {model}",
        )
    is_own = situation.before.bound_to == place.names
    if situation.live.key is not None and place.makes_key and not is_own:
        yield Problem(
            "key.name",
            f"the vault {found.name!r} already has a key {place.key_name!r}; to use it, leave key.name "
            f"out and set key.id: {place.key_id}; to make another, give another key.name",
        )


def other_key(situation: Situation) -> Iterator[Problem]:
    """The service's key has another type or size than is declared, and keeps both: a rotation changes neither
    (observed)."""
    key, inputs, place = situation.live.key, situation.inputs, situation.place
    if key is None or not inputs.makes_key:
        return
    found = adapters.key_version({"properties": key})
    way_out = "or give another key.name: a new key is made, and the account moves to it"
    for name, has, wanted in (("type", found.type, inputs.key.type), ("size", found.size, inputs.key.size)):
        if has not in (None, wanted):
            yield Problem(
                f"key.{name}",
                f"found {wanted!r}, but key {place.key_name!r} has {has!r}, and a key keeps its type and "
                f"size; set key.{name}: {has}, {way_out}",
            )


def absent_key(situation: Situation) -> Iterator[Problem]:
    """The named key does not exist, although its vault does."""
    place, live, before = situation.place, situation.live, situation.before
    is_named = situation.inputs.key.id is not None and not before.is_bound
    is_absent = live.vault is not None and live.key is None and "key" not in live.unread
    if is_named and is_absent and not gives_reading_role(situation.inputs, before):
        yield Problem(
            "key.id",
            f"there is no key {place.key_name!r} in {place.noun} {arm_ids.name_of(place.vault_id)!r}; "
            "correct it, or make the key first; if it was deleted, run `az keyvault key recover "
            f"{place.cli_options}`",
        )


def unreadable_account(situation: Situation) -> Iterator[Problem]:
    """The login may not read which key the stack's account has, so it may not write the account."""
    account = situation.before.account
    if account is not None and "account" in situation.live.unread:
        yield Problem(
            "accountName",
            f"whether account {account.name!r} is under its key is unknown, because this login may not "
            f"read it: have Microsoft.CognitiveServices/accounts/read granted at {account.id}, or the "
            "deny assignment changed that forbids it",
        )
