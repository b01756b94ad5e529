"""caller-least-privilege: whoever calls an account has no wider role on it than calls take."""

from __future__ import annotations

from typing import Any

import pytest

from core import roles
from tests.policies.asking import ROLE, UNKNOWN_TEXT, Pack, Thing
from tests.policies.bags import VAULT_ID
from tests.policies.editing import both, says
from tests.policies.stacks import ACCOUNT_ID, PRINCIPAL, Stack, two_phases

DEFINITION = "/subscriptions/s1/providers/Microsoft.Authorization/roleDefinitions"


def with_role(role: roles.Role, scope: Any = ACCOUNT_ID, *, preview: bool = False) -> Stack:
    """A stack in which somebody has a role at a scope."""
    props = {"roleDefinitionId": f"{DEFINITION}/{role.id}", "principalId": PRINCIPAL, "scope": scope}
    from_account = {"scope": ["account"]} if scope in (ACCOUNT_ID, UNKNOWN_TEXT) else {}
    made = Thing("caller", ROLE, props, property_dependencies=from_account)
    return {**two_phases(preview=preview), "caller": made}


@both
@pytest.mark.parametrize("role", [roles.OWNER, roles.CONTRIBUTOR, roles.COGNITIVE_CONTRIBUTOR])
def test_a_role_that_changes_the_account_is_advised_against(role: roles.Role, preview: bool) -> None:
    """Also where a preview does not know the account's id yet."""
    scope = UNKNOWN_TEXT if preview else ACCOUNT_ID
    assert says(with_role(role, scope, preview=preview), "caller-least-privilege") == "violation"


def test_roles_of_callers_and_roles_elsewhere_pass() -> None:
    """The roles that this project gives, wide roles at a vault, and those named as administrators."""
    for role in (roles.LANGUAGE_READER, roles.AI_SERVICES_USER):
        assert says(with_role(role), "caller-least-privilege") == "pass"
    assert says(with_role(roles.CONTRIBUTOR, VAULT_ID), "caller-least-privilege") == "pass"
    named = Pack({"caller-least-privilege": {"administrators": [PRINCIPAL.upper()]}})
    assert says(with_role(roles.OWNER), "caller-least-privilege", named) == "pass"
