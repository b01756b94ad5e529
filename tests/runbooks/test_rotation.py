"""The pages about new versions of the key."""

from __future__ import annotations

import json

import pytest

from tests.runbooks.conftest import Runbook
from tests.support import cloud
from tests.support.judge import Judge
from tests.support.revocation import carry_out_lines

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800), pytest.mark.long]


def test_rotate(runbook: Runbook) -> None:
    """Each rotation binds the newest version; the ciphertext stays, and no moment is unbound."""
    judge = runbook.judge
    ciphertext = judge.ciphertext()
    for heading in runbook.run("rotate"):
        assert judge.reads_data()
        if heading == "Raise the generation":
            assert judge.verdicts(versions=2) == []
            judge.vault("POST", "/keys/cmk-contoso-dev/rotate")
    assert judge.verdicts(versions=3) == []
    assert judge.ciphertext() == ciphertext
    assert judge.refusals() == []


def test_rotate_after_compromise(runbook: Runbook) -> None:
    """The old version is off, the account on the new one, and no moment was unbound or unreadable."""
    judge = runbook.judge
    ciphertext = judge.ciphertext()
    for heading in runbook.run("rotate-after-compromise"):
        if heading == "Find the old versions that no account uses":
            (fix,) = (
                one["fix"]
                for one in json.loads((runbook.stack.folder / "old-versions.json").read_text())["findings"]
                if one["rule"] == "old-versions-enabled"
            )
            carry_out_lines(runbook.azure, fix)
        assert judge.reads_data(), heading
    assert enabled(judge) == [False, True]
    assert judge.verdicts(versions=2) == []
    assert judge.ciphertext() == ciphertext
    assert judge.refusals() == []


def enabled(judge: Judge) -> list[bool]:
    """Which versions of the key are enabled, oldest first."""
    (key,) = cloud.documents(judge.azure, "vault.key")
    return [version["enabled"] for version in key["body"]["versions"]]
