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
from typing import NamedTuple

import certifi
import pytest
import trustme
import yaml

from components.__main__ import COMPONENTS
from components.host import Package
from core.published import VERSION
from engine import release
from hosts import yaml_host
from localazure.execution import count_azure_native_as_installed
from tests.support.azure import running_azure
from tests.support.consumers import required_host
from tests.support.environments import official_host
from tests.support.readme import clone
from tests.support.stack import ROOT

pytestmark = pytest.mark.timeout(1800)

LANGUAGES = {
    "python": ("requirements.txt", "pulumi>=3.259.0,<4\n"),
    "nodejs": ("package.json", '{"name": "claims", "dependencies": {"@pulumi/pulumi": "^3.259.0"}}\n'),
    "go": ("go.mod", "module claims\n\ngo 1.25\n\nrequire github.com/pulumi/pulumi/sdk/v3 v3.259.0\n"),
}
"""By language, the list of packages that a program of it has, and a text for one that has only the SDK."""


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


class Fetching(NamedTuple):
    """Where a version of the repository is served, and the environment in which the CLI fetches it."""

    url: str
    environ: dict[str, str]

    def pulumi(self, *words: str, cwd: Path, **environ: str) -> str:
        """What the CLI prints; its plugins stay in one home for all tests here."""
        done = subprocess.run(
            ["pulumi", *words],
            cwd=cwd,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def environment(folder: Path, address: str) -> dict[str, str]:
    """Of a CLI that trusts the host at an address, whose authority is in the folder."""
    (folder / "backend").mkdir()
    # The official host asks for the plugin of each Python package of a plugin; the local Azure serves it.
    count_azure_native_as_installed(ROOT, folder / "home")
    hosts = {str(found.parent): None for language in LANGUAGES if (found := official_host(language))}
    return {
        **os.environ,
        "PATH": os.pathsep.join([*hosts, str(ROOT / ".pulumi" / "bin"), os.environ["PATH"]]),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": (folder / "backend").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "x",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "SSL_CERT_FILE": str(folder / "ca.pem"),
        "NO_PROXY": address,
    }


@pytest.fixture(scope="module")
def fetching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fetching]:
    """The files of this repository as a tag of a repository that a host serves."""
    tmp_path = tmp_path_factory.mktemp("remote")
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
        yield Fetching(f"https://{address}/language-cmk.git", environment(tmp_path, address))
        server.shutdown()
        thread.join()


def test_a_version_of_the_package_is_fetched_by_its_url(fetching: Fetching, tmp_path: Path) -> None:
    """The CLI finds the tag of the version, the plugin in that folder of it gets its packages, and tells the
    schema from which `pulumi package add` makes an SDK of any language."""
    schema = json.loads(
        fetching.pulumi("package", "get-schema", f"{fetching.url}/components@{VERSION}", cwd=tmp_path)
    )
    assert (schema["name"], schema["version"]) == ("language-cmk", VERSION)
    assert set(schema["resources"]) == set(json.loads(Package(COMPONENTS).schema or "")["resources"])


def test_a_program_in_yaml_adds_both_packages_by_url(fetching: Fetching, tmp_path: Path) -> None:
    """In the words of docs/packages.md, and in a folder that has nothing of the repository: its preview makes
    the service with the plugins that were fetched."""
    yaml_host.install(ROOT / ".pulumi" / "bin", os.environ["PATH"])
    project = yaml.safe_load((ROOT / "docs" / "examples" / "yaml" / "Pulumi.yaml").read_text())
    del project["packages"], project["plugins"]
    (tmp_path / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    for package in ("components", "provider"):
        fetching.pulumi("package", "add", f"{fetching.url}/{package}@{VERSION}", cwd=tmp_path)
    added = yaml.safe_load((tmp_path / "Pulumi.yaml").read_text())["packages"]
    assert set(added) == {"language-cmk", "azure-cmk"}
    fetching.pulumi("stack", "init", "claims", cwd=tmp_path)
    with running_azure(tmp_path / "azure") as azure:
        shown = fetching.pulumi("preview", "--color", "never", cwd=tmp_path, **azure.env)
    assert "azure-cmk:index:CustomerManagedKey" in shown


def test_a_program_in_yaml_adds_both_packages_from_a_release(fetching: Fetching, tmp_path: Path) -> None:
    """In the words of docs/installation-configuration.md, from the archives themselves."""
    release.build(tmp_path / "dist")
    (tmp_path / "Pulumi.yaml").write_text("name: claims\nruntime: yaml\n")
    for name in ("language-cmk", "azure-cmk"):
        file = tmp_path / "dist" / f"pulumi-resource-{name}-v{VERSION}-linux-amd64.tar.gz"
        fetching.pulumi("plugin", "install", "resource", name, VERSION, "--file", str(file), cwd=tmp_path)
        fetching.pulumi("package", "add", f"{name}@{VERSION}", cwd=tmp_path)
    added = yaml.safe_load((tmp_path / "Pulumi.yaml").read_text())["packages"]
    assert added == {name: f"{name}@{VERSION}" for name in ("language-cmk", "azure-cmk")}


@pytest.mark.parametrize(("language", "file"), LANGUAGES.items())
def test_a_program_in_another_language_adds_the_package_by_url(
    language: str, file: tuple[str, str], fetching: Fetching, tmp_path: Path
) -> None:
    """By the official host of the language: the SDK is generated, and the program's own list names it."""
    required_host(language)
    (tmp_path / "Pulumi.yaml").write_text(f"name: claims\nruntime: {language}\n")
    name, text = file
    (tmp_path / name).write_text(text)
    fetching.pulumi("package", "add", f"{fetching.url}/components@{VERSION}", cwd=tmp_path)
    assert (tmp_path / "sdks" / "language-cmk-language-cmk").is_dir()
    assert "sdks/language-cmk-language-cmk" in (tmp_path / name).read_text()
    assert fetching.url.removeprefix("https://") in (tmp_path / "Pulumi.yaml").read_text()
