"""Microsoft.Authorization/denyAssignments: what nobody may do, whatever roles they have.

Azure makes them for deployment stacks and managed applications; the API of 2024-07-01-preview lets users make
them, too (New-AzDenyAssignment). Source: learn.microsoft.com/azure/role-based-access-control/deny-assignments
and rest/api/authorization/deny-assignments. Does not own: what one forbids (authorization.py).
"""

from __future__ import annotations

from localazure.arm_type import ArmType
from localazure.authorization import DENIED
from localazure.cloud import Cloud
from localazure.web import Json, Request, absent, azure_error

_TYPE = "Microsoft.Authorization/denyAssignments"


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given = request.properties
    if not given.get("permissions") or not given.get("principals"):
        raise azure_error("InvalidDenyAssignmentRequest")
    return {"properties": {**given, "scope": _DENIALS.scope_of(id), "isSystemProtected": False}}


_DENIALS = ArmType(
    kind=DENIED,
    path=f"{{scope*}}/providers/{_TYPE}/{{name}}",
    make=_make,
    absent=absent("DenyAssignmentNotFound"),
    around=True,
    deleted_is_shown=True,
)
TYPES = (_DENIALS,)
