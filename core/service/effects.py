"""The last lines of a preview: what the update does to the data of each account, in the review's words.

Pure. Owns: how a service's data is protected before and after a run. Does not own: the judgement and its
words (core/effects.py), nor that of a whole stack (review/).
"""

from dataclasses import dataclass

from core import adapters, effects, key_uris, rights, values
from core.effects import DataProtection, HeldGrant, UsedKey
from core.service.access import revoked_at_unknown_key
from core.service.desired import MICROSOFT_MANAGED
from core.service.recorded import RecordedService
from core.service.state import ServiceState
from core.values import Hidden, Value
from core.verdicts import Verdict, VerdictSeverity


@dataclass(frozen=True)
class Effect:
    """A preview's line about the data of one account. `is_grave`: the data is lost, no longer under the key,
    or no longer readable."""

    text: str
    is_grave: bool


def effect(service: ServiceState) -> Effect | None:
    """The gravest effect of an update on a service's data; None if the key of its account stays as it is."""
    desired, before = service.desired, service.before
    if before.account is None:
        return _line(desired.account_name, effects.effect(None, DataProtection(_made(service))))
    name = before.account.name
    if not before.is_bound:
        return _line(name, effects.effect(DataProtection(), DataProtection(_made(service))))
    used = _used(service)
    access = (HeldGrant(values.as_text(used.text), rights.EXACT),)
    is_taken = desired.is_revoked and not any(revoked_at_unknown_key(service))
    had, has = () if before.revoked else access, () if is_taken else access
    kept = DataProtection(_kept_or_moved(service, used), grants=has, kind=service.kind)
    # The key that was read is the one that is wanted: of another one than is used, its newest says nothing.
    current = adapters.key_version(service.live.key or {}).uri or ""
    newest = current.rpartition("/")[2].lower() or None
    return _line(name, effects.effect(DataProtection(used, newest, had), kept))


def removal(before: RecordedService) -> Effect | None:
    """The effect on the data of a service that the settings no longer list."""
    if before.account is None:
        return None
    return _line(before.account.name, effects.effect(DataProtection(), None))


def _line(account: str, verdict: Verdict | None) -> Effect | None:
    if verdict is None:
        return None
    is_grave = verdict.severity is VerdictSeverity.BLOCKED
    return Effect(f"encryption of {account}: {verdict.text}", is_grave)


def _made(service: ServiceState) -> UsedKey | None:
    """The key of an account that has none, after the update."""
    return None if service.desired.encryption == MICROSOFT_MANAGED else _wanted(service)


def _kept_or_moved(service: ServiceState, used: UsedKey) -> UsedKey | None:
    """The key of an account after the update that has `used` before it."""
    desired, before = service.desired, service.before
    if desired.is_revoked:
        return used
    if desired.unbinds:
        return None
    if not desired.has_key or not service.place.key_name or before.bound_to is None:
        return used
    if service.place.vault_id and before.bound_to != service.place.names:
        return _wanted(service)
    return used._replace(version=_version(service, used))


def _version(service: ServiceState, used: UsedKey) -> Value:
    """The version of the same key that the account names after the update; None if it follows the newest."""
    desired = service.desired
    recorded = service.account.recorded_key
    had_version = bool(recorded.encryption.key_version) if recorded else desired.names_version
    if not desired.names_version:
        return None if had_version else used.version
    if desired.key.pin:
        return desired.key.pin if used.version or not had_version else used.version
    if service.rotates or not had_version:
        return Hidden.UNKNOWN
    return used.version


def _wanted(service: ServiceState) -> UsedKey:
    desired, place = service.desired, service.place
    vault = key_uris.place_of(place.vault_id) if place.vault_id else desired.vault.name
    version = desired.key.pin or Hidden.UNKNOWN if desired.names_version else None
    return UsedKey(vault or Hidden.UNKNOWN, place.key_name or Hidden.UNKNOWN, version)


def _used(service: ServiceState) -> UsedKey:
    """The key of a bound account before the update."""
    has = service.account.bound_key
    vault, name = service.before.bound_to or (Hidden.UNKNOWN, Hidden.UNKNOWN)
    return UsedKey(vault, name, (has.encryption.key_version if has else "") or None)
