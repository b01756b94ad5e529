"""How the wanted inputs differ from the last ones and from what is bound, and why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from core import key_uris
from core.arm_ids import MalformedError
from provider.wire import UNKNOWN, Properties


class Change(Enum):
    """How a property differs; the names are those of the engine's `PropertyDiff.Kind`."""

    ADD = "ADD"
    DELETE = "DELETE"
    UPDATE = "UPDATE"
    UPDATE_REPLACE = "UPDATE_REPLACE"


@dataclass(frozen=True)
class Difference:
    """One property's change. `in_inputs` is False where only what was read differs, out-of-band drift."""

    change: Change
    why: str
    in_inputs: bool = True


@dataclass(frozen=True)
class Compared:
    """An input that is compared. `why` says what a difference is, of what was there and what is wanted.

    `is_read`: what was read counts as much as what was written, so a key bound out of band is a change.
    `is_surroundings`: it only describes what is around the resource, so that it appears or goes is no change:
    what was made elsewhere must import without a difference.
    """

    why: str | Callable[[str, str], str]
    is_read: bool = False
    is_surroundings: bool = False


def differences(
    olds: Properties,
    old_inputs: Properties,
    news: Properties,
    compared: Mapping[str, Compared],
    replacing: Collection[str] = (),
) -> dict[str, Difference]:
    """What an update would change, by property; empty when nothing. `replacing` make another resource."""
    found = {}
    for name, one in compared.items():
        written, wanted = fold(old_inputs, name), fold(news, name)
        # A state without outputs says nothing of what was read.
        live = fold(olds, name) if one.is_read and olds.values else written
        if wanted == written == live or (one.is_surroundings and not (written and wanted)):
            continue
        why = one.why if isinstance(one.why, str) else one.why(live, str(news.values.get(name) or ""))
        drift = "" if written != wanted else ", bound out of band"
        change = Change.UPDATE_REPLACE if name in replacing else _change(written, wanted)
        found[name] = Difference(change, f"{why}{drift}", written != wanted)
    return found


def _change(written: str, wanted: str) -> Change:
    return Change.UPDATE if written and wanted else Change.ADD if wanted else Change.DELETE


def why_key_changes(old: str, new: str) -> str:
    """Why a key URI differs: rotation, another key, or another vault."""
    if new == UNKNOWN:
        return "the key version is not known yet"
    try:
        before, after = key_uris.parse(old), key_uris.parse(new)
    except MalformedError:
        return f"{old or 'nothing'} is bound"
    if before.same_key(after):
        names = [one.version or "the newest by itself" for one in (before, after)]
        return f"rotation: version {names[0]} to {names[1]} of the key {after.name}"
    if before.vault_uri == after.vault_uri:
        return f"other key: {before.name} to {after.name} in {after.host}"
    return f"other vault: {before.host} to {after.host}"


def why_identity_changes(old: str, new: str) -> str:
    """Which identity used the key, and which is to use it."""
    return f"the identity that uses the key: {old or 'system-assigned'} to {new or 'system-assigned'}"


def fold(properties: Properties, name: str) -> str:
    """A property without the differences that mean nothing."""
    return plain(str(properties.values.get(name) or ""))


def plain(text: str) -> str:
    """An id or URI without the differences that mean nothing: case, a trailing slash, the port of https."""
    return text.rstrip("/").lower().replace(":443/", "/", 1)
