"""Bodies that no client should send: whatever they are, the service answers for itself and goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.localazure.definitions import FILE
from tests.localazure.driver import ACCOUNT, PROJECTS, WEST, Case
from tests.support.front import SUBSCRIPTION

WHOLE = {**WEST, "kind": "TextAnalytics", "sku": {"name": "S"}}
CHECK = f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/checkDomainAvailability"
OF_ACCOUNTS = (("PUT", f"{ACCOUNT}2"), ("PATCH", ACCOUNT))
OTHERS = (("POST", CHECK), ("PATCH", f"{PROJECTS}/orders"))
PATHS = dict.fromkeys(
    json.loads(FILE.read_text())["types"]["Microsoft.CognitiveServices/accounts"], OF_ACCOUNTS
)
PATHS |= dict.fromkeys(
    ("projectName", "projectKind", "language", "metadata", "subdomainName", "type"), OTHERS
)


def body_of(path: str, value: Any) -> Any:
    """A body with a value at a dotted path, where `*` is the item of a list."""
    for name in reversed(path.split(".")):
        value = [value] if name == "*" else {name: value}
    return value


@pytest.mark.parametrize("value", [None, -1, "Microsoft.KeyVault", [None], {"": []}], ids=str)
def test_no_body_is_too_strange_to_be_answered(value: Any) -> None:
    """Never a 500, neither to the body nor when account and endpoint are read afterwards: a value that does
    not belong there, at each property that a definition has."""
    case = Case()
    case.do("account")
    for path, calls in PATHS.items():
        case.cloud.clock.advance(10)
        sent = body_of(path, value)
        asked = [(method, url, {**WHOLE, **sent} if method == "PUT" else sent) for method, url in calls]
        for one in (*asked, ("GET", ACCOUNT, None), ("GET", PROJECTS, None)):
            reply = case.ask(*one)
            assert reply.status < 500, (one, reply)
