"""Which account a key's version gets, so that the key is rotated only if that account could follow."""

from __future__ import annotations

from components.testing import CLIENT, SUBSCRIPTION
from tests.support.recording import FakeAzure, service

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-language/providers"
ACCOUNT_ID = f"{GROUP}/Microsoft.CognitiveServices/accounts/lang-language"
PARENT = "urn:pulumi:dev::language-cmk::language-cmk:index:EncryptedAIServicesAccount$"


def bound_azure() -> FakeAzure:
    """An Azure in whose stack the account was made and bound before, by a user-assigned identity."""
    azure, identity_id = FakeAzure(), f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/id-language"
    key = {"keyVaultUri": "https://kv-language.vault.azure.net", "keyName": "cmk-language"}
    account = {
        "id": ACCOUNT_ID,
        "name": "lang-language",
        "location": "westeurope",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity_id: {"clientId": CLIENT}}},
        "properties": {
            "encryption": {
                "keySource": "Microsoft.KeyVault",
                "keyVaultProperties": {**key, "identityClientId": CLIENT},
            }
        },
    }
    urn = f"{PARENT}azure-native:cognitiveservices:Account::language-account"
    azure.state = {urn: {"outputs": account}}
    return azure


def test_the_account_is_there_before_its_key_is_rotated() -> None:
    """In two phases the version comes after the account and before the binding, and names the account."""
    monitor = service()
    account, version = monitor.one(":Account"), monitor.one(":KeyVersion")
    assert version.inputs["accountId"] == ACCOUNT_ID
    assert account.urn in version.needs
    assert version.urn in monitor.one(":CustomerManagedKey").needs


def test_an_account_that_needs_the_version_is_named_once_it_stands() -> None:
    """Bound in its create, the account comes after the version, which names the one of the last update."""
    first, later = service(identity="userAssigned"), service(bound_azure(), identity="userAssigned")
    assert "accountId" not in first.one(":KeyVersion").inputs
    assert later.one(":KeyVersion").inputs["accountId"] == ACCOUNT_ID
    for monitor in (first, later):
        assert monitor.one(":KeyVersion").urn in monitor.one(":Account").needs
