"""The component served as a package, asked for over the wire as a program in another language does."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support.azure import running_azure
from tests.support.stack import Stack

pytestmark = pytest.mark.engine
PROGRAM = """
import pulumi


class Service(pulumi.ComponentResource):
    def __init__(self, name, props):
        token = "language-cmk:index:EncryptedLanguageService"
        super().__init__(token, name, {**props, "keyUriWithVersion": None}, None, remote=True)


service = Service(
    "remote",
    {
        "location": "westeurope",
        "key": {"generation": 1},
        "audit": {"newWorkspace": True},
        "tags": {"a": "b"},
    },
)
pulumi.export("keyUriWithVersion", service.keyUriWithVersion)
"""


def test_a_program_that_does_not_import_the_components_can_use_them(tmp_path: Path) -> None:
    """The package makes the same service as the program of this repository, and settles."""
    with running_azure(tmp_path / "azure") as azure:
        stack = Stack(tmp_path / "stack", azure.environ)
        project = yaml.safe_load((stack.folder / "Pulumi.yaml").read_text())
        project["plugins"]["providers"].append({"name": "language-cmk", "path": "./components"})
        (stack.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        (stack.folder / "__main__.py").write_text(PROGRAM)
        # Settings of this repository's program would be taken for the package's own configuration.
        stack.config_file.write_text(yaml.safe_dump({"encryptionsalt": stack.config()["encryptionsalt"]}))
        first = stack.up()
        assert first.ok, first.output
        assert "/keys/cmk-remote/" in stack.outputs()["keyUriWithVersion"]
        again = stack.up("--expect-no-changes")
        assert again.ok, again.output
