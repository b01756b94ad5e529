"""binding-identity: a binding uses an identity that its account has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.policies.asking import UNKNOWN_OBJECT, UNKNOWN_TEXT
from tests.policies.editing import both, change, says, with_prop
from tests.policies.stacks import CLIENT, Stack, one_phase, two_phases

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
        (CLIENT, ATTACHED, "open"),
        (CLIENT.upper(), KNOWN, "pass"),
        ("another", KNOWN, "violation"),
        ("another", ATTACHED, "open"),
        ("another", {"type": "SystemAssigned"}, "violation"),
        ("", KNOWN, "violation"),
        (None, KNOWN, "violation"),
    ],
)
def test_a_binding_names_an_attached_identity(client: Any, identity: Any, expected: str) -> None:
    """By its client id, where outputs tell those of the account; an empty one names none."""
    stack = with_prop(two_phases(), "account", "identity", identity)
    assert says(with_prop(stack, "binding", "identityClientId", client), RULE) == expected


def test_a_client_id_that_is_left_out_names_no_identity() -> None:
    """A preview knows it no more than one that is still to come."""
    stack = with_prop(two_phases(preview=True), "account", "identity", ATTACHED)
    assert says(stack, RULE, binding=["identityClientId"]) == "violation"


ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one"


def by(named: str, attached: Any, sources: list[str], *, inline: bool = False) -> Stack:
    """The first preview of an account with these identities, whose key is used by the identity `named`; there
    is one more, and one that exists."""
    stack = one_phase(preview=True) if inline else two_phases(preview=True)
    stack["identity"] = one_phase(preview=True)["identity"]
    stack["other"] = replace(stack["identity"], name="other")
    stack["known"] = replace(stack["identity"], name="known", props={"id": ID, "clientId": CLIENT})
    writer, property = ("account", "properties") if inline else ("binding", "identityClientId")
    if not inline:
        stack = with_prop(stack, "binding", property, UNKNOWN_TEXT)
    stack = with_prop(
        stack, "account", "identity", {"type": "UserAssigned", "userAssignedIdentities": attached}
    )
    for name, key, of in ((writer, property, [named]), ("account", "identity", sources)):
        stack = change(stack, name, property_dependencies={**stack[name].property_dependencies, key: of})
    return stack


@pytest.mark.parametrize("inline", [False, True])
@pytest.mark.parametrize(
    ("attached", "sources", "expected"),
    [
        ([UNKNOWN_TEXT], ["identity"], "pass"),
        ([UNKNOWN_TEXT, UNKNOWN_TEXT], ["other", "identity"], "pass"),
        (UNKNOWN_OBJECT, ["identity"], "pass"),
        ([UNKNOWN_TEXT], ["other"], "violation"),
        (UNKNOWN_OBJECT, ["other"], "violation"),
        ([ID], [], "violation"),
        ([ID, UNKNOWN_TEXT], ["other"], "violation"),
        (["/of-another-stack"], [], "open"),
        ([UNKNOWN_TEXT], ["group"], "open"),
        ([UNKNOWN_TEXT], [], "open"),
    ],
)
def test_a_first_preview_compares_identities_by_where_they_come_from(
    inline: bool, attached: Any, sources: list[str], expected: str
) -> None:
    """It knows no client id. What is attached and comes from nowhere here may be the identity."""
    assert says(by("identity", attached, sources, inline=inline), RULE) == expected


def test_an_identity_that_exists_is_known_by_its_client_id() -> None:
    """And attached by its id."""
    for attached, expected in ([ID.upper()], "pass"), ([UNKNOWN_TEXT], "violation"):
        stack = with_prop(by("known", attached, ["other"]), "binding", "identityClientId", CLIENT)
        assert says(stack, RULE) == expected
