"""vault-purge-protection: a vault states that purge protection is on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    GENERIC,
    UNKNOWN_FLAG,
    UNKNOWN_OBJECT,
    UNKNOWN_TEXT,
    VAULT,
    Pack,
    Thing,
    secret,
)
from tests.policies.bags import (
    vault_props,
    with_change,
)
from tests.policies.editing import (
    judged,
)

PINNED = "azure-native:keyvault/v20230701:Vault"


PACKAGE = "azure-native_keyvault_v20230701:keyvault:Vault"


def ask(props: dict[str, Any], rule: str, config: dict[str, Any] | None = None, token: str = VAULT) -> str:
    return judged(rule, Thing("v", token, props), config)


FLAG_CASES = [
    (True, "pass"),
    ("true", "pass"),
    (" True ", "pass"),
    (secret(True), "pass"),
    (secret("TRUE"), "pass"),
    (False, "violation"),
    ("false", "violation"),
    (None, "violation"),
    (..., "violation"),
    (1, "violation"),
    ([True], "violation"),
    ({"value": True}, "violation"),
    ("[parameters('on')]", "violation"),
    (UNKNOWN_FLAG, "open"),
    (UNKNOWN_TEXT, "open"),
    (secret(UNKNOWN_FLAG), "open"),
]


@pytest.mark.parametrize("token", [VAULT, PINNED, PACKAGE])
@pytest.mark.parametrize(("value", "expected"), FLAG_CASES)
@pytest.mark.parametrize(
    ("rule", "name"),
    [("vault-purge-protection", "enablePurgeProtection")],
)
def test_a_protection_must_be_stated_as_on(
    rule: str, name: str, value: Any, expected: str, token: str
) -> None:
    """Soft delete and purge protection pass only when they are true, however true is spelt."""
    assert ask(with_change(vault_props(), f"properties.{name}", value), rule, token=token) == expected


@pytest.mark.parametrize("properties", [None, "text", [], UNKNOWN_OBJECT])
def test_a_vault_of_another_shape_never_passes(properties: Any) -> None:
    """A bag without a readable `properties` is refused, or left open when it is unknown."""
    unknown = properties == UNKNOWN_OBJECT
    assert ask({"properties": properties}, "vault-purge-protection") == ("open" if unknown else "violation")
    assert ask({"properties": properties}, "vault-soft-delete") == ("open" if unknown else "pass")


@pytest.mark.parametrize("mode", ["recover", "Recover"])
def test_a_recovered_vault_keeps_what_it_had(mode: str) -> None:
    """Azure ignores the properties of a request that recovers a vault; so do Azure Policy and these rules."""
    off = {"enableSoftDelete": False}
    props = {"properties": {"createMode": mode, **off}}
    for rule in ("vault-soft-delete", "vault-purge-protection", "vault-network-restricted"):
        assert ask(props, rule) == "pass"
        assert ask({"properties": {"createMode": "default", **off}}, rule) == "violation"


def test_a_generic_resource_is_judged_as_what_it_is() -> None:
    """azure-native's generic resource for Microsoft.KeyVault/vaults is a vault; another type is none."""
    generic = {"resourceProviderNamespace": "Microsoft.KeyVault", "resourceType": "Vaults", "properties": {}}
    assert ask(generic, "vault-purge-protection", token=GENERIC) == "violation"
    other = {**generic, "resourceType": "managedHSMs"}
    assert ask(other, "vault-purge-protection", token=GENERIC) == "pass"


@pytest.mark.parametrize(
    "token", ["aws:kms:Key", "azure-native:storage:Vault", "azure:keyvault:Vault", "x", ""]
)
def test_other_resources_are_left_alone(token: str) -> None:
    """No rule answers for a resource of another service."""
    assert Pack().ask(Thing("v", token, {"properties": {}})) == []
