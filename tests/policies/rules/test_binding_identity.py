"""binding-identity: a binding uses an identity that its account has."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import UNKNOWN_OBJECT, UNKNOWN_TEXT
from tests.policies.editing import both, change, says, with_prop
from tests.policies.stacks import CLIENT, one_phase, two_phases

RULE = "binding-identity"
ATTACHED = {"type": "UserAssigned", "userAssignedIdentities": ["/identity"]}
KNOWN = {"type": "UserAssigned", "userAssignedIdentities": {"/identity": {"clientId": CLIENT}}}


@both
@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ({"type": "SystemAssigned"}, "pass"),
        ({"type": "systemassigned, UserAssigned", "userAssignedIdentities": ["/identity"]}, "pass"),
        (ATTACHED, "violation"),
        (None, "violation"),
        ({"type": UNKNOWN_TEXT}, "open"),
        (UNKNOWN_OBJECT, "open"),
    ],
)
def test_a_binding_without_a_client_id_uses_the_accounts_own_identity(
    preview: bool, identity: Any, expected: str
) -> None:
    """Which the account then has."""
    assert says(with_prop(two_phases(preview=preview), "account", "identity", identity), RULE) == expected


@pytest.mark.parametrize(
    ("client", "identity", "expected"),
    [
        (CLIENT, ATTACHED, "pass"),
        (CLIENT.upper(), KNOWN, "pass"),
        ("another", KNOWN, "violation"),
        ("another", ATTACHED, "pass"),
        ("", KNOWN, "violation"),
        (None, KNOWN, "violation"),
    ],
)
def test_a_binding_names_an_attached_identity(client: Any, identity: Any, expected: str) -> None:
    """By its client id, where outputs tell those of the account; an empty one names none."""
    stack = with_prop(two_phases(), "account", "identity", identity)
    assert says(with_prop(stack, "binding", "identityClientId", client), RULE) == expected


def test_a_client_id_that_comes_from_an_identity_is_let_through() -> None:
    """A preview does not know it, but where it comes from."""
    stack = with_prop(two_phases(preview=True), "account", "identity", ATTACHED)
    stack["identity"] = one_phase(preview=True)["identity"]
    stack = with_prop(stack, "binding", "identityClientId", UNKNOWN_TEXT)
    sources = {**stack["binding"].property_dependencies, "identityClientId": ["identity"]}
    assert says(change(stack, "binding", property_dependencies=sources), RULE) == "pass"
    assert says(stack, RULE) == "violation"
