"""What the crash recovery says and does where there is little to do, or no engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from operate.__main__ import main
from operate.recover.state import resolved

SUBSCRIPTION = "7b2e9d40-1c58-4f6a-8e37-94a0c5d6b213"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-a"
RULE = "azure-native:monitor:ScheduledQueryRule"


def test_fails_in_words_without_the_cli(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever repairs a stack at night gets no traceback."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["recover", "--stack", "dev"]) == 2
    assert "is not on PATH" in capsys.readouterr().err


@pytest.mark.parametrize("times", [1, 2])
def test_a_replacement_of_the_same_id_is_taken_over(times: int) -> None:
    """The engine deletes the old one first and keeps it in the state, pending; what is there under its id is
    the new one, however often its create was cut off. `up` would refuse to create it else."""
    id = f"{GROUP}/providers/Microsoft.Insights/scheduledQueryRules/alert"
    made: dict[str, Any] = {"urn": f"urn:pulumi:dev::p::{RULE}::alert", "type": RULE, "custom": True}
    made["inputs"] = {"ruleName": "alert", "resourceGroupName": "rg-a", "location": "northeurope"}
    old = {**made, "id": id, "inputs": {**made["inputs"], "location": "westeurope"}}
    operations = [{"type": "creating", "resource": made}] * times
    deployment = {"resources": [{**old, "pendingReplacement": True}], "pending_operations": operations}
    after, cuts = resolved({"deployment": deployment}, SUBSCRIPTION)
    assert after["deployment"]["resources"] == [{**made, "id": id}]
    assert [cut.predecessor for cut in cuts] == [""] * times
