"""Bodies that no client should send: whatever they are, the service answers for itself and goes on."""

from __future__ import annotations

import json
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from localazure.web import Json
from tests.localazure.definitions import FILE
from tests.localazure.driver import ACCOUNT, PROJECTS, WEST, Case
from tests.support.front import SUBSCRIPTION

PROVIDER = f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices"
WHOLE = {
    **WEST,
    "kind": "TextAnalytics",
    "sku": {"name": "S"},
    "properties": {"customSubDomainName": "contoso-language"},
}
CALLS = (
    ("PUT", ACCOUNT),
    ("PUT", f"{ACCOUNT}2"),
    ("PATCH", ACCOUNT),
    ("POST", f"{PROVIDER}/checkDomainAvailability"),
    ("PATCH", f"{PROJECTS}/orders"),
)
TYPE = json.loads(FILE.read_text())["types"]["Microsoft.CognitiveServices/accounts"]
KNOWN = {part for path in TYPE for part in path.split(".")} - {"*"} | {
    "projectName",
    "projectKind",
    "language",
}
NAMES = st.sampled_from(sorted(KNOWN))
TEXTS = ("", "S", "SystemAssigned", "UserAssigned", "Microsoft.KeyVault", "Conversation", "orders")
VALUES = st.sampled_from((None, True, -1, *TEXTS))
THINGS = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5)
)
PARTS = st.sampled_from(("properties", "identity", "properties.networkAcls", "properties.encryption"))


def _below(path: str, part: Json) -> Json:
    for name in reversed(path.split(".")):
        part = {name: part}
    return part


BODIES = st.dictionaries(NAMES, THINGS, max_size=6)
DEEP_BODIES = st.builds(_below, PARTS, BODIES)


@cache
def _case() -> Case:
    """One cloud with one account for all examples; making one takes longer than the calls."""
    case = Case()
    case.do("account")
    return case


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.sampled_from(CALLS), BODIES | DEEP_BODIES)
def test_no_body_is_too_strange_to_be_answered(call: tuple[str, str], body: Json) -> None:
    """Never a 500, neither to the body nor when the account and its endpoint are read afterwards."""
    case, (method, url) = _case(), call
    case.cloud.clock.advance(10)
    sent = {**WHOLE, **body} if method == "PUT" else body
    for one in ((method, url, sent), ("GET", ACCOUNT, None), ("GET", PROJECTS, None)):
        reply = case.ask(*one)
        assert reply.status < 500, (one, reply)
