"""What a stack tells: its accounts, and what the policy pack says of its state."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from evidence import stack
from evidence.model import NotChecked

PARENT = "urn:pulumi:dev::language-cmk::language-cmk:index:EncryptedLanguageService"
URN = f"{PARENT}$azure-native:keyvault:Vault::x-vault"


def answers(monkeypatch: pytest.MonkeyPatch, printed: str, *, code: int = 0, errors: str = "") -> list[Any]:
    """The CLI answers this; gives the commands it is asked."""
    asked: list[Any] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, code, printed, errors)

    monkeypatch.setattr(subprocess, "run", run)
    return asked


def event(rule: str, level: str, text: str, urn: str = URN) -> str:
    told = {"policyName": rule, "enforcementLevel": level, "message": text, "resourceUrn": urn}
    return json.dumps({"policyEvent": told})


SUMMARY = json.dumps({"summaryEvent": {"PolicyPacks": {"pack": "1.2"}}})


def test_a_stack_of_one_service_or_several(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ids come from its outputs, in either shape."""
    answers(monkeypatch, json.dumps({"accountId": "/a", "vaultId": "/v"}))
    assert stack.account_ids("dev") == ["/a"]
    answers(monkeypatch, json.dumps({"services": {"x": {"accountId": "/a"}, "y": {"accountId": "/b"}}}))
    assert stack.account_ids("dev") == ["/a", "/b"]


def test_fails_for_a_stack_without_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not deployed, and one that is not there, say so."""
    answers(monkeypatch, "{}")
    with pytest.raises(stack.StackError, match="run `pulumi up` first"):
        stack.account_ids("dev")
    answers(monkeypatch, "", code=255, errors="error: no stack named 'dev' found\n")
    with pytest.raises(stack.StackError, match="no stack named"):
        stack.account_ids("dev")


def test_fails_in_words_without_the_cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And says how evidence is had without it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(stack.StackError, match="name accounts with --account"):
        stack.account_ids("dev")


def test_policy_results_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Violations by level, exemptions by themselves, and their source; a failing command tells all."""
    lines = [
        event("b-rule", "advisory", "text b"),
        event("a-rule", "mandatory", "text a"),
        event("exemptions-listed", "advisory", "a-rule may be broken by x", urn=""),
        SUMMARY,
    ]
    asked = answers(monkeypatch, "\n".join(lines), code=1)
    found = stack.policy_results("dev", "config.json")
    assert not isinstance(found, NotChecked)
    assert [(v.rule, v.level, v.resource) for v in found.violations] == [
        ("a-rule", "mandatory", "x-vault"),
        ("b-rule", "advisory", "x-vault"),
    ]
    assert found.exemptions == ("a-rule may be broken by x",)
    assert found.pack == "pack 1.2"
    assert "not the live cloud" in found.source
    assert asked[0][-5:-3] == ["--policy-pack-config", "config.json"]


def test_an_engine_that_does_not_report_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of an answer is none."""
    answers(monkeypatch, event("a-rule", "advisory", "text"), code=1, errors="error: the pack failed\n")
    assert stack.policy_results("dev", None) == NotChecked("pulumi policy analyze: error: the pack failed")
