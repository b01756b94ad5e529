"""The policy pack in the real engine: in a preview and in an update; over an exported state, test_life.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policies.rule import Asked
from policies.rules import RULES
from tests.support.stack import Stack, refused

pytestmark = pytest.mark.engine
PROGRAM = Path(__file__).with_name("programs") / "every_violation.py"
BLOCKED_IN_PREVIEW = sorted(
    {rule.name for rule in RULES if rule.asked in (Asked.STEP, Asked.USED) and rule.level == "mandatory"}
    | {
        "account-has-customer-key",
        "bound-after-grant",
        "project-after-key",
        "grant-present",
        "same-region",
        "same-tenant",
        "one-writer",
    }
    | {"account-fits-its-kind", "no-mixed-access-policies", "vault-audited", "account-outbound-compatible"}
    | {"cmk-no-versionless", "cmk-not-at-create-with-system-identity"}
)


def configured(stack: Stack, rule: str, **settings: Any) -> tuple[str, ...]:
    """Options of the pack with the settings of a rule."""
    config = stack.folder / "rule.json"
    config.write_text(json.dumps({rule: settings}))
    return "--policy-pack", "policies", "--policy-pack-config", str(config)


def test_every_mandatory_rule_blocks_in_preview(stack: Stack) -> None:
    """One program breaks every mandatory rule; its preview names each of them. A permission model is asked
    for only where one is configured."""
    (stack.folder / "__main__.py").write_text(PROGRAM.read_text())
    options = configured(stack, "vault-permission-model", model="access-policy")
    run = refused(stack.pulumi("preview", *options))
    missing = [name for name in BLOCKED_IN_PREVIEW if f"  {name}  (" not in run.output]
    assert missing == [], run.output
    assert "could not be evaluated" not in run.output


def test_an_update_without_preview_creates_no_refused_account(stack: Stack) -> None:
    """With --skip-preview an account that a rule on one resource refuses is not created."""
    tier = "account-tier-supports-cmk"
    options = configured(stack, tier, unsupportedTiers=["F0", "S"])
    refused(stack.pulumi("up", "--yes", "--skip-preview", *options), tier)
    assert "Account" not in {one["type"].rpartition(":")[2] for one in stack.resources()}
