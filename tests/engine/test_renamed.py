"""A service that an outside program, in YAML or Python, calls by another name is not destroyed, and has a way
back."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from core import resource_types
from engine import yaml_host
from tests.continuity.consumers import consumer
from tests.engine.shared import refused
from tests.engine.test_component_package import yaml_stack
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.stack import ROOT, Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]
EXAMPLE = ROOT / "docs" / "examples" / "yaml" / "Pulumi.yaml"
_KEPT = (
    resource_types.VAULT,
    resource_types.KEY,
    resource_types.ACCOUNT,
    resource_types.DIAGNOSTIC_SETTING,
    resource_types.WORKSPACE,
)
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


def is_of_claims(urn: str) -> bool:
    return urn.rpartition("::")[2].startswith("claims-")


def led_back(stack: Stack) -> None:
    """Updates by a program that has its service's name again: the second service goes by what the engine
    prints, and that never names the first one."""
    while not (run := stack.deploy()).ok:
        urns = _UNPROTECT.findall(run.output)
        assert urns, run.output
        assert not [urn for urn in urns if is_of_claims(urn)], run.output
        for urn in urns:
            assert stack.pulumi("state", "unprotect", urn, "--yes").ok
    assert stack.deploy("--expect-no-changes").ok


def test_another_name_destroys_nothing_and_leads_back(empty_azure: RunningAzure, tmp_path: Path) -> None:
    """The preview fails, for the service is protected. An update without one makes a second service beside
    the first, which stays as it is: with its name told it is the program's again, and the second one goes
    by what the engine prints."""
    yaml_host.install(ROOT / ".pulumi" / "bin", os.environ["PATH"])
    stack = yaml_stack(tmp_path, empty_azure, EXAMPLE)
    assert stack.pulumi("up", "--yes").ok
    before = ids(stack)
    call_it(stack, "desk")
    refused(stack.pulumi("preview"), "cannot be deleted")
    assert not stack.pulumi("up", "--yes", "--skip-preview").ok
    assert before.items() <= ids(stack).items()
    call_it(stack, "desk", name="claims")
    led_back(stack)
    assert ids(stack) == before
    account = next(id for urn, id in before.items() if urn.endswith("::claims-account"))
    assert [state for state in cloud.history(empty_azure, account) if not state["readable"]] == []


def test_another_name_in_python_destroys_nothing_and_leads_back(
    empty_azure: RunningAzure, tmp_path: Path
) -> None:
    """The same for a program that imports the component. With an alias, and the names that it had by default,
    the service has another name and nothing is made anew: neither what holds data nor its logs."""
    program = consumer("python", empty_azure, tmp_path)
    stack = program.stack
    program.say()
    assert program.up().ok
    program.judge.write_data()
    before = set(ids(stack).items())
    program.say(word="desk")
    assert "cannot be deleted" in stack.pulumi("preview").output
    assert not program.up().ok
    ours = {one for one in before if is_of_claims(one[0])}
    assert ours <= set(ids(stack).items())
    program.say()
    led_back(stack)
    assert ours <= set(ids(stack).items())

    program.say(word="desk", was="claims")
    assert "resourceGroupName: changes from 'rg-claims'" in program.up().output
    names: dict[str, Any] = {"resource_group_name": "rg-claims", "account_name": "lang-claims"}
    names |= {"vault": {"name": "kv-claims", "key_operators": ["deployer"]}}
    names |= {"key": {"name": "cmk-claims", "generation": 1}}
    program.say(word="desk", was="claims", names=names)
    program.must_up()
    kept = {id for urn, id in ours if urn.split("$")[-1].split("::")[0] in _KEPT}
    assert len(kept) == 6
    assert kept <= {id for urn, id in ids(stack).items() if urn.rpartition("::")[2].startswith("desk-")}
    assert stack.deploy("--expect-no-changes").ok
    assert program.judge.reads_data()
    assert program.judge.lapses() == []
