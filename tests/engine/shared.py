"""What tests on the real engine say again and again."""

from __future__ import annotations

from typing import Any

from tests.support.judge import VAULTS, Judge
from tests.support.stack import Run


def done(run: Run) -> Run:
    """A run that has to succeed, with its output where it does not."""
    assert run.ok, run.output
    return run


def refused(run: Run, *words: str) -> Run:
    """A run that has to fail, in these words."""
    assert not run.ok, run.output
    for word in words:
        assert word in run.output, f"{word} is not in:\n{run.output}"
    return run


def vault_of_others(judge: Judge, vault: str, *entries: dict[str, Any]) -> str:
    """Makes somebody else's vault, in a group of its own, that grants by access policies; its id."""
    judge.arm("PUT", vault.partition("/providers/")[0], "2024-03-01", {"location": "westeurope"})
    properties = {
        "tenantId": judge.azure.env["AZURE_TENANT_ID"],
        "sku": {"family": "A", "name": "standard"},
        "enablePurgeProtection": True,
        "enableRbacAuthorization": False,
        "accessPolicies": list(entries),
    }
    judge.arm("PUT", vault, VAULTS, {"location": "westeurope", "properties": properties})
    return vault
