"""The policy pack in the real engine over a stack that changes: removed, renamed, moved, imported resources;
with and without a refresh, after which the engine shows stack rules the old state, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.shared import done, refused
from tests.support.azure import RunningAzure
from tests.support.slow_clock import BEFORE_RETIREMENTS
from tests.support.stack import Run, Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]
PROGRAM = Path(__file__).with_name("programs") / "shaped.py"
refreshed = pytest.mark.parametrize("refresh", [False, True], ids=["as-recorded", "refreshed"])


def shape(stack: Stack, **wanted: Any) -> None:
    """The next run makes this shape."""
    (stack.folder / "shape.json").write_text(json.dumps(wanted))


@pytest.fixture(scope="module")
def deployed(azure: RunningAzure, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """A stack named `prod` with the sound service deployed, whose project asks for no refresh. Nothing is
    protected in the state, or the engine would refuse before any policy is asked."""
    azure.set_clock(BEFORE_RETIREMENTS)
    stack = Stack(tmp_path_factory.mktemp("checkout") / "language-cmk", azure.env)
    (stack.folder / "__main__.py").write_text(PROGRAM.read_text())
    project = yaml.safe_load((stack.folder / "Pulumi.yaml").read_text())
    del project["options"]
    (stack.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    done(stack.pulumi("stack", "init", "prod"))
    shape(stack, unprotected=True)
    done(stack.deploy())
    return stack


def preview(stack: Stack, refresh: bool) -> Run:
    return stack.preview("--refresh=true" if refresh else "--refresh=false")


@refreshed
@pytest.mark.parametrize(
    ("left_out", "rule"),
    [("binding", "account-has-customer-key"), ("grant", "grant-present"), ("audit", "vault-audited")],
)
def test_a_removed_resource_is_missed(deployed: Stack, left_out: str, rule: str, refresh: bool) -> None:
    """What the program no longer declares would be deleted: the rule refuses the preview."""
    shape(deployed, without=[left_out])
    refused(preview(deployed, refresh), f"  {rule}  (")


@refreshed
@pytest.mark.parametrize(
    "wanted", [{}, {"prefix": "new-"}, {"component": True}], ids=["same", "renamed", "moved"]
)
def test_an_honest_program_passes(deployed: Stack, wanted: dict[str, Any], refresh: bool) -> None:
    """The same program, every resource renamed with an alias, everything moved into a component: no refusal,
    no advice on how resources belong together, nothing left open."""
    shape(deployed, **wanted)
    run = done(preview(deployed, refresh))
    assert "[mandatory]" not in run.output, run.output
    assert "can't run policy" not in run.output, run.output


@refreshed
def test_an_import_passes(deployed: Stack, refresh: bool) -> None:
    """A second stack that imports every resource of the first: what it finds is sound, so nothing is
    refused."""
    ids = {
        one["urn"].rsplit("::", 1)[-1]: one["id"]
        for one in deployed.resources()
        if one["type"].startswith("azure-native:")
    }
    shape(deployed, imports=ids)
    done(deployed.pulumi("stack", "select", "--create", "adopted"))
    try:
        run = preview(deployed, refresh)
    finally:
        deployed.pulumi("stack", "select", "prod")
    assert run.ok, run.output
    assert "import" in run.output
    assert "[mandatory]" not in run.output, run.output


@pytest.mark.parametrize(
    ("refresh", "passes"), [(False, False), (True, True)], ids=["as-recorded", "refreshed"]
)
def test_a_write_of_a_bound_account_carries_its_encryption(
    deployed: Stack, refresh: bool, passes: bool
) -> None:
    """A changed tag writes the account whole: without the live encryption in its inputs, that unbinds it."""
    shape(deployed, tags={"owner": "somebody"})
    run = preview(deployed, refresh)
    assert run.ok is passes, run.output
    assert ("account-write-keeps-key" in run.output) is not passes
