"""role-least-privilege: a service reaches keys through the narrowest role, on one vault or key."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import ROLE, UNKNOWN_TEXT, Pack, Thing, verdict
from tests.policies.bags import ENCRYPTION_USER, VAULT_ID, role_props, with_change
from tests.policies.editing import ADMIN, around, judged
from tests.policies.stacks import run

OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"


ROLE_CASES = [
    ({}, "pass"),
    ({"scope": VAULT_ID}, "pass"),
    ({"scope": VAULT_ID.upper() + "/KEYS/CMK/"}, "pass"),
    ({"roleDefinitionId": "e147488a-f6f5-4113-8e2d-b22465e65bf6"}, "pass"),
    ({"roleDefinitionId": f"{VAULT_ID}{ENCRYPTION_USER}".upper()}, "pass"),
    ({"scope": "/subscriptions/s1"}, "violation"),
    ({"scope": "/subscriptions/s1/resourceGroups/rg"}, "violation"),
    (
        {"scope": "/subscriptions/s1/resourceGroups/rg", "roleDefinitionId": ENCRYPTION_USER.upper()},
        "violation",
    ),
    ({"scope": f"{VAULT_ID}/secrets/x"}, "violation"),
    ({"scope": ...}, "violation"),
    ({"scope": None}, "violation"),
    ({"scope": UNKNOWN_TEXT}, "open"),
    ({"principalType": "serviceprincipal"}, "pass"),
    ({"principalType": "User"}, "violation"),
    ({"principalType": ...}, "violation"),
    ({"principalType": UNKNOWN_TEXT}, "open"),
    ({"principalId": UNKNOWN_TEXT}, "pass"),
    ({"roleDefinitionId": UNKNOWN_TEXT}, "open"),
    ({"roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{OFFICER}"}, "violation"),
    ({"roleDefinitionId": OFFICER, "principalType": "User"}, "pass"),
    ({"roleDefinitionId": OFFICER, "principalType": ...}, "open"),
    ({"roleDefinitionId": OFFICER, "principalType": UNKNOWN_TEXT}, "open"),
    ({"roleDefinitionId": "00000000-0000-0000-0000-000000000000", "scope": "/"}, "pass"),
    ({"roleDefinitionId": None}, "pass"),
    ({"roleDefinitionId": ["x"]}, "pass"),
]


@pytest.mark.parametrize(("changes", "expected"), ROLE_CASES)
def test_a_service_reaches_keys_through_the_narrowest_role(changes: dict[str, Any], expected: str) -> None:
    """Crypto Service Encryption User on one vault or key, as ServicePrincipal; flat or as ARM nests it."""
    props = role_props()
    for name, value in changes.items():
        props = with_change(props, name, value)
    assert judged("role-least-privilege", Thing("r", ROLE, props)) == expected
    nested = {"scope": props.pop("scope", None), "properties": props}
    assert judged("role-least-privilege", Thing("r", ROLE, nested)) == expected


def test_a_pipeline_that_manages_keys_is_named() -> None:
    """A service principal in `administrators` may hold a wider role."""
    thing = Thing("r", ROLE, {**role_props(), "roleDefinitionId": OFFICER, "principalId": ADMIN})
    assert judged("role-least-privilege", thing) == "violation"
    named = Pack({"role-least-privilege": {"administrators": [ADMIN]}})
    assert verdict(run(around(thing), named), "role-least-privilege") == "pass"
