"""Every way to log in, down to the request for a token: what is sent, to which host alone, and when it is
asked for again."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest
import requests
from azure.core.credentials import AccessToken
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
)
from azure.core.pipeline.transport import RequestsTransport
from pulumi.runtime.proto import provider_pb2

from core import clouds
from core.login import Login, login
from operate.login import token_credential
from provider.azure_client import LOGIN_RETRIES, AzureClient, ForeignHostError, OneAtATime
from provider.credential import complete, credential
from provider.failure import failure_from
from provider.host import Host
from provider.wire import decode, encode
from tests.provider.canned import Canned, login_host
from tests.provider.fake_azure import FakeAzure
from tests.provider.rig import Engine, engine
from tests.support.logins import CLIENT, TENANT


def test_the_default_chain_is_azure_identitys() -> None:
    """Where the settings ask for it; each other method is below, down to its request."""
    made: Any = credential(login({"useDefaultAzureCredential": "true"}, {}))
    assert type(made).__name__ == "DefaultAzureCredential"


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
        ("https://contoso.vault.azure.net/keys", True),
        ("http://management.azure.com/subscriptions", False),
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


WHO = {"tenantId": TENANT, "clientId": CLIENT}


@pytest.mark.parametrize("cloud", [clouds.PUBLIC, clouds.US_GOVERNMENT, clouds.CHINA], ids=lambda c: c.name)
@pytest.mark.parametrize("way", ["secret", "certificate", "OIDC token", "OIDC file", "OIDC request"])
def test_an_application_logs_in_at_its_clouds_login_host_alone(
    way: str, cloud: clouds.Cloud, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Secret, certificate and federated token go to the chosen cloud's login host, for its audience, and
    nowhere else."""
    (tmp_path / "token").write_text("federated\n")
    settings: dict[str, dict[str, str]] = {
        "secret": {"clientSecret": "hunter2"},
        "certificate": {
            "clientCertificatePath": str(certificate),
            "clientCertificatePassword": "hunter2",
        },
        "OIDC token": {"useOidc": "true", "oidcToken": "federated"},
        "OIDC file": {"useOidc": "true", "oidcTokenFilePath": str(tmp_path / "token")},
        "OIDC request": {
            "useOidc": "true",
            "oidcRequestUrl": "https://actions.example/token?x=1",
            "oidcRequestToken": "ask",
            "oidcAudience": "api://contoso",
        },
    }
    asked: list[tuple[str, dict[str, str]]] = []

    def get(url: str, *, params: Any, headers: dict[str, str], timeout: float, allow_redirects: bool) -> Any:
        asked.append((url, {**params, **headers}))
        assert not allow_redirects
        answer = requests.Response()
        answer.status_code, answer._content = 200, b'{"value": "federated"}'
        return answer

    monkeypatch.setattr(requests, "get", get)
    host = login_host()
    made = credential(
        login({**WHO, **settings[way], "environment": cloud.name}, {}), transport=host.transport
    )
    assert made.get_token(cloud.arm_scope).token == "the-token"
    assert set(host.hosts) == {urlsplit(cloud.authority).netloc}
    (form,) = [form for sent, form in host.asked if sent.startswith("POST")]
    assert (form["grant_type"], form["client_id"]) == ("client_credentials", CLIENT)
    assert cloud.arm_scope in form["scope"]
    if way == "secret":
        assert form["client_secret"] == "hunter2"
    elif way == "certificate":
        assert form["client_assertion"].count(".") == 2
    else:
        assert form["client_assertion"] == "federated"
    if way == "OIDC request":
        audience = {"audience": "api://contoso", "Authorization": "Bearer ask"}
        assert asked == [("https://actions.example/token?x=1", audience)]
    else:
        assert asked == []


@pytest.fixture
def az(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An `az` that is logged in to the public cloud, and the file of what it was asked."""
    asked, az = tmp_path / "asked", tmp_path / "az"
    token = json.dumps(
        {
            "accessToken": "cli-token",
            "expiresOn": "2999-01-01 00:00:00.000000",
            "expires_on": 32472144000,
        }
    )
    account = json.dumps({"environmentName": "AzureCloud", "id": "active", "tenantId": TENANT})
    az.write_text(
        f'#!/bin/sh\necho "$@" >> {asked}\n'
        f"case \"$2\" in show) echo '{account}';; *) echo '{token}';; esac\n"
    )
    az.chmod(az.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return asked


def test_the_cli_is_asked_for_the_chosen_clouds_audience(az: Path) -> None:
    """Without a subscription, `az` is asked for a token of the cloud and the tenant."""
    made = credential(login({"tenantId": TENANT, "environment": "china"}, {}))
    assert made.get_token(clouds.CHINA.arm_scope).token == "cli-token"
    asked = az.read_text()
    assert "account get-access-token" in asked
    assert "https://management.chinacloudapi.cn" in asked
    assert f"--tenant {TENANT}" in asked


def test_the_cli_is_asked_for_the_chosen_subscriptions_account(az: Path) -> None:
    """With a subscription, the token is of its account; `--tenant`, which `az` refuses beside it, is left
    out."""
    settings = {"tenantId": TENANT, "subscriptionId": CLIENT}
    made = credential(complete(login(settings, {})))
    assert made.get_token("https://vault.azure.net/.default").token == "cli-token"
    show, token = az.read_text().splitlines()
    assert show == f"account show --output json --subscription {CLIENT}"
    assert f"--subscription {CLIENT}" in token
    assert "--tenant" not in token


def test_the_cli_says_which_subscription_is_active(az: Path) -> None:
    """Without a configured subscription, the active one of the Azure CLI counts, as in azure-native."""
    assert complete(login({}, {})).subscription_id == "active"
    assert complete(login({"useMsi": "true"}, {})).subscription_id == ""


async def test_fails_when_the_cli_is_logged_in_to_another_cloud(az: Path) -> None:
    """A cloud that contradicts the Azure CLI's is refused when the plugin is configured."""
    host = Host(lambda login: FakeAzure(), environ={"ARM_ENVIRONMENT": "china"})
    context = _Context()
    with pytest.raises(_AbortedError, match="az cloud set --name AzureChinaCloud"):
        await host.Configure(provider_pb2.ConfigureRequest(), context)


class _AbortedError(Exception):
    pass


class _Context:
    async def abort(self, code: object, message: str) -> None:
        raise _AbortedError(message)


def test_a_missing_cli_is_final(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That there is no `az` is said at once, as a login that cannot work."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AzureError) as failed:
        credential(login({}, {})).get_token(clouds.PUBLIC.arm_scope)
    failure = failure_from(failed.value, "reading")
    assert (failure.status, failure.code) == (401, "CredentialUnavailableError")
    assert "Azure CLI not found" in failure.text


@pytest.mark.parametrize("broken", ["exit 1", "echo no JSON"])
def test_a_cli_that_is_not_logged_in_is_left_to_say_so(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Configuring the plugin does not fail where no token may ever be needed."""
    az = tmp_path / "az"
    az.write_text(f"#!/bin/sh\n{broken}\n")
    az.chmod(az.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert complete(login({}, {})) == login({}, {})


def test_a_missing_managed_identity_is_final(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that has no managed identity, that is said at once, and no outage is made of it."""

    class Nobody(RequestsTransport):  # type: ignore[misc]
        def send(self, request: Any, **_: Any) -> Any:
            raise ServiceRequestError("no route to 169.254.169.254")

        def sleep(self, duration: float) -> None: ...

    for name in ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_FEDERATED_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(AzureError) as failed:
        credential(login({"useMsi": "true"}, {}), transport=Nobody()).get_token(clouds.PUBLIC.arm_scope)
    failure = failure_from(failed.value, "reading")
    assert (failure.status, failure.code) == (401, "CredentialUnavailableError")


def test_a_federated_token_that_cannot_be_had_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """An outage of the token's issuer counts as a lost connection; the error has the host and no token."""

    def get(*_: Any, **__: Any) -> Any:
        raise requests.ConnectionError("refused")

    monkeypatch.setattr(requests, "get", get)
    settings = {"useOidc": "true", "oidcRequestUrl": "https://actions.example", "oidcRequestToken": "hunter2"}
    made = credential(login({**WHO, **settings}, {}), transport=login_host().transport)
    with pytest.raises(AzureError) as failed:
        made.get_token(clouds.PUBLIC.arm_scope)
    failure = failure_from(failed.value, "reading")
    assert (failure.status, failure.text) == (
        0,
        "actions.example gave no OIDC token: ConnectionError: refused",
    )


def answer(status: int, **headers: str) -> HttpResponseError:
    response: Any = SimpleNamespace(status_code=status, reason="", headers=headers, text=lambda: "{}")
    return HttpResponseError(response=response)


class LoginHost:
    """Gives a token after so many refusals. `asked` counts."""

    def __init__(self, *refusals: AzureError) -> None:
        self.refusals, self.asked = [*refusals], 0

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        self.asked += 1
        if self.refusals:
            raise self.refusals.pop(0)
        return AccessToken("token", 0)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of each pause, which takes no time."""
    found: list[float] = []
    monkeypatch.setattr("provider.azure_client.time.sleep", found.append)
    return found


def test_what_may_pass_is_asked_again(pauses: list[float]) -> None:
    """No answer, 5xx and 429, whose Retry-After counts."""
    host = LoginHost(ServiceRequestError("reset"), answer(503), answer(429, **{"Retry-After": "7"}))
    assert OneAtATime(host, 3).get_token("scope").token == "token"
    assert pauses == [0.8, 1.6, 7.0]


@pytest.mark.parametrize(
    ("retries", "refusal", "asked"),
    [
        (3, answer(401), 1),
        (3, ClientAuthenticationError("AADSTS7000215"), 1),
        (3, answer(429, **{"Retry-After": "3600"}), 1),
        (0, answer(503), 1),
        (2, answer(503), 3),
    ],
)
def test_what_stays_is_raised(retries: int, refusal: AzureError, asked: int, pauses: list[float]) -> None:
    """A wrong secret at once, as a pause that no run waits for; an outage after as many tries. The provider's
    own waits see each refusal."""
    host = LoginHost(*[refusal] * 5)
    with pytest.raises(AzureError) as found:
        OneAtATime(host, retries).get_token("scope")
    assert (found.value, host.asked, len(pauses)) == (refusal, asked, asked - 1)


def test_the_clients_of_operate_ask_again(monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    """The queries and the use of an account's data; a client that sends nothing again by itself does not."""
    host = LoginHost()
    monkeypatch.setattr("provider.credential.credential", lambda *_, **__: host)
    for asks in (token_credential(Login()), AzureClient(Login(), retries=6).credential):
        host.refusals = [answer(503)] * LOGIN_RETRIES
        assert asks.get_token("scope").token == "token"
    host.refusals = [answer(503)]
    with pytest.raises(HttpResponseError):
        AzureClient(Login()).credential.get_token("scope")
