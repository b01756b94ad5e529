"""How the wanted inputs differ from the last ones and from what is bound, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from core import key_uris
from core.arm_ids import MalformedError
from core.clouds import Cloud
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


Differences = Mapping[str, Difference]


def diff(olds: Properties, old_inputs: Properties, news: Properties, cloud: Cloud) -> dict[str, Difference]:
    """What an update would change, by property; empty when nothing.

    What was read counts as much as what was written: a key bound out of band is a change, though the
    inputs are the same. `accountDigest` and `vaultId` appearing for the first time are not changes: both
    describe the surroundings, and an account bound elsewhere must import without a difference.
    """
    found = {
        "accountId": _account_difference(old_inputs, news),
        "keyUriWithVersion": _key_difference(olds, old_inputs, news, cloud),
        "identityClientId": _identity_difference(olds, old_inputs, news),
        "onDelete": _on_delete_difference(old_inputs, news),
        "vaultId": surroundings_difference(old_inputs, news, "vaultId", "the vault is named anew"),
        "accountDigest": surroundings_difference(
            old_inputs, news, "accountDigest", "the account changes, so the binding is asserted again"
        ),
    }
    return {name: difference for name, difference in found.items() if difference}


def diff_key_version(old_inputs: Properties, news: Properties) -> dict[str, Difference]:
    """What an update of a KeyVersion would change. `accountId` is no change: only a rotation uses it."""
    found = changed(old_inputs, news, {"keyId": replaced("another key is followed")})
    # Absent and 0 are one generation.
    generations = [inputs.values.get("generation") or 0 for inputs in (old_inputs, news)]
    if generations[0] != generations[1]:
        found["generation"] = _change(old_inputs, news, "generation", "the key is rotated")
    if old_inputs.values.get("pin") != news.values.get("pin"):
        found["pin"] = _change(old_inputs, news, "pin", "the pinned version changes")
    return found


def _change(old_inputs: Properties, news: Properties, name: str, why: str) -> Difference:
    old, new = old_inputs.values.get(name), news.values.get(name)
    return Difference(Change.ADD if old is None else Change.DELETE if new is None else Change.UPDATE, why)


def changed(
    old_inputs: Properties, news: Properties, differences: Mapping[str, Difference]
) -> dict[str, Difference]:
    """The inputs that differ, of those that `differences` has, and what that is."""
    return {
        name: difference
        for name, difference in differences.items()
        if fold(old_inputs, name) != fold(news, name)
    }


def replaced(why: str) -> Difference:
    """What makes it another resource."""
    return Difference(Change.UPDATE_REPLACE, why)


def _account_difference(old_inputs: Properties, news: Properties) -> Difference | None:
    if fold(old_inputs, "accountId") == fold(news, "accountId"):
        return None
    return replaced("another account is to be bound")


def _key_difference(
    olds: Properties, old_inputs: Properties, news: Properties, cloud: Cloud
) -> Difference | None:
    written, live, wanted = _written_live_wanted(olds, old_inputs, news, "keyUriWithVersion")
    if wanted == written == live:
        return None
    in_inputs = written != wanted
    why = why_key_changes(live, str(news.values["keyUriWithVersion"]), cloud, in_inputs=in_inputs)
    return Difference(Change.UPDATE, why, in_inputs)


def why_key_changes(old: str, new: str, cloud: Cloud, *, in_inputs: bool) -> str:
    """Why the key URI differs: rotation, another key, another vault, or drift."""
    if new == UNKNOWN:
        return "the key version is not known yet"
    drift = "" if in_inputs else ", bound out of band"
    try:
        before, after = key_uris.parse_versioned(old, cloud), key_uris.parse_versioned(new, cloud)
    except MalformedError:
        return f"{old or 'nothing'} is bound{drift}"
    if before.same_key(after):
        return f"rotation: version {before.version} to {after.version} of the key {after.name}{drift}"
    if before.vault_uri == after.vault_uri:
        return f"other key: {before.name} to {after.name} in {after.host}{drift}"
    return f"other vault: {before.host} to {after.host}{drift}"


def _identity_difference(olds: Properties, old_inputs: Properties, news: Properties) -> Difference | None:
    written, live, wanted = _written_live_wanted(olds, old_inputs, news, "identityClientId")
    if wanted == written == live:
        return None
    change = Change.DELETE if not wanted else Change.UPDATE if written else Change.ADD
    why = f"the identity that uses the key: {live or 'system-assigned'} to {wanted or 'system-assigned'}"
    return Difference(change, why, written != wanted)


def _on_delete_difference(old_inputs: Properties, news: Properties) -> Difference | None:
    if fold(old_inputs, "onDelete") == fold(news, "onDelete"):
        return None
    return _change(
        old_inputs, news, "onDelete", "deleting the binding will have another effect on the account"
    )


def _written_live_wanted(
    olds: Properties, old_inputs: Properties, news: Properties, name: str
) -> tuple[str, str, str]:
    """A property as last asked for, as last read, as asked for now; a state without outputs says nothing."""
    written = fold(old_inputs, name)
    live = fold(olds, name) if "keySource" in olds.values else written
    return written, live, fold(news, name)


def surroundings_difference(
    old_inputs: Properties, news: Properties, name: str, why: str
) -> Difference | None:
    """An input that describes the surroundings: no change where it appears or goes."""
    old, new = fold(old_inputs, name), fold(news, name)
    return Difference(Change.UPDATE, why) if old and new and old != new else None


def fold(properties: Properties, name: str) -> str:
    """A property without the differences that mean nothing."""
    return plain(str(properties.values.get(name) or ""))


def plain(text: str) -> str:
    """An id or URI without the differences that mean nothing: case, a trailing slash, the port of https."""
    return text.rstrip("/").lower().replace(":443/", "/", 1)
