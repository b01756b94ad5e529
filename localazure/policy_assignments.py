"""Microsoft.Authorization/policyAssignments: a policy this cloud knows, at a subscription or a group.

What an assignment does to a write is decided in `localazure.policy_evaluation`. All texts are assumed.
"""

from __future__ import annotations

from localazure import policy_definitions
from localazure.arm_type import GROUP, SUBSCRIPTION, ArmType
from localazure.cloud import Cloud
from localazure.policy_scopes import ASSIGNMENT, ASSIGNMENTS
from localazure.web import Json, Request, ServiceError


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given = request.body.get("properties")
    given = given if isinstance(given, dict) else {}
    definition = str(given.get("policyDefinitionId") or "")
    known_id = policy_definitions.known_id(cloud, definition)
    if known_id is None:
        raise ServiceError(
            404,
            "PolicyDefinitionNotFound",
            f"The policy definition '{definition}' could not be found; this local Azure knows the built-in "
            "ones of localazure/policy_built_ins.py.",
            gateway=True,
        )
    # What modify and deployIfNotExists act by; nothing else is told of it here.
    identity = (request.body.get("identity") or {}).get("type")
    return {
        "properties": {
            **given,
            "policyDefinitionId": known_id,
            "enforcementMode": given.get("enforcementMode") or "Default",
            "scope": _IN_GROUP.scope_of(id),
        },
        **({"identity": {"type": identity}} if identity else {}),
    }


def _absent(name: str) -> ServiceError:
    message = f"The policy assignment '{name}' is not found."
    return ServiceError(404, "PolicyAssignmentNotFound", message, gateway=True)


def _at(scope: str) -> ArmType:
    return ArmType(
        kind=ASSIGNMENT,
        path=f"{scope}/providers/{ASSIGNMENTS}/{{name}}",
        make=_make,
        absent=_absent,
        around=True,
        deleted_is_shown=True,
        assumed="all of it",
    )


_IN_GROUP = _at(GROUP)
TYPES = (_at(SUBSCRIPTION), _IN_GROUP)
