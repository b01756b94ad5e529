"""What the policy pack says of a stack's state."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pulumi.automation import CommandResult

from operate.evidence import policy
from operate.evidence.model import NotChecked

PARENT = "urn:pulumi:dev::language-cmk::language-cmk:index:EncryptedAIServicesAccount"
URN = f"{PARENT}$azure-native:keyvault/v20260201:Vault::x-vault"


def answers(monkeypatch: pytest.MonkeyPatch, printed: str, *, errors: str = "") -> list[Any]:
    """The CLI fails and answers this; gives the commands it is asked."""
    asked: list[Any] = []

    def pulumi(*words: str) -> CommandResult:
        asked.append(words)
        return CommandResult(printed, errors, 1)

    monkeypatch.setattr(policy, "pulumi", pulumi)
    return asked


def event(rule: str, level: str, text: str, urn: str = URN) -> str:
    told = {"policyName": rule, "enforcementLevel": level, "message": text, "resourceUrn": urn}
    return json.dumps({"policyEvent": told})


SUMMARY = json.dumps({"summaryEvent": {"PolicyPacks": {"pack": "1.2"}}})


def test_policy_results_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Violations by level, exemptions by themselves, and their source; a failing command tells all."""
    lines = [
        event("b-rule", "advisory", "text b"),
        event("a-rule", "mandatory", "text a"),
        event("exemptions-listed", "advisory", "a-rule may be broken by x", urn=""),
        SUMMARY,
    ]
    asked = answers(monkeypatch, "\n".join(lines))
    found = policy.results_of("dev", "config.json")
    assert not isinstance(found, NotChecked)
    assert [(v.rule, v.level, v.resource) for v in found.violations] == [
        ("a-rule", "mandatory", "x-vault"),
        ("b-rule", "advisory", "x-vault"),
    ]
    assert found.exemptions == ("a-rule may be broken by x",)
    assert found.pack == "pack 1.2"
    assert "not the live cloud" in found.source
    assert asked[0][-2:] == ("--policy-pack-config", "config.json")


def test_an_engine_that_does_not_report_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of an answer is none."""
    answers(monkeypatch, event("a-rule", "advisory", "text"), errors="error: the pack failed\n")
    assert policy.results_of("dev", None) == NotChecked("pulumi policy analyze: error: the pack failed")
