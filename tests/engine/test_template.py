"""`pulumi new` makes a new project from `template/`, beside a clone that has been used."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.engine.shared import done
from tests.support.azure import RunningAzure
from tests.support.environments import give_environment
from tests.support.judge import Judge
from tests.support.readme import clone
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]


def test_a_project_of_ones_own_is_made_tested_previewed_and_deployed(
    empty_azure: RunningAzure, tmp_path: Path
) -> None:
    """The project gets no state of the clone. Its stack's file has the answers of `pulumi new` and nothing
    else. Its unit test passes, and an update passes the policy pack without an advisory."""
    stack = Stack(tmp_path / "checkout", empty_azure.env)
    used = clone(tmp_path / "language-cmk")
    give_environment(used)
    made = tmp_path / "claims"
    words = ("--name", "claims", "--description", "Claims", "--stack", "claims-weu", "--yes")
    settings = ("-c", "name=acme-claims", "-c", "location=northeurope")
    done(stack.pulumi("new", str(used / "template"), "--dir", str(made), *words, *settings))
    stack.folder, stack.name = made, "claims-weu"
    config = yaml.safe_load(stack.config_file.read_text())["config"]
    assert config == {"claims:name": "acme-claims", "claims:location": "northeurope"}
    assert not [one.name for one in made.iterdir() if one.name.startswith(".") and one.name != ".gitignore"]

    python = used / ".venv" / "bin" / "python"
    tested = subprocess.run(
        [python, "-m", "pytest", "-q"], cwd=made, capture_output=True, text=True, check=False
    )
    assert "2 passed" in tested.stdout, tested.stdout
    pack = ("--policy-pack", str(used / "policies"))
    assert "advisory" not in done(stack.pulumi("preview", *pack)).output
    done(stack.pulumi("up", "--yes", "--skip-preview", *pack))
    assert Judge(empty_azure, stack, "acme-claims").bound_version()
