"""The last lines of a preview: what the update does to the data of each account, in the review's words.

Pure. Does not own: the words (core/effects.py), nor the judgement of a whole stack (review/).
"""

from dataclasses import dataclass

from core import coverage, effects, key_uris
from core import resource_types as types
from core.service.desired import MICROSOFT_MANAGED
from core.service.recorded import RecordedService
from core.service.state import ServiceState
from core.values import Hidden

_LATER = Hidden.UNKNOWN.value


@dataclass(frozen=True)
class Effect:
    """A preview's line about the data of one account. `is_grave`: the data is lost, no longer under the key,
    or no longer readable."""

    text: str
    is_grave: bool = False


def effect(service: ServiceState) -> Effect | None:
    """The gravest effect of an update on a service's data; None if the key of its account stays as it is."""
    desired, before = service.desired, service.before
    name = before.account.name if before.account else desired.account_name
    words = _of_bound(service) if before.is_bound else _of_unbound(service)
    goes = before.is_bound and (desired.is_revoked or desired.unbinds)
    return Effect(f"encryption of {name}: {words}", is_grave=goes) if words else None


def removal(before: RecordedService) -> Effect | None:
    """The effect on the data of a service that the settings no longer list."""
    if before.account is None:
        return None
    return Effect(f"encryption of {before.account.name}: account DELETED: {effects.DELETED}", is_grave=True)


def _of_unbound(service: ServiceState) -> str:
    if service.desired.encryption == MICROSOFT_MANAGED:
        return "" if service.before.account else effects.NOT_ENCRYPTED
    return effects.BOUND.format(_wanted(service))


def _of_bound(service: ServiceState) -> str:
    desired, before = service.desired, service.before
    if desired.is_revoked:
        does = coverage.named(service.kind).revoked
        return "" if before.revoked else f"{effects.ACCESS_REMOVED.format(_used(service))}; {does}"
    if before.revoked:
        return effects.ACCESS_GIVEN.format(_used(service))
    if desired.unbinds:
        return effects.UNBOUND
    if not desired.has_key or not service.place.key_name or before.bound_to is None:
        return ""
    if service.place.vault_id and before.bound_to != service.place.names:
        return effects.KEY_CHANGED.format(_wanted(service), _used(service))
    return _of_version(service) if desired.names_version else ""


def _of_version(service: ServiceState) -> str:
    """The effect of an argument that moves a bound account to another version of its key; "" for none."""
    key, used = service.desired.key, _version_in_use(service)
    if key.pin:
        return effects.REBOUND.format(key.pin, used) if used.lower() not in ("", key.pin.lower()) else ""
    asked = service.before.part(types.KEY_VERSION, "key-version").get("generation")
    return effects.ROTATED.format(_LATER) if (key.generation or 0) > int(asked or 0) else ""


def _wanted(service: ServiceState) -> str:
    desired = service.desired
    vault = key_uris.place_of(service.place.vault_id) if service.place.vault_id else desired.vault.name
    version = desired.key.pin or _LATER if desired.names_version else effects.NEWEST
    return effects.key(vault or _LATER, service.place.key_name or _LATER, version)


def _used(service: ServiceState) -> str:
    vault, key = service.before.bound_to or (_LATER, _LATER)
    return effects.key(vault, key, _version_in_use(service) or effects.NEWEST)


def _version_in_use(service: ServiceState) -> str:
    has = service.account.bound_key
    return has.encryption.key_version if has else ""
