"""A service that another program calls by another name is not destroyed, and has a way back."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine import yaml_host
from tests.engine.test_component_package import yaml_stack
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.stack import ROOT, Stack

pytestmark = pytest.mark.engine
EXAMPLE = ROOT / "docs" / "examples" / "yaml" / "Pulumi.yaml"
_UNPROTECT = re.compile(r"`pulumi state unprotect '([^']+)'`")


def call_it(stack: Stack, word: str, **said: Any) -> None:
    """Writes the example with another word for its service; `said` is beside the type."""
    document = yaml.safe_load(EXAMPLE.read_text())
    service = {**document["resources"]["claims"], **said}
    text = yaml.safe_dump({**document, "resources": {word: service}}, sort_keys=False)
    (stack.folder / "Pulumi.yaml").write_text(text.replace("${claims.", f"${{{word}."))


def ids(stack: Stack) -> dict[str, str]:
    """What the state has, by URN."""
    return {one["urn"]: one.get("id", "") for one in stack.resources()}


def test_another_name_destroys_nothing_and_leads_back(empty_azure: RunningAzure, tmp_path: Path) -> None:
    """The preview fails, for the service is protected. An update without one makes a second service beside
    the first, which stays as it is: with its name told it is the program's again, and the second one goes
    by what the engine prints."""
    yaml_host.install(ROOT / ".pulumi" / "bin", os.environ["PATH"])
    stack = yaml_stack(tmp_path, empty_azure, EXAMPLE)
    assert stack.pulumi("up", "--yes").ok
    before = ids(stack)
    call_it(stack, "desk")
    preview = stack.pulumi("preview")
    assert not preview.ok
    assert "cannot be deleted" in preview.output
    assert not stack.pulumi("up", "--yes", "--skip-preview").ok
    assert before.items() <= ids(stack).items()
    call_it(stack, "desk", name="claims")
    while not (run := stack.pulumi("up", "--yes", "--skip-preview")).ok:
        urns = _UNPROTECT.findall(run.output)
        assert urns, run.output
        assert not [urn for urn in urns if "::claims" in urn], run.output
        for urn in urns:
            assert stack.pulumi("state", "unprotect", urn, "--yes").ok
    assert stack.deploy("--expect-no-changes").ok
    assert ids(stack) == before
    account = next(id for urn, id in before.items() if urn.endswith("::claims-account"))
    assert [state for state in cloud.history(empty_azure, account) if not state["readable"]] == []
