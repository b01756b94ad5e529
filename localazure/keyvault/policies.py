"""A vault's access policies: their checks, and the operations add, replace and remove. Pure."""

import uuid
from collections.abc import Mapping
from typing import Any

from localazure.keyvault.errors import invalid

MAX_ENTRIES = 1024


def changed(before: list[dict[str, Any]], sent: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The access policies after `add` (union of permissions), `replace` (of the entries listed, the others
    staying) or `remove` (of the permissions listed; an entry with none left, or listed with none, goes)."""
    entries = {_who(entry): entry for entry in before}
    for entry in sent:
        who, there = _who(entry), entries.get(_who(entry))
        if kind == "replace" or (kind == "add" and there is None):
            entries[who] = entry
        elif there is not None:
            had, names = _permissions(there), _permissions(entry)
            if kind == "add":
                after = {group: _united(had, names, group) for group in {**had, **names}}
            else:
                after = {group: _without(held, names.get(group, [])) for group, held in had.items()}
            if kind == "remove" and (not any(names.values()) or not any(after.values())):
                del entries[who]
            else:
                entries[who] = {**there, "permissions": after}
    return list(entries.values())


def of_objects(entries: list[dict[str, Any]], named: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the entries that are about an object that `named` has."""
    objects = {_who(entry) for entry in named}
    return [entry for entry in entries if _who(entry) in objects]


def checked(sent: list[dict[str, Any]], tenant_id: str) -> list[dict[str, Any]]:
    """Entries that are as the definition has them, each of an object of this tenant; an empty applicationId
    counts as absent. Raises ServiceError 400."""
    if len(sent) > MAX_ENTRIES:
        raise invalid("accessPolicies")
    for entry in sent:
        groups_are_lists = all(_is_list_of_texts(names or []) for names in entry["permissions"].values())
        of_tenant = entry["tenantId"].lower() == tenant_id.lower()
        if not (groups_are_lists and of_tenant and _is_guid(entry["objectId"])):
            raise invalid("accessPolicies")
    return [{name: value for name, value in entry.items() if value not in (None, "")} for entry in sent]


def _is_list_of_texts(names: Any) -> bool:
    return isinstance(names, list) and all(isinstance(name, str) for name in names)


def _is_guid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _who(entry: Mapping[str, Any]) -> tuple[str, str]:
    return entry["objectId"].lower(), str(entry.get("applicationId") or "").lower()


def _permissions(entry: Mapping[str, Any]) -> dict[str, list[str]]:
    return {group: list(names or []) for group, names in entry["permissions"].items()}


def _united(had: Mapping[str, list[str]], more: Mapping[str, list[str]], group: str) -> list[str]:
    held = had.get(group, [])
    return held + _without(more.get(group, []), held)


def _without(there: list[str], less: list[str]) -> list[str]:
    gone = {name.lower() for name in less}
    return [name for name in there if name.lower() not in gone]
