"""Microsoft.Authorization/locks: management locks, and what they forbid.

Source: https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources (inheritance,
levels); the text of ScopeLocked is from public reports, hence assumed.
"""

from __future__ import annotations

from localazure.arm_type import LOCK, SPECIFIED, ArmType
from localazure.cloud import Cloud
from localazure.web import Json, Request, absent, azure_error

_TYPE = "Microsoft.Authorization/locks"


def require_unlocked(cloud: Cloud, method: str, scope: str, namespace: str) -> None:
    """Raises ServiceError 409 ScopeLocked where a lock at, above or (for a delete) below forbids this.

    Locks themselves are not locked: their permissions decide.
    """
    if method in ("GET", "HEAD") or f"/{_TYPE}/".lower() in f"{scope}/".lower():
        return
    verb = "delete" if method == "DELETE" else "write"
    holding = []
    for lock in _LOCKS.below(cloud, "/".join(scope.split("/")[:3])):
        held = _LOCKS.scope_of(lock["id"])
        above = f"{scope}/".lower().startswith(f"{held}/".lower())
        below = verb == "delete" and held.lower().startswith(f"{scope}/".lower())
        read_only = lock["properties"]["level"] == "ReadOnly"
        if (above or below) and (verb == "delete" or read_only):
            holding.append(held)
    if holding:
        scopes = ",".join(sorted(set(holding)))
        raise azure_error("ScopeLocked", scope=scope, verb=verb, scopes=scopes)


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    level, notes = (request.properties.get(name) for name in ("level", "notes"))
    if level not in ("CanNotDelete", "ReadOnly"):
        raise azure_error("LockLevel", level=level)
    return {"properties": {"level": level, **({"notes": notes} if notes else {})}}


_LOCKS = ArmType(
    kind=LOCK,
    path=f"{{scope*}}/providers/{_TYPE}/{{name}}",
    make=_make,
    absent=absent("LockNotFound"),
    around=True,
    assumed={"PUT": "the refusal of a level", "GET": "the refusal of an absent one", "LIST": SPECIFIED},
)
TYPES = (_LOCKS,)
