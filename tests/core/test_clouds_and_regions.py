"""The clouds and their regions."""

from __future__ import annotations

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
    ],
)
def test_an_endpoint_tells_its_cloud(endpoint: str, cloud: clouds.Cloud) -> None:
    """By its host, whatever the port and slash."""
    assert clouds.of_endpoint(endpoint) is cloud


def test_regions_in_either_spelling() -> None:
    """The display name and the API's name are one region; each belongs to one cloud."""
    assert regions.region("West Europe") == "westeurope"
    assert regions.same("West Europe", "WESTEUROPE")
    assert regions.cloud_of("USGov Virginia") is clouds.US_GOVERNMENT
    assert regions.cloud_of("chinaeast2") is clouds.CHINA
    assert not regions.of(clouds.PUBLIC) & regions.of(clouds.CHINA)


@pytest.mark.parametrize("text", ["westus4", "uksouth2", "Austria West", "Sweden North", "chinaeast4"])
def test_a_region_that_is_newer_than_the_list_is_azures_to_know(text: str) -> None:
    """Another number, or another direction, is no misspelling."""
    assert regions.region(text) == text.replace(" ", "").lower()


def test_a_region_that_is_not_listed_is_in_the_cloud_of_its_name() -> None:
    """Each cloud but the public one has a beginning of its own."""
    assert regions.cloud_of("chinaeast4") is clouds.CHINA
    assert regions.cloud_of("usgovoregon") is clouds.US_GOVERNMENT
    assert regions.cloud_of("austriawest") is clouds.PUBLIC
    for cloud in clouds.ALL:
        assert {regions.cloud_of(name) for name in regions.of(cloud)} == {cloud}


def test_no_region_is_taken_for_a_misspelling_of_another() -> None:
    """All that are listed are one letter apart from none."""
    for cloud in clouds.ALL:
        for name in regions.of(cloud):
            assert regions.region(name) == name


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("westeurop", "did you mean 'westeurope'"),
        ("westeuropee", "did you mean 'westeurope'"),
        ("wseteurope", "did you mean 'westeurope'"),
        ("", "such as"),
        ("EU (west)", "such as"),
    ],
)
def test_fails_on_a_region_that_is_spelt_wrongly(text: str, hint: str) -> None:
    """With the name that was meant."""
    with pytest.raises(ValueError, match=hint):
        regions.region(text)
