"""The clouds and their regions."""

import pytest
from azure.core import AzureClouds
from azure.identity import AzureAuthorityHosts
from azure.mgmt.core.tools import get_arm_endpoints

from core import clouds, regions

_SDK = {
    clouds.PUBLIC: (AzureClouds.AZURE_PUBLIC_CLOUD, AzureAuthorityHosts.AZURE_PUBLIC_CLOUD),
    clouds.US_GOVERNMENT: (AzureClouds.AZURE_US_GOVERNMENT, AzureAuthorityHosts.AZURE_GOVERNMENT),
    clouds.CHINA: (AzureClouds.AZURE_CHINA_CLOUD, AzureAuthorityHosts.AZURE_CHINA),
}


@pytest.mark.parametrize("cloud", clouds.ALL)
def test_a_cloud_is_the_sdks(cloud: clouds.Cloud) -> None:
    """Endpoint, scope and authority of Resource Manager are those of Azure's own SDK."""
    sdk, authority = _SDK[cloud]
    endpoints = get_arm_endpoints(sdk)
    assert cloud.resource_manager == endpoints["resource_manager"].rstrip("/")
    assert [cloud.arm_scope] == endpoints["credential_scopes"]
    assert cloud.authority == f"https://{authority}"


@pytest.mark.parametrize("cloud", clouds.ALL)
def test_a_cloud_is_found_by_each_of_its_names(cloud: clouds.Cloud) -> None:
    """As azure-native's `environment` and the SDKs spell them."""
    for name in (cloud.name, cloud.cli_name, *cloud.also_called, f" {cloud.name.upper()} "):
        assert clouds.named(name) is cloud


def test_fails_on_an_unknown_cloud() -> None:
    """A misspelt cloud must not send a secret to the public one; none at all is the public one."""
    with pytest.raises(ValueError, match="unknown; expected one of public, usgovernment, china"):
        clouds.named("usgoverment")
    assert clouds.named("") is clouds.PUBLIC


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://management.azure.com/subscriptions", True),
        ("https://westeurope.management.azure.com/subscriptions", True),
        ("https://westeurope.management.azure.com.example/subscriptions", False),
        ("https://kv1.vault.azure.net/keys", True),
        ("https://kv1.vault.azure.net:443/keys", True),
        ("https://graph.microsoft.com/v1.0/groups", True),
        ("https://graph.microsoft.us/v1.0/groups", False),
        ("http://kv1.vault.azure.net/keys", False),
        ("https://kv1.vault.azure.net:8443/keys", False),
        ("https://vault.azure.net.example/keys", False),
        ("https://kv1.vault.azure.cn/keys", False),
        ("https://evil-management.azure.com/", False),
    ],
)
def test_tokens_stay_in_their_cloud(url: str, may: bool) -> None:
    """A token goes to Resource Manager and to vaults of its own cloud, by https only."""
    assert bool(clouds.PUBLIC.token_scope(url)) is may


@pytest.mark.parametrize(
    ("endpoint", "cloud"),
    [
        ("https://lang.cognitiveservices.azure.com/", clouds.PUBLIC),
        ("https://lang.cognitiveservices.azure.us/", clouds.US_GOVERNMENT),
        ("https://lang.cognitiveservices.azure.cn", clouds.CHINA),
        ("https://usgovvirginia.api.cognitive.microsoft.us/", clouds.US_GOVERNMENT),
        ("https://chinaeast2.api.cognitive.azure.cn/", clouds.CHINA),
        ("https://westeurope.api.cognitive.microsoft.com/", clouds.PUBLIC),
        ("https://kv1.vault.usgovcloudapi.net:443", clouds.US_GOVERNMENT),
        ("https://gpt.openai.azure.us/", clouds.US_GOVERNMENT),
        ("https://gpt.openai.azure.com/", clouds.PUBLIC),
    ],
)
def test_an_endpoint_tells_its_cloud(endpoint: str, cloud: clouds.Cloud) -> None:
    """By its host, whatever the port and slash."""
    assert clouds.of_endpoint(endpoint) is cloud


@pytest.mark.parametrize("text", ["westeurop", "West Europpe", "westeurpoe", "wessteurope", "usgovvirgina"])
def test_a_typing_mistake_in_a_region_is_told(text: str) -> None:
    """With the region that is meant, if it is one letter away."""
    meant = "usgovvirginia" if text.startswith("us") else "westeurope"
    with pytest.raises(ValueError, match=rf"{text}' is not an Azure region; did you mean '{meant}'\?"):
        regions.region(text)


@pytest.mark.parametrize("text", ["eastus4", "westus9", "denmarkwest", "malaysiasouth", "swedennorth"])
def test_a_region_that_azure_may_open_is_taken(text: str) -> None:
    """A number or a direction more is no typing mistake, and the known ones are all taken."""
    assert regions.region(text) == text
    assert {regions.region(one) for one in regions.KNOWN} == regions.KNOWN


def test_regions_in_either_spelling() -> None:
    """The display name and the API's name are one region; which there are is Azure's to know."""
    assert regions.region("West Europe") == "westeurope"
    assert regions.region("Atlantis 4") == "atlantis4"
    assert regions.same("West Europe", "WESTEUROPE")


@pytest.mark.parametrize(
    ("name", "cloud"),
    [
        ("USGov Virginia", clouds.US_GOVERNMENT),
        ("usdodeast", clouds.US_GOVERNMENT),
        ("chinaeast4", clouds.CHINA),
        ("austriawest", clouds.PUBLIC),
    ],
)
def test_a_region_is_in_the_cloud_of_its_name(name: str, cloud: clouds.Cloud) -> None:
    """Each cloud but the public one has a beginning of its own."""
    assert regions.cloud_of(name) is cloud


@pytest.mark.parametrize("text", ["", "EU (west)", "west-europe"])
def test_fails_on_what_is_no_region(text: str) -> None:
    """With what one looks like."""
    with pytest.raises(ValueError, match="such as 'westeurope'"):
        regions.region(text)
