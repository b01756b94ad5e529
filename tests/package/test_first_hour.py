"""The first hour of somebody who has the artefacts of a release, and nothing of the repository."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.published import VERSION
from engine import release
from tests.support.shell import Shell
from tests.support.stack import ROOT

pytestmark = [pytest.mark.engine, pytest.mark.long, pytest.mark.timeout(1800)]


class Downloads(http.server.SimpleHTTPRequestHandler):
    """Says nothing of each request."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def downloads(tmp_path: Path) -> Iterator[str]:
    """The address of a folder of the artefacts, as a release has them."""
    release.build(tmp_path / "dist")
    handler = functools.partial(Downloads, directory=tmp_path / "dist")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def shell(tmp_path: Path, downloads: str) -> Iterator[Shell]:
    """In an empty folder, with Pulumi on the PATH; pip finds the wheels of the release."""
    folder = tmp_path / "claims"
    folder.mkdir()
    made = Shell(folder)
    pulumi = ROOT / ".pulumi" / "bin"
    made.type(
        f"export PATH={pulumi}:$PATH PIP_FIND_LINKS={tmp_path / 'dist'} PIP_DISABLE_PIP_VERSION_CHECK=1"
    )
    yield made
    made.type(f"cd '{folder}' && .venv/bin/language-cmk localazure stop")
    made.close()


def test_a_project_of_the_template_lives_on_the_local_azure(shell: Shell, downloads: str) -> None:
    """Made from the archive, it is tested, deployed, tagged, rotated and proved, and ends; no message names
    a file of the repository."""
    shell.type("python3 -m venv .venv && export PATH=$PWD/.venv/bin:$PATH")
    shell.type("pip install --quiet 'language-cmk[localazure]'")
    shell.type('language-cmk localazure start && eval "$(language-cmk localazure env)"')
    said = shell.type(
        "PULUMI_DISABLE_REGISTRY_RESOLVE=true "  # else the CLI asks Pulumi Cloud for templates besides
        f"pulumi new {downloads}/language-cmk-template-{VERSION}.zip --force --yes --name claims --stack dev"
        " -c name=acme-claims -c location=northeurope"
    )
    shell.type("pip install --quiet --requirement requirements.txt")
    assert "2 passed" in shell.type(".venv/bin/python -m pytest")
    shell.type("SHARE=.venv/share/language-cmk PACK=.venv/share/language-cmk/policies")
    deployed = shell.type("language-cmk localazure up")
    assert "ok      keySource: Microsoft.KeyVault" in deployed
    assert "language-cmk localazure down --stack dev" in deployed
    service = shell.folder / "service.py"
    service.write_text(service.read_text().replace('"location":', '"tags": {"team": "claims"}, "location":'))
    tagged = shell.type("language-cmk localazure up")
    shell.type("pulumi config set generation 2")
    reviewed = shell.type(
        "POLICY_PACK=$PACK PYTHON=.venv/bin/python $SHARE/review/pull_request.sh dev .review"
    )
    assert "rotat" in reviewed
    rotated = shell.type("language-cmk localazure up")
    assert "azure-cmk:index:KeyVersion" in rotated
    proved = shell.type("language-cmk verify --stack dev")
    shell.type("pulumi preview --expect-no-changes")
    shell.type("pulumi config set protect false && language-cmk localazure up")
    ended = shell.type("language-cmk localazure down")
    assert not (shell.folder / ".localazure").exists()
    for text in (said, deployed, tagged, rotated, proved, ended):
        assert str(ROOT) not in text
        assert "advisory" not in text
