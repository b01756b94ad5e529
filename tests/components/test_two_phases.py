"""The default mode: what is made, with which inputs and options, and in which order."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi import ResourceOptions
from pulumi_azure_native import keyvault

from components.service import EncryptedAIServicesAccount
from components.testing import DEPLOYER, PRINCIPAL, TENANT, VERSION
from tests.support.recording import RecordingMonitor, run, service


@pytest.fixture(scope="module")
def default() -> RecordingMonitor:
    return service()


def test_key_vault_is_asked_by_a_version_that_stays(default: RecordingMonitor) -> None:
    """Azure refuses older ones from 27 February 2027. The types pin the version; a state of the former types
    is taken over, whatever version wrote it; and the plugin of the SDK has that version of each."""
    for type, getter in (("Vault", keyvault.get_vault), ("Key", keyvault.get_key)):
        made = default.one(f"azure-native:keyvault/v20260201:{type}").request
        assert [alias.spec.type for alias in made.aliases] == [f"azure-native:keyvault:{type}"]
        assert "azureApiVersion" in made.ignoreChanges
        assert " 2026-02-01," in (getter.__doc__ or "")
    policy = default.one("azure-cmk:index:AccessPolicy").request
    assert [alias.spec.type for alias in policy.aliases] == ["azure-native:keyvault:AccessPolicy"]


def test_vault_cannot_lose_keys(default: RecordingMonitor) -> None:
    """The vault has soft delete of 90 days, purge protection, and one access model that is said outright."""
    properties = default.one(":Vault").inputs["properties"]
    assert properties["enableSoftDelete"] is True
    assert properties["softDeleteRetentionInDays"] == 90
    assert properties["enablePurgeProtection"] is True
    assert properties["enableRbacAuthorization"] is False
    assert properties["tenantId"] == TENANT
    assert "accessPolicies" not in properties


def test_vault_lets_trusted_services_in_whoever_else_is_kept_out() -> None:
    """In every network mode the Language service reaches the vault, or it could not use the key."""
    for access in ("closed", "selected", "open"):
        listed = ["8.8.8.8"] if access == "selected" else []
        network = {"access": access, "allowed_ip_ranges": listed}
        rules = service(network=network).one(":Vault").inputs["properties"]["networkAcls"]
        assert rules["bypass"] == "AzureServices"
        assert rules["defaultAction"] == ("Allow" if access == "open" else "Deny")
        assert rules["ipRules"] == [{"value": address} for address in listed]


def test_nobody_has_public_access_unless_asked_for(default: RecordingMonitor) -> None:
    """Account and vault are closed by default."""
    for resource in (default.one(":Vault"), default.one(":Account")):
        assert resource.inputs["properties"]["publicNetworkAccess"] == "Disabled"
        assert resource.inputs["properties"]["networkAcls"]["defaultAction"] == "Deny"


def test_key_wraps_and_unwraps_and_nothing_else(default: RecordingMonitor) -> None:
    """The key is RSA 2048 with two operations, and is rotated long before a version expires."""
    properties = default.one(":Key").inputs["properties"]
    assert (properties["kty"], properties["keySize"]) == ("RSA", 2048)
    assert sorted(properties["keyOps"]) == ["unwrapKey", "wrapKey"]
    assert properties["rotationPolicy"]["attributes"] == {"expiryTime": "P730D"}
    assert {
        action["action"]["type"]: action["trigger"]
        for action in properties["rotationPolicy"]["lifetimeActions"]
    } == {"rotate": {"timeAfterCreate": "P540D"}, "notify": {"timeBeforeExpiry": "P30D"}}


def test_account_begins_on_microsoft_managed_keys(default: RecordingMonitor) -> None:
    """Phase 1 sends no encryption, and has the identity, subdomain and login that phase 2 and the service
    need."""
    account = default.one(":Account")
    assert account.inputs["kind"] == "TextAnalytics"
    assert account.inputs["sku"] == {"name": "S"}
    assert account.inputs["identity"] == {"type": "SystemAssigned"}
    assert "encryption" not in account.inputs["properties"]
    assert account.inputs["properties"]["disableLocalAuth"] is True
    assert account.inputs["properties"]["customSubDomainName"] == account.inputs["accountName"]
    assert "restrictOutboundNetworkAccess" not in account.inputs["properties"]


def test_exactly_the_accounts_identity_gets_exactly_what_it_needs(default: RecordingMonitor) -> None:
    """One grant: get, wrap and unwrap, for the account's own identity."""
    policy = default.one(":AccessPolicy").inputs["policy"]
    assert policy == {
        "tenantId": TENANT,
        "objectId": PRINCIPAL,
        "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]},
    }


def test_key_is_granted_before_it_is_bound(default: RecordingMonitor) -> None:
    """The binding depends on the grant, the grant on the account and the vault. The key's version names the
    account, so that it is rotated only if that could follow."""
    grant, binding = default.one(":AccessPolicy"), default.one(":CustomerManagedKey")
    account, vault, version = default.one(":Account"), default.one(":Vault"), default.one(":KeyVersion")
    assert {grant.urn, account.urn, version.urn} <= binding.needs
    assert default.one(":Key").urn in version.needs
    assert {account.urn, vault.urn} <= grant.needs
    assert grant.urn not in account.needs
    assert account.urn in version.needs
    assert version.inputs["accountId"] == account.outputs["id"]


def test_binding_takes_the_version_of_the_key(default: RecordingMonitor) -> None:
    """The binding is never versionless."""
    binding = default.one(":CustomerManagedKey")
    assert (
        binding.inputs["keyUriWithVersion"]
        == f"https://kv-language.vault.azure.net/keys/cmk-language/{VERSION}"
    )
    assert binding.inputs["vaultId"].endswith("/vaults/kv-language")
    assert binding.inputs["accountId"].endswith("/accounts/lang-language")


def test_what_holds_data_or_gives_access_is_protected(default: RecordingMonitor) -> None:
    """Protection is the default, also of the audit, which a destroy that is refused would end first. Not of
    the version, which can be asked for again; of the key, which stays in the vault; and of the grant: what
    depends on it is protected, and `access: revoked` takes it away."""
    unprotected = {found.name for found in default.registered if not found.request.protect}
    assert unprotected == {"language-key", "language-key-version", "language-access"}


def test_other_writers_of_the_account_and_key_are_left_alone(default: RecordingMonitor) -> None:
    """The account's encryption belongs to the binding; a key that exists cannot be changed through ARM."""
    assert list(default.one(":Account").request.ignoreChanges) == ["properties.encryption"]
    assert list(default.one(":Key").request.ignoreChanges) == ["azureApiVersion", "properties", "tags"]


def test_destroy_never_takes_access_from_a_living_account(default: RecordingMonitor) -> None:
    """The binding goes with the account, the grant with the vault, and that after the account; the key is
    kept."""
    account, vault = default.one(":Account"), default.one(":Vault")
    assert default.one(":AccessPolicy").request.deletedWith == vault.urn
    assert default.one(":CustomerManagedKey").request.deletedWith == account.urn
    assert default.one(":Key").request.retainOnDelete is True
    assert vault.urn in account.needs


def test_operators_have_access_before_the_version_is_asked_for() -> None:
    """Who may rotate is granted that before the rotation, once by whichever names; it is no grant that an
    account lives on."""
    monitor = service(vault={"key_operators": ["deployer", DEPLOYER]}, key={"generation": 3})
    version = monitor.one(":KeyVersion")
    (operator,) = (found for found in monitor.of(":AccessPolicy") if found.urn in version.needs)
    assert operator.inputs["policy"]["objectId"] == DEPLOYER
    assert operator.inputs["policy"]["permissions"]["keys"] == ["get", "list", "update", "rotate"]
    assert not operator.request.protect
    assert version.inputs["generation"] == 3


@pytest.mark.parametrize(
    ("opts", "settings", "said"),
    [
        (None, {}, {}),
        (ResourceOptions(protect=True), {}, {}),
        (ResourceOptions(protect=False), {}, {"protect": False}),
        (None, {"unbind_account": "lang-language"}, {"unbindAccount": "lang-language"}),
    ],
)
def test_a_service_says_what_is_wanted_on_purpose(
    opts: ResourceOptions | None, settings: dict[str, Any], said: dict[str, Any]
) -> None:
    """The policy pack reads these inputs of the component, and knows a decision from an accident."""
    args: Any = {"location": "westeurope", **settings}
    monitor = run(lambda: EncryptedAIServicesAccount("language", args, opts))
    assert monitor.one(":EncryptedAIServicesAccount").inputs == said
