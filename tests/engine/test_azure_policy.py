"""The constraints as Azure Policy on the real engine: what they do to an account's first phase."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from docs.examples.azure_policy.constraints import CONSTRAINTS
from tests.engine.shared import done, refused
from tests.support.stack import ROOT, Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]
PROGRAM = Path(__file__).with_name("programs") / "guardrails.py"


def test_deny_refuses_phase_one_unless_it_is_exempt_or_under_audit(stack: Stack) -> None:
    """The account without a key is disallowed by policy; an exempt resource group lets it be made, Audit
    lets it stay without one, and then all is settled."""
    (stack.folder / "__main__.py").write_text(PROGRAM.read_text())
    example = Path("docs", "examples", "azure_policy")
    shutil.copytree(ROOT / example, stack.folder / example)
    stack.env["KEY_EFFECT"] = "Deny"
    refused(stack.deploy(), "RequestDisallowedByPolicy")
    stack.env["EXEMPT"] = "yes"
    done(stack.deploy())
    types = [one["type"] for one in stack.resources()]
    assert types.count("azure-native:authorization:PolicyExemption") == 1
    assert "azure-native:cognitiveservices:Account" in types
    del stack.env["EXEMPT"]
    stack.env["KEY_EFFECT"] = "Audit"
    done(stack.deploy())
    types = [one["type"] for one in stack.resources()]
    assert types.count("azure-native:authorization:PolicyAssignment") == len(CONSTRAINTS)
    assert types.count("azure-native:authorization:PolicyDefinition") == sum(
        one.built_in is None for one in CONSTRAINTS
    )
    assert "azure-native:authorization:PolicyExemption" not in types
    done(stack.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes"))
    assert stack.destroy().ok
