"""role-wider-than-needed: an account uses its key by the narrowest role, whatever its page names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core import roles
from tests.policies.asking import ROLE, UNKNOWN_TEXT, Thing
from tests.policies.bags import ENCRYPTION_USER, VAULT_ID, role_props
from tests.policies.editing import both, change, says, with_prop
from tests.policies.refusals import of_kind
from tests.policies.stacks import Stack, two_phases

WIDE = "role-wider-than-needed"
REFUSE = ("role-least-privilege", "grant-present")


def foundry(
    role: roles.Role = roles.CRYPTO_USER, kind: Any = "AIServices", *, preview: bool = False
) -> Stack:
    """A service under Azure RBAC whose identity has a role."""
    stack = of_kind(kind, of=two_phases(roles=True, preview=preview))
    return with_prop(stack, "grant", "roleDefinitionId", f"{ENCRYPTION_USER[:-36]}{role.id}")


def verdicts(stack: Stack) -> list[str]:
    return [says(stack, rule) for rule in (WIDE, *REFUSE)]


@both
def test_the_role_of_foundrys_page_is_advised_on(preview: bool) -> None:
    """It is refused for no account of kind AIServices, before it is made and after; and is judged as the
    narrower one is, whose scope is open in a preview."""
    narrow = verdicts(foundry(roles.CRYPTO_SERVICE_ENCRYPTION_USER, preview=preview))
    assert narrow == ["pass", "open" if preview else "pass", "pass"]
    assert verdicts(foundry(preview=preview)) == ["violation", *narrow[1:]]


@pytest.mark.parametrize("kind", ["TextAnalytics", "OpenAI", UNKNOWN_TEXT])
def test_the_role_of_another_kind_is_refused(kind: Any) -> None:
    """And where the kind is not known."""
    assert verdicts(foundry(kind=kind)) == ["pass", "violation", "violation"]


@pytest.mark.parametrize("role", [roles.CRYPTO_OFFICER, roles.ADMINISTRATOR, roles.OWNER])
def test_a_role_that_no_page_names_is_refused(role: roles.Role) -> None:
    """Also for Foundry."""
    assert verdicts(foundry(role))[0] == "pass"
    assert verdicts(foundry(role))[1] == "violation"


def test_it_is_for_one_vault_or_key_and_for_services() -> None:
    """As the narrower role is."""
    for name, value in (("scope", "/subscriptions/s1"), ("principalType", "User")):
        assert says(with_prop(foundry(), "grant", name, value), "role-least-privilege") == "violation"


def test_somebody_else_may_not_have_it() -> None:
    """That an account of kind AIServices is in the stack excuses the role of its own identity alone."""
    props = {**role_props(), "roleDefinitionId": roles.CRYPTO_USER.id, "scope": VAULT_ID}
    stranger = Thing("stranger", ROLE, {**props, "principalId": "55555555-5555-5555-5555-555555555555"})
    assert says({**foundry(), "stranger": stranger}, "role-least-privilege") == "violation"


def test_an_identity_of_two_accounts_may_not_have_it_for_one_of_them() -> None:
    """Which both use their keys by it."""
    stack = foundry()
    for name in ("account", "binding"):
        stack[f"{name}-two"] = replace(stack[name], name=f"{name}-two")
    language = with_prop(stack, "account-two", "kind", "TextAnalytics")
    language = change(
        language, "binding-two", property_dependencies={"accountId": ["account-two"], "vaultId": ["vault"]}
    )
    assert says(language, "role-least-privilege") == "violation"
