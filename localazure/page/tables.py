"""What the tables of the page say: vaults, grants, operations, audit log, subscriptions, settings, as texts.

Pure functions. Does not own: how a table looks (main.html.j2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from localazure.keyvault.model import Key, KeyVersion, Vault
from localazure.page.grants import Grant
from localazure.page.snapshot import Snapshot, VaultView
from localazure.page.view import Part

_MOST_NAMES = 20


class Badge(NamedTuple):
    """A word that stands out: kind is `good`, `bad`, `warn` or empty."""

    text: str
    kind: str = ""


class VersionRow(NamedTuple):
    """A version of a key."""

    key: str
    version: str
    type: str
    created: str
    state: Badge
    bound: str


class GrantRow(NamedTuple):
    """A way to unwrap with the keys of a vault: `place` is the kind and name of `scope`."""

    vault: str
    principal: str
    object_id: str
    how: str
    place: str
    scope: str
    since: str
    state: Badge


def vaults(seen: Snapshot) -> Part[VaultView]:
    """The vaults on the page."""
    return seen.view.part("vaults", seen.vaults, lambda found: found.words)


def versions(seen: Snapshot, view: VaultView) -> list[VersionRow]:
    """Every version of a vault's keys, newest first."""
    return [
        _version(view, key, version, seen.users, seen.now)
        for key in view.keys
        for version in reversed(key.versions)
    ]


def _version(
    view: VaultView, key: Key, version: KeyVersion, users: Mapping[str, tuple[str, ...]], now: float
) -> VersionRow:
    uri = f"{view.vault.uri}keys/{key.name}/{version.version}"
    bound = names(users.get(uri.lower(), ()))
    kind = f"{version.kty} {version.size or version.curve}"
    return VersionRow(
        key.name, version.version, kind, moment(version.created), _state(key, version, now), bound
    )


def _state(key: Key, version: KeyVersion, now: float) -> Badge:
    if key.deleted is not None:
        return Badge("deleted", "bad")
    if not version.enabled:
        return Badge("disabled", "bad")
    if version.expires is not None and version.expires <= now:
        return Badge("expired", "warn")
    if version.not_before is not None and version.not_before > now:
        return Badge("not yet valid", "warn")
    return Badge("current", "good") if version == key.current else Badge("enabled")


def unwrappers(seen: Snapshot) -> tuple[Part[tuple[Vault, Grant]], list[GrantRow]]:
    """One row per vault and grant."""
    every = [
        (found.vault, grant) for found in seen.vaults if found.vault.deleted is None for grant in found.grants
    ]
    part = seen.view.part("unwrap", every, lambda row: _words(seen, *row))
    return part, [_grant(seen, vault, grant) for vault, grant in part.rows]


def _words(seen: Snapshot, vault: Vault, grant: Grant) -> tuple[str, ...]:
    return vault.id, grant.object_id, grant.how, grant.scope, seen.names.get(grant.object_id, "")


def _grant(seen: Snapshot, vault: Vault, grant: Grant) -> GrantRow:
    name = seen.names.get(grant.object_id.lower()) or seen.names.get(grant.object_id)
    if name is None:
        state = Badge("principal deleted", "bad")
    else:
        state = Badge("in effect", "good") if grant.counts else Badge("not propagated yet", "warn")
    since = moment(grant.since) if grant.since else "always"
    place = _place(grant.scope)
    return GrantRow(
        vault.name, name or grant.object_id, grant.object_id, grant.how, place, grant.scope, since, state
    )


def _place(scope: str) -> str:
    """The kind of a scope, and its name."""
    parts = scope.strip("/").split("/")
    kind = {2: "subscription", 4: "resource group", 8: "vault", 10: "key"}.get(len(parts), "scope")
    return f"{kind} {parts[-1]}"


def operated(about: Mapping[str, Any]) -> str:
    """The id of what an operation is about."""
    return str(about.get("account") or about.get("group") or about.get("id") or "")


def used_key(event: Mapping[str, Any]) -> str:
    """The key of an event of the audit log, short: `vault/key/version`, or the vault's name."""
    if event["keyId"]:
        return str(event["keyId"]).removeprefix("https://").replace(".vault.azure.net/keys", "")
    return str(event["vaultId"]).rsplit("/", maxsplit=1)[-1]


def settings(seen: Snapshot) -> list[tuple[str, str, object]]:
    """Switches that are not at their default, and faults."""
    rows: list[tuple[str, str, object]] = [
        ("behaviour", name, value) for name, value in seen.behaviour.items()
    ]
    rows += [("fault", _fault(fault), f"{fault['calls']} calls matched") for fault in seen.faults]
    if seen.offset:
        rows.append(("clock", "offset", f"{seen.offset:.0f} s"))
    return rows


def _fault(fault: Mapping[str, Any]) -> str:
    where = (
        " ".join(str(fault[word]) for word in ("method", "host", "path") if fault[word]) or "every request"
    )
    what = fault["wire"] or f"{fault['status']} {fault['code']}"
    times = f"{fault['times']} times" if fault["times"] else "until removed"
    return f"{where}: {what}, from call {fault['call']} on, {times}"


def moment(seconds: float) -> str:
    """`2026-01-31 12:00:00`, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def names(found: Iterable[str]) -> str:
    """Names in one cell: the first of them where they are many, and how many more there are."""
    every: Sequence[str] = list(found)
    more = f" and {len(every) - _MOST_NAMES} more: use the search" if len(every) > _MOST_NAMES else ""
    return (", ".join(every[:_MOST_NAMES]) or "-") + more
