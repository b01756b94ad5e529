"""cmk-not-at-create-with-system-identity: a key for the account's own identity is bound later."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import ACCOUNT, UNKNOWN_OBJECT, UNKNOWN_TEXT, Pack, Thing, verdict
from tests.policies.bags import inline_account_props, with_change
from tests.policies.editing import answers_on

CMK = "properties.encryption.keyVaultProperties"


def ask(
    props: dict[str, Any], rule: str, config: dict[str, Any] | None = None, ignored: tuple[str, ...] = ()
) -> str:
    thing = Thing("a", ACCOUNT, {"name": UNKNOWN_TEXT, **props}, ignore_changes=ignored)
    return verdict(answers_on(rule, thing, Pack({rule: config or {}})), rule)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "pass"),
        ({f"{CMK}.identityClientId": UNKNOWN_TEXT}, "pass"),
        ({f"{CMK}.identityClientId": ...}, "violation"),
        ({f"{CMK}.identityClientId": "", "identity.type": "SystemAssigned, UserAssigned"}, "violation"),
        ({f"{CMK}.identityClientId": None, "identity": {"type": "SystemAssigned"}}, "violation"),
        (
            {f"{CMK}.identityClientId": ..., "properties.encryption.keySource": "MICROSOFT.KEYVAULT"},
            "violation",
        ),
        ({f"{CMK}.identityClientId": ..., "properties.encryption.keySource": UNKNOWN_TEXT}, "open"),
        (
            {
                f"{CMK}.identityClientId": ...,
                "properties.encryption.keySource": "Microsoft.CognitiveServices",
            },
            "pass",
        ),
        ({"properties.encryption": UNKNOWN_OBJECT}, "open"),
        ({"properties.encryption": None}, "pass"),
    ],
)
def test_a_key_for_the_systems_identity_is_not_given_at_create(
    changes: dict[str, Any], expected: str
) -> None:
    """An inline key needs the client id of an identity that can have access before the account exists."""
    props = inline_account_props()
    for path, value in changes.items():
        props = with_change(props, path, value)
    assert ask(props, "cmk-not-at-create-with-system-identity") == expected


@pytest.mark.parametrize(
    "path", ["properties.encryption", "properties", "properties.*", "*", 'properties["encryption"]']
)
def test_ignored_encryption_is_azures_word_not_the_programs(path: str) -> None:
    """After a refresh the ignored encryption of a bound account is in its inputs; it is no key at create."""
    props = with_change(inline_account_props(), f"{CMK}.identityClientId", ...)
    rule = "cmk-not-at-create-with-system-identity"
    assert ask(props, rule, ignored=(path,)) == "pass"
    assert ask(props, rule, ignored=("properties.encryption.keySource", "tags")) == "violation"


def test_an_account_that_exists_may_be_given_a_key_for_its_own_identity() -> None:
    """The usual two deployments: the first makes the account, the second grants access and states the key."""
    props = with_change(inline_account_props(), f"{CMK}.identityClientId", ...)
    assert ask({**props, "name": "lang-one"}, "cmk-not-at-create-with-system-identity") == "pass"


@pytest.mark.parametrize(("id", "expected"), [(UNKNOWN_TEXT, "violation"), ("/the/account", "pass")])
def test_an_account_of_azapi_is_judged_as_one_of_azure_native(id: str, expected: str) -> None:
    """Its name is an input, so its id tells whether this preview makes it."""
    props = with_change(inline_account_props(), f"{CMK}.identityClientId", ...)
    body = {name: props[name] for name in ("kind", "sku", "properties")}
    account = {
        "type": "Microsoft.CognitiveServices/accounts@2025-06-01",
        "name": "lang-one",
        "identity": props["identity"],
        "body": body,
    }
    thing = Thing("a", "azapi:index/resource:Resource", {**account, "id": id})
    rule = "cmk-not-at-create-with-system-identity"
    assert verdict(answers_on(rule, thing, Pack()), rule) == expected
