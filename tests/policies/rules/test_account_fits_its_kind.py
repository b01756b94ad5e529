"""account-fits-its-kind: an account has only what accounts of its kind can have."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import GENERIC, UNKNOWN_LIST, UNKNOWN_OBJECT, UNKNOWN_TEXT, Thing
from tests.policies.editing import both, says, with_prop
from tests.policies.stacks import ACCOUNT_ID, Stack, one_phase, two_phases

RULE = "account-fits-its-kind"
ONE, TWO = [{"resourceId": "/one"}], [{"resourceId": "/one"}, {"resourceId": UNKNOWN_TEXT}]
SEARCH = {"qnaAzureSearchEndpointId": UNKNOWN_TEXT, "qnaAzureSearchEndpointKey": "x"}


def of_kind(kind: Any, *, preview: bool, **properties: Any) -> Stack:
    """A right stack whose account is of another kind, and has these properties."""
    stack = with_prop(two_phases(preview=preview), "account", "kind", kind)
    for name, value in properties.items():
        stack = with_prop(stack, "account", f"properties.{name}", value)
    return stack


@both
@pytest.mark.parametrize(
    ("kind", "properties", "expected"),
    [
        ("TextAnalytics", {"userOwnedStorage": TWO, "apiProperties": SEARCH}, "pass"),
        ("OpenAI", {"userOwnedStorage": ONE}, "violation"),
        ("openai", {"userOwnedStorage": []}, "pass"),
        ("SpeechServices", {"userOwnedStorage": ONE}, "pass"),
        ("SpeechServices", {"userOwnedStorage": TWO}, "violation"),
        ("SpeechServices", {"apiProperties": SEARCH}, "violation"),
        ("SpeechServices", {"apiProperties": {"qnaAzureSearchEndpointKey": None}}, "pass"),
        ("SpeechServices", {"userOwnedStorage": UNKNOWN_LIST}, "open"),
        ("SpeechServices", {"apiProperties": UNKNOWN_OBJECT}, "open"),
        ("SpeechServices", {"networkAcls": {"defaultAction": "Deny"}}, "pass"),
        ("SpeechServices", {"networkAcls": {"bypass": UNKNOWN_TEXT}}, "violation"),
        ("SpeechServices", {"networkAcls": UNKNOWN_OBJECT}, "open"),
        (UNKNOWN_TEXT, {"userOwnedStorage": ONE}, "open"),
        ("SomethingNew", {"userOwnedStorage": ONE, "apiProperties": SEARCH}, "pass"),
    ],
)
def test_an_account_has_what_its_kind_can_have(
    preview: bool, kind: Any, properties: dict[str, Any], expected: str
) -> None:
    """Storage, search and network rules; of a kind that is not listed nothing is known."""
    assert says(of_kind(kind, preview=preview, **properties), RULE) == expected


@both
@pytest.mark.parametrize(("kind", "expected"), [("Face", "violation"), ("TextAnalytics", "pass")])
def test_a_key_is_used_through_an_identity_that_the_kind_can_use(
    preview: bool, kind: str, expected: str
) -> None:
    """Face uses a key only through its own; a binding names none by default."""
    assert says(with_prop(one_phase(preview=preview), "account", "kind", kind), RULE) == expected
    stack = of_kind(kind, preview=preview)
    assert says(stack, RULE) == "pass"
    assert says(with_prop(stack, "binding", "identityClientId", "client"), RULE) == expected


@both
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("TextAnalytics", {"Project": "violation", "Deployment": "violation"}),
        ("OpenAI", {"Project": "violation", "Deployment": "pass"}),
        ("AIServices", {"Project": "pass", "Deployment": "pass"}),
    ],
)
def test_an_account_has_below_it_what_its_kind_can_have(
    preview: bool, kind: str, expected: dict[str, str]
) -> None:
    """Whether the account's name is known or not, and whether the program uses the types of azure-native
    itself or generic ones."""
    for type, verdict in expected.items():
        for below in written_as(type, preview=preview):
            assert says({**of_kind(kind, preview=preview), "below": below}, RULE) == verdict, below


def written_as(type: str, *, preview: bool) -> list[Thing]:
    """What is below the account of the right stack, as a program may write it, and as it then exists."""
    arm_type, name = f"{type.lower()}s", UNKNOWN_TEXT if preview else "lang-one"
    generic = {
        "resourceProviderNamespace": "Microsoft.CognitiveServices",
        "parentResourcePath": UNKNOWN_TEXT if preview else "accounts/lang-one",
        "resourceType": arm_type,
        "resourceName": "below",
    }
    azapi = {
        "type": f"Microsoft.CognitiveServices/accounts/{arm_type}@2025-06-01",
        "parentId": UNKNOWN_TEXT if preview else ACCOUNT_ID,
    }
    written = [
        (f"azure-native:cognitiveservices:{type}", {"accountName": name}, "accountName"),
        (GENERIC, generic, "parentResourcePath"),
        ("azapi:resources:Resource", azapi, "parentId"),
    ]
    things = [
        Thing("below", token, props, property_dependencies={parent: ["account"]})
        for token, props, parent in written
    ]
    exists = {"type": azapi["type"].partition("@")[0], "id": f"{ACCOUNT_ID}/{arm_type}/below"}
    return things if preview else [*things, Thing("below", GENERIC, exists)]
