"""The demands of the service."""

from __future__ import annotations

import pytest

from core import demands
from core.facts import KeyVersion, Network


@pytest.mark.parametrize(
    ("found", "holds"),
    [
        (demands.region("West Europe", "westeurope"), True),
        (demands.region("westeurope", "northeurope"), False),
        (demands.tenant("T-1", "t-1"), True),
        (demands.tenant("t-1", "t-2"), False),
        (demands.soft_delete(True, None), True),
        (demands.soft_delete(False, True), False),
        (demands.soft_delete(False, None), False),
        # Purge protection can only be on where soft delete is.
        (demands.soft_delete(None, True), True),
        (demands.soft_delete(None, None), False),
        (demands.purge_protection(True), True),
        (demands.purge_protection(False), False),
        (demands.purge_protection(None), False),
        (demands.trusted_services(Network()), True),
        (demands.trusted_services(Network(bypass="None")), True),
        (demands.trusted_services(Network(default_action="Deny")), True),
        (demands.trusted_services(Network(default_action="deny", bypass="None")), False),
        (demands.trusted_services(Network(public_access="disabled", bypass="none")), False),
        (demands.trusted_services(Network(public_access="Disabled", bypass="AzureServices")), True),
        (demands.key_type("RSA", 2048), True),
        (demands.key_type("rsa-hsm", 2048), True),
        (demands.activated(True), True),
        (demands.activated(None), True),
        (demands.activated(False), False),
        (demands.key_type(None, None), True),
        (demands.key_type("RSA", 3072), False),
        (demands.key_type("EC", None), False),
        (demands.key_type("oct", 256), False),
        (demands.key_operations(None), True),
        (demands.key_operations(["WrapKey", "unwrapkey", "sign"]), True),
        (demands.key_operations(["wrapKey"]), False),
        (demands.key_operations([]), False),
        (demands.tier("TextAnalytics", "S", ["customermanagedkey"]), True),
        (demands.tier("TextAnalytics", "S", None), True),
        (demands.tier("TextAnalytics", "F0", ["VirtualNetworks"]), False),
        (demands.outbound(False, [], "https://kv1.vault.azure.net/"), True),
        (demands.outbound(True, ["KV1.vault.azure.net"], "https://kv1.vault.azure.net:443/"), True),
        (demands.outbound(True, [], "https://kv1.vault.azure.net/"), False),
    ],
)
def test_demands(found: demands.Unmet | None, holds: bool) -> None:
    """Each holds, or says what was found and what was expected."""
    assert (found is None) is holds
    if found is not None:
        assert found.found
        assert found.expected
        assert found.text == f"{found.found}; expected {found.expected}"


@pytest.mark.parametrize(
    ("version", "reasons"),
    [
        (KeyVersion("v"), []),
        (KeyVersion("v", enabled=False), ["disabled"]),
        (KeyVersion("v", not_before=101), ["not valid before 1970-01-01T00:01:41Z"]),
        (KeyVersion("v", not_before=100, expires=101), []),
        (KeyVersion("v", expires=100), ["expired on 1970-01-01T00:01:40Z"]),
        (KeyVersion("v", enabled=False, expires=1), ["disabled", "expired"]),
    ],
)
def test_a_version_is_enabled_and_valid(version: KeyVersion, reasons: list[str]) -> None:
    """At a moment, with every reason."""
    found = demands.key_usable(version, 100)
    assert len(found) == len(reasons)
    assert all(reason in one.found for reason, one in zip(reasons, found, strict=True))
