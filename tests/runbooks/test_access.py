"""The pages about access to the key: taken away, given back, and what somebody did outside Pulumi."""

from __future__ import annotations

import pytest

from tests.runbooks.conftest import Runbook
from tests.support import cloud
from tests.support.judge import ACCOUNTS, MICROSOFT, VAULTS
from tests.support.revocation import carry_out

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800), pytest.mark.long]


def test_revoke_and_restore(runbook: Runbook) -> None:
    """Data is out of reach from the revocation to the restoration, never unbound, and then as it was."""
    judge = runbook.judge
    ciphertext = judge.ciphertext()
    readable = {heading: judge.reads_data() for heading in runbook.run("revoke-and-restore")}
    assert readable == {"Revoke": False, "Check again later": False, "Restore": True}
    assert judge.verdicts(versions=1) == []
    assert judge.ciphertext() == ciphertext


def test_revocation_drill(runbook: Runbook) -> None:
    """The data was refused and can be read again; every grant is what it was, and so is what Pulumi knows."""
    judge = runbook.judge
    ciphertext, grants = judge.ciphertext(), sorted(judge.grants())
    readable = {heading: judge.reads_data() for heading in runbook.run("revocation-drill")}
    assert set(readable.values()) == {True}
    assert judge.ciphertext() == ciphertext
    assert sorted(judge.grants()) == grants


def test_emergency_revocation(runbook: Runbook) -> None:
    """What was cut off without Pulumi stays so until the settings give it back."""
    judge, stack = runbook.judge, runbook.stack
    readable = {}
    for heading in runbook.run("emergency-revocation"):
        if heading == "Before anything happens":
            carry_out(runbook.azure, stack.outputs(), "revoke")
        readable[heading] = judge.reads_data()
    assert readable == {
        "Before anything happens": False,
        "Revoke": False,
        "What Pulumi says afterwards": False,
        "Keep it revoked": False,
        "Restore it": True,
    }
    assert judge.verdicts(versions=1) == []


def test_drift(runbook: Runbook) -> None:
    """An account that was unbound and a vault that was deleted come back, with the data as it was."""
    judge = runbook.judge
    ciphertext = judge.ciphertext()
    judge.arm("PATCH", judge.account_id, ACCOUNTS, {"properties": {"encryption": {"keySource": MICROSOFT}}})
    for heading in runbook.run("drift"):
        if heading == "The vault was deleted":
            judge.bring_back(judge.vault_id)
        assert judge.reads_data(), heading
        if heading == "The account was unbound":
            judge.arm("DELETE", judge.vault_id, VAULTS)
    assert judge.ciphertext() == ciphertext
    assert judge.bound_version() == judge.versions()[-1]


def test_destroy_and_come_back(runbook: Runbook) -> None:
    """The account is never cut off before it goes, and comes back bound, with its data."""
    judge = runbook.judge
    for heading in runbook.run("destroy-and-come-back"):
        if heading == "What remains, and until when":
            assert cloud.documents(runbook.azure, "account") == []
        if heading == "Start again under other names":
            judge.bring_back()
    assert judge.reads_data()
    assert judge.lapses() == []
    assert judge.bound_version() == judge.versions()[-1]
