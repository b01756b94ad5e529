"""Azure's own clients for Python, unmodified, against the running local Azure."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.ai.language.conversations.authoring import ConversationAuthoringClient
from azure.ai.textanalytics import TextAnalyticsClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential, DefaultAzureCredential, get_bearer_token_provider
from azure.keyvault.administration import KeyVaultAccessControlClient, KeyVaultRoleScope
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, KeyWrapAlgorithm
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from core import clouds, kinds
from localazure.seed import DEPLOYER, READER, SUBSCRIPTION_ID, TENANT_ID
from tests.clients.programs import PYTHON
from tests.clients.test_lives import live
from tests.support.azure import RunningAzure
from tests.support.cloud import let_deployer_call

MANAGEMENT = "https://management.azure.com/.default"
DATA = bytes(range(32))


@dataclass
class Clients:
    """The clients of one resource group, named `name`; so is what is made in it."""

    name: str
    vaults: Any
    accounts: Any
    credential: DefaultAzureCredential

    def make_account(self, kind: str = "TextAnalytics") -> Any:
        sku = {"name": kinds.named(kind).tiers[0]}
        body: dict[str, Any] = {"location": "westeurope", "kind": kind, "sku": sku}
        body |= {"properties": {"customSubDomainName": self.name}}
        return self.accounts.accounts.begin_create(self.name, self.name, body).result()

    def authoring(self, credential: Any = None) -> ConversationAuthoringClient:
        endpoint = f"https://{self.name}.cognitiveservices.azure.com"
        return ConversationAuthoringClient(
            endpoint, credential or self.credential, polling_interval=0, retry_total=0
        )


@pytest.fixture
def clients(azure: RunningAzure) -> Iterator[Clients]:
    let_deployer_call(azure)
    credential, name = DefaultAzureCredential(), f"own{uuid.uuid4().hex[:10]}"
    with (
        ResourceManagementClient(credential, SUBSCRIPTION_ID, retry_total=0) as resources,
        KeyVaultManagementClient(credential, SUBSCRIPTION_ID, polling_interval=0) as vaults,
        CognitiveServicesManagementClient(credential, SUBSCRIPTION_ID, polling_interval=0) as accounts,
    ):
        resources.resource_groups.create_or_update(name, {"location": "westeurope"})
        yield Clients(name, vaults, accounts, credential)


@pytest.mark.parametrize("access", ["policy", "role"])
def test_a_life_of_an_account_and_its_key(access: str, tmp_path: Path) -> None:
    """Bound, rotated, backed up, revoked, bound again, unbound, deleted and purged, by each client's own
    methods; the other languages' clients do the same (tests/clients)."""
    live(PYTHON, access, tmp_path)


def test_projects_through_the_authoring_client(clients: Clients) -> None:
    """Made, read, listed and deleted by the client's own methods, with a token, and listed with a key."""
    clients.make_account()
    authoring = clients.authoring()
    project = {"projectName": "orders", "projectKind": "Conversation", "language": "en"}
    authoring.create_project("orders", project)
    assert authoring.get_project("orders")["projectName"] == "orders"
    key = clients.accounts.accounts.list_keys(clients.name, clients.name).key1
    by_key = clients.authoring(AzureKeyCredential(key)).list_projects()
    assert [found["projectName"] for found in by_key] == ["orders"]
    assert authoring.begin_delete_project("orders").result()["status"] == "succeeded"
    with pytest.raises(ResourceNotFoundError):
        authoring.get_project("orders")


def _languages(endpoint: str, credential: Any) -> list[str]:
    """The languages of two texts, asked as an application's own code asks."""
    with TextAnalyticsClient(endpoint, credential, retry_total=0) as client:
        found = client.detect_language(["Guten Tag", "Good day"])
    return [document.primary_language.iso6391_name for document in found]


def _models(endpoint: str, credential: Any) -> list[str]:
    """The models that OpenAI's own client lists."""
    # Where it is used: it takes a second to import, and every run collects this file.
    from openai import AzureOpenAI, DefaultHttpxClient

    provider = get_bearer_token_provider(credential, clouds.PUBLIC.account_scope)
    with AzureOpenAI(
        azure_endpoint=endpoint,
        azure_ad_token_provider=provider,
        api_version="2024-10-21",
        max_retries=0,
        http_client=DefaultHttpxClient(verify=ssl.create_default_context()),
    ) as client:
        return [one.id for one in client.models.list()]


@pytest.mark.parametrize(
    ("kind", "ask", "answer"),
    [("TextAnalytics", _languages, ["(Unknown)", "(Unknown)"]), ("OpenAI", _models, [])],
)
def test_an_application_gets_in_with_the_callers_role_of_its_kind(
    azure: RunningAzure, clients: Clients, kind: str, ask: Callable[[str, Any], list[str]], answer: list[str]
) -> None:
    """By the service's own client: refused without the role that the components give by default, and
    answered with it."""
    account = clients.make_account(kind)
    endpoint = account.properties.endpoint
    with pytest.raises(Exception, match="lacks the required data action"):
        ask(endpoint, ClientSecretCredential(TENANT_ID, READER.client_id, azure.home.secrets()["reader"]))
    role = {"role": kinds.named(kind).callers[0].name, "scope": account.id}
    caller = azure.control("/principals", {"name": "caller", "roles": [role]})
    credential = ClientSecretCredential(TENANT_ID, caller["clientId"], caller["clientSecret"])
    assert ask(endpoint, credential) == answer


def test_a_managed_hsm_through_its_own_clients(azure: RunningAzure, clients: Clients) -> None:
    """Roles are listed, given, read and taken; keys are made, rotated and used by who has one; and who has
    none is refused."""
    properties = {"tenantId": TENANT_ID, "initialAdminObjectIds": [DEPLOYER.object_id]}
    body = {"location": "westeurope", "sku": {"family": "B", "name": "Standard_B1"}, "properties": properties}
    made = clients.vaults.managed_hsms.begin_create_or_update(clients.name, clients.name, body).result()
    uri = made.properties.hsm_uri.rstrip("/")
    roles, keys = KeyVaultAccessControlClient(uri, clients.credential), KeyClient(uri, clients.credential)
    definitions = {
        one.role_name: str(one.id) for one in roles.list_role_definitions(KeyVaultRoleScope.GLOBAL)
    }
    user = definitions["Managed HSM Crypto User"]
    given = roles.create_role_assignment(KeyVaultRoleScope.KEYS, user, DEPLOYER.object_id)
    first = keys.create_rsa_key("cmk", size=2048, hardware_protected=True)
    assert first.key_type == "RSA-HSM"
    rotated = keys.rotate_key("cmk")
    versions = {one.version for one in keys.list_properties_of_key_versions("cmk")}
    assert versions == {first.properties.version, rotated.properties.version}
    crypto = CryptographyClient(rotated, clients.credential)
    locked = crypto.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, DATA).encrypted_key
    assert crypto.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, locked).key == DATA
    name = str(given.name)
    assert roles.get_role_assignment(KeyVaultRoleScope.KEYS, name).name == name
    assert name in {found.name for found in roles.list_role_assignments(KeyVaultRoleScope.KEYS)}
    roles.delete_role_assignment(KeyVaultRoleScope.KEYS, name)
    with pytest.raises(ResourceNotFoundError):
        roles.get_role_assignment(KeyVaultRoleScope.KEYS, name)
    with pytest.raises(HttpResponseError, match=r"Not authorized to access .*keys/read/action"):
        keys.get_key("cmk")
