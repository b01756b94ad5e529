"""Every command logs in as the stack does; and where a report was read, and who asked."""

import base64
import json
import os
import re
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import certifi
import pytest
import trustme
import yaml

from core import clouds
from core.login import Login, LoginError, Method, configured
from core.login import login as core_login
from operate import login
from operate.errors import OperateError
from operate.source import source_of
from provider import credential
from tests.operate.test_command_line import fake_pulumi
from tests.support.logins import CASES, Case

MAKES = re.compile(r"\bidentity\.\w+Credential\(|^from azure\.identity import \w+Credential$", re.MULTILINE)
VARIABLES = {"ARM_CLIENT_ID": "env-client", "ARM_CLIENT_SECRET": "env-secret", "ARM_TENANT_ID": "env-tenant"}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A service principal in the environment, and no Azure CLI."""
    for name in os.environ:
        if name.startswith(("ARM_", "AZURE_")):
            monkeypatch.delenv(name)
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


COMMANDS = ("adopt", "doctor", "evidence", "recover", "verify")
"""The commands that ask Azure; `revoke-commands` prints what a person runs who is logged in to az."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_commands_are_the_identity_that_the_provider_is(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Method, cloud and values, secrets included, are those of azure-cmk, whether the stack exists yet or
    not."""
    for name in VARIABLES:
        monkeypatch.delenv(name)
    for name, value in case.environ.items():
        monkeypatch.setenv(name, value)
    wanted = core_login(configured(case.own, case.azure_native), os.environ)
    config = {f"azure-cmk:{name}": value for name, value in case.own.items()}
    config |= {f"azure-native:{name}": value for name, value in case.azure_native.items()}
    stack_with(tmp_path, config)
    there = [login.of_stack("dev"), login.of_new_stack("dev")]
    fake_pulumi(tmp_path, "echo error: no stack named \\'dev\\' found >&2; exit 255")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
    for found in (*there, login.of_new_stack("dev")):
        assert (found.method, found.cloud, found.settings) == (wanted.method, wanted.cloud, wanted.settings)


def test_no_command_logs_in_by_itself() -> None:
    """Whatever asks Azure has its credential from one place; review, components and policies make none."""
    root = Path(login.__file__).parents[1]
    parts = ("operate", "review", "provider", "components", "policies", "settings", "core")
    files = [file for part in parts for file in (root / part).rglob("*.py")]
    makers = {file.relative_to(root).as_posix() for file in files if MAKES.search(file.read_text())}
    assert makers == {"provider/credential.py"}
    text = {name: "".join(file.read_text() for file in files if name in file.as_posix()) for name in COMMANDS}
    assert [name for name in COMMANDS if not re.search(r"login\.of_(new_)?stack\(", text[name])] == []


def stack_with(folder: Path, config: dict[str, str]) -> None:
    """A Pulumi CLI whose stack has this configuration; what is secret is shown only when asked for."""
    shown: dict[str, dict[str, object]] = {name: {"value": value} for name, value in config.items()}
    hidden = {name: {"secret": True} if "Secret" in name else value for name, value in shown.items()}
    for name, text in (("hidden", hidden), ("shown", shown)):
        (folder / name).write_text(json.dumps(text))
    fake_pulumi(folder, f'cat {folder}/$(case "$*" in *--show-secrets*) echo shown;; *) echo hidden;; esac)')


def test_the_cloud_is_the_accounts_where_nothing_names_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stack in another cloud needs no setting to be verified; a setting counts all the same. Who names no
    stack has the environment's login, as azure-native without configuration."""
    stack_with(tmp_path, {})
    assert login.of_stack("dev", clouds.CHINA).cloud == clouds.CHINA
    monkeypatch.setenv("ARM_ENVIRONMENT", "usgovernment")
    assert login.of_stack("dev", clouds.CHINA).cloud == clouds.US_GOVERNMENT
    found = login.of_environment()
    assert (found.cloud, found.method) == (clouds.US_GOVERNMENT, Method.SECRET)
    assert found.get("clientId") == "env-client"
    monkeypatch.setenv("ARM_ENVIRONMENT", "nowhere")
    with pytest.raises(LoginError, match="nowhere"):
        login.of_environment()


def test_no_secret_goes_to_the_tenant_of_another_client(tmp_path: Path) -> None:
    """Of a fleet, a stack that names another client is refused, unless it has a secret of its own; one that
    names the same client, or none, has what the environment has."""
    other = {"azure-native:clientId": "other-client", "azure-native:tenantId": "other-tenant"}
    stack_with(tmp_path, other)
    with pytest.raises(LoginError, match=r"stack dev names another client .* whose secret is not sent there"):
        login.of_stack("dev", alone=True)
    stack_with(tmp_path, {**other, "azure-native:clientSecret": "own"})
    assert login.of_stack("dev", alone=True).get("clientSecret") == "own"
    for same in ({}, {"azure-native:clientId": "ENV-client"}):
        stack_with(tmp_path, same)
        assert login.of_stack("dev", alone=True).get("clientSecret") == "env-secret"
    assert login.without_mixing(other, {**VARIABLES, "ARM_USE_OIDC": "true"}) == {"ARM_CLIENT_SECRET": ""}


CLAIMS = {"tid": "t-1", "oid": "o-1", "appid": "a-1", "upn": "auditor@contoso.com", "exp": 1}


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Login]:
    """A login whose token has CLAIMS, to a cloud whose host has a certificate of a private authority, which
    alone is trusted."""
    made, context, bundle = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), str(tmp_path / "ca.pem")
    made.cert_pem.write_to_path(bundle)
    made.issue_cert("localhost").configure_cert(context)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "localhost")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    payload = base64.urlsafe_b64encode(json.dumps(CLAIMS).encode()).decode().rstrip("=")
    token = SimpleNamespace(get_token=lambda scope: SimpleNamespace(token=f"e30.{payload}.x"))
    monkeypatch.setattr(credential, "credential", lambda login: token)
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"https://localhost:{server.server_port}"
        found = core_login({"clientId": "a-1", "clientSecret": "s", "tenantId": "t-1"}, {})
        yield replace(found, cloud=replace(clouds.named("public"), resource_manager=url))
        server.shutdown()


def test_a_private_certificate_is_not_azures(reader: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the words that every page shows; the reader is the token's. Where the public list has the issuer,
    nothing is marked."""
    found = source_of(reader)
    said = f"not from Azure: no public certificate authority issued the certificate of {found.arm_host}"
    assert (found.is_public, found.warning) == (False, said)
    assert (found.tenant_id, found.reader_id, found.application_id) == ("t-1", "o-1", "a-1")
    assert (found.reader_name, found.login) == ("auditor@contoso.com", "a client secret")
    monkeypatch.setattr(certifi, "where", lambda: os.environ["REQUESTS_CA_BUNDLE"])
    found = source_of(reader)
    assert (found.is_public, found.warning) == (True, "")


def test_fails_for_a_host_that_nobody_vouches_for(reader: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that this machine does not trust is no source at all."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(OperateError, match="could not be read"):
        source_of(reader)


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.bnVsbA.c"])
def test_a_token_that_is_no_jwt_has_no_claims(token: str) -> None:
    """Azure may change its tokens; then nothing is known of the reader, and nothing fails."""
    made: Any = SimpleNamespace(get_token=lambda scope: SimpleNamespace(token=token))
    assert credential.claims(made, "scope") == {}
