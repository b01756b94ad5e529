"""Azure Government and Azure in China: their hosts, names and regions."""

from __future__ import annotations

from typing import Any

import pytest

from localazure.national_clouds import CHINA, US_GOVERNMENT, NationalCloud
from localazure.seed import DEPLOYER, TENANT_ID
from tests.support.front import SUBSCRIPTION, Door, Reply

CLOUDS = [(US_GOVERNMENT, "usgovvirginia"), (CHINA, "chinanorth3")]
GROUP = f"{SUBSCRIPTION}/resourceGroups/national"
HSM = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/national"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/national-1"
POLICY = {"tenantId": TENANT_ID, "objectId": DEPLOYER.object_id, "permissions": {"keys": ["all"]}}
PROPERTIES = {
    "tenantId": TENANT_ID,
    "sku": {"family": "A", "name": "standard"},
    "enableRbacAuthorization": False,
    "accessPolicies": [POLICY],
}
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/national"


def arm(door: Door, cloud: NationalCloud, method: str, path: str, body: Any = None) -> Reply:
    host = cloud.names["management.azure.com"]
    token = door.national_token(cloud, "management.azure.com")
    return door.send(method, f"https://{host}{path}?api-version=2026-02-01", body, bearer=token)


@pytest.mark.parametrize(("cloud", "region"), CLOUDS, ids=lambda item: getattr(item, "name", item))
def test_a_service_lives_in_a_national_cloud(cloud: NationalCloud, region: str) -> None:
    """Login, group, vault, key and account under the cloud's own hosts; no answer names a public host."""
    door = Door()
    where = {"location": region}
    replies = [
        arm(door, cloud, "PUT", GROUP, where),
        arm(door, cloud, "PUT", VAULT, {**where, "properties": PROPERTIES}),
        arm(door, cloud, "GET", VAULT),
        arm(door, cloud, "PUT", f"{VAULT}/keys/k", {"properties": {"kty": "RSA"}}),
        arm(
            door,
            cloud,
            "PUT",
            ACCOUNT,
            {**where, "kind": "TextAnalytics", "sku": {"name": "S"}}
            | {"properties": {"customSubDomainName": "national"}},
        ),
    ]
    assert [reply.status for reply in replies] == [201, 200, 200, 200, 201]
    uri = replies[2].body["properties"]["vaultUri"]
    assert uri == f"https://national-1.{cloud.names['vault.azure.net']}/"
    endpoint = replies[-1].body["properties"]["endpoint"]
    assert endpoint == f"https://national.{cloud.names['cognitiveservices.azure.com']}/"
    polled = door.send(
        "GET",
        replies[-1].headers["azure-asyncoperation"],
        bearer=door.national_token(cloud, "management.azure.com"),
    )
    assert polled.body["status"] == "Creating"
    token = door.national_token(cloud, "vault.azure.net")
    key = door.send("GET", f"{uri}keys/k?api-version=7.4", bearer=token)
    assert key.body["key"]["kid"].startswith(f"{uri}keys/k/")
    said = repr([*replies, polled, key])
    assert [public for public in cloud.names if f"{public}" in said] == []


@pytest.mark.parametrize(("cloud", "region"), CLOUDS, ids=lambda item: getattr(item, "name", item))
def test_fails_for_a_region_of_another_cloud(cloud: NationalCloud, region: str) -> None:
    """The public cloud does not have the region, and the national one does not have the public cloud's."""
    door = Door()
    refused = [
        door.send("PUT", GROUP, {"location": region}),
        arm(door, cloud, "PUT", GROUP, {"location": "eastus"}),
    ]
    assert [(reply.status, reply.code) for reply in refused] == [
        (400, "LocationNotAvailableForResourceType")
    ] * 2


def test_the_metadata_names_the_cloud() -> None:
    """`/metadata/endpoints` answers with the cloud's name and hosts."""
    url = "https://management.usgovcloudapi.net/metadata/endpoints?api-version=2022-09-01"
    body = Door().send("GET", url, bearer="").body
    found = body[0] if isinstance(body, list) else body
    assert found["name"] == "AzureUSGovernment"
    assert found["resourceManager"] == "https://management.usgovcloudapi.net/"


@pytest.mark.parametrize(("cloud", "region"), CLOUDS, ids=lambda item: getattr(item, "name", item))
def test_a_managed_hsm_lives_in_a_national_cloud(cloud: NationalCloud, region: str) -> None:
    """Its URI and the token that it takes are the cloud's own."""
    door = Door()
    properties = {"tenantId": TENANT_ID, "initialAdminObjectIds": [DEPLOYER.object_id]}
    body = {"location": region, "sku": {"family": "B", "name": "Standard_B1"}, "properties": properties}
    arm(door, cloud, "PUT", GROUP, {"location": region})
    uri = arm(door, cloud, "PUT", HSM, body).body["properties"]["hsmUri"]
    assert uri == f"https://national.{cloud.names['managedhsm.azure.net']}/"
    listing = f"{uri}keys/providers/Microsoft.Authorization/roleAssignments?api-version=7.4"
    refused = door.send("GET", listing, bearer=door.national_token(cloud, "vault.azure.net"))
    assert (refused.status, cloud.names["managedhsm.azure.net"] in refused.body["error"]["message"]) == (
        401,
        True,
    )
    own = door.send("GET", listing, bearer=door.national_token(cloud, "managedhsm.azure.net"))
    assert [one["properties"]["principalId"] for one in own.body["value"]] == [DEPLOYER.object_id]
