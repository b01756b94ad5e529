"""Rules on how a customer-managed key is named, inline and in a binding."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    ACCOUNT,
    BINDING,
    KEY_URI,
    UNKNOWN_OBJECT,
    UNKNOWN_TEXT,
    VERSION,
    Pack,
    Thing,
    secret,
    verdict,
)
from tests.policies.bags import inline_account_props, with_change

CMK = "properties.encryption.keyVaultProperties"


def ask(
    props: dict[str, Any], rule: str, config: dict[str, Any] | None = None, ignored: tuple[str, ...] = ()
) -> str:
    return verdict(Pack({rule: config or {}}).ask(Thing("a", ACCOUNT, props, ignore_changes=ignored)), rule)


COMPLETE_CASES: list[tuple[str, Any, str, str]] = [
    (f"{CMK}.keyVersion", VERSION.upper(), "pass", "pass"),
    (f"{CMK}.keyVersion", "", "violation", "violation"),
    (f"{CMK}.keyVersion", ..., "violation", "violation"),
    (f"{CMK}.keyVersion", None, "violation", "violation"),
    (f"{CMK}.keyVersion", "latest", "violation", "pass"),
    (f"{CMK}.keyVersion", UNKNOWN_TEXT, "open", "open"),
    (f"{CMK}.keyName", "a/b", "violation", "pass"),
    (f"{CMK}.keyName", ..., "violation", "pass"),
    (f"{CMK}.keyName", UNKNOWN_TEXT, "open", "pass"),
    (f"{CMK}.keyVaultUri", "https://kv-one.vault.azure.net", "pass", "pass"),
    (f"{CMK}.keyVaultUri", "HTTPS://KV-ONE.VAULT.AZURE.NET/", "pass", "pass"),
    (f"{CMK}.keyVaultUri", "https://kv-one.vault.azure.cn:443/", "pass", "pass"),
    (f"{CMK}.keyVaultUri", "http://kv-one.vault.azure.net/", "violation", "pass"),
    (f"{CMK}.keyVaultUri", "https://kv-one.vault.azure.net.evil.example/", "violation", "pass"),
    (f"{CMK}.keyVaultUri", "https://kv-one.vaultXazure.net/", "violation", "pass"),
    (f"{CMK}.keyVaultUri", "https://hsm.managedhsm.azure.net/", "violation", "pass"),
    (f"{CMK}.keyVaultUri", KEY_URI, "violation", "pass"),
    (f"{CMK}.keyVaultUri", UNKNOWN_TEXT, "open", "pass"),
    (CMK, ..., "violation", "violation"),
    (CMK, UNKNOWN_OBJECT, "open", "open"),
    ("properties.encryption.keySource", "microsoft.keyvault", "pass", "pass"),
    ("properties.encryption.keySource", ..., "pass", "pass"),
    ("properties.encryption.keySource", "Microsoft.CognitiveServices", "pass", "pass"),
    ("properties.encryption.keySource", "Microsoft.Storage", "violation", "pass"),
    ("properties.encryption.keySource", UNKNOWN_TEXT, "open", "open"),
    ("properties.encryption", None, "pass", "pass"),
    ("properties.encryption", {"keySource": "Microsoft.CognitiveServices"}, "pass", "pass"),
    ("properties.encryption", UNKNOWN_OBJECT, "open", "open"),
    ("properties.encryption", {}, "violation", "violation"),
]


@pytest.mark.parametrize(("path", "value", "complete", "versioned"), COMPLETE_CASES)
def test_an_inline_key_is_named_in_full(path: str, value: Any, complete: str, versioned: str) -> None:
    """The vault is an https URI of a known cloud, the key has a name and the version is one."""
    props = with_change(inline_account_props(), path, value)
    assert ask(props, "cmk-complete") == complete
    assert ask(props, "cmk-no-versionless") == versioned


URI_CASES: list[tuple[Any, str, str]] = [
    (KEY_URI, "pass", "pass"),
    (KEY_URI + "/", "pass", "pass"),
    (secret(KEY_URI), "pass", "pass"),
    (KEY_URI.removesuffix(f"/{VERSION}"), "violation", "violation"),
    (KEY_URI.removesuffix(VERSION), "violation", "violation"),
    (KEY_URI.replace(VERSION, "current"), "violation", "pass"),
    (KEY_URI.replace("/cmk/", "/c_k/"), "violation", "pass"),
    (KEY_URI.replace("https", "http"), "violation", "pass"),
    (KEY_URI.replace("vault.azure.net", "vault.example.org"), "violation", "pass"),
    (KEY_URI.replace("/keys/", "/secrets/"), "violation", "pass"),
    ("", "violation", "violation"),
    (None, "violation", "violation"),
    (..., "violation", "violation"),
    (["x"], "violation", "violation"),
    (UNKNOWN_TEXT, "open", "open"),
]


@pytest.mark.parametrize(("uri", "complete", "versioned"), URI_CASES)
def test_a_binding_names_its_key_in_full(uri: Any, complete: str, versioned: str) -> None:
    """A binding's URI is held to the same as an inline key."""
    thing = Thing("b", BINDING, with_change({"accountId": "a"}, "keyUriWithVersion", uri), protect=True)
    answers = Pack().ask(thing)
    assert verdict(answers, "cmk-complete") == complete
    assert verdict(answers, "cmk-no-versionless") == versioned


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
