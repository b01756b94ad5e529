"""Access in effect, on the real engine: an account that is bound in its create, with a grant that counts
late."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import yaml

from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.slow_clock import BEFORE_RETIREMENTS
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300), pytest.mark.long]

PROGRAM = Path(__file__).with_name("programs") / "user_assigned.py"


@pytest.mark.parametrize("words", ["forbidden", "properties_invalid"])
def test_an_account_bound_in_its_create_waits_for_its_grant(
    azure: RunningAzure, tmp_path: Path, words: str
) -> None:
    """One `up` with a grant that counts 20 minutes late: the wait is shown with Azure's reason, the account
    is bound from its first moment, and a second `up` has nothing to do."""
    azure.set_clock(BEFORE_RETIREMENTS)
    azure.control("/behaviour", {"grant_delay_seconds": 1200, "missing_grant": words})
    stack = Stack(tmp_path / "checkout", azure.env, policy_pack=False)
    (stack.folder / "__main__.py").write_text(PROGRAM.read_text())
    salt = stack.config()["encryptionsalt"]
    stack.config_file.write_text(yaml.safe_dump({"config": {}, "encryptionsalt": salt}))
    stop = threading.Event()

    def pass_time() -> None:
        while not stop.wait(0.5):
            azure.control("/clock", {"advance": 60})

    clock = threading.Thread(target=pass_time)
    clock.start()
    try:
        run = stack.up()
    finally:
        stop.set()
        clock.join()
    assert run.ok, run.output
    assert "waiting for the access to the key to be in effect" in run.output
    states = cloud.history(azure, stack.outputs()["accountId"])
    assert [state["keySource"] for state in states] == ["Microsoft.KeyVault"] * len(states)
    again = stack.deploy("--expect-no-changes")
    assert again.ok, again.output
