"""The first hour of somebody who has the artefacts of a release, and nothing of the repository."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.published import VERSION
from engine import release
from tests.support.shell import Shell
from tests.support.stack import ROOT

pytestmark = [pytest.mark.engine, pytest.mark.long, pytest.mark.timeout(1800)]


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """In an empty folder, with Pulumi on the PATH; pip finds the wheels of the release."""
    release.build(tmp_path / "dist")
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


def test_a_project_of_the_template_lives_on_the_local_azure(shell: Shell) -> None:
    """Made from the archive, it is tested, deployed, tagged, rotated and proved, and ends; no message names
    a file of the repository."""
    shell.type("python3 -m venv .venv && export PATH=$PWD/.venv/bin:$PATH")
    shell.type("pip install --quiet 'language-cmk[localazure]'")
    shell.type('language-cmk localazure start && eval "$(language-cmk localazure env)"')
    shell.type(f"tar -xzf $PIP_FIND_LINKS/language-cmk-template-{VERSION}.tar.gz -C ..")
    said = shell.type(
        "pulumi new ../language-cmk-template --force --yes --name claims --stack dev"
        " -c name=acme-claims -c location=northeurope"
    )
    shell.type("pip install --quiet --requirement requirements.txt")
    assert "2 passed" in shell.type(".venv/bin/python -m pytest")
    shell.type("SHARE=.venv/share/language-cmk PACK=.venv/share/language-cmk/policies")
    deployed = shell.type("language-cmk localazure up")
    assert "ok      keySource: Microsoft.KeyVault" in deployed
    assert "language-cmk localazure down --stack dev" in deployed
    # To rotate, one reaches the vault, and may.
    service = shell.folder / "service.py"
    text = service.read_text().replace('"network": {"access": "closed"}', '"network": {"access": "open"}')
    more = '"tags": {"team": "claims"}, "vault": {"key_operators": ["deployer"]}, "location":'
    service.write_text(text.replace('"location":', more))
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
    assert "advisory" not in deployed
    for text in (said, deployed, tagged, rotated, proved, ended):
        assert str(ROOT) not in text
