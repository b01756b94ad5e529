"""Login settings, clouds, and that a token goes nowhere else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
import requests
from pulumi.runtime.proto import provider_pb2

from core import clouds
from core.login import configured, login
from provider.azure_client import AzureClient, ForeignHostError
from provider.credential import credential
from provider.wire import decode, encode
from tests.provider.canned import Canned, login_host
from tests.provider.fake_azure import FakeAzure
from tests.provider.rig import Engine, engine
from tests.support.logins import CASES, CLIENT, TENANT, Case

CLASSES = {
    "DEFAULT": "DefaultAzureCredential",
    "CERTIFICATE": "CertificateCredential",
    "SECRET": "ClientSecretCredential",
    "OIDC": "ClientAssertionCredential",
    "MANAGED_IDENTITY": "ManagedIdentityCredential",
    "CLI": "AzureCliCredential",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_login_gets_the_credential_of_its_method(case: Case, certificate: Path) -> None:
    """Whatever is configured, the credential is that of azure-native's method, of the right application."""
    found = login(configured(case.own, case.azure_native), case.environ)
    if found.get("clientCertificatePath"):
        changed = {"clientCertificatePath": str(certificate), "clientCertificatePassword": "hunter2"}
        found = replace(found, settings={**found.settings, **changed})
    made: Any = credential(found)
    assert type(made).__name__ == CLASSES[case.method]
    if case.method in ("SECRET", "CERTIFICATE"):
        assert (made._tenant_id, made._client_id) == (TENANT, CLIENT)
        assert made._authority == found.cloud.authority


async def test_a_switch_that_is_almost_on_is_a_warning() -> None:
    """ARM_USE_OIDC=1 does nothing, as in azure-native, and a warning says so."""
    async with engine(FakeAzure(), config={"useOidc": "1"}) as pulumi:
        assert [text for text in pulumi.said if "useOidc (ARM_USE_OIDC) is '1'" in text]


async def test_fails_when_it_is_configured_with_half_a_login() -> None:
    """A login that cannot work is refused before anything is asked, in a preview too."""
    with pytest.raises(grpc.aio.AioRpcError, match="a client secret needs tenantId") as failed:
        async with engine(FakeAzure(), config={"clientSecret": "hunter2"}):
            pass
    assert failed.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "hunter2" not in str(failed.value)


async def test_secrets_among_the_settings_stay_secret(pulumi: Engine) -> None:
    """A secret that a program hands over as plain text is one in the state; what nobody knows is refused."""
    news = encode({"clientSecret": "hunter2", "clientId": "c", "clientID": "c"})
    checked = await pulumi.stub.CheckConfig(provider_pb2.CheckRequest(news=news))
    assert decode(checked.inputs).secrets == {"clientSecret"}
    assert [failure.reason for failure in checked.failures] == ["unknown setting azure-cmk:clientID"]


def test_an_oidc_token_file_is_read_each_time(tmp_path: Path) -> None:
    """Federated tokens are short-lived, so a file is read whenever a token is asked for."""
    file = tmp_path / "token"
    settings = {"useOidc": "true", "oidcTokenFilePath": str(file), "clientId": "c", "tenantId": "t"}
    made: Any = credential(login(settings, {}))
    file.write_text("first\n")
    assert made._func() == "first"
    file.write_text("second\n")
    assert made._func() == "second"


def test_a_requested_oidc_token_is_requested_for_each_token_of_azure(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a run that outlives Azure's tokens, GitHub's issuer is asked again: its tokens live for minutes."""
    given = iter(("first", "second"))

    def get(url: str, **_: Any) -> Any:
        answer = requests.Response()
        answer.status_code, answer._content = 200, json.dumps({"value": next(given)}).encode()
        return answer

    monkeypatch.setattr(requests, "get", get)
    settings = {"useOidc": "true", "oidcRequestUrl": "https://actions.example", "oidcRequestToken": "ask"}
    host = login_host(expires_in=0)
    made = credential(
        login({**settings, "clientId": CLIENT, "tenantId": TENANT}, {}), transport=host.transport
    )
    for _ in range(2):
        made.get_token(clouds.PUBLIC.arm_scope)
    sent = [form["client_assertion"] for asked, form in host.asked if asked.startswith("POST")]
    assert sent == ["first", "second"]


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
    """A request to any other host is stopped before a token is asked for."""
    client = AzureClient(login({}, {}), credential=Refusing())
    with pytest.raises(PermissionError if allowed else ForeignHostError):
        client.send("GET", url)


class Refusing:
    """A login that gives no token, so that a request that wants one goes nowhere."""

    def get_token(self, *scopes: str, **options: Any) -> Any:
        raise PermissionError(scopes)


def test_the_next_page_is_the_same_services() -> None:
    """A list's next page is asked for where its first one was: a token goes to no other vault."""
    cloud = Canned({"value": [], "nextLink": "https://other.vault.azure.net/keys?api-version=7.4"})
    with pytest.raises(ForeignHostError, match=r"which is not contoso\.vault"):
        cloud.client().pages("https://contoso.vault.azure.net/keys?api-version=7.4")
    assert len(cloud.asked) == 1


@pytest.mark.parametrize("given", ['["a-1", "b-2"]', '["a-1","b-2"]', "a-1, b-2", "['a-1', 'b-2']"])
def test_further_tenants_are_taken_from_any_list(given: str) -> None:
    """The list may be written as JSON, with or without spaces, as the SDKs and people do."""
    settings = {"clientSecret": "s", "clientId": "c", "tenantId": "t", "auxiliaryTenantIds": given}
    made: Any = credential(login(settings, {}))
    assert made._additionally_allowed_tenants == ["a-1", "b-2"]


@pytest.mark.parametrize("cloud", [clouds.PUBLIC, clouds.US_GOVERNMENT, clouds.CHINA])
def test_every_client_is_the_chosen_clouds(cloud: clouds.Cloud) -> None:
    """Resource Manager's address, the token's audience and the login host are one cloud's."""
    settings = {"environment": cloud.name, "clientId": "c", "clientSecret": "s", "tenantId": "t"}
    answering = Canned()
    client = answering.client(login(settings, {}))
    client.send("GET", "/subscriptions?api-version=2022-12-01")
    client.send("GET", f"https://contoso.{cloud.vault_suffix}/keys")
    assert answering.hosts == [cloud.arm_host, f"contoso.{cloud.vault_suffix}"]
    assert answering.scopes == [cloud.arm_scope, f"https://{cloud.vault_suffix}/.default"]
    made: Any = credential(login(settings, {}))
    assert made._authority == cloud.authority
