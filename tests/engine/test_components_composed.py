"""Services composed with other resources of one program in Python, on the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.engine.shared import done
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]


def test_services_in_what_the_same_program_makes(stack: Stack, azure: RunningAzure) -> None:
    """The first preview knows neither group nor vault, and passes the policy pack with them; one update
    makes all and settles, though the vault takes one write at a time; on destroy no account outlives the
    vault of its key."""
    azure.control("/behaviour", {"vault_write_seconds": 0.5})
    (stack.folder / "__main__.py").write_text(
        (Path(__file__).with_name("programs") / "composed.py").read_text()
    )
    salt = stack.config()["encryptionsalt"]
    stack.config_file.write_text(yaml.safe_dump({"config": {}, "encryptionsalt": salt}))
    done(stack.up())
    outputs = stack.outputs()
    for name in ("one", "two"):
        states = cloud.history(azure, outputs[name]["accountId"])
        assert states[-1]["keyUri"].startswith(f"https://kv-shared.vault.azure.net/keys/cmk-{name}/")
    done(stack.deploy("--expect-no-changes"))
    done(stack.destroy())
    for name in ("one", "two"):
        states = cloud.history(azure, outputs[name]["accountId"])
        assert [state["readable"] for state in states if state["why"] != "DELETE"].count(False) == 0, states
