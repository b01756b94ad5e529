"""Every way to log in, down to the request for a token: what is sent, and to which host alone."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import stat
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from azure.core.exceptions import AzureError, ServiceRequestError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from provider import clouds
from provider.credential import credential
from provider.login import LoginError, login
from provider.raw_answers import failure_from
from tests.provider.login_host import TENANT, LoginHost

CLIENT = "22222222-2222-2222-2222-222222222222"
WHO = {"tenantId": TENANT, "clientId": CLIENT}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate with its key under the password `hunter2`."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "deployer")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    secret = serialization.BestAvailableEncryption(b"hunter2")
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret)
    path = tmp_path_factory.mktemp("certificate") / "deployer.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize("cloud", [clouds.PUBLIC, clouds.US_GOVERNMENT, clouds.CHINA], ids=lambda c: c.name)
@pytest.mark.parametrize("way", ["secret", "certificate", "OIDC token", "OIDC file", "OIDC request"])
def test_an_application_logs_in_at_its_clouds_login_host_alone(
    way: str, cloud: clouds.AzureCloud, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    host = LoginHost()
    made = credential(login({**WHO, **settings[way], "environment": cloud.name}, {}), transport=host)
    assert made.get_token(cloud.arm_scope).token == "the-token"
    assert {netloc for _, netloc, _ in host.asked} == {urlsplit(cloud.authority).netloc}
    (form,) = [form for method, _, form in host.asked if method == "POST"]
    assert (form["grant_type"], form["client_id"]) == ("client_credentials", CLIENT)
    assert cloud.arm_scope in form["scope"]
    if way == "secret":
        assert form["client_secret"] == "hunter2"
    elif way == "certificate":
        assert form["client_assertion"].count(".") == 2
    else:
        assert form["client_assertion"] == "federated"
    if way == "OIDC request":
        audience = {"audience": "api://AzureADTokenExchange", "Authorization": "Bearer ask"}
        assert asked == [("https://actions.example/token?x=1", audience)]
    else:
        assert asked == []


def test_the_cli_is_asked_for_the_chosen_clouds_audience(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`az` is asked for a token of the cloud and the tenant, and of nothing else."""
    az = tmp_path / "az"
    expires = "2999-01-01 00:00:00.000000"
    answer = json.dumps({"accessToken": "cli-token", "expiresOn": expires, "expires_on": 32472144000})
    az.write_text(f"#!/bin/sh\necho \"$@\" > {tmp_path}/said\necho '{answer}'\n")
    az.chmod(az.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    made = credential(login({"tenantId": TENANT, "environment": "china"}, {}))
    assert made.get_token(clouds.CHINA.arm_scope).token == "cli-token"
    said = (tmp_path / "said").read_text()
    assert "account get-access-token" in said
    assert "https://management.chinacloudapi.cn" in said
    assert TENANT in said


def test_a_missing_cli_is_final(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That there is no `az` is said at once, as a login that cannot work."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AzureError) as failed:
        credential(login({}, {})).get_token(clouds.PUBLIC.arm_scope)
    failure = failure_from(failed.value, "reading")
    assert (failure.status, failure.code) == (401, "CredentialUnavailableError")
    assert "Azure CLI not found" in failure.text


def test_a_missing_managed_identity_is_final(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that has no managed identity, that is said at once, and no outage is made of it."""

    class Nobody(LoginHost):
        def send(self, request: Any, **_: Any) -> Any:
            raise ServiceRequestError("no route to 169.254.169.254")

        def sleep(self, duration: float) -> None: ...

    for name in ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_FEDERATED_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(AzureError) as failed:
        credential(login({"useMsi": "true"}, {}), transport=Nobody()).get_token(clouds.PUBLIC.arm_scope)
    failure = failure_from(failed.value, "reading")
    assert (failure.status, failure.code) == (401, "CredentialUnavailableError")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, r"oidcRequestUrl \(ARM_OIDC_REQUEST_URL\) and oidcRequestToken"),
        ({"oidcRequestUrl": "http://actions.example", "oidcRequestToken": "ask"}, "not an https URL"),
    ],
)
def test_fails_without_a_safe_way_to_a_federated_token(settings: dict[str, str], reason: str) -> None:
    """A request token goes over TLS or not at all; without any of the three ways, what is missing is said."""
    with pytest.raises(LoginError, match=reason):
        login({**WHO, "useOidc": "true", **settings}, {})


def test_a_federated_token_that_cannot_be_had_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """An outage of the token's issuer counts as a lost connection, and tells the host and no token."""

    def get(*_: Any, **__: Any) -> Any:
        raise requests.ConnectionError("refused")

    monkeypatch.setattr(requests, "get", get)
    settings = {"useOidc": "1", "oidcRequestUrl": "https://actions.example", "oidcRequestToken": "hunter2"}
    made = credential(login({**WHO, **settings}, {}), transport=LoginHost())
    with pytest.raises(AzureError) as failed:
        made.get_token(clouds.PUBLIC.arm_scope)
    failure = failure_from(failed.value, "reading")
    assert (failure.status, failure.text) == (
        0,
        "actions.example gave no OIDC token: ConnectionError: refused",
    )


VARIABLES = {
    "clientId": ["ARM_CLIENT_ID"],
    "clientSecret": ["ARM_CLIENT_SECRET"],
    "clientCertificatePath": ["ARM_CLIENT_CERTIFICATE_PATH"],
    "clientCertificatePassword": ["ARM_CLIENT_CERTIFICATE_PASSWORD"],
    "tenantId": ["ARM_TENANT_ID"],
    "subscriptionId": ["ARM_SUBSCRIPTION_ID"],
    "auxiliaryTenantIds": ["ARM_AUXILIARY_TENANT_IDS"],
    "environment": ["ARM_ENVIRONMENT"],
    "disableInstanceDiscovery": ["ARM_DISABLE_INSTANCE_DISCOVERY"],
    "useMsi": ["ARM_USE_MSI"],
    "msiEndpoint": ["ARM_MSI_ENDPOINT"],
    "useOidc": ["ARM_USE_OIDC"],
    "oidcToken": ["ARM_OIDC_TOKEN"],
    "oidcTokenFilePath": ["ARM_OIDC_TOKEN_FILE_PATH"],
    "oidcRequestToken": ["ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
    "oidcRequestUrl": ["ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL"],
    "partnerId": ["ARM_PARTNER_ID"],
    "disablePulumiPartnerId": ["ARM_DISABLE_PULUMI_PARTNER_ID"],
}


@pytest.mark.parametrize(("name", "variable"), [(n, v) for n, found in VARIABLES.items() for v in found])
def test_each_variable_of_azure_native_is_read(name: str, variable: str) -> None:
    """The environment that logs azure-native in logs this provider in, a setting of the stack first."""
    value = "public" if name == "environment" else "value"
    who = {"ARM_TENANT_ID": TENANT, "ARM_CLIENT_ID": CLIENT}
    assert login({}, {**who, variable: value}).get(name) == value
    assert login({name: "china"}, {**who, variable: value}).get(name) == "china"


def test_the_settings_have_azure_natives_names() -> None:
    """Each setting of azure-native's provider exists here under the same name, and no other does."""
    from pulumi_azure_native.provider import ProviderArgs

    from provider.login import _SETTINGS

    properties = [name for name, found in vars(ProviderArgs).items() if isinstance(found, property)]
    camel = {re.sub(r"_(\w)", lambda found: found[1].upper(), name) for name in properties}
    assert camel == set(_SETTINGS)
