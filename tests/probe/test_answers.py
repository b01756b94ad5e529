"""The probe finds out which Azure it is: exactly the switches that were set.

PROBE_SETTINGS=200 asks that many Azures with random settings.
"""

from __future__ import annotations

import os
import random
import re
from typing import Any

import pytest

from localazure.behaviour import SWITCHES, Behaviour, changed
from probe.asking import UNKNOWN
from probe.questions import QUESTIONS
from tests.probe.clouds import Asking
from tests.support.stack import ROOT

SETTINGS = int(os.environ.get("PROBE_SETTINGS", "40"))
BY_NAME = {switch.name: switch for switch in SWITCHES}
ASKED = {switch: assumed for question in QUESTIONS for switch, assumed in question.assumed.items()}


def random_switches(number: int) -> dict[str, Any]:
    """A value for each switch that a question is about; the same for the same number."""
    chance = random.Random(number)
    return {name: chance.choice(BY_NAME[name].values) for name in ASKED}


def silent(switches: dict[str, Any]) -> set[str]:
    """The questions that have no answer under these switches, because nothing shows it."""
    hidden = {
        "lagging_reads": not switches["read_lag_seconds"],
        "empty_vault_patch": not switches["read_lag_seconds"],
        "foundry_key_role": switches["cmk_with_rbac_vault"] == "refused",
        "failed_operations_keep": switches["missing_grant"] != "fails_later",
    }
    return {name for name, is_hidden in hidden.items() if is_hidden}


def test_every_question_is_a_switch_with_its_default() -> None:
    """The table assumes what the cloud does."""
    assert {name: BY_NAME[name].default for name in ASKED} == ASKED


def test_the_page_says_of_which_switches_nothing_is_asked() -> None:
    """Each of them, with the reason."""
    _, _, after = (ROOT / "docs/probe.md").read_text().partition("## What it does not ask")
    said = re.findall(r"`(\w+)`", after.partition("##")[0])
    assert sorted(said) == sorted(one.name for one in SWITCHES if one.source and one.name not in ASKED)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", range(SETTINGS))
def test_it_returns_the_switches_that_are_set(number: int) -> None:
    """Random settings of all switches at once: each question that can be answered is answered right, and
    nothing is left behind. What it found is a profile that the local Azure takes."""
    switches = random_switches(number)
    asking = Asking(switches)
    probe = asking.probe()
    probe.ask()
    found = probe.profile()
    assert found == {name: value for name, value in switches.items() if name not in silent(switches)}
    assert asking.left() == []
    # As POST /behaviour takes it.
    changed(Behaviour(), found)


def told(asking: Asking) -> dict[str, tuple[str, Any]]:
    """The answer and the value of each switch that a probe finds; it leaves nothing behind."""
    probe = asking.probe()
    probe.ask()
    assert asking.left() == []
    return {one.switch: (one.answer, one.value) for one in probe.answers}


@pytest.mark.parametrize(
    ("switches", "found"),
    [
        (
            {
                "trusted_services_reach_vault": False,
                "cmk_with_rbac_vault": "refused",
                "system_identity_client_id": "echoed",
            },
            {},
        ),
        # Both roles are tried, each for half an hour.
        ({"foundry_key_role": "crypto_user"}, {"grant_delay_seconds": 1200.0}),
    ],
    ids=["what pages leave open", "an account that needs the wider role"],
)
def test_an_azure_that_does_the_other_thing_is_told(switches: Any, found: Any) -> None:
    answers = told(Asking({**switches, **found}))
    assert {name: answers[name] for name in switches} == {n: ("refuted", v) for n, v in switches.items()}


def test_what_the_login_may_not_do_stays_unknown() -> None:
    """A login with a role on the data of every vault is refused nowhere: whether it needs one is unknown."""
    probe = Asking({}, vault_role=True).probe()
    probe.ask()
    answers = {one.switch: one for one in probe.answers}
    assert answers["arm_keys_need_data_role"].answer == UNKNOWN
    assert "has a role on the data" in answers["arm_keys_need_data_role"].why
    assert answers["missing_grant"].answer == "confirmed"
