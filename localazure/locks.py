"""Microsoft.Authorization/locks and denyAssignments, which forbid actions whatever roles the caller has.

Owns: both types, and what locks forbid. Does not own: the effect of a deny assignment (authorization.py).
Azure makes deny assignments for deployment stacks and managed applications; the API of 2024-07-01-preview
lets users make them, too (New-AzDenyAssignment).
Sources: learn.microsoft.com/azure/azure-resource-manager/management/lock-resources (inheritance, levels),
azure/role-based-access-control/deny-assignments and rest/api/authorization/deny-assignments.
"""

from localazure.arm_type import LOCK, SPECIFIED, ArmType
from localazure.authorization import DENIED
from localazure.cloud import Cloud
from localazure.refusals import absent, refused
from localazure.web import Json, Request

_TYPE = "Microsoft.Authorization/locks"


def require_unlocked(cloud: Cloud, method: str, scope: str) -> None:
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
        raise refused("ScopeLocked", scope=scope, verb=verb, scopes=scopes)


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    level, notes = (request.properties.get(name) for name in ("level", "notes"))
    if level not in ("CanNotDelete", "ReadOnly"):
        raise refused("LockLevel")
    return {"properties": {"level": level, **({"notes": notes} if notes else {})}}


def _make_denial(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given = request.properties
    named = [*(given.get("principals") or ()), *(given.get("excludePrincipals") or ())]
    has_ids = all(principal.get("id") for principal in named)
    if not given.get("permissions") or not given.get("principals") or not has_ids:
        raise refused("InvalidDenyAssignmentRequest")
    return {"properties": {**given, "scope": _DENIALS.scope_of(id), "isSystemProtected": False}}


_LOCKS = ArmType(
    kind=LOCK,
    path=f"{{scope*}}/providers/{_TYPE}/{{name}}",
    make=_make,
    absent=absent("LockNotFound"),
    wrong=lambda _: refused("LockLevel"),
    around=True,
    assumed={"PUT": "the refusal of a level", "GET": "the refusal of an absent one", "LIST": SPECIFIED},
)
_DENIALS = ArmType(
    kind=DENIED,
    path="{scope*}/providers/Microsoft.Authorization/denyAssignments/{name}",
    make=_make_denial,
    absent=absent("DenyAssignmentNotFound"),
    around=True,
    deleted_is_shown=True,
)
TYPES = (_LOCKS, _DENIALS)
