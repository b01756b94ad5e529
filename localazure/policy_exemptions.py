"""Microsoft.Authorization/policyExemptions at any scope: what an assignment leaves alone, and until when.

Owns: the routes. Does not own: what an exemption does (policy_scopes.py). Shapes and checks follow the
published definition of 2022-07-01-preview, the right to exempt Azure Policy's documentation; all texts are
assumed.
"""

from __future__ import annotations

from localazure import authorization
from localazure.arm_type import ArmType
from localazure.cloud import Cloud, iso
from localazure.policy_scopes import ASSIGNMENT, ASSIGNMENTS, EXEMPTION, EXEMPTIONS, ends, is_within
from localazure.web import Json, Request, ServiceError

_CATEGORIES = ("Waiver", "Mitigated")


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given = request.body.get("properties")
    given = given if isinstance(given, dict) else {}
    _check(given)
    assignment = _assignment(cloud, _EXEMPTIONS.scope_of(id), given)
    authorization.require(cloud, request, f"{ASSIGNMENTS}/exempt/action", assignment["id"])
    by, now = request.caller.client_id if request.caller else "", iso(cloud.clock.now())
    created = {"createdBy": by, "createdByType": "Application", "createdAt": now}
    if known:
        created = {name: known["systemData"][name] for name in created}
    return {
        "properties": {
            **{name: value for name, value in given.items() if value is not None},
            "policyAssignmentId": assignment["id"],
            "assignmentScopeValidation": given.get("assignmentScopeValidation") or "Default",
        },
        "systemData": {
            **created,
            "lastModifiedBy": by,
            "lastModifiedByType": "Application",
            "lastModifiedAt": now,
        },
    }


def _absent(name: str) -> ServiceError:
    message = f"The policy exemption '{name}' could not be found."
    return ServiceError(404, "PolicyExemptionNotFound", message, gateway=True)


def _check(given: Json) -> None:
    problems = []
    if given.get("exemptionCategory") not in _CATEGORIES:
        problems.append(
            f"exemptionCategory is {given.get('exemptionCategory')!r}, expected {' or '.join(_CATEGORIES)}"
        )
    if given.get("expiresOn") is not None:
        try:
            ends(str(given["expiresOn"]))
        except ValueError:
            problems.append(
                f"expiresOn is {given['expiresOn']!r}, expected a time such as 2030-12-31T23:59:59Z"
            )
    if problems:
        raise ServiceError(
            400, "InvalidCreatePolicyExemptionRequest", f"{'; '.join(problems)}.", gateway=True
        )


def _assignment(cloud: Cloud, scope: str, given: Json) -> Json:
    id = str(given.get("policyAssignmentId") or "")
    found = cloud.store.get(ASSIGNMENT, id)
    if found is None:
        message = f"The policy assignment '{id}' is not found."
        raise ServiceError(404, "PolicyAssignmentNotFound", message, gateway=True)
    checked = str(given.get("assignmentScopeValidation") or "Default") == "Default"
    if checked and not is_within(scope, found["properties"]["scope"]):
        raise ServiceError(
            400,
            "InvalidCreatePolicyExemptionRequest",
            f"The policy exemption's scope '{scope}' is not at or below the scope of its policy assignment, "
            f"'{found['properties']['scope']}'.",
            gateway=True,
        )
    return found


_EXEMPTIONS = ArmType(
    kind=EXEMPTION,
    path=f"{{scope*}}/providers/{EXEMPTIONS}/{{name}}",
    make=_make,
    absent=_absent,
    around=True,
    assumed="all of it",
)
TYPES = (_EXEMPTIONS,)
