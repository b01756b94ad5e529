"""The page about evidence."""

from __future__ import annotations

import json

import pytest

from tests.runbooks.conftest import Runbook

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800), pytest.mark.long]


def test_evidence(runbook: Runbook) -> None:
    """A person who follows the page has evidence of the stack's account, and has changed nothing."""
    judge = runbook.judge
    history, grants = judge.history(), judge.grants()
    for heading in runbook.run("evidence"):
        if heading == "Collect it":
            found = json.loads((runbook.stack.folder / ".evidence" / "evidence.json").read_text())
            (service,) = found["services"]
            assert service["accountId"] == judge.account_id
            assert service["account"]["encryption"]["keyVersion"] == judge.bound_version()
    assert (judge.history(), judge.grants()) == (history, grants)
    assert judge.reads_data()
