"""Every way to log in, down to the request for a token: what is sent, to which host alone, and when it is
asked for again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock
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
from provider.failure import ServiceError, failure_from
from provider.wire import decode, encode
from tests.provider.canned import Canned, login_host
from tests.provider.fake_azure import FakeAzure
from tests.provider.rig import Engine, engine, refused
from tests.support.logins import CLIENT, TENANT

WHO = {"tenantId": TENANT, "clientId": CLIENT}
REQUESTED = {
    "useOidc": "true",
    "oidcRequestUrl": "https://actions.example/token?x=1",
    "oidcRequestToken": "ask",
    "oidcAudience": "api://contoso",
}
CLOUDS = (clouds.PUBLIC, clouds.US_GOVERNMENT, clouds.CHINA)


def made(*, transport: Any = None, **settings: str) -> Any:
    """The credential of these settings, whose requests go to `transport`."""
    return credential(login(settings, {}), **({"transport": transport} if transport else {}))


def refusal(asks: Any) -> ServiceError:
    """What the provider makes of a token that cannot be had."""
    with pytest.raises(AzureError) as failed:
        asks.get_token(clouds.PUBLIC.arm_scope)
    return failure_from(failed.value, "reading")


Issuer = Callable[[Callable[[], str]], list[dict[str, Any]]]


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Issuer:
    """Has GitHub's issuer give the tokens of `give`; what it was asked."""

    def begin(give: Callable[[], str]) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = []

        def get(url: str, **how: Any) -> Any:
            asked.append({"url": url, **how})
            answer = requests.Response()
            answer.status_code, answer._content = 200, json.dumps({"value": give()}).encode()
            return answer

        monkeypatch.setattr(requests, "get", get)
        return asked

    return begin


@pytest.mark.parametrize(
    ("switch", "credential"),
    [("useDefaultAzureCredential", "DefaultAzureCredential"), ("useMsi", "ManagedIdentityCredential")],
)
def test_a_way_without_a_secret_is_azure_identitys(switch: str, credential: str) -> None:
    """Where the settings ask for it; each other way is below, down to its request."""
    assert type(made(**{switch: "true"})).__name__ == credential


async def test_a_switch_that_is_almost_on_is_a_warning() -> None:
    """ARM_USE_OIDC=1 does nothing, as in azure-native, and a warning says so."""
    pulumi = await engine(FakeAzure(), config={"useOidc": "1"})
    assert [text for text in pulumi.said if "useOidc (ARM_USE_OIDC) is '1'" in text]


async def test_fails_when_it_is_configured_with_half_a_login() -> None:
    """A login that cannot work is refused before anything is asked, in a preview too."""
    configured = engine(FakeAzure(), config={"clientSecret": "hunter2"})
    failed = await refused(configured, "a client secret needs tenantId")
    assert failed.code is grpc.StatusCode.FAILED_PRECONDITION
    assert "hunter2" not in str(failed)


async def test_secrets_among_the_settings_stay_secret(pulumi: Engine) -> None:
    """A secret that a program hands over as plain text is one in the state. A misspelt setting is refused
    without its value: the engine prints that of the setting that a failure names, marked as a secret or
    not."""
    news = encode({"clientSecret": "hunter2", "clientId": "c", "clientSecert": "hunter2"})
    checked = await pulumi.send("CheckConfig", provider_pb2.CheckRequest(news=news))
    assert decode(checked.inputs).secrets == {"clientSecret"}
    (failure,) = checked.failures
    assert (failure.property, failure.reason) == ("", "unknown setting azure-cmk:clientSecert")


@pytest.mark.parametrize("way", ["file", "request"])
def test_a_federated_token_is_had_for_each_token_of_azure(way: str, tmp_path: Path, issuer: Issuer) -> None:
    """In a run that outlives Azure's tokens, the file is read and GitHub's issuer asked again: federated
    tokens live for minutes."""
    file, given = tmp_path / "token", iter(("first", "second"))
    issuer(lambda: next(given))
    from_file = {"useOidc": "true", "oidcTokenFilePath": str(file)}
    host = login_host(expires_in=0)
    asks = made(**WHO, **(from_file if way == "file" else REQUESTED), transport=host.transport)
    for text in ("first\n", "second\n"):
        file.write_text(text)
        asks.get_token(clouds.PUBLIC.arm_scope)
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
    cloud = Canned()
    with nullcontext() if allowed else pytest.raises(ForeignHostError):
        cloud.client().send("GET", url)
    assert [bool(cloud.scopes), bool(cloud.asked)] == [allowed] * 2


@pytest.mark.parametrize("link", ["nextLink", "@odata.nextLink"])
def test_the_next_page_is_the_same_services(link: str) -> None:
    """A list's next page is asked for where its first one was: a token goes to no other vault."""
    cloud = Canned({"value": [], link: "https://other.vault.azure.net/keys?api-version=7.4"})
    with pytest.raises(ForeignHostError, match=r"which is not contoso\.vault"):
        cloud.client().pages("https://contoso.vault.azure.net/keys?api-version=7.4")
    assert len(cloud.asked) == 1


@pytest.mark.parametrize("given", ['["a-1","b-2"]', "a-1, b-2"])
def test_further_tenants_are_taken_from_any_list(given: str) -> None:
    """The list may be written as JSON, as the SDKs do, or as people do."""
    asks = made(**WHO, clientSecret="s", auxiliaryTenantIds=given)
    assert asks._additionally_allowed_tenants == ["a-1", "b-2"]


@pytest.mark.parametrize("cloud", CLOUDS, ids=lambda cloud: cloud.name)
def test_every_client_is_the_chosen_clouds(cloud: clouds.Cloud) -> None:
    """Resource Manager's address and the tokens' audiences are one cloud's."""
    answering = Canned()
    client = answering.client(login({"environment": cloud.name}, {}))
    client.send("GET", "/subscriptions?api-version=2022-12-01")
    client.send("GET", f"https://contoso.{cloud.vault_suffix}/keys")
    assert answering.hosts == [cloud.arm_host, f"contoso.{cloud.vault_suffix}"]
    assert answering.scopes == [cloud.arm_scope, f"https://{cloud.vault_suffix}/.default"]


WAYS: dict[str, tuple[dict[str, str], tuple[str, str]]] = {
    "secret": ({"clientSecret": "hunter2"}, ("client_secret", "hunter2")),
    "certificate": ({"clientCertificatePassword": "hunter2"}, ("client_assertion", "a signed JWT")),
    "OIDC token": ({"useOidc": "true", "oidcToken": "federated"}, ("client_assertion", "federated")),
    "OIDC request": (REQUESTED, ("client_assertion", "federated")),
}
"""The settings of each method, and what is sent as proof."""


@pytest.mark.parametrize("cloud", CLOUDS, ids=lambda cloud: cloud.name)
@pytest.mark.parametrize("way", WAYS)
def test_an_application_logs_in_at_its_cloud(
    way: str, cloud: clouds.Cloud, certificate: Path, issuer: Issuer
) -> None:
    """Secret, certificate and federated token go to the chosen cloud's login host, for its audience, and
    nowhere else."""
    settings, (proof, sent) = WAYS[way]
    path = {"clientCertificatePath": str(certificate)} if way == "certificate" else {}
    asked, host = issuer(lambda: "federated"), login_host()
    asks = made(**WHO, **settings, **path, environment=cloud.name, transport=host.transport)
    assert asks.get_token(cloud.arm_scope).token == "the-token"
    assert set(host.hosts) == {urlsplit(cloud.authority).netloc}
    (form,) = [form for sent, form in host.asked if sent.startswith("POST")]
    assert (form["grant_type"], form["client_id"]) == ("client_credentials", CLIENT)
    assert cloud.arm_scope in form["scope"]
    if way == "certificate":
        assert form[proof].count(".") == 2
    else:
        assert form[proof] == sent
    questions = [(one["url"], one["params"], one["headers"], one["allow_redirects"]) for one in asked]
    audience, bearer = {"audience": "api://contoso"}, {"Authorization": "Bearer ask"}
    expected = ("https://actions.example/token?x=1", audience, bearer, False)
    assert questions == ([expected] if way == "OIDC request" else [])


@pytest.fixture
def az(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An `az` that is logged in to the public cloud, and the file of what it was asked."""
    asked, az = tmp_path / "asked", tmp_path / "az"
    times = {"expiresOn": "2999-01-01 00:00:00.000000", "expires_on": 32472144000}
    token = json.dumps({"accessToken": "cli-token", **times})
    account = json.dumps({"environmentName": "AzureCloud", "id": "active", "tenantId": TENANT})
    az.write_text(
        f'#!/bin/sh\necho "$@" >> {asked}\n'
        f"case \"$2\" in show) echo '{account}';; *) echo '{token}';; esac\n"
    )
    az.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return asked


@pytest.mark.parametrize("subscription", ["", CLIENT])
def test_the_cli_is_asked_for_the_chosen_account(az: Path, subscription: str) -> None:
    """That of the subscription, or else of the tenant: `az` refuses `--tenant` beside a subscription."""
    asks = made(tenantId=TENANT, subscriptionId=subscription)
    assert asks.get_token("https://vault.azure.net/.default").token == "cli-token"
    asked = az.read_text()
    assert "account get-access-token" in asked
    assert (f"--subscription {CLIENT}" in asked, f"--tenant {TENANT}" in asked) == (
        bool(subscription),
        not subscription,
    )


def test_the_cli_says_which_subscription_is_active(az: Path) -> None:
    """Without a configured subscription, the active one of the Azure CLI counts, as in azure-native."""
    assert complete(login({}, {})).subscription_id == "active"
    assert complete(login({"useMsi": "true"}, {})).subscription_id == ""
    complete(login({"subscriptionId": CLIENT}, {}))
    assert az.read_text().endswith(f"account show --output json --subscription {CLIENT}\n")


def test_a_missing_cli_is_final(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That there is no `az` is said at once, as a login that cannot work."""
    monkeypatch.setenv("PATH", str(tmp_path))
    failure = refusal(made())
    assert (failure.status, failure.code) == (401, "CredentialUnavailableError")
    assert "Azure CLI not found" in failure.text


@pytest.mark.parametrize("broken", ["exit 1", "echo no JSON"])
def test_a_cli_that_is_not_logged_in_is_left_to_say_so(broken: str, az: Path) -> None:
    """Configuring the plugin does not fail where no token may ever be needed."""
    az.with_name("az").write_text(f"#!/bin/sh\n{broken}\n")
    assert complete(login({}, {})) == login({}, {})


def test_a_missing_managed_identity_is_final(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that has no managed identity, that is said at once, and no outage is made of it."""

    class Nobody(RequestsTransport):  # type: ignore[misc]
        def send(self, request: Any, **_: Any) -> Any:
            raise ServiceRequestError("no route to 169.254.169.254")

        def sleep(self, duration: float) -> None: ...

    for name in ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_FEDERATED_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    failure = refusal(made(useMsi="true", transport=Nobody()))
    assert (failure.status, failure.code) == (401, "CredentialUnavailableError")


def test_a_federated_token_that_cannot_be_had_is_asked_for_again(issuer: Issuer) -> None:
    """An outage of the token's issuer counts as a lost connection; the error has the host and no token."""

    def refuse() -> str:
        raise requests.ConnectionError("refused")

    issuer(refuse)
    failure = refusal(made(**WHO, **REQUESTED, transport=login_host().transport))
    text = "actions.example gave no OIDC token: ConnectionError: refused"
    assert (failure.status, failure.text) == (0, text)


def answer(status: int, **headers: str) -> HttpResponseError:
    response: Any = SimpleNamespace(status_code=status, reason="", headers=headers, text=lambda: "{}")
    return HttpResponseError(response=response)


TOKEN = AccessToken("token", 0)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of each pause, which takes no time."""
    found: list[float] = []
    monkeypatch.setattr("provider.azure_client.time.sleep", found.append)
    return found


@pytest.mark.parametrize(
    ("retries", "refusals", "slept"),
    [
        (
            3,
            [ServiceRequestError("reset"), answer(503), answer(429, **{"Retry-After": "7"})],
            [0.8, 1.6, 7.0],
        ),
        (3, [ClientAuthenticationError("AADSTS7000215")], []),
        (3, [answer(429, **{"Retry-After": "3600"})], []),
        (0, [answer(503)], []),
        (2, [answer(503)] * 3, [0.8, 1.6]),
    ],
)
def test_a_login_that_may_pass_is_asked_again(
    retries: int, refusals: list[AzureError], slept: list[float], pauses: list[float]
) -> None:
    """After no answer, 5xx and 429, whose Retry-After counts. A wrong secret is raised at once, as is a pause
    that no run waits for, and an outage after as many tries. The provider's own waits see each refusal."""
    asks = OneAtATime(Mock(get_token=Mock(side_effect=[*refusals, TOKEN])), retries)
    if len(slept) == len(refusals):
        assert asks.get_token("scope") == TOKEN
    else:
        with pytest.raises(AzureError) as found:
            asks.get_token("scope")
        assert found.value is refusals[-1]
    assert pauses == slept


def test_the_clients_of_operate_ask_again(monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    """The queries and the use of an account's data; a client that sends nothing again by itself does not."""
    host = Mock()
    monkeypatch.setattr("provider.credential.credential", lambda *_, **__: host)
    for asks in (token_credential(Login()), AzureClient(Login(), retries=6).credential):
        host.get_token.side_effect = [*[answer(503)] * LOGIN_RETRIES, TOKEN]
        assert asks.get_token("scope") == TOKEN
    host.get_token.side_effect = [answer(503)]
    with pytest.raises(HttpResponseError):
        AzureClient(Login()).credential.get_token("scope")
