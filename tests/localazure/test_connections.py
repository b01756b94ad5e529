"""Proxy, TLS and connections of the running local Azure, as clients meet them."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import ssl
import time
from typing import Any

import pytest

from localazure import seed
from localazure.front import LARGEST, Answer, Raw
from localazure.home import bind
from localazure.proxy import Onward, is_let_through, start_proxy
from localazure.server import App, BufferedTransport
from tests.support.azure import RunningAzure, running_azure

KILLED_AFTER_SECONDS = 5
"""A process that SIGTERM does not end is killed then (localazure/process.py)."""


SERVED_ONES_KIN = ("management.azure.com:80", "a.b.vault.azure.net:443", "vault.azure.net:443")
ELSEWHERE = ("*.vault.azure.net:443", "127.0.0.1:443", "outlook.office.com:443", "graph.windows.net.:443", "")
PLAIN = ("GET http://management.azure.com/", "POST management.azure.com:443")


@pytest.mark.parametrize("asked", [*(f"CONNECT {one}" for one in SERVED_ONES_KIN + ELSEWHERE), *PLAIN])
def test_fails_to_leave_through_the_proxy(azure: RunningAzure, asked: str) -> None:
    """The proxy refuses every name of Microsoft's clouds but the served ones, every address, every name
    without a domain, and each plain request, even to a served name; it says what it refused."""
    with socket.create_connection(("127.0.0.1", azure.home.ports()["proxy"]), timeout=10) as connection:
        connection.sendall(f"{asked} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head, _, body = connection.recv(4096).decode().partition("\r\n\r\n")
    status = head.splitlines()[0]
    assert status.startswith("HTTP/1.1 403 ")
    assert asked.partition(" ")[2] in status
    assert body


def test_only_what_is_not_microsofts_is_let_through() -> None:
    """Registries are reached, feeds of Azure DevOps among them; no cloud, no login, no address."""
    through = ["pypi.org", "pkgs.dev.azure.com", "feed.pkgs.visualstudio.com", "notazure.com"]
    through += ["management.azure.com.example.com"]
    held = ["portal.azure.com", "LOGIN.LIVE.COM", "evildev.azure.com", "169.254.169.254", "::1", "metadata"]
    assert [name for name in through + held if is_let_through(name)] == through


class _Upstream:
    """A company's proxy: it answers CONNECT, and then says which way was asked for."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.heads = answer, list[bytes]()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.answer + b"hello")
        writer.close()


async def _never(_: asyncio.WriteTransport) -> None:
    """No name of the local Azure is asked for."""
    raise AssertionError("the connection is not the local Azure's")


async def _through(upstream: _Upstream, target: str, *headers: str) -> bytes:
    """What a client reads that asks the proxy for a target, with a proxy of the user's own behind it."""
    beyond = await asyncio.start_server(upstream, "127.0.0.1", 0)
    port = beyond.sockets[0].getsockname()[1]
    onward = Onward(f"http://me:p%40ss@127.0.0.1:{port}", "direct.example")
    with bind(0) as listener:
        proxy = await start_proxy(listener, _never, onward)
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        lines = [f"CONNECT {target} HTTP/1.1", "Host: x", *headers]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        answer = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        proxy.close()
    beyond.close()
    return answer


LOGIN = "proxy-authorization: Basic bWU6cEBzcw=="
FINE, CANNOT = b"HTTP/1.1 200 fine\r\n\r\n", "HTTP/1.1 403 {} cannot be reached"


@pytest.mark.parametrize(
    ("target", "answer", "headers", "begins", "holds"),
    [
        ("registry.example", FINE, (), "HTTP/1.1 200", "\r\n\r\nhello"),
        ("registry.example", FINE, (LOGIN,), "HTTP/1.1 200", "\r\n\r\nhello"),
        (
            "registry.example",
            b"HTTP/1.1 407 Login please\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 5\r\n\r\n",
            (),
            CANNOT.replace("403", "407"),
            "\r\nProxy-Authenticate: Basic realm=x\r\n",
        ),
        ("registry.example", b"HTTP/1.1 502 Nobody there\r\n\r\n", (), CANNOT, "502 Nobody there"),
        ("nothing.direct.example", FINE, (), CANNOT, ""),
        ("outlook.office.com", FINE, (), "HTTP/1.1 403 local Azure does not", ""),
    ],
    ids=["without a login", "with one", "it asks for a login", "it refuses", "past it", "Azure's own name"],
)
async def test_what_is_not_azures_goes_by_the_users_own_proxy(
    target: str, answer: bytes, headers: tuple[str, ...], begins: str, holds: str
) -> None:
    """A registry is reached as the shell's HTTPS_PROXY says, by the login that the client sends and nobody is
    lent; what that proxy refuses or asks for is passed on, because git and .NET send a login only then.
    NO_PROXY counts; and Azure's names never reach it."""
    upstream = _Upstream(answer)
    told = (await _through(upstream, f"{target}:443", *headers)).decode()
    assert told.startswith(begins.format(f"{target}:443"))
    assert holds in told
    head, _, body = told.partition("\r\n\r\n")
    assert "200" in head or f"\r\nContent-Length: {len(body)}" in head
    lines = b"".join(upstream.heads).decode().split("\r\n")
    asked = f"CONNECT {target}:443 HTTP/1.1" if target == "registry.example" else ""
    assert lines[0] == asked
    assert [line for line in lines if "authorization" in line.lower()] == list(headers)


class _Sent(asyncio.Transport):
    """A transport that keeps what it is to send."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent.append(bytes(data))

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed


@pytest.mark.parametrize("closes", [False, True])
async def test_what_is_written_in_one_turn_is_sent_together(closes: bool) -> None:
    """The head and the body of an answer, also where the connection is closed right after them."""
    below = _Sent()
    transport = BufferedTransport(below)
    transport.write(b"head ")
    transport.write(b"body")
    if closes:
        transport.close()
        assert transport.is_closing()
    await asyncio.sleep(0)
    assert below.sent == [b"head body"]


async def test_nothing_is_sent_after_a_connection_was_lost() -> None:
    """uvloop raises RuntimeError then."""
    below = _Sent()
    transport = BufferedTransport(below)
    transport.write(b"head ")
    below.is_closed = True
    await asyncio.sleep(0)
    assert below.sent == []


@pytest.mark.parametrize("name", ["vault.azure.net", "example.com", "a.b.vault.azure.net"])
def test_fails_tls_for_a_name_that_is_not_served(azure: RunningAzure, name: str) -> None:
    """Who reaches the TLS port directly gets no handshake for another name, and with the system's roots only
    does not trust the local Azure."""
    with pytest.raises(ssl.SSLError):
        _shake_hands(azure, name, azure.env["SSL_CERT_FILE"])
    with pytest.raises(ssl.SSLCertVerificationError):
        _shake_hands(azure, "management.azure.com", ssl.get_default_verify_paths().openssl_cafile)
    _shake_hands(azure, "management.azure.com", azure.env["SSL_CERT_FILE"])


def _shake_hands(azure: RunningAzure, name: str, authorities: str) -> None:
    context = ssl.create_default_context(cafile=authorities)
    with socket.create_connection(("127.0.0.1", azure.home.ports()["tls"]), timeout=10) as raw:
        context.wrap_socket(raw, server_hostname=name)


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


PART = bytes(64 * 1024)
PARTS = 1000


@pytest.mark.parametrize(
    ("headers", "collected", "passed_over"),
    [
        ({"content-length": str(PARTS * len(PART))}, 0, PARTS),
        ({}, LARGEST // len(PART) + 1, PARTS),
        ({"content-length": str(PARTS * len(PART)), "expect": "100-continue"}, 0, 0),
    ],
    ids=["its length is declared", "it is streamed", "the client asks before it sends"],
)
async def test_a_body_that_is_too_large_is_refused_before_it_is_collected(
    headers: dict[str, str], collected: int, passed_over: int
) -> None:
    """The rest is read and dropped once the answer is out, so that the client gets it. Then the connection
    ends."""
    read = 0
    events: list[Any] = []

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": PART, "more_body": read < PARTS}

    async def send(message: Any) -> None:
        events.append((message["type"], read, message.get("more_body", False), message.get("headers")))

    def answer(raw: Raw) -> Answer:
        events.append(("asked", read, raw.too_large, len(raw.content)))
        return Answer(413, {}, b"no")

    scope = {"method": "PUT", "raw_path": b"/\xff", "query_string": b""}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items()]
    await App(answer)(scope, receive, send)
    assert events[0] == ("asked", collected, True, 0)
    assert events[1] == ("http.response.start", collected, False, [(b"connection", b"close")])
    assert [event[1:3] for event in events[2:]] == [(collected, True), (passed_over, False)]


def test_a_client_that_sends_too_much_gets_the_answer(azure: RunningAzure) -> None:
    """Also one that sends all of it before it reads, and at the control endpoint."""
    much = b"x" * (32 * 1024 * 1024)
    connection = _tls(azure)
    connection.timeout = 60
    connection.request("POST", f"/{seed.TENANT_ID}/oauth2/v2.0/token", much)
    response = connection.getresponse()
    assert (response.status, response.will_close) == (413, True)
    assert json.loads(response.read())["error"]["code"] == "RequestEntityTooLarge"
    connection.close()
    with pytest.raises(ValueError, match="413"):
        azure.control("/limits", {"what": "x" * LARGEST})


def test_a_hang_holds_up_nobody_else(tmp_path: Any) -> None:
    """A request that hangs waits for its client to give up; others are answered meanwhile, and the process
    ends by itself."""
    path = f"/{seed.TENANT_ID}/discovery/v2.0/keys"
    with running_azure(tmp_path / "home") as azure:
        azure.control("/faults", {"host": "login", "wire": "hang", "times": 2})
        waiting, hanging, other = (_tls(azure) for _ in range(3))
        hanging.timeout = 0.5
        for number, connection in enumerate((waiting, hanging), 1):
            connection.request("GET", path)
            while azure.control("/faults")["value"][0]["calls"] < number:
                time.sleep(0.01)
        other.request("GET", path)
        assert other.getresponse().status == 200
        with pytest.raises(TimeoutError):
            hanging.getresponse()
        begun = time.monotonic()
    assert time.monotonic() - begun < KILLED_AFTER_SECONDS
    for connection in (waiting, hanging, other):
        connection.close()
