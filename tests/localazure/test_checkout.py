"""What a person does with a checkout, one word each."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from localazure.checkout import ROOT, effects, is_as_recorded, is_newer, policy_config
from policies import configuration

SUMMARY = {"summaryEvent": {"resourceChanges": {"same": 1}}}
HERE = {"urn": "urn:one", "outputs": {"tag": "a"}}
PROVIDER = "urn:pulumi:dev::language-cmk::pulumi:providers:azure-native::default_3_29_0"


def _outputs(op: str, old: object, new: object, urn: str = "urn:one") -> dict[str, Any]:
    return {"resOutputsEvent": {"metadata": {"op": op, "urn": urn, "old": old, "new": new}}}


def _log(*events: Any) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (_log(_outputs("refresh", HERE, HERE), _outputs("same", HERE, HERE), SUMMARY), True),
        (_log(_outputs("refresh", HERE, {**HERE, "outputs": {"tag": "b"}}), SUMMARY), False),
        (_log(_outputs("same", HERE, {**HERE, "protect": True}), SUMMARY), False),
        (_log(_outputs("create", None, HERE), SUMMARY), False),
        (_log(_outputs("delete", HERE, None), SUMMARY), False),
        (_log(_outputs("delete", HERE, None, PROVIDER), SUMMARY), True),
        (_log(_outputs("delete", HERE, None, PROVIDER.replace("default", "mine")), SUMMARY), False),
        (_log({"summaryEvent": {"resourceChanges": {"same": 1, "update": 1}}}), False),
        (_log({"summaryEvent": {"resourceChanges": {"create": 1}}}), False),
        (_log(_outputs("same", HERE, HERE)), False),
        *((unreadable, False) for unreadable in ("", "error: no stack\n", "null\n")),
    ],
)
def test_nothing_is_updated_only_where_everything_is_as_recorded(
    text: str, expected: bool, tmp_path: Path
) -> None:
    """A drift, an output, a protection and each step count; so does a record that has no end, or that cannot
    be read, of which no effect is told."""
    log = tmp_path / "events.jsonl"
    assert is_as_recorded(log) is False
    log.write_text(text)
    assert is_as_recorded(log) is expected
    assert effects(log) == []


@pytest.mark.parametrize("file", ["Pulumi.dev.yaml", "__main__.py", "core/a.py", ".venv/.synced"])
def test_a_program_that_was_written_since_is_recorded(file: str, tmp_path: Path) -> None:
    """A preview does not show all that an update records; a written program or settings file asks for one."""
    written, state = tmp_path / "root" / file, tmp_path / "dev.json"
    written.parent.mkdir(parents=True)
    written.touch()
    assert is_newer(tmp_path / "root", state)
    state.touch()
    os.utime(written, (1, 1))
    assert not is_newer(tmp_path / "root", state)
    os.utime(state, (0, 0))
    assert is_newer(tmp_path / "root", state)


def test_only_the_example_that_is_open_goes_without_the_advice_to_close_it() -> None:
    """Stack dev is open on purpose, and its own file leaves out these two advisories alone; every other stack
    is judged by the project's file."""
    assert policy_config(ROOT, "prod") == "policy-config.yaml"
    settings = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]
    assert settings["language-cmk:network"] == {"access": "open"}
    today = date(2026, 11, 30)
    own, project = (
        configuration.read((ROOT / policy_config(ROOT, stack)).read_text(), today)
        for stack in ("dev", "prod")
    )
    without = {rule for rule in project if own[rule] != project[rule]}
    assert without == {"account-network-restricted", "vault-network-restricted"}
    assert {own[rule]["enforcementLevel"] for rule in without} == {"disabled"}


def test_a_diff_ends_with_what_happens_to_the_data(tmp_path: Path) -> None:
    """By the engine's own record."""
    told = "encryption of lang-claims: will be re-bound to version known after apply (rotation)"
    said = [{"message": f"{text}\n", "severity": "info"} for text in ("the encryption of it all", told)]
    log = tmp_path / "events.jsonl"
    log.write_text(_log(SUMMARY, *({"diagnosticEvent": one} for one in said)))
    assert effects(log) == [told]
