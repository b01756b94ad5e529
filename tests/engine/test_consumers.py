"""Each example in docs/examples that uses the components as a package lives a whole life on the real
engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.consumers import HOSTS, consumer, install, use_host

PROGRAMS = {"yaml": "Pulumi.yaml", "python": "__main__.py", "typescript": "index.ts", "go": "main.go"}

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1200)]


@pytest.mark.parametrize("example", HOSTS)
def test_an_example_is_deployed_changed_rotated_and_destroyed(
    example: str, empty_azure: RunningAzure, tmp_path: Path
) -> None:
    """Under the policy pack, on a stack that is not called dev: `pulumi install` is enough and writes into no
    file of the example; the account is bound, stays on its key when it is changed, follows a rotation, and
    goes; no write ever took it off a key."""
    stack = consumer(tmp_path, empty_azure, example)
    use_host(stack, example)
    before = {path: path.read_bytes() for path in stack.folder.iterdir()}
    install(stack)
    assert {path: path.read_bytes() for path in before} == before
    created = stack.pulumi("stack", "select", "--create", "claims-weu")
    assert created.ok, created.output
    pack = ("--yes", "--policy-pack", "../../../policies")

    first = stack.pulumi("up", *pack)
    assert first.ok, first.output
    key = stack.outputs()["keyUriWithVersion"]
    assert "/keys/cmk-claims/" in key

    program = stack.folder / PROGRAMS[example]
    text = program.read_text()
    program.write_text(text.replace("owner", "team"))
    assert program.read_text() != text
    changed = stack.pulumi("up", *pack)
    assert changed.ok, changed.output
    assert stack.outputs()["keyUriWithVersion"] == key

    assert stack.pulumi("config", "set", "generation", "2").ok
    rotated = stack.pulumi("up", *pack)
    assert rotated.ok, rotated.output
    assert stack.outputs()["keyUriWithVersion"] not in ("", key)
    again = stack.pulumi("up", *pack, "--expect-no-changes")
    assert again.ok, again.output

    group = f"/subscriptions/{empty_azure.env['AZURE_SUBSCRIPTION_ID']}/resourceGroups/rg-claims"
    account = f"{group}/providers/Microsoft.CognitiveServices/accounts/lang-claims"
    bound = [
        state for state in cloud.history(empty_azure, account) if state["keySource"] == "Microsoft.KeyVault"
    ]
    assert bound
    assert {state["readable"] for state in bound} == {True}

    assert stack.pulumi("config", "set", "protect", "false").ok
    unprotected = stack.pulumi("up", *pack)
    assert unprotected.ok, unprotected.output
    gone = stack.destroy()
    assert gone.ok, gone.output
    states = [state["keySource"] for state in cloud.history(empty_azure, account)]
    first_bound = states.index("Microsoft.KeyVault")
    assert set(states[first_bound:-1]) == {"Microsoft.KeyVault"}, states
