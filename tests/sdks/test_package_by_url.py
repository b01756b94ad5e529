"""A package by git URL and version: the CLI fetches a tag of a repository, and its plugin gets its
own packages. On demand, by `make clients`, because pip fetches all of them."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import certifi
import pytest
import trustme

from components.__main__ import COMPONENTS
from components.host import Package
from components.package_schema import VERSION
from tests.support.readme import clone
from tests.support.stack import ROOT

pytestmark = pytest.mark.timeout(1800)


class GitHost(BaseHTTPRequestHandler):
    """Serves the repositories of `folder` as a host of git does, by git's own program."""

    protocol_version = "HTTP/1.1"
    folder = Path()

    def answer(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        environ = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("content-encoding", ""),
        }
        command = ["git", "http-backend"]
        made = subprocess.run(command, input=body, env=environ, capture_output=True, check=True).stdout
        head, _, content = made.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The files of this repository as a tag of a repository that a host serves: its URL, and the host's
    certificate authority."""
    checkout = clone(tmp_path / "checkout")
    name = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    for words in (("init", "-q"), ("add", "-A"), (*name, "commit", "-qm", "x"), ("tag", f"v{VERSION}")):
        subprocess.run(["git", *words], cwd=checkout, check=True, capture_output=True)
    bare = tmp_path / "served" / "language-cmk.git"
    subprocess.run(["git", "clone", "-q", "--bare", checkout, bare], check=True, capture_output=True)
    # Without a port: it would put a colon into the plugin's folder, and no virtual environment may have one.
    address = f"127.{os.getpid() % 250 + 1}.77.1"
    authority = trustme.CA()
    others = Path(os.environ.get("SSL_CERT_FILE") or certifi.where())
    (tmp_path / "ca.pem").write_bytes(authority.cert_pem.bytes() + others.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(address).configure_cert(context)
    handler = type("Host", (GitHost,), {"folder": bare.parent})
    try:
        server = ThreadingHTTPServer((address, 443), handler)
    except OSError as error:
        pytest.skip(f"a host of git needs port 443: {error}")
    with server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"https://{address}/language-cmk.git", tmp_path / "ca.pem"
        server.shutdown()
        thread.join()


def test_a_version_of_the_package_is_fetched_by_its_url(remote: tuple[str, Path], tmp_path: Path) -> None:
    """The CLI finds the tag of the version, the plugin in that folder of it gets its packages, and tells the
    schema from which `pulumi package add` makes an SDK of any language."""
    url, authority = remote
    environ = {
        **os.environ,
        "PATH": f"{ROOT / '.pulumi' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "SSL_CERT_FILE": str(authority),
        "NO_PROXY": url.split("/")[2],
    }
    command = ["pulumi", "package", "get-schema", f"{url}/components@{VERSION}"]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    schema = json.loads(done.stdout)
    assert (schema["name"], schema["version"]) == ("language-cmk", VERSION)
    assert set(schema["resources"]) == set(json.loads(Package(COMPONENTS).schema or "")["resources"])
