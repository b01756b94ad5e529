"""The tables of the page: vaults, grants, operations, audit log, subscriptions, settings. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from localazure.keyvault.model import Key, KeyVersion, Vault
from localazure.page.grants import Grant
from localazure.page.html import Html, badge, code, element, join, table
from localazure.page.snapshot import Snapshot, VaultView
from localazure.page.view import pager

_MOST_NAMES = 20


def vaults(seen: Snapshot) -> Html:
    """Vaults with their keys and every version of these, newest first."""
    users = seen.users
    if not seen.vaults:
        return element("p", "no vaults yet", class_="empty")
    part = seen.view.part("vaults", seen.vaults, lambda found: found.words)
    return join([pager(seen.view, part), *(_vault(seen, found, users) for found in part.rows)])


def _vault(seen: Snapshot, view: VaultView, users: Mapping[str, tuple[str, ...]]) -> Html:
    vault = view.vault
    rows = [
        _version(view, key, version, users, seen.now)
        for key in view.keys
        for version in reversed(key.versions)
    ]
    kept = f"soft delete {vault.retention_days} d" if vault.soft_delete else "no soft delete"
    facts = (vault.group_id.rsplit("/", 1)[-1], vault.location, kept)
    return element(
        "article",
        element(
            "h3",
            element("span", vault.name, title=vault.id),
            badge("purge protected", "good")
            if vault.purge_protected
            else badge("not purge protected", "bad"),
            badge("roles" if vault.rbac else "access policies"),
            badge("soft-deleted", "warn") if vault.deleted is not None else None,
        ),
        element("p", " · ".join(facts), class_="note"),
        table(
            ("key", "version", "type", "created", "state", "bound accounts"),
            rows,
            empty="no keys in this vault",
        ),
    )


def _version(
    view: VaultView, key: Key, version: KeyVersion, users: Mapping[str, tuple[str, ...]], now: float
) -> tuple[object, ...]:
    uri = f"{view.vault.uri}keys/{key.name}/{version.version}"
    bound = _names(users.get(uri.lower(), ()))
    kind = f"{version.kty} {version.size or version.curve}"
    made = moment(version.created)
    return key.name, code(version.version), kind, made, _state(key, version, now), bound


def _state(key: Key, version: KeyVersion, now: float) -> Html:
    if key.deleted is not None:
        return badge("deleted", "bad")
    if not version.enabled:
        return badge("disabled", "bad")
    if version.expires is not None and version.expires <= now:
        return badge("expired", "warn")
    if version.not_before is not None and version.not_before > now:
        return badge("not yet valid", "warn")
    return badge("current", "good") if version == key.current else badge("enabled")


def unwrappers(seen: Snapshot) -> Html:
    """One row per vault and grant."""
    every = [
        (found.vault, grant) for found in seen.vaults if found.vault.deleted is None for grant in found.grants
    ]
    part = seen.view.part("unwrap", every, lambda row: _words(seen, *row))
    rows = [(vault.name, *_grant(seen, grant)) for vault, grant in part.rows]
    heads = ("vault", "principal", "granted by", "scope", "since", "")
    return join([pager(seen.view, part), table(heads, rows, empty="no principal can unwrap")])


def _words(seen: Snapshot, vault: Vault, grant: Grant) -> tuple[str, ...]:
    return vault.id, grant.object_id, grant.how, grant.scope, seen.names.get(grant.object_id, "")


def _grant(seen: Snapshot, grant: Grant) -> tuple[object, ...]:
    name = seen.names.get(grant.object_id.lower()) or seen.names.get(grant.object_id)
    who = element("span", name or grant.object_id, title=grant.object_id)
    if name is None:
        state = badge("principal deleted", "bad")
    else:
        state = badge("in effect", "good") if grant.counts else badge("not propagated yet", "warn")
    since = moment(grant.since) if grant.since else "always"
    return who, grant.how, _place(grant.scope), since, state


def _place(scope: str) -> Html:
    """The kind of a scope, and its name."""
    parts = scope.strip("/").split("/")
    kind = {2: "subscription", 4: "resource group", 8: "vault", 10: "key"}.get(len(parts), "scope")
    return element("span", f"{kind} {parts[-1][:24]}", title=scope)


def operations(seen: Snapshot) -> Html:
    """Long-running operations whose time is not over."""
    part = seen.view.part("operations", seen.operations, lambda found: (found.id, *found.about.values()))
    rows = [
        (
            code(operation.id[:8]),
            str(operation.about.get("service") or "resource group"),
            _about(operation.about),
            moment(operation.started),
            f"{operation.ends - seen.now:.0f} s left",
        )
        for operation in part.rows
    ]
    heads = ("id", "service", "resource", "started", "")
    return join([pager(seen.view, part), table(heads, rows, empty="none")])


def _about(about: Mapping[str, Any]) -> Html:
    id = str(about.get("account") or about.get("group") or about.get("id") or "")
    return element("span", id.rsplit("/", 1)[-1] or "-", title=id)


def audit(seen: Snapshot) -> Html:
    """The latest uses of keys, allowed or refused."""
    rows = [
        (
            str(event["time"])[:19].replace("T", " "),
            event["operation"],
            _key(event),
            element("span", seen.names.get(event["objectId"] or "", event["objectId"] or "the vault itself")),
            badge(event["result"], "good" if event["result"] == "Success" else "bad"),
            code(event["correlationId"], event["correlationId"][:8]),
        )
        for event in seen.audit.rows
    ]
    heads = ("time", "operation", "key", "by", "result", "correlation")
    return join([pager(seen.view, seen.audit), table(heads, rows, empty="no key uses yet")])


def _key(event: Mapping[str, Any]) -> Html:
    uri = str(event["keyId"] or event["vaultId"])
    shown = (
        uri.removeprefix("https://").replace(".vault.azure.net/keys", "")
        if event["keyId"]
        else uri.rsplit("/", maxsplit=1)[-1]
    )
    return code(uri, shown if len(shown) <= 60 else f"{shown[:57]}...")


def groups(seen: Snapshot) -> Html:
    """Subscriptions with their resource groups."""
    rows = [
        (
            element("span", subscription.name, title=subscription.id),
            code(subscription.id),
            subscription.tenant,
            _names([str(g["name"]) for g in subscription.groups if seen.view.finds((g["name"],))]),
        )
        for subscription in seen.subscriptions
    ]
    return table(("subscription", "id", "tenant", "resource groups"), rows, empty="no subscriptions")


def settings(seen: Snapshot) -> Html:
    """Switches that are not at their default, and faults."""
    rows = [("behaviour", name, value) for name, value in seen.behaviour.items()]
    rows += [("fault", _fault(fault), f"{fault['calls']} calls matched") for fault in seen.faults]
    if seen.offset:
        rows.append(("clock", "offset", f"{seen.offset:.0f} s"))
    return table(("what", "setting", "value"), rows, empty="all defaults")


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


def _names(names: Sequence[str]) -> str:
    """Names in one cell: the first of them where they are many, and how many more there are."""
    more = f" and {len(names) - _MOST_NAMES} more: use the search" if len(names) > _MOST_NAMES else ""
    return (", ".join(names[:_MOST_NAMES]) or "-") + more
