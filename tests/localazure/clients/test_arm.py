"""Unmodified Azure clients against the running local Azure: only the environment is not Azure's."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential, DefaultAzureCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.resource.resources import ResourceManagementClient

from localazure import seed
from localazure.roles import BY_NAME
from tests.support.azure import RunningAzure

SUBSCRIPTION = seed.SUBSCRIPTION_ID


def _name(prefix: str = "core") -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def _resources(credential: Any = None) -> ResourceManagementClient:
    return ResourceManagementClient(credential or DefaultAzureCredential(), SUBSCRIPTION, retry_total=0)


def _code(error: HttpResponseError) -> str | None:
    return error.error.code if error.error else None


def _secret(azure: RunningAzure, **changes: str) -> ClientSecretCredential:
    given = {
        "tenant_id": seed.TENANT_ID,
        "client_id": seed.DEPLOYER.client_id,
        "client_secret": azure.env["AZURE_CLIENT_SECRET"],
    }
    return ClientSecretCredential(**{**given, **changes})


def test_resource_groups_live_their_ordinary_life(azure: RunningAzure) -> None:
    """Create, get, list, existence, update and a polled delete, through azure-mgmt-resource."""
    groups, name = _resources().resource_groups, _name()
    assert groups.create_or_update(name, {"location": "West Europe"}).location == "westeurope"
    assert groups.update(name, {"tags": {"a": "b"}}).tags == {"a": "b"}
    assert name in [group.name for group in groups.list()]
    assert groups.check_existence(name)
    groups.begin_delete(name, polling_interval=0).result(timeout=30)
    assert not groups.check_existence(name)
    with pytest.raises(ResourceNotFoundError) as caught:
        groups.get(name)
    assert _code(caught.value) == "ResourceGroupNotFound"


def test_role_assignments_through_their_client(azure: RunningAzure) -> None:
    """A role is found by name, assigned at a group, listed, and taken away."""
    credential = DefaultAzureCredential()
    scope = _resources().resource_groups.create_or_update(_name(), {"location": "westeurope"}).id
    client = AuthorizationManagementClient(credential, SUBSCRIPTION)
    definition = next(iter(client.role_definitions.list(scope, filter="roleName eq 'Key Vault Crypto User'")))
    assert definition.name == BY_NAME["Key Vault Crypto User"].id
    body = {"properties": {"role_definition_id": definition.id, "principal_id": seed.READER.object_id}}
    made = client.role_assignments.create(scope, str(uuid.uuid4()), body["properties"])
    assert made.id in [found.id for found in client.role_assignments.list_for_scope(scope)]
    client.role_assignments.delete_by_id(made.id)
    with pytest.raises(ResourceNotFoundError):
        client.role_assignments.get_by_id(made.id)


def test_user_assigned_identities_through_their_client(azure: RunningAzure) -> None:
    """azure-mgmt-msi makes, tags, lists and deletes an identity."""
    group = _name()
    _resources().resource_groups.create_or_update(group, {"location": "westeurope"})
    identities = ManagedServiceIdentityClient(DefaultAzureCredential(), SUBSCRIPTION).user_assigned_identities
    made = identities.create_or_update(group, "id", {"location": "westeurope"})
    assert made.tenant_id == seed.TENANT_ID
    changed = identities.update(group, "id", {"location": "westeurope", "tags": {"a": "b"}})
    assert (changed.tags, changed.principal_id) == ({"a": "b"}, made.principal_id)
    assert [found.principal_id for found in identities.list_by_resource_group(group)] == [made.principal_id]
    identities.delete(group, "id")
    assert list(identities.list_by_resource_group(group)) == []


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"client_secret": "wrong"}, "AADSTS7000215"),
        ({"client_id": str(uuid.uuid4())}, "AADSTS700016"),
        ({"tenant_id": seed.OTHER_TENANT_ID}, "AADSTS700016"),
    ],
)
def test_fails_to_sign_in_with_anything_wrong(
    azure: RunningAzure, changes: dict[str, str], number: str
) -> None:
    """azure-identity shows Entra's own number for a wrong secret, application or tenant."""
    with pytest.raises(ClientAuthenticationError, match=number):
        _secret(azure, **changes).get_token("https://management.azure.com/.default")


def test_fails_for_an_unknown_tenant(azure: RunningAzure) -> None:
    """A tenant that does not exist is reported by azure-identity before any secret is sent."""
    with pytest.raises((ClientAuthenticationError, ValueError), match="tenant"):
        _secret(azure, tenant_id=str(uuid.uuid4())).get_token("https://management.azure.com/.default")


def test_fails_for_a_reader_who_writes(azure: RunningAzure) -> None:
    """The reader's client reads and is refused with AuthorizationFailed when it writes."""
    secret = azure.home.secrets()["reader"]
    client = _resources(_secret(azure, client_id=seed.READER.client_id, client_secret=secret))
    assert isinstance(list(client.resource_groups.list()), list)
    with pytest.raises(HttpResponseError) as caught:
        client.resource_groups.create_or_update(_name(), {"location": "westeurope"})
    assert (caught.value.status_code, _code(caught.value)) == (403, "AuthorizationFailed")


def test_moving_the_clock_breaks_no_client(azure: RunningAzure) -> None:
    """A client that signed in goes on working when the cloud's clock jumps by a year, and so do new ones."""
    client = _resources()
    list(client.resource_groups.list())
    azure.control("/clock", {"advance": 365 * 86400})
    try:
        assert isinstance(list(client.resource_groups.list()), list)
        assert isinstance(list(_resources().resource_groups.list()), list)
    finally:
        azure.control("/clock", {"advance": -365 * 86400})


def test_fails_with_an_expired_token(azure: RunningAzure) -> None:
    """A token whose seconds are over is refused by ARM as expired."""
    azure.control("/behaviour", {"token_seconds": 0})
    try:
        with pytest.raises(ClientAuthenticationError) as caught:
            list(_resources(_secret(azure)).resource_groups.list())
    finally:
        azure.control("/behaviour", {"token_seconds": 3599})
    assert _code(caught.value) == "ExpiredAuthenticationToken"


def test_many_clients_at_once_lose_no_write(azure: RunningAzure) -> None:
    """20 clients make 100 groups at the same time; every one is there with its own tag."""
    groups, prefix = _resources().resource_groups, _name("many")

    def make(number: int) -> None:
        body = {"location": "westeurope", "tags": {"number": str(number)}}
        groups.create_or_update(f"{prefix}-{number}", body)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(make, range(100)))
    found = {g.name: (g.tags or {}).get("number") for g in groups.list() if str(g.name).startswith(prefix)}
    assert found == {f"{prefix}-{number}": str(number) for number in range(100)}
