"""Bodies that no client should send: whatever they are, the service answers for itself and goes on."""

from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from localazure import seed
from localazure.web import Json
from tests.localazure.observed.fact import GROUP
from tests.support.front import SUBSCRIPTION, Door, token

ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/language"
PROVIDER = f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices"
API = "?api-version=2025-06-01"
PROJECTS = "https://language-1.cognitiveservices.azure.com/language/authoring/analyze-conversations/projects"
LANGUAGE_API = "?api-version=2023-04-01"
WHOLE = {
    "location": "westeurope",
    "kind": "TextAnalytics",
    "sku": {"name": "S"},
    "properties": {"customSubDomainName": "language-1"},
}
CALLS = (
    ("PUT", ACCOUNT + API),
    ("PUT", f"{ACCOUNT}2{API}"),
    ("PATCH", ACCOUNT + API),
    ("POST", f"{PROVIDER}/checkDomainAvailability{API}"),
    ("POST", f"{PROVIDER}/locations/westeurope/checkSkuAvailability{API}"),
    ("PATCH", f"{PROJECTS}/orders{LANGUAGE_API}"),
)
NAMES = st.sampled_from(
    (
        *("location", "kind", "sku", "tags", "identity", "properties", "name", "type", "value", "id"),
        *("userAssignedIdentities", "encryption", "keySource", "keyVaultProperties", "keyName", "keyVersion"),
        *("keyVaultUri", "identityClientId", "networkAcls", "ipRules", "virtualNetworkRules", "bypass"),
        *("defaultAction", "apiProperties", "restore", "customSubDomainName", "allowedFqdnList", "skus"),
        *("projectName", "projectKind", "language", "metadata", "assets", "subdomainName"),
    )
)
VALUES = st.sampled_from(
    [
        None,
        True,
        -1,
        "",
        "S",
        "SystemAssigned",
        "UserAssigned",
        "Microsoft.KeyVault",
        "Conversation",
        "orders",
    ]
)
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
def _door() -> Door:
    """One cloud with one account for all examples; making one takes longer than the calls."""
    door = Door()
    door.group("net")
    door.send("PUT", ACCOUNT + API, WHOLE)
    return door


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.sampled_from(CALLS), BODIES | DEEP_BODIES)
def test_no_body_is_too_strange_to_be_answered(call: tuple[str, str], body: Json) -> None:
    """Never a 500, neither to the body nor when the account and its endpoint are read afterwards."""
    door, (method, url) = _door(), call
    door.cloud.clock.advance(10)
    sent = {**WHOLE, **body} if method == "PUT" else body
    bearer = token(seed.DEPLOYER, "https://cognitiveservices.azure.com")
    for one in ((method, url, sent), ("GET", ACCOUNT + API, None), ("GET", PROJECTS + LANGUAGE_API, None)):
        reply = door.send(*one, bearer=bearer if one[1].startswith(PROJECTS) else None)
        assert reply.status < 500, (one, reply)
