"""Unmodified Azure clients against a running local Azure: the whole life of a customer-managed key."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from azure.ai.language.conversations.authoring import ConversationAuthoringClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.rest import HttpRequest
from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import KeyClient
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from localazure.seed import DEPLOYER, SUBSCRIPTION_ID, TENANT_ID
from tests.support.azure import RunningAzure
from tests.support.cloud import let_deployer_call

_TYPE = "Microsoft.CognitiveServices/accounts"
_PROJECT = {"projectName": "orders", "projectKind": "Conversation", "language": "en"}


@dataclass
class Clients:
    """The clients of one resource group, named `name`; so are its vault, account and subdomain."""

    name: str
    accounts: Any
    vaults: Any
    credential: DefaultAzureCredential

    @property
    def vault_uri(self) -> str:
        return f"https://{self.name}.vault.azure.net/"

    def make_account(self) -> Any:
        body = {
            "location": "westeurope",
            "kind": "TextAnalytics",
            "sku": {"name": "S"},
            "identity": {"type": "SystemAssigned"},
            "properties": {"customSubDomainName": self.name},
        }
        return self.accounts.accounts.begin_create(self.name, self.name, body).result()

    def make_vault(self, principal_id: str) -> None:
        policies = [
            {"tenantId": TENANT_ID, "objectId": DEPLOYER.object_id, "permissions": {"keys": ["all"]}},
            {
                "tenantId": TENANT_ID,
                "objectId": principal_id,
                "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]},
            },
        ]
        properties = {
            "tenantId": TENANT_ID,
            "sku": {"family": "A", "name": "standard"},
            "enablePurgeProtection": True,
            "enableRbacAuthorization": False,
            "accessPolicies": policies,
        }
        body = {"location": "westeurope", "properties": properties}
        self.vaults.vaults.begin_create_or_update(self.name, self.name, body).result()

    def bind(self, key_version: str) -> Any:
        key = {"keyName": "k", "keyVersion": key_version, "keyVaultUri": self.vault_uri}
        encryption = {"keySource": "Microsoft.KeyVault", "keyVaultProperties": key}
        body = {"properties": {"encryption": encryption}}
        return self.accounts.accounts.begin_update(self.name, self.name, body).result()

    def authoring(self, credential: Any = None) -> ConversationAuthoringClient:
        return ConversationAuthoringClient(
            f"https://{self.name}.cognitiveservices.azure.com",
            credential or self.credential,
            polling_interval=0,
            retry_total=0,
        )


@pytest.fixture
def clients(azure: RunningAzure) -> Iterator[Clients]:
    let_deployer_call(azure)
    credential = DefaultAzureCredential()
    name = f"lang{uuid.uuid4().hex[:10]}"
    groups = ResourceManagementClient(credential, SUBSCRIPTION_ID)
    groups.resource_groups.create_or_update(name, {"location": "westeurope"})
    yield Clients(
        name,
        CognitiveServicesManagementClient(credential, SUBSCRIPTION_ID, polling_interval=0),
        KeyVaultManagementClient(credential, SUBSCRIPTION_ID, polling_interval=0),
        credential,
    )
    groups.close()


def test_the_whole_life_of_a_key_through_azures_own_clients(clients: Clients) -> None:
    """Account, vault, key, bind, write, rotate, revoke, recover, delete, restore, purge: all by SDK."""
    account = clients.make_account()
    assert account.properties.provisioning_state == "Succeeded"
    clients.make_vault(account.identity.principal_id)
    keys: Any = KeyClient(clients.vault_uri, clients.credential)
    first = keys.create_rsa_key("k", size=2048).properties.version
    bound = clients.bind(first)
    assert bound.properties.encryption.key_vault_properties.key_version == first
    authoring = clients.authoring()
    authoring.create_project("orders", _PROJECT)
    second = keys.rotate_key("k").properties.version
    clients.bind(second)
    assert authoring.get_project("orders")["projectName"] == "orders"

    keys.update_key_properties("k", second, enabled=False)
    with pytest.raises(HttpResponseError) as refused:
        authoring.get_project("orders")
    assert refused.value.status_code == 403
    keys.update_key_properties("k", second, enabled=True)
    assert [project["projectName"] for project in authoring.list_projects()] == ["orders"]

    operations = clients.accounts.accounts
    operations.begin_delete(clients.name, clients.name).result()
    restore = {"location": "westeurope", "properties": {"restore": True}}
    operations.begin_create(clients.name, clients.name, restore).result()
    assert authoring.begin_delete_project("orders").result()["status"] == "succeeded"
    with pytest.raises(ResourceNotFoundError):
        authoring.get_project("orders")
    operations.begin_delete(clients.name, clients.name).result()
    deleted = clients.accounts.deleted_accounts
    deleted.get("westeurope", clients.name, clients.name)
    deleted.begin_purge("westeurope", clients.name, clients.name).result()
    with pytest.raises(ResourceNotFoundError):
        deleted.get("westeurope", clients.name, clients.name)


def test_a_project_is_imported_and_exported(clients: Clients) -> None:
    """The client's own pollers: what was imported is in the list and in the export."""
    clients.make_account()
    authoring = clients.authoring()
    assets = {"projectKind": "Conversation", "intents": [{"category": "Buy"}]}
    project = {"projectFileFormatVersion": "2023-04-01", "metadata": {**_PROJECT}, "assets": assets}
    authoring.begin_import_project("orders", project).result()
    exported = authoring.begin_export_project("orders", string_index_type="Utf16CodeUnit").result()
    assert exported["status"] == "succeeded"
    request = HttpRequest("GET", exported["resultUrl"])
    assert authoring.send_request(request).json()["assets"] == assets
    assert [found["projectName"] for found in authoring.list_projects()] == ["orders"]


def test_a_subscription_key_opens_the_endpoint_without_a_token(clients: Clients) -> None:
    """AzureKeyCredential works with a listed key and not with another."""
    clients.make_account()
    key = clients.accounts.accounts.list_keys(clients.name, clients.name).key1
    assert list(clients.authoring(AzureKeyCredential(key)).list_projects()) == []
    with pytest.raises(HttpResponseError) as refused:
        list(clients.authoring(AzureKeyCredential("0" * 32)).list_projects())
    assert refused.value.status_code == 401


def test_operations_take_as_long_as_they_are_set_to(azure: RunningAzure, clients: Clients) -> None:
    """The poller of the SDK runs until the cloud's clock has passed, not on the machine's."""
    azure.control("/behaviour", {"operation_seconds": 300})
    body = {"location": "westeurope", "kind": "TextAnalytics", "sku": {"name": "S"}}
    poller = clients.accounts.accounts.begin_create(clients.name, clients.name, body)
    try:
        time.sleep(0.2)
        assert not poller.done()
        azure.control("/clock", {"advance": 400})
        assert poller.result().properties.provisioning_state == "Succeeded"
    finally:
        azure.control("/behaviour", {"operation_seconds": 0})


def test_everything_the_account_client_lists_can_be_listed(clients: Clients) -> None:
    """Accounts, SKUs, usages, deleted accounts and free names answer in the client's shapes."""
    clients.make_account()
    client = clients.accounts
    assert [a.name for a in client.accounts.list_by_resource_group(clients.name)] == [clients.name]
    assert clients.name in [a.name for a in client.accounts.list()]
    assert "S" in [sku.sku.name for sku in client.accounts.list_skus(clients.name, clients.name).value]
    assert client.accounts.list_usages(clients.name, clients.name).value == []
    assert {sku.kind for sku in client.resource_skus.list()} >= {"TextAnalytics", "AIServices"}
    free = client.check_domain_availability("x" + clients.name, _TYPE)
    taken = client.check_domain_availability(clients.name, _TYPE)
    assert (free.is_subdomain_available, taken.is_subdomain_available) == (True, False)
