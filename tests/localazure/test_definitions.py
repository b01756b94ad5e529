"""What the published definitions say, and how bodies are read by them."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import definitions
from localazure.arm_type import ArmType
from localazure.assembly import all_routes
from localazure.tokens import Signer, new_key
from tests.localazure import definitions as distilled

ACCOUNT = "Microsoft.CognitiveServices/accounts"


def test_the_file_is_what_the_installed_sdks_say() -> None:
    """After an update of an SDK or a new type, `python -m tests.localazure.definitions` has to be run."""
    assert distilled.FILE.read_text() == distilled.definitions()


@pytest.mark.parametrize(
    ("type", "body", "faults"),
    [
        (ACCOUNT, {"kind": "Face", "properties": {"disableLocalAuth": None}}, {}),
        (ACCOUNT, [], {"the request content": "an object"}),
        (ACCOUNT, {"sku": {"name": "S", "capacity": True}}, {"sku.capacity": "a whole number"}),
        (ACCOUNT, {"sku": {}}, {"sku.name": "there"}),
        (ACCOUNT, {"properties": {"networkAcls": {"defaultAction": "ALLOW"}}}, {}),
        (
            ACCOUNT,
            {"properties": {"networkAcls": {"defaultAction": "Maybe", "ipRules": [{"value": "x"}, {}]}}},
            {
                "properties.networkAcls.defaultAction": "'Allow' or 'Deny'",
                "properties.networkAcls.ipRules.1.value": "there",
            },
        ),
        (ACCOUNT, {"tags": {"a": None, "b": 1}}, {"tags.b": "a text"}),
        (
            ACCOUNT,
            {"properties": {"allowedFqdnList": ["a", None]}},
            {"properties.allowedFqdnList.1": "there"},
        ),
        (
            ACCOUNT,
            {"properties": {"locations": {"regions": [{"value": 5}, {"value": 0.5}, {"value": True}]}}},
            {"properties.locations.regions.2.value": "a number"},
        ),
        # What Azure alone sets is not judged, and neither is what no definition knows.
        (ACCOUNT, {"properties": {"endpoint": 5, "callRateLimit": "x", "new": 5}}, {}),
        ("Microsoft.Unknown/types", {"properties": 5}, {}),
    ],
)
def test_each_fault_of_a_body_has_its_place(type: str, body: Any, faults: dict[str, str]) -> None:
    """Wrong types, values that are not known, and what is needed and absent; null is absent."""
    assert {fault.path: fault.expected for fault in definitions.faults(type, body)} == faults


def test_every_row_has_a_definition() -> None:
    """Each type whose PUT is a row of `ArmType` is judged by the definitions."""
    rows = [route.handler for route in all_routes(Signer(new_key())) if route.method == "PUT"]
    types = {own.type for row in rows if isinstance(own := getattr(row, "__self__", None), ArmType)}
    assert len(types) > 15
    unknown = {"properties": 5}
    assert [one for one in sorted(types) if not definitions.faults(one, unknown)] == []


def test_only_what_a_caller_may_set_is_kept() -> None:
    """Not what Azure alone sets, what no definition has, or what is null."""
    sent = {"disableLocalAuth": False, "endpoint": "x", "other": 1, "encryption": None}
    assert definitions.settable(ACCOUNT, sent) == {"disableLocalAuth": False}
