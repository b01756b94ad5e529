"""The page about an update that was killed."""

from __future__ import annotations

import pytest

from tests.runbooks.conftest import Runbook
from tests.support import cloud
from tests.support.crash import Moment, killed_at

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800), pytest.mark.long]
ROLE = Moment("role", "PUT", "{scope*}/providers/Microsoft.Authorization/roleAssignments/{name}")


def test_crash_recovery(runbook: Runbook) -> None:
    """The machine dies while resources are made; the page's commands end it, the data readable all along."""
    judge = runbook.judge
    ciphertext = judge.ciphertext()
    for heading in runbook.run("crash-recovery"):
        assert judge.reads_data()
        if heading.startswith("Before anything"):
            assert killed_at(runbook.azure, runbook.stack, [ROLE])
        if heading == "Going on":
            assert len(cloud.documents(runbook.azure, "roleAssignment")) >= 2
    assert judge.verdicts(versions=1) == []
    assert judge.ciphertext() == ciphertext
    assert judge.refusals() == []
