"""cmk-complete: a customer-managed key names a vault of a known cloud, a key and a version."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    ACCOUNT,
    KEY_URI,
    UNKNOWN_OBJECT,
    UNKNOWN_TEXT,
    VERSION,
    Pack,
    Thing,
    verdict,
)
from tests.policies.bags import (
    inline_account_props,
    with_change,
)
from tests.policies.editing import answers_on

CMK = "properties.encryption.keyVaultProperties"


def ask(
    props: dict[str, Any], rule: str, config: dict[str, Any] | None = None, ignored: tuple[str, ...] = ()
) -> str:
    return verdict(
        answers_on(rule, Thing("a", ACCOUNT, props, ignore_changes=ignored), Pack({rule: config or {}})), rule
    )


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
    (f"{CMK}.keyVaultUri", "https://hsm.managedhsm.azure.net/", "pass", "pass"),
    (f"{CMK}.keyVaultUri", "https://westus.hsm.managedhsm.azure.net/", "violation", "pass"),
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


@pytest.mark.parametrize(
    ("ignored", "expected"),
    [
        ((), "violation"),
        (("properties.encryption.keySource",), "violation"),
        (("properties.encryption",), "pass"),
    ],
)
def test_what_a_refresh_has_found_of_a_key_is_not_stated(ignored: tuple[str, ...], expected: str) -> None:
    """Of an account that is bound by a resource of its own, azure-native keeps the parts that changed."""
    props = with_change(inline_account_props(), CMK, {"keyVersion": VERSION})
    assert ask(props, "cmk-complete", ignored=ignored) == expected
