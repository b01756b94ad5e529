"""URNs are identity: a URN that changes is a resource that is replaced, with the data it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.service import EncryptedLanguageService
from tests.unit.recording import run

GOLDEN = Path(__file__).parent / "golden"
MODES: dict[str, dict[str, Any]] = {
    "default": {},
    "rbac": {"access": "rbac"},
    "user-assigned": {"identity": "userAssigned"},
    "microsoft-managed": {"encryption": "microsoftManaged"},
    "operators": {"vault": {"key_operators": ["deployer"]}},
}


@pytest.mark.parametrize("mode", MODES)
def test_urns_stay_what_they_are(mode: str) -> None:
    """Types, names and parents of all resources are those of the golden file; renames need an alias first."""
    args: Any = {"location": "westeurope", **MODES[mode]}
    monitor = run(lambda: EncryptedLanguageService("language", args))
    found = sorted(
        f"{resource.request.parent.split('::', 2)[-1]} > {resource.type}::{resource.name}"
        for resource in monitor.registered
    )
    assert "\n".join(found) + "\n" == (GOLDEN / f"urns-{mode}.txt").read_text()
