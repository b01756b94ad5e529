"""The demands of the service."""

import pytest

from core import demands, judgements
from core.api_versions import VAULTS
from core.facts import KeyVersion, Network
from core.resource_types import Kind
from core.stack import StackResource
from core.values import UNKNOWN, Hidden

UNSAID, SECRET, MET = "undecided", "undecided", ""
URI, HOST = "https://kv1.vault.azure.net:443/", "kv1.vault.azure.net"
PERIMETER = Network(public_access="SecuredByPerimeter", default_action="Deny", bypass="None")


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (demands.region("West Europe", "westeurope"), MET),
        (demands.region("westeurope", "northeurope"), "unmet"),
        (demands.region("westeurope", Hidden.UNKNOWN), "not yet known"),
        (demands.region(Hidden.SECRET, "westeurope"), SECRET),
        (demands.region(None, "westeurope"), UNSAID),
        (demands.tenant("T-1", "t-1"), MET),
        (demands.tenant("t-1", "t-2"), "unmet"),
        (demands.tenant("t-1", Hidden.UNKNOWN), "not yet known"),
        (demands.soft_delete(True, None), MET),
        (demands.soft_delete(False, True), "unmet"),
        (demands.soft_delete(False, None), "unmet"),
        # Purge protection can only be on where soft delete is.
        (demands.soft_delete(None, True), MET),
        (demands.soft_delete(None, None), "unmet"),
        (demands.soft_delete(Hidden.UNKNOWN, True), "not yet known"),
        (demands.purge_protection(True), MET),
        (demands.purge_protection(False), "unmet"),
        (demands.purge_protection(None), "unmet"),
        (demands.purge_protection(Hidden.SECRET), SECRET),
        (demands.trusted_services(Network()), MET),
        (demands.trusted_services(Network(bypass="None")), MET),
        (demands.trusted_services(Network(default_action="Permit", bypass="None")), MET),
        (demands.restricted(Network(default_action="Permit")), "unmet"),
        (demands.restricted(Network(default_action="Deny", ip_rules=("20.0.0.0/7",))), "unmet"),
        (demands.restricted(Network(default_action="Deny", ip_rules=("20.0.0.0/8", "20.1.2.3"))), MET),
        (demands.trusted_services(Network(default_action="Deny")), MET),
        (demands.trusted_services(Network(default_action="Deny", bypass="Logging, AzureServices")), MET),
        (demands.trusted_services(Network(default_action="deny", bypass="none")), "unmet"),
        (demands.trusted_services(Network(public_access="disabled", bypass="none")), "unmet"),
        (demands.trusted_services(Network(public_access="Disabled", bypass="AzureServices")), MET),
        (demands.trusted_services(Network(default_action="Deny", bypass=Hidden.UNKNOWN)), "not yet known"),
        (demands.trusted_services(Network(default_action=Hidden.UNKNOWN, bypass="None")), "not yet known"),
        (demands.trusted_services(Network(default_action=Hidden.UNKNOWN)), MET),
        (demands.trusted_services(PERIMETER), "undecided"),
        (demands.key_type("RSA", 2048), MET),
        (demands.key_type("rsa-hsm", 2048), MET),
        (demands.key_type(None, None), UNSAID),
        (demands.key_type("RSA", Hidden.UNKNOWN), "not yet known"),
        (demands.key_type("RSA", 1024), "unmet"),
        (demands.key_type(None, 1024), "unmet"),
        (demands.key_type(Hidden.UNKNOWN, 1024), "unmet"),
        (demands.key_type("RSA", 3072), UNSAID),
        (demands.key_type("RSA", 3072, ["aiservices"]), MET),
        (demands.key_type(Hidden.UNKNOWN, 3072, ["AIServices"]), "not yet known"),
        (demands.key_type("RSA", 3072, ["AIServices", "TextAnalytics"]), "unmet"),
        (demands.key_type("RSA", 3072, ["AIServices", Hidden.UNKNOWN]), "not yet known"),
        (demands.key_type("RSA", 3072, ["AIServices", "SomethingNew"]), UNSAID),
        (demands.key_type("RSA", 1024, ["AIServices"]), "unmet"),
        (demands.key_type("EC", None), "unmet"),
        (demands.key_type("oct", 256), "unmet"),
        (demands.activated(True), MET),
        (demands.activated(None), MET),
        (demands.activated(False), "unmet"),
        (demands.key_operations(None), UNSAID),
        (demands.key_operations(["WrapKey", "unwrapkey", "sign"]), MET),
        (demands.key_operations(["wrapKey"]), "unmet"),
        (demands.key_operations(["wrapKey", Hidden.UNKNOWN]), "not yet known"),
        (demands.key_operations(["wrapKey", "unwrapKey", Hidden.UNKNOWN]), MET),
        (demands.key_operations([]), "unmet"),
        (demands.tier("TextAnalytics", "F0", ["customermanagedkey"]), MET),
        (demands.tier("TextAnalytics", "S", None), UNSAID),
        (demands.tier("TextAnalytics", "S", ["VirtualNetworks"]), "unmet"),
        (demands.tier("TextAnalytics", "f 0", None), "unmet"),
        (demands.tier("TextAnalytics", "S", planned=True), MET),
        (demands.tier("SomethingNew", "free", planned=True), "unmet"),
        (demands.tier("TextAnalytics", None, planned=True), "unmet"),
        (demands.tier("TextAnalytics", "S", []), "unmet"),
        (demands.tier(Hidden.UNKNOWN, Hidden.UNKNOWN, planned=True), "not yet known"),
        (demands.outbound(False, [], [URI]), MET),
        (demands.outbound(None, [], [URI]), MET),
        (demands.outbound(True, ["KV1.vault.azure.net"], [URI]), MET),
        (demands.outbound(True, [], [URI]), "unmet"),
        (demands.outbound(True, ["*.vault.azure.net"], [URI]), "unmet"),
        (demands.outbound(True, ["*.vault.azure.net"], ["kv1"]), "unmet"),
        (demands.outbound(True, ["*.vault.azure.net"], []), "unmet"),
        (demands.outbound(True, ["kv1.vault.azure.cn"], [URI]), "unmet"),
        (demands.outbound(True, [HOST], ["kv1"]), MET),
        (demands.outbound(True, ["kv1"], ["kv1"]), "unmet"),
        (demands.outbound(True, ["kv1"], [URI]), "unmet"),
        (demands.outbound(True, [HOST], []), MET),
        (demands.outbound(True, [Hidden.UNKNOWN], [URI]), "not yet known"),
        (demands.outbound(Hidden.UNKNOWN, [], [URI]), "not yet known"),
    ],
)
def test_demands(found: demands.Judgement | None, outcome: str) -> None:
    """Each is met, or says how it stands, what was found and what was expected."""
    assert (found.outcome.value if found else MET) == outcome
    if found is not None:
        assert found.found
        assert bool(found.expected) is found.unmet
        assert found.text == (f"{found.found}; expected {found.expected}" if found.unmet else found.found)


@pytest.mark.parametrize("demand", demands.FIXES)
def test_each_fix_is_a_command_or_a_change(demand: str) -> None:
    """Its texts name nothing that they are not given; a command names the subscription of what it changes."""
    fix, unmet = demands.FIXES[demand], demands.Judgement(demand, "found", "expected")
    assert fix.property.format(host="HOST") or demand == "hsm-activated"
    vault = "/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
    command = unmet.az(vault_id=vault, key="KEY")
    assert bool(command) is fix.command.startswith(("az ", "{update}"))
    assert command.endswith(" --subscription s-1") is ("{update}" in fix.command)
    assert demands.update_command(vault.replace("vaults/kv", "managedHSMs/h")).endswith("-hsm --hsm-name h")


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


@pytest.mark.parametrize(
    ("kind", "stated", "found", "version", "expected"),
    [
        (Kind.MANAGED_HSM, None, None, "2023-07-01", True),
        (Kind.MANAGED_HSM, False, None, None, True),
        (Kind.VAULT, True, None, None, True),
        (Kind.VAULT, "False", True, None, False),
        (Kind.VAULT, UNKNOWN, None, None, Hidden.UNKNOWN),
        (Kind.VAULT, None, None, VAULTS, None),
        (Kind.VAULT, None, UNKNOWN, VAULTS, None),
        (Kind.VAULT, None, True, VAULTS, True),
        (Kind.VAULT, None, True, "2023-07-01", False),
        (Kind.VAULT, None, None, None, False),
    ],
)
def test_who_decides_in_a_vault(
    kind: Kind, stated: object, found: object, version: str | None, expected: object
) -> None:
    """A managed HSM has roles alone, by whatever version it is asked; a vault what it states, or has."""
    inputs, outputs = ({"properties": {"enableRbacAuthorization": one}} for one in (stated, found))
    vault = StackResource("u", kind, inputs, outputs, api_version=version)
    assert judgements.uses_roles(vault) is expected
