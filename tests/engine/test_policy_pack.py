"""The policy pack in the real engine: in a preview and in an update; over an exported state, test_life.py.

What each rule refuses, known or not yet, tests/policies asks the pack's own servicer in process.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from review.__main__ import main
from tests.support.stack import Stack, done, refused

pytestmark = pytest.mark.engine
PROGRAM = Path(__file__).with_name("programs") / "violations.py"
GENERIC = PROGRAM.with_name("generic.py")


def configured(stack: Stack, rule: str, **settings: Any) -> tuple[str, ...]:
    """Options of the pack with the settings of a rule."""
    config = stack.folder / "rule.json"
    config.write_text(json.dumps({rule: settings}))
    return "--policy-pack", "policies", "--policy-pack-config", str(config)


def test_mandatory_rules_block_in_preview(stack: Stack) -> None:
    """One on a resource, one on the stack, and one that is asked for only where it is configured."""
    (stack.folder / "__main__.py").write_text(PROGRAM.read_text())
    options = configured(stack, "vault-permission-model", model="rbac")
    rules = ("vault-soft-delete", "grant-present", "vault-permission-model")
    run = refused(stack.pulumi("preview", *options), *(f"  {rule}  (" for rule in rules))
    assert "could not be evaluated" not in run.output


def test_an_update_without_preview_creates_no_refused_account(stack: Stack) -> None:
    """With --skip-preview an account that a rule on one resource refuses is not created."""
    tier = "account-tier-supports-cmk"
    options = configured(stack, tier, unsupportedTiers=["F0", "S"])
    refused(stack.pulumi("up", "--yes", "--skip-preview", *options), tier)
    assert "Account" not in {one["type"].rpartition(":")[2] for one in stack.resources()}


def test_what_a_program_makes_generically_is_judged_by_its_type(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    """The pack refuses the account, the review what the template may hold; without them, an update makes all
    of it."""
    (stack.folder / "__main__.py").write_text(GENERIC.read_text())
    refused(
        stack.pulumi("preview", "--policy-pack", "policies"),
        "the account account is a generic resource, of which no rule reads the key",
    )
    shown = done(stack.pulumi("preview", "--json")).output
    preview = stack.folder / "preview.json"
    preview.write_text(shown[shown.index("{") :])
    assert main([str(preview)]) == 3
    said = capsys.readouterr().out
    for name in ("account", "vault", "deployment"):
        assert f"approval: {name} (resource of another provider)\n- undetermined" in said
    done(stack.deploy())
