"""`pulumi new` makes a project of one's own from this repository."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.engine.shared import done
from tests.support.azure import RunningAzure
from tests.support.environments import give_environment
from tests.support.readme import clone
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]


def test_a_project_of_ones_own_is_made_and_previewed(empty_azure: RunningAzure, tmp_path: Path) -> None:
    """The stack's file has what was asked for and nothing else: no passphrase's salt of ours, no open
    network. A preview under the policy pack is clean."""
    stack = Stack(tmp_path / "checkout", empty_azure.env)
    template = clone(tmp_path / "clone")
    made = tmp_path / "claims"
    words = ("--name", "claims", "--description", "Claims", "--stack", "claims-weu", "--yes")
    settings = ("-c", "language-cmk:name=acme-claims", "-c", "language-cmk:location=northeurope")
    done(stack.pulumi("new", str(template), "--dir", str(made), *words, *settings))
    stack.folder = made
    if not (made / ".venv").exists():  # the official host has made one
        give_environment(made)
    config = yaml.safe_load((made / "Pulumi.claims-weu.yaml").read_text())["config"]
    assert config == {
        "language-cmk:name": "acme-claims",
        "language-cmk:location": "northeurope",
        "language-cmk:identity": "systemAssigned",
    }
    preview = done(stack.preview())
    assert "advisory" not in preview.output
