"""A vault's access policies: what is accepted, and what adding, replacing and removing make of them. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from localazure.keyvault.problems import invalid
from localazure.web import Json

MAX_ENTRIES = 1024

_PERMISSIONS = {
    "keys": "all encrypt decrypt wrapkey unwrapkey sign verify get list create update import delete backup "
    "restore recover purge release rotate getrotationpolicy setrotationpolicy",
    "secrets": "all get list set delete backup restore recover purge",
    "certificates": "all get list delete create import update managecontacts getissuers listissuers "
    "setissuers deleteissuers manageissuers recover purge backup restore",
    "storage": "all get list delete set update regeneratekey recover purge backup restore setsas listsas "
    "getsas deletesas",
}
"""What can be granted on each kind of object, lower case (the API definition)."""


def changed(before: list[dict[str, Any]], sent: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The access policies after `add` (union of permissions), `replace` (of the entries listed, the others
    staying) or `remove` (of the permissions listed; an entry with none left, or listed with none, goes)."""
    entries = {_who(entry): entry for entry in before}
    for entry in sent:
        who, there = _who(entry), entries.get(_who(entry))
        if kind == "replace" or (kind == "add" and there is None):
            entries[who] = entry
        elif there is not None:
            names = _permissions(entry)
            rest = (
                _united(_permissions(there), names) if kind == "add" else _without(_permissions(there), names)
            )
            if kind == "remove" and (not any(names.values()) or not any(rest.values())):
                del entries[who]
            else:
                entries[who] = {**there, "permissions": rest}
    return list(entries.values())


def checked(sent: Json, tenant_id: str) -> list[dict[str, Any]]:
    """The checked access policies of a body; an empty applicationId counts as absent. Raises 400."""
    if not isinstance(sent, list) or len(sent) > MAX_ENTRIES:
        raise invalid("accessPolicies")
    return [_policy(entry, tenant_id) for entry in sent]


def _policy(entry: Json, tenant_id: str) -> dict[str, Any]:
    if not isinstance(entry, dict) or not isinstance(entry.get("permissions") or {}, dict):
        raise invalid("accessPolicies")
    if not _is_guid(entry.get("objectId")) or str(entry.get("tenantId")).lower() != tenant_id.lower():
        raise invalid("accessPolicies")
    if not all(_are_known(*group) for group in (entry.get("permissions") or {}).items()):
        raise invalid("accessPolicies")
    clean = {name: value for name, value in entry.items() if value not in (None, "")}
    return {**clean, "permissions": entry.get("permissions") or {}}


def _are_known(group: str, permissions: Json) -> bool:
    """Whether these can be granted on this kind of object; an unknown kind grants nothing."""
    if not permissions:
        return True
    known = _PERMISSIONS.get(group)
    return isinstance(permissions, list) and all(
        isinstance(name, str) and (known is None or name.lower() in known.split()) for name in permissions
    )


def _is_guid(text: Any) -> bool:
    try:
        uuid.UUID(str(text))
    except ValueError:
        return False
    return True


def _who(entry: Mapping[str, Any]) -> tuple[str, str]:
    return entry["objectId"].lower(), str(entry.get("applicationId") or "").lower()


def _permissions(entry: Mapping[str, Any]) -> dict[str, list[str]]:
    return {group: list(names or []) for group, names in (entry.get("permissions") or {}).items()}


def _united(there: dict[str, list[str]], more: dict[str, list[str]]) -> dict[str, list[str]]:
    united = dict(there)
    for group, names in more.items():
        old = united.get(group, [])
        known = {name.lower() for name in old}
        united[group] = old + [name for name in names if name.lower() not in known]
    return united


def _without(there: dict[str, list[str]], less: dict[str, list[str]]) -> dict[str, list[str]]:
    gone = {group: {name.lower() for name in names} for group, names in less.items()}
    return {
        group: [name for name in names if name.lower() not in gone.get(group, set())]
        for group, names in there.items()
    }
