"""Where a report was read: who issued the certificate of the host that answers, and who asked."""

import base64
import json
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

from core import clouds, login
from core.login import Login
from operate.errors import OperateError
from operate.source import source_of
from provider import credential

CLAIMS = {"tid": "t-1", "oid": "o-1", "appid": "a-1", "upn": "auditor@contoso.com", "exp": 1}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A host whose certificate "a private authority" issued: its URL, and the authority's own certificate."""
    made = trustme.CA(organization_name="a private authority")
    bundle = tmp_path_factory.mktemp("authority") / "ca.pem"
    made.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.issue_cert("localhost").configure_cert(context)
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"https://localhost:{server.server_port}", bundle
        server.shutdown()
        thread.join()


@pytest.fixture
def reader(authority: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> Login:
    """A login to the host's cloud, whose token has CLAIMS; only the private authority is trusted."""
    url, bundle = authority
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "localhost")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    payload = base64.urlsafe_b64encode(json.dumps(CLAIMS).encode()).decode().rstrip("=")
    token = SimpleNamespace(get_token=lambda scope: SimpleNamespace(token=f"e30.{payload}.x"))
    monkeypatch.setattr(credential, "credential", lambda login: token)
    cloud = replace(clouds.named("public"), resource_manager=url)
    found = login.login({"clientId": "a-1", "clientSecret": "s", "tenantId": "t-1"}, {})
    return replace(found, cloud=cloud)


def test_a_private_certificate_is_not_azures(
    reader: Login, authority: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the words that every page shows; the reader is the token's. Where the public list has the issuer,
    nothing is marked."""
    found = source_of(reader)
    said = f"not from Azure: no public certificate authority issued the certificate of {found.arm_host}"
    assert (found.is_public, found.warning) == (False, said)
    assert (found.tenant_id, found.reader_id, found.application_id) == ("t-1", "o-1", "a-1")
    assert (found.reader_name, found.login) == ("auditor@contoso.com", "a client secret")
    monkeypatch.setattr(certifi, "where", lambda: str(authority[1]))
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
