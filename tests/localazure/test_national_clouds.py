"""Azure Government and Azure in China: their hosts and names."""

from __future__ import annotations

import pytest

from localazure.national_clouds import CHINA, US_GOVERNMENT, NationalCloud
from localazure.seed import DEPLOYER, TENANT_ID
from tests.localazure.driver import GROUP, Case
from tests.support.front import SECRETS

CLOUDS = pytest.mark.parametrize(
    ("cloud", "region"),
    [(US_GOVERNMENT, "usgovvirginia"), (CHINA, "chinanorth3")],
    ids=lambda item: getattr(item, "name", item),
)
VAULT = {
    "tenantId": TENANT_ID,
    "sku": {"family": "A", "name": "standard"},
    "enableRbacAuthorization": False,
    "accessPolicies": [
        {"tenantId": TENANT_ID, "objectId": DEPLOYER.object_id, "permissions": {"keys": ["all"]}}
    ],
}
HSM = {
    "sku": {"family": "B", "name": "Standard_B1"},
    "properties": {"tenantId": TENANT_ID, "initialAdminObjectIds": [DEPLOYER.object_id]},
}
ACCOUNT = {"kind": "TextAnalytics", "sku": {"name": "S"}, "properties": {"customSubDomainName": "national"}}


def signed_in(case: Case, cloud: NationalCloud, service: str) -> str:
    """The deployer's token from the cloud's own login host, for what the public cloud calls `service`."""
    form = {
        "grant_type": "client_credentials",
        "client_id": DEPLOYER.client_id,
        "client_secret": SECRETS["deployer"],
        "scope": f"https://{cloud.names[service]}/.default",
    }
    content = "&".join(f"{name}={value}" for name, value in form.items()).encode()
    url = f"https://{cloud.names['login.microsoftonline.com']}/{TENANT_ID}/oauth2/v2.0/token"
    return str(case.send("POST", url, bearer="", content=content).body["access_token"])


@CLOUDS
def test_a_service_lives_in_a_national_cloud(cloud: NationalCloud, region: str) -> None:
    """Login, vault, key, HSM and account under the cloud's own hosts; no answer names a public host."""
    case, where = Case(), {"location": region}
    providers = f"https://{cloud.names['management.azure.com']}{GROUP}/providers"
    vault = f"{providers}/Microsoft.KeyVault/vaults/national-1"
    made = case.ask("PUT", f"{providers}/Microsoft.CognitiveServices/accounts/national", where | ACCOUNT)
    replies = [
        made,
        case.ask("GET", made.headers["azure-asyncoperation"]),
        case.ask("PUT", vault, {**where, "properties": VAULT}),
        case.ask("GET", vault),
        case.ask("PUT", f"{vault}/keys/k", {"properties": {"kty": "RSA"}}),
        case.ask("PUT", f"{providers}/Microsoft.KeyVault/managedHSMs/national", where | HSM),
    ]
    assert [reply.status // 100 for reply in replies] == [2] * 6
    endpoint = made.body["properties"]["endpoint"]
    assert endpoint == f"https://national.{cloud.names['cognitiveservices.azure.com']}/"
    assert replies[1].body["status"] == "Creating"
    uri, hsm = replies[3].body["properties"]["vaultUri"], replies[5].body["properties"]["hsmUri"]
    assert uri == f"https://national-1.{cloud.names['vault.azure.net']}/"
    assert hsm == f"https://national.{cloud.names['managedhsm.azure.net']}/"
    key = case.send("GET", f"{uri}keys/k?api-version=7.4", bearer=signed_in(case, cloud, "vault.azure.net"))
    assert key.body["key"]["kid"].startswith(f"{uri}keys/k/")
    listing = f"{hsm}keys/providers/Microsoft.Authorization/roleAssignments?api-version=7.4"
    refused, listed = (
        case.send("GET", listing, bearer=signed_in(case, cloud, service))
        for service in ("vault.azure.net", "managedhsm.azure.net")
    )
    assert (refused.status, cloud.names["managedhsm.azure.net"] in refused.message) == (401, True)
    assert [one["properties"]["principalId"] for one in listed.body["value"]] == [DEPLOYER.object_id]
    said = repr([*replies, key, refused, listed])
    assert [public for public in cloud.names if public in said] == []
