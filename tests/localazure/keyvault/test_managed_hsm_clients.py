"""A managed HSM through unmodified Azure clients, over TLS and the proxy."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential, DefaultAzureCredential
from azure.keyvault.administration import KeyVaultAccessControlClient, KeyVaultRoleScope
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, KeyWrapAlgorithm
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from localazure.seed import DEPLOYER, READER, SUBSCRIPTION_ID, TENANT_ID
from tests.support.azure import RunningAzure

GROUP, NAME = "hsm-clients", "hsm-clients"
URI = f"https://{NAME}.managedhsm.azure.net"
CRYPTO_USER = "21dbd100-6940-42c2-9190-5d6cb909625b"
ENCRYPTION_USER = "33413926-3206-4cdd-b39a-83574fe37a17"


@pytest.fixture
def roles(azure: RunningAzure) -> KeyVaultAccessControlClient:
    """The client of the HSM's roles, the HSM in place; its administrator may use keys."""
    credential = DefaultAzureCredential()
    with ResourceManagementClient(credential, SUBSCRIPTION_ID) as resources:
        resources.resource_groups.create_or_update(GROUP, {"location": "westeurope"})
    with KeyVaultManagementClient(credential, SUBSCRIPTION_ID, polling_interval=0) as client:
        parameters: Any = {
            "location": "westeurope",
            "sku": {"family": "B", "name": "Standard_B1"},
            "properties": {
                "tenantId": TENANT_ID,
                "initialAdminObjectIds": [DEPLOYER.object_id],
                "enablePurgeProtection": True,
            },
        }
        made: Any = client.managed_hsms.begin_create_or_update(GROUP, NAME, parameters).result()
    assert made.properties.hsm_uri == f"{URI}/"
    return KeyVaultAccessControlClient(URI, credential)


def definition(roles: KeyVaultAccessControlClient, name: str) -> str:
    return str(roles.get_role_definition(KeyVaultRoleScope.GLOBAL, name).id)


def test_roles_and_keys_through_their_own_clients(roles: KeyVaultAccessControlClient) -> None:
    """Definitions are listed; a role is given, read, listed and taken; keys are made, rotated and used."""
    names = {one.role_name for one in roles.list_role_definitions(KeyVaultRoleScope.GLOBAL)}
    assert "Managed HSM Crypto Service Encryption User" in names
    given = roles.create_role_assignment(
        KeyVaultRoleScope.KEYS, definition(roles, CRYPTO_USER), DEPLOYER.object_id
    )
    keys = KeyClient(URI, DefaultAzureCredential())
    made = keys.create_rsa_key("cmk", size=2048, hardware_protected=True)
    assert made.key_type == "RSA-HSM"
    rotated = keys.rotate_key("cmk")
    versions = {one.version for one in keys.list_properties_of_key_versions("cmk")}
    assert versions == {made.properties.version, rotated.properties.version}
    wrapped = CryptographyClient(rotated, DefaultAzureCredential())
    data = bytes(range(32))
    locked = wrapped.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, data).encrypted_key
    assert wrapped.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, locked).key == data

    name = uuid.uuid4()
    one: Any = roles.create_role_assignment(
        "/keys/cmk", definition(roles, ENCRYPTION_USER), READER.object_id, name=name
    )
    assert one.properties.scope == "/keys/cmk"
    assert roles.get_role_assignment("/keys/cmk", name).name == str(name)
    assert str(name) in {found.name for found in roles.list_role_assignments("/keys/cmk")}
    roles.delete_role_assignment("/keys/cmk", name)
    with pytest.raises(ResourceNotFoundError):
        roles.get_role_assignment("/keys/cmk", name)
    assert given.name
    roles.delete_role_assignment(KeyVaultRoleScope.KEYS, given.name)
    with pytest.raises(HttpResponseError, match=r"Not authorized to access .*keys/read/action"):
        keys.get_key("cmk")


def test_who_has_no_role_is_refused_whatever_resource_manager_says(
    azure: RunningAzure, roles: KeyVaultAccessControlClient
) -> None:
    """Another principal logs in for the HSM, may not read its keys, and the audit log says so."""
    secret = azure.home.secrets()[READER.name]
    keys = KeyClient(URI, ClientSecretCredential(TENANT_ID, READER.client_id, secret))
    with pytest.raises(HttpResponseError) as refused:
        keys.get_key("cmk")
    assert refused.value.status_code == 403
    mine = [e for e in azure.control("/audit")["value"] if e["objectId"] == READER.object_id]
    assert (mine[-1]["operation"], mine[-1]["result"]) == ("KeyGet", "Forbidden")
