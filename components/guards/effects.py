"""The last lines of a preview: what the update does to the data of each account, in the review's words.

Pure. Does not own: the words (core/effects.py), nor the judgement of a whole stack (review/).
"""

from dataclasses import dataclass

from components.encryption_args import MICROSOFT_MANAGED
from components.guards.recorded_state import RecordedService
from components.guards.situation import Situation
from core import coverage, effects, key_uris
from core import resource_types as types
from core.values import Mark

_LATER = Mark.UNKNOWN.value


@dataclass(frozen=True)
class Effect:
    """A preview's line about the data of one account. `is_grave`: the data is lost, no longer under the key,
    or no longer readable."""

    text: str
    is_grave: bool = False


def effect(situation: Situation) -> Effect | None:
    """The gravest effect of an update on a service's data; None if the key of its account stays as it is."""
    inputs, before = situation.inputs, situation.before
    name = before.account.name if before.account else inputs.account_name
    words = _of_bound(situation) if before.is_bound else _of_unbound(situation)
    goes = before.is_bound and (inputs.is_revoked or inputs.unbinds)
    return Effect(f"encryption of {name}: {words}", is_grave=goes) if words else None


def removal(before: RecordedService) -> Effect | None:
    """The effect on the data of a service that the settings no longer list."""
    if before.account is None:
        return None
    return Effect(f"encryption of {before.account.name}: account DELETED: {effects.DELETED}", is_grave=True)


def _of_unbound(one: Situation) -> str:
    if one.inputs.encryption == MICROSOFT_MANAGED:
        return "" if one.before.account else effects.NOT_ENCRYPTED
    return effects.BOUND.format(_wanted(one))


def _of_bound(one: Situation) -> str:
    inputs, before = one.inputs, one.before
    if inputs.is_revoked:
        does = coverage.named(one.kind).revoked
        return "" if before.revoked else f"{effects.ACCESS_REMOVED.format(_used(one))}; {does}"
    if before.revoked:
        return effects.ACCESS_GIVEN.format(_used(one))
    if inputs.unbinds:
        return effects.UNBOUND
    if not inputs.has_key or not one.place.key_name or before.bound_to is None:
        return ""
    if one.place.vault_id and before.bound_to != one.place.names:
        return effects.KEY_CHANGED.format(_wanted(one), _used(one))
    return _of_version(one) if inputs.names_version else ""


def _of_version(one: Situation) -> str:
    """The effect of an argument that moves a bound account to another version of its key; "" for none."""
    key, used = one.inputs.key, _version_in_use(one)
    if key.pin:
        return effects.REBOUND.format(key.pin, used) if used.lower() not in ("", key.pin.lower()) else ""
    asked = one.before.part(types.KEY_VERSION, "key-version").get("generation")
    return effects.ROTATED.format(_LATER) if (key.generation or 0) > int(asked or 0) else ""


def _wanted(one: Situation) -> str:
    inputs = one.inputs
    vault = key_uris.place_of(one.place.vault_id) if one.place.vault_id else inputs.vault.name
    version = inputs.key.pin or _LATER if inputs.names_version else effects.NEWEST
    return effects.key(vault or _LATER, one.place.key_name or _LATER, version)


def _used(one: Situation) -> str:
    vault, key = one.before.bound_to or (_LATER, _LATER)
    return effects.key(vault, key, _version_in_use(one) or effects.NEWEST)


def _version_in_use(one: Situation) -> str:
    has = one.account.bound_key
    return has.encryption.key_version if has else ""
