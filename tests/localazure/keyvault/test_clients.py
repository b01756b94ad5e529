"""Key Vault through unmodified Azure clients, over TLS and the proxy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.rest import HttpRequest
from azure.identity import ClientSecretCredential, DefaultAzureCredential
from azure.keyvault.keys import (
    ApiVersion,
    KeyClient,
    KeyRotationLifetimeAction,
    KeyRotationPolicy,
    KeyRotationPolicyAction,
)
from azure.keyvault.keys.crypto import (
    CryptographyClient,
    EncryptionAlgorithm,
    KeyWrapAlgorithm,
    SignatureAlgorithm,
)
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from localazure.seed import DEPLOYER, READER, SUBSCRIPTION_ID, TENANT_ID
from tests.support.azure import RunningAzure

GROUP = "keyvault-clients"
NAME = "kv-clients"
URI = f"https://{NAME}.vault.azure.net"
DATA = bytes(range(32))


@pytest.fixture
def vaults(azure: RunningAzure) -> Iterator[KeyVaultManagementClient]:
    """The management client, with the group and the vault in place."""
    credential = DefaultAzureCredential()
    with ResourceManagementClient(credential, SUBSCRIPTION_ID) as resources:
        resources.resource_groups.create_or_update(GROUP, {"location": "westeurope"})
    with KeyVaultManagementClient(credential, SUBSCRIPTION_ID, polling_interval=0) as client:
        try:
            client.vaults.get(GROUP, NAME)
        except ResourceNotFoundError:
            client.vaults.begin_create_or_update(GROUP, NAME, parameters()).result()
        yield client


def parameters(**properties: object) -> Any:
    entry = {
        "tenantId": TENANT_ID,
        "objectId": DEPLOYER.object_id,
        "permissions": {"keys": ["all", "purge"]},
    }
    whole = {
        "tenantId": TENANT_ID,
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [entry],
        "enableRbacAuthorization": False,
        **properties,
    }
    return {"location": "westeurope", "properties": whole}


def test_a_vaults_whole_life(vaults: KeyVaultManagementClient) -> None:
    """Create, list, policies, delete, recover, delete, purge: each by the client's own method."""
    name = "kv-life"
    assert vaults.vaults.check_name_availability(
        {"name": name, "type": "Microsoft.KeyVault/vaults"}
    ).name_available
    made = vaults.vaults.begin_create_or_update(GROUP, name, parameters(softDeleteRetentionInDays=7)).result()
    assert made.properties.provisioning_state == "Succeeded"
    assert made.properties.vault_uri == f"https://{name}.vault.azure.net/"
    assert name in {v.name for v in vaults.vaults.list_by_subscription(top=1)}
    assert name in {v.name for v in vaults.vaults.list_by_resource_group(GROUP)}
    added: Any = vaults.vaults.update_access_policy(
        GROUP,
        name,
        "add",
        {
            "properties": {
                "accessPolicies": [
                    {"tenantId": TENANT_ID, "objectId": READER.object_id, "permissions": {"keys": ["get"]}}
                ]
            }
        },
    )
    assert len(added.properties.access_policies) == 2
    vaults.vaults.delete(GROUP, name)
    deleted: Any = vaults.vaults.get_deleted(name, "westeurope")
    assert deleted.properties.vault_id == made.id
    recovered: Any = vaults.vaults.begin_create_or_update(
        GROUP, name, parameters(createMode="recover")
    ).result()
    assert len(recovered.properties.access_policies) == 2
    vaults.vaults.delete(GROUP, name)
    assert name in {v.name for v in vaults.vaults.list_deleted()}
    vaults.vaults.begin_purge_deleted(name, "westeurope").result()
    with pytest.raises(ResourceNotFoundError):
        vaults.vaults.get_deleted(name, "westeurope")


def test_arm_keys_are_made_once(vaults: KeyVaultManagementClient) -> None:
    """create_if_not_exist twice gives one version, which get and list show."""
    wish: Any = {"properties": {"kty": "RSA", "keySize": 2048}}
    other: Any = {"properties": {"kty": "EC"}}
    first = vaults.keys.create_if_not_exist(GROUP, NAME, "arm-key", wish)
    again = vaults.keys.create_if_not_exist(GROUP, NAME, "arm-key", other)
    assert again.key_uri_with_version == first.key_uri_with_version
    assert vaults.keys.get(GROUP, NAME, "arm-key").key_size == 2048
    assert "arm-key" in {key.name for key in vaults.keys.list(GROUP, NAME)}
    (version,) = vaults.keys.list_versions(GROUP, NAME, "arm-key")
    assert version.key_uri_with_version == first.key_uri_with_version


def test_a_keys_whole_life(vaults: KeyVaultManagementClient) -> None:
    """Create, update, rotate, list, delete, recover, delete, purge: each by the client's own method."""
    with KeyClient(URI, DefaultAzureCredential()) as keys:
        first: Any = keys.create_rsa_key("life", size=2048, tags={"a": "b"})
        expires = datetime(2100, 1, 1, tzinfo=UTC)
        assert keys.update_key_properties("life", expires_on=expires).properties.expires_on == expires
        policy = KeyRotationPolicy(
            lifetime_actions=[
                KeyRotationLifetimeAction(KeyRotationPolicyAction.rotate, time_after_create="P30D")
            ],
            expires_in="P90D",
        )
        assert keys.update_key_rotation_policy("life", policy).expires_in == "P90D"
        kept = keys.get_key_rotation_policy("life")
        assert [
            (action.action, action.time_after_create or action.time_before_expiry)
            for action in kept.lifetime_actions
        ] == [
            (KeyRotationPolicyAction.rotate, "P30D"),
            (KeyRotationPolicyAction.notify, "P30D"),
        ]
        assert keys.update_key_rotation_policy("life", kept).lifetime_actions[1].time_before_expiry == "P30D"
        second: Any = keys.rotate_key("life")
        assert second.properties.version != first.properties.version
        assert second.properties.expires_on - second.properties.created_on == timedelta(days=90)
        assert {p.version for p in keys.list_properties_of_key_versions("life")} == {
            first.properties.version,
            second.properties.version,
        }
        assert "life" in {p.name for p in keys.list_properties_of_keys(max_page_size=1)}
        deleted: Any = keys.begin_delete_key("life").result()
        assert deleted.scheduled_purge_date - deleted.deleted_date == timedelta(days=90)
        assert "life" in {key.name for key in keys.list_deleted_keys()}
        keys.begin_recover_deleted_key("life").wait()
        old: Any = keys.get_key("life", first.properties.version)
        assert old.key.n == first.key.n
        keys.begin_delete_key("life").wait()
        keys.purge_deleted_key("life")
        with pytest.raises(ResourceNotFoundError):
            keys.get_deleted_key("life")


@pytest.mark.parametrize("version", ApiVersion)
def test_every_api_version_of_the_client_is_understood(
    vaults: KeyVaultManagementClient, version: ApiVersion
) -> None:
    """From 7.0 on a key tells how long it can be recovered, from 7.4 on that it cannot be exported; the
    newest, which the client takes by itself, is a date again."""
    later = [known for known in ApiVersion if known is not ApiVersion.V2016_10_01]
    with KeyClient(URI, DefaultAzureCredential(), api_version=version) as keys:
        keys.create_key("versions", "EC")
        found = keys.get_key("versions").properties
        assert found.recoverable_days == (90 if version in later else None)
        assert (found.exportable is False) == (version in later[: later.index(ApiVersion.V7_4) + 1])
        listed = list(keys.list_properties_of_keys(max_page_size=1))
    assert "versions" in {properties.name for properties in listed}


def test_cryptography_client_round_trips(vaults: KeyVaultManagementClient) -> None:
    """What the client does locally with the public key, the vault undoes with the private one."""
    credential = DefaultAzureCredential()
    with KeyClient(URI, credential) as keys, keys.get_cryptography_client("crypto") as current:
        key = keys.create_rsa_key("crypto", size=2048)
        wrapped = current.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, DATA)
        assert current.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped.encrypted_key).key == DATA
        with CryptographyClient(key, credential) as versioned:
            hidden = versioned.encrypt(EncryptionAlgorithm.rsa_oaep, DATA)
            assert versioned.decrypt(EncryptionAlgorithm.rsa_oaep, hidden.ciphertext).plaintext == DATA
            signature = versioned.sign(SignatureAlgorithm.ps256, DATA).signature
            assert versioned.verify(SignatureAlgorithm.ps256, DATA, signature).is_valid


def test_who_is_not_granted_gets_the_vaults_own_403(
    azure: RunningAzure, vaults: KeyVaultManagementClient
) -> None:
    """Another principal with a valid token is refused by the vault, and says so in the audit log."""
    secret = azure.home.secrets()[READER.name]
    credential = ClientSecretCredential(TENANT_ID, READER.client_id, secret)
    with KeyClient(URI, credential) as keys, pytest.raises(HttpResponseError) as refused:
        keys.create_rsa_key("not-mine")
    assert refused.value.status_code == 403
    assert "does not have keys create permission" in str(refused.value)
    events = azure.control("/audit")["value"]
    mine = [e for e in events if e["objectId"] == READER.object_id]
    assert (mine[-1]["operation"], mine[-1]["result"]) == ("KeyCreate", "Forbidden")


def test_an_empty_version_segment_reaches_the_current_version(vaults: KeyVaultManagementClient) -> None:
    """`/keys/NAME//wrapkey`, as clients spell "the current version", survives the way over proxy and TLS."""
    with KeyClient(URI, DefaultAzureCredential()) as keys:
        key: Any = keys.create_rsa_key("empty", size=2048)
        body = {"alg": "RSA-OAEP-256", "value": "AAAA"}
        request = HttpRequest("POST", f"{URI}/keys/empty//wrapkey?api-version=7.6", json=body)
        response = keys.send_request(request)
    assert response.status_code == 200
    assert response.json()["kid"] == key.id
