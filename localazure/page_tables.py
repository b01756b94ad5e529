"""The tables of the page: vaults, grants, operations, audit log, subscriptions, settings. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from localazure.keyvault.model import Key, KeyVersion
from localazure.page_grants import Grant
from localazure.page_html import Html, badge, code, element, join, table
from localazure.page_snapshot import Snapshot, VaultView

_MOST = 100


def vaults(seen: Snapshot) -> Html:
    """Vaults with their keys and every version of these, newest first."""
    users = seen.users
    shown = seen.vaults[:_MOST]
    if not shown:
        return element("p", "no vaults yet", class_="empty")
    return join([*(_vault(seen, view, users) for view in shown), _rest(len(seen.vaults), "vaults")])


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
            ("key", "version", "type", "made", "state", "accounts bound to it"),
            rows,
            empty="no keys in this vault",
        ),
    )


def _version(
    view: VaultView, key: Key, version: KeyVersion, users: Mapping[str, tuple[str, ...]], now: float
) -> tuple[object, ...]:
    uri = f"{view.vault.uri}keys/{key.name}/{version.version}"
    bound = ", ".join(users.get(uri.lower(), ())) or "-"
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
    rows = [
        (view.vault.name, *_grant(seen, grant))
        for view in seen.vaults
        if view.vault.deleted is None
        for grant in view.grants
    ]
    heads = ("vault", "principal", "by", "granted at", "since", "")
    return join([table(heads, rows[:_MOST], empty="nobody can unwrap anything"), _rest(len(rows), "grants")])


def _grant(seen: Snapshot, grant: Grant) -> tuple[object, ...]:
    name = seen.names.get(grant.object_id.lower()) or seen.names.get(grant.object_id)
    who = element("span", name or grant.object_id, title=grant.object_id)
    if name is None:
        state = badge("principal is gone", "bad")
    else:
        state = badge("counts", "good") if grant.counts else badge("not propagated yet", "warn")
    since = moment(grant.since) if grant.since else "the start"
    return who, grant.how, _place(grant.scope), since, state


def _place(scope: str) -> Html:
    """What kind of thing a scope is, and its name."""
    parts = scope.strip("/").split("/")
    kind = {2: "subscription", 4: "resource group", 8: "vault", 10: "key"}.get(len(parts), "scope")
    return element("span", f"{kind} {parts[-1][:24]}", title=scope)


def operations(seen: Snapshot) -> Html:
    """Long-running operations whose time is not over."""
    rows = [
        (
            code(operation.id[:8]),
            str(operation.about.get("service") or "resource group"),
            _about(operation.about),
            moment(operation.started),
            f"{operation.ends - seen.now:.0f} s left",
        )
        for operation in seen.operations[:_MOST]
    ]
    return table(("id", "service", "about", "began", ""), rows, empty="none")


def _about(about: Mapping[str, Any]) -> Html:
    id = str(about.get("account") or about.get("group") or about.get("id") or "")
    return element("span", id.rsplit("/", 1)[-1] or "-", title=id)


def audit(seen: Snapshot) -> Html:
    """The latest uses of keys, whoever made them and however they ended."""
    rows = [
        (
            str(event["time"])[:19].replace("T", " "),
            event["operation"],
            _key(event),
            element("span", seen.names.get(event["objectId"] or "", event["objectId"] or "the vault itself")),
            badge(event["result"], "good" if event["result"] == "Success" else "bad"),
            code(event["correlationId"], event["correlationId"][:8]),
        )
        for event in seen.audit
    ]
    heads = ("time", "operation", "key", "by", "result", "correlation")
    return table(heads, rows, empty="no key was used yet")


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
            ", ".join(str(group["name"]) for group in subscription.groups[:_MOST]) or "-",
        )
        for subscription in seen.subscriptions
    ]
    return table(("subscription", "id", "tenant", "resource groups"), rows, empty="no subscriptions")


def settings(seen: Snapshot) -> Html:
    """What a tester changed: settings that are not the default, and armed faults."""
    rows = [("behaviour", name, value) for name, value in seen.behaviour.items()]
    rows += [("fault", _fault(fault), f"met {fault['calls']} calls") for fault in seen.faults]
    if seen.offset:
        rows.append(("clock", "moved by", f"{seen.offset:.0f} s"))
    return table(("what", "setting", "value"), rows, empty="as Azure is: nothing was changed")


def _fault(fault: Mapping[str, Any]) -> str:
    where = (
        " ".join(str(fault[word]) for word in ("method", "host", "path") if fault[word]) or "every request"
    )
    what = fault["wire"] or f"{fault['status']} {fault['code']}"
    times = f"{fault['times']} times" if fault["times"] else "until taken away"
    return f"{where}: {what}, from call {fault['call']} on, {times}"


def moment(seconds: float) -> str:
    """`2026-01-31 12:00:00`, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _rest(found: int, what: str) -> Html | None:
    return (
        element("p", f"{found - _MOST} more {what} are not shown", class_="note") if found > _MOST else None
    )
