"""An account under a customer's key as observed: the one recorded create, and what no recording has."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from tests.localazure.observed.fact import scene, send, vault_body
from tests.localazure.observed.test_accounts import IDENTITY, URL, body
from tests.localazure.observed.test_keys import CREATE
from tests.localazure.observed.test_vaults import URL as VAULT_URL
from tests.support.front import Door, Reply

URI = "https://contoso-1.vault.azure.net"


def made(door: Door, **key: Any) -> tuple[Reply, dict[str, Any]]:
    """A create with a user-assigned identity that may use the key; `key` replaces parts of its block."""
    ids = send(door, "PUT", f"{IDENTITY}?api-version=2023-01-31", {"location": "westeurope"}).body
    vault = vault_body("all", enablePurgeProtection=True)
    grant = {"keys": ["get", "wrapKey", "unwrapKey"]}
    entry = {
        "tenantId": seed.TENANT_ID,
        "objectId": ids["properties"]["principalId"],
        "permissions": grant,
    }
    vault["properties"]["accessPolicies"].append(entry)
    send(door, "PUT", VAULT_URL, vault)
    kid = send(door, CREATE.method, CREATE.path, CREATE.send).body["key"]["kid"]
    block = {
        "keyVaultProperties": {
            "keyName": "k",
            "keyVersion": kid.rsplit("/", 1)[-1],
            "keyVaultUri": f"{URI}/",
            "identityClientId": ids["properties"]["clientId"],
            **key,
        },
        "keySource": "Microsoft.KeyVault",
    }
    identity = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    return send(door, "PUT", URL, body(identity=identity, properties={"encryption": block})), block


@pytest.mark.parametrize("uri", [f"{URI}/", URI])
def test_a_create_with_a_key_echoes_it_unchanged(uri: str) -> None:
    """201, Succeeded; keySource first, then the four properties as they were sent, the slash included."""
    door = scene()
    door.cloud.behave(synchronous_creates=True)
    reply, sent = made(door, keyVaultUri=uri)
    assert reply.status == 201, reply
    assert reply.body["properties"]["provisioningState"] == "Succeeded"
    answered = reply.body["properties"]["encryption"]
    assert answered == sent
    assert list(answered) == ["keySource", "keyVaultProperties"]
    assert list(answered["keyVaultProperties"]) == list(sent["keyVaultProperties"])
    entry = reply.body["identity"]["userAssignedIdentities"][IDENTITY]
    assert answered["keyVaultProperties"]["identityClientId"] == entry["clientId"]


@pytest.mark.parametrize(
    ("key", "finding"),
    [
        ({"keyVersion": "0" * 32}, "the vault has no version"),
        ({"keyName": "none"}, "the vault has no version"),
        ({"keyVaultUri": "https://nowhere.vault.azure.net/"}, "there is no vault at"),
        ({"keyVersion": None}, "keyVersion is missing"),
    ],
)
def test_fails_for_a_key_that_is_not_there(key: dict[str, Any], finding: str) -> None:
    """400 in the words that users reported; a header that Azure lacks tells what is wrong."""
    reply, _ = made(scene(), **key)
    assert (reply.status, reply.code) == (400, "BadRequest")
    assert reply.message == "KeyVaultProperties is invalid"
    assert finding in reply.headers["x-localazure-findings"]


def test_fails_for_an_identity_that_is_not_the_accounts() -> None:
    """400: identityClientId names nobody that the account has."""
    reply, _ = made(scene(), identityClientId="00000000-0000-4000-8000-000000000000")
    assert reply.status == 400
    assert "no identity of the account has the client id" in reply.headers["x-localazure-findings"]


def test_fails_for_an_identity_that_does_not_exist() -> None:
    """400 FailedIdentityOperation (assumed) names the identity."""
    identity = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}
    reply = send(scene(), "PUT", URL, body(identity=identity))
    assert (reply.status, reply.code) == (400, "FailedIdentityOperation")
    assert IDENTITY in reply.message
