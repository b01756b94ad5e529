"""Proxy, TLS and connections of the running local Azure, as clients meet them."""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import Any

import pytest

from localazure import seed
from tests.support.azure import RunningAzure, running_azure

SUBSCRIPTION = seed.SUBSCRIPTION_ID


def _connect(azure: RunningAzure, line: str) -> tuple[str, bytes]:
    """The status line that the proxy answers to a raw request, and the rest."""
    with socket.create_connection(("127.0.0.1", azure.home.ports()["proxy"]), timeout=10) as connection:
        connection.sendall(f"{line}\r\nHost: x\r\n\r\n".encode())
        answer = connection.recv(4096)
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.split(b"\r\n")[0].decode(), body


@pytest.mark.parametrize(
    "target",
    [
        "example.com:443",
        "management.azure.com:80",
        "management.azure.com.example.com:443",
        "a.b.vault.azure.net:443",
        "*.vault.azure.net:443",
        "127.0.0.1:443",
        "[::1]:443",
        "localhost:22",
        "graph.microsoft.com:443",
        "vault.azure.net:443",
        "",
        ":443",
    ],
)
def test_fails_to_leave_through_the_proxy(azure: RunningAzure, target: str) -> None:
    """The proxy refuses every host but the served ones, and every port but 443, and names what it refused."""
    status, body = _connect(azure, f"CONNECT {target} HTTP/1.1")
    assert status.startswith("HTTP/1.1 403 ")
    assert target in status
    assert body


@pytest.mark.parametrize("line", ["GET http://management.azure.com/", "POST management.azure.com:443"])
def test_fails_to_forward_plain_http(azure: RunningAzure, line: str) -> None:
    """A plain request to be forwarded is refused, even to a served name."""
    status, _ = _connect(azure, f"{line} HTTP/1.1")
    assert status.startswith("HTTP/1.1 403 ")


@pytest.mark.parametrize("name", ["vault.azure.net", "example.com", "a.b.vault.azure.net"])
def test_fails_tls_for_a_name_that_is_not_served(azure: RunningAzure, name: str) -> None:
    """Who reaches the TLS port directly gets no handshake for another name."""
    context = ssl.create_default_context(cafile=azure.env["SSL_CERT_FILE"])
    with (
        socket.create_connection(("127.0.0.1", azure.home.ports()["tls"]), timeout=10) as raw,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(raw, server_hostname=name)


def test_fails_to_trust_it_without_its_authority(
    azure: RunningAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client with the system's roots only does not trust the local Azure."""
    monkeypatch.delenv("SSL_CERT_FILE")
    context = ssl.create_default_context()
    with (
        socket.create_connection(("127.0.0.1", azure.home.ports()["tls"]), timeout=10) as raw,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(raw, server_hostname="management.azure.com")


def _tls(azure: RunningAzure) -> http.client.HTTPSConnection:
    proxy = azure.home.ports()["proxy"]
    context = ssl.create_default_context(cafile=azure.env["SSL_CERT_FILE"])
    connection = http.client.HTTPSConnection("127.0.0.1", proxy, timeout=3, context=context)
    connection.set_tunnel("login.microsoftonline.com", 443)
    return connection


def test_a_connection_is_kept_and_dropped_when_asked(azure: RunningAzure) -> None:
    """Requests share one connection; a drop fault ends it without an answer; the next one is served."""
    path = f"/{seed.TENANT_ID}/v2.0/.well-known/openid-configuration"
    connection = _tls(azure)
    for _ in range(2):
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        assert (response.status, response.will_close) == (200, False)
    azure.control("/faults", {"host": "login", "wire": "drop"})
    connection.request("GET", path)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError, ssl.SSLError)):
        connection.getresponse()
    connection.close()
    again = _tls(azure)
    again.request("GET", path)
    assert again.getresponse().status == 200
    again.close()


def test_a_hang_holds_up_nobody_else(azure: RunningAzure) -> None:
    """A request that hangs waits for its client to give up; others are answered meanwhile."""
    azure.control("/faults", {"host": "login", "wire": "hang"})
    hanging, other = _tls(azure), _tls(azure)
    hanging.timeout = 0.5
    hanging.request("GET", f"/{seed.TENANT_ID}/discovery/keys")
    other.request("GET", f"/{seed.TENANT_ID}/discovery/keys")
    assert other.getresponse().status == 200
    with pytest.raises(TimeoutError):
        hanging.getresponse()
    hanging.close()
    other.close()


def test_a_hang_does_not_keep_it_from_stopping(tmp_path: Any) -> None:
    """The process ends in time while a request hangs."""
    import time

    with running_azure(tmp_path / "home") as azure:
        azure.control("/faults", {"host": "login", "wire": "hang"})
        hanging = _tls(azure)
        hanging.request("GET", f"/{seed.TENANT_ID}/discovery/keys")
        begun = time.monotonic()
    assert time.monotonic() - begun < 4
    hanging.close()
