"""Login settings, clouds, and that a token goes nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import pytest
from azure.core import AzureClouds
from azure.mgmt.core.tools import get_arm_endpoints
from pulumi.runtime.proto import provider_pb2

from provider import clouds
from provider.clients import Clients, ForeignHostError, _guard
from provider.credential import credential
from provider.login import LoginError, login, unknown_settings
from provider.wire import decode, encode
from tests.provider.fake_azure import FakeAzure
from tests.provider.rig import engine

ENVIRON = {
    "ARM_CLIENT_ID": "id",
    "ARM_CLIENT_SECRET": "hunter2",
    "ARM_TENANT_ID": "11111111-1111-1111-1111-111111111111",
    "ARM_ENVIRONMENT": "usgovernment",
}


def test_settings_win_over_the_environment() -> None:
    """What the stack says beats the environment, as in azure-native."""
    found = login({"clientId": "stack", "environment": "china"}, ENVIRON)
    assert (found.get("clientId"), found.get("clientSecret"), found.cloud) == (
        "stack",
        "hunter2",
        clouds.CHINA,
    )


def test_a_login_shows_no_secret() -> None:
    """Printing a login, in a log or a traceback, tells nothing."""
    assert "hunter2" not in repr(login({}, ENVIRON))


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"environment": "mars"}, "expected public, usgovernment or china"),
        ({"metadataHost": "https://example.com"}, "not supported by azure-cmk"),
    ],
)
def test_fails_for_a_cloud_that_nobody_knows(config: dict[str, str], reason: str) -> None:
    """A misspelt cloud or a foreign metadata host never falls back to the public cloud."""
    with pytest.raises(LoginError, match=reason):
        login(config, {})


def test_misspelt_settings_are_found() -> None:
    """A setting that azure-native does not know is not passed over."""
    assert unknown_settings({"clientID": "x", "clientId": "y", "version": "1"}) == ["clientID"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"useDefaultAzureCredential": "true"}, "DefaultAzureCredential"),
        ({"clientSecret": "s", "clientId": "c", "tenantId": "t"}, "ClientSecretCredential"),
        (
            {"useOidc": "true", "oidcToken": "x", "clientId": "c", "tenantId": "t"},
            "ClientAssertionCredential",
        ),
        ({"useMsi": "true"}, "ManagedIdentityCredential"),
        ({}, "AzureCliCredential"),
    ],
)
def test_the_ways_to_log_in_are_azure_natives(settings: dict[str, str], expected: str) -> None:
    """The settings choose the credential in azure-native's order."""
    assert type(credential(login(settings, {}))).__name__ == expected


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({"clientSecret": "s"}, r"tenantId \(ARM_TENANT_ID\) and clientId \(ARM_CLIENT_ID\)"),
        ({"useOidc": "true", "tenantId": "t"}, "OIDC needs clientId"),
        ({"clientCertificatePath": "/x"}, "a client certificate needs tenantId"),
    ],
)
def test_fails_naming_the_settings_that_are_missing(settings: dict[str, str], missing: str) -> None:
    """A half login says what the other half is called."""
    with pytest.raises(LoginError, match=missing):
        login(settings, {})


@pytest.mark.asyncio
async def test_fails_when_it_is_configured_with_half_a_login() -> None:
    """A login that cannot work is refused before anything is asked, in a preview too."""
    with pytest.raises(grpc.aio.AioRpcError, match="a client secret needs tenantId") as failed:
        async with engine(FakeAzure(), config={"clientSecret": "hunter2"}):
            pass
    assert failed.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "hunter2" not in str(failed.value)


@pytest.mark.asyncio
async def test_secrets_among_the_settings_stay_secret() -> None:
    """A secret that a program hands over as plain text is one in the state; what nobody knows is refused."""
    async with engine(FakeAzure()) as pulumi:
        news = encode({"clientSecret": "hunter2", "clientId": "c", "clientID": "c"})
        checked = await pulumi.stub.CheckConfig(provider_pb2.CheckRequest(news=news))
    assert decode(checked.inputs).secrets == {"clientSecret"}
    assert [failure.property for failure in checked.failures] == ["clientID"]


def test_an_oidc_token_file_is_read_each_time(tmp_path: Path) -> None:
    """Federated tokens are short-lived, so a file is read whenever a token is asked for."""
    file = tmp_path / "token"
    settings = {"useOidc": "1", "oidcTokenFilePath": str(file), "clientId": "c", "tenantId": "t"}
    made: Any = credential(login(settings, {}))
    file.write_text("first\n")
    assert made._func() == "first"
    file.write_text("second\n")
    assert made._func() == "second"


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://management.azure.com/subscriptions", True),
        ("https://management.azure.com:443/subscriptions", True),
        ("https://contoso.vault.azure.net/keys", True),
        ("http://management.azure.com/subscriptions", False),
        ("https://management.azure.com:8443/x", False),
        ("https://management.azure.com.evil.example/x", False),
        ("https://evilvault.azure.net/x", False),
        ("https://evil.example/management.azure.com", False),
        ("https://management.azure.com@evil.example/x", False),
        ("https://management.usgovcloudapi.net/x", False),
    ],
)
def test_tokens_go_to_the_clouds_own_hosts_only(url: str, allowed: bool) -> None:
    """The clients' pipeline stops a request to any other host before a token is put on it."""
    request = type("Request", (), {"http_request": type("Http", (), {"url": url})})
    if allowed:
        _guard(clouds.PUBLIC).on_request(request)
    else:
        with pytest.raises(ForeignHostError):
            _guard(clouds.PUBLIC).on_request(request)


def test_the_clouds_are_those_of_azures_own_clients() -> None:
    """Resource Manager's address and its tokens' audience are what azure-mgmt-core says of each cloud."""
    names = {
        AzureClouds.AZURE_PUBLIC_CLOUD: clouds.PUBLIC,
        AzureClouds.AZURE_US_GOVERNMENT: clouds.US_GOVERNMENT,
        AzureClouds.AZURE_CHINA_CLOUD: clouds.CHINA,
    }
    for name, cloud in names.items():
        told = get_arm_endpoints(name)
        assert cloud.resource_manager == told["resource_manager"].rstrip("/")
        assert [cloud.arm_scope] == told["credential_scopes"]


@pytest.mark.parametrize("given", ['["a-1", "b-2"]', '["a-1","b-2"]', "a-1, b-2", "['a-1', 'b-2']"])
def test_further_tenants_are_taken_from_any_list(given: str) -> None:
    """The list may be written as JSON, with or without spaces, as the SDKs and people do."""
    settings = {"clientSecret": "s", "clientId": "c", "tenantId": "t", "auxiliaryTenantIds": given}
    made: Any = credential(login(settings, {}))
    assert made._additionally_allowed_tenants == ["a-1", "b-2"]


@pytest.mark.parametrize("cloud", [clouds.PUBLIC, clouds.US_GOVERNMENT, clouds.CHINA])
def test_every_client_is_the_chosen_clouds(cloud: clouds.AzureCloud) -> None:
    """Resource Manager's address, the token's audience and the login host are one cloud's."""
    settings = {"environment": cloud.name, "clientId": "c", "clientSecret": "s", "tenantId": "t"}
    clients: Any = Clients(login(settings, {}))
    accounts, vaults = clients.accounts("s"), clients.vaults("s")
    assert accounts._client._base_url == vaults._config.base_url == cloud.resource_manager
    assert accounts._config.credential_scopes == vaults._config.credential_scopes == [cloud.arm_scope]
    assert clients._log_in()._authority == cloud.authority
    assert clients.accounts("s") is accounts
