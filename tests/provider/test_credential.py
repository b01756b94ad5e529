"""Every way to log in, down to the request for a token: what is sent, and to which host alone."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from azure.core.exceptions import AzureError, ServiceRequestError
from azure.core.pipeline.transport import RequestsTransport
from pulumi.runtime.proto import provider_pb2

from core import clouds
from core.login import login
from provider.credential import complete, credential
from provider.failure import failure_from
from provider.host import Host
from tests.provider.canned import TENANT, login_host
from tests.provider.fake_azure import FakeAzure

CLIENT = "22222222-2222-2222-2222-222222222222"
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
