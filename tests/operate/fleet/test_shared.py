"""Settings that fleet.yaml shares: whose they are, and which of them count."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from operate.fleet import shared
from operate.fleet.shared import FleetFileError
from settings import SettingsError, parse
from settings.parse import merged
from tests.settings.test_parse import MINIMAL

FLEET: dict[str, Any] = {
    "stacks": ["prod-*"],
    "exclude": ["prod-sandbox"],
    "settings": {"location": "westeurope", "key": {"generation": 1, "rotatesAfterDays": 100}},
    "labels": [
        {"match": {"team": "claims"}, "settings": {"key": {"rotatesAfterDays": 200}}},
        {"match": {"team": ["claims", "hr"], "stack": "*-eu"}, "settings": {"accessModel": "rbac"}},
    ],
}


def test_the_stacks_own_file_wins_and_groups_are_merged() -> None:
    """fleet.yaml, then each label that matches in order, then the stack's file; groups at any depth."""
    of_fleet = shared.shared(FLEET)
    levels = of_fleet.of("prod-eu", {"team": "claims", "stack": "prod-eu"})
    assert [*levels] == [FLEET["settings"], *(one["settings"] for one in FLEET["labels"])]
    below = merged(*levels)
    (service,) = parse({"name": "claims", "key": {"generation": 7}}, shared=below).services
    assert (service.location, service.access_model) == ("westeurope", "rbac")
    assert (service.key.generation, service.key.rotates_after_days) == (7, 200)
    below, own = {"a": {"b": {"c": 1, "d": 2}, "e": 3}}, {"a": {"b": {"d": 4}}}
    assert merged(below, own) == {"a": {"b": {"c": 1, "d": 4}, "e": 3}}


def test_who_is_not_of_the_fleet_has_none_of_it() -> None:
    """An excluded stack, one of another name, and a checkout without a fleet.yaml."""
    of_fleet = shared.shared(FLEET)
    assert of_fleet.of("prod-sandbox", {}) == of_fleet.of("dev", {}) == ()
    assert shared.read(Path("/nonexistent")).of("prod-eu", {}) == ()


@pytest.mark.parametrize(("take", "count"), [(2, 2), (2.0, 2), ("2", 2), ("20%", 2), ("20%\n", 2)])
def test_each_number_that_the_schema_takes_is_one(take: object, count: int) -> None:
    """JSON Schema takes 2.0 for an integer, and a line's end after a pattern."""
    said = {**FLEET, "rings": [{"name": "a", "take": take}], "parallel": {"stacks": 2.0}}
    found = shared.shared(said)
    assert shared.share(found.rings[0].take or "", 10) == count
    assert (found.parallel, type(found.parallel)) == (2, int)


def test_empty_settings_are_none() -> None:
    """As YAML has them where somebody took the last one out."""
    assert shared.shared({**FLEET, "settings": None}).levels[0] == ({}, {})


def test_a_wrong_shared_setting_says_where_it_stands() -> None:
    """The same checks as of a stack's file; what the stack's own file says is not blamed on the fleet."""
    with pytest.raises(SettingsError) as error:
        parse({**MINIMAL, "access": "never"}, shared={"sku": "F9", "location": "nowhere", "colour": "red"})
    text = str(error.value)
    assert "language-cmk:sku: found 'F9', expected " in text
    assert text.count("(set in fleet.yaml)") == 2
    assert "access: found 'never', expected 'granted' or 'revoked'\n" in text + "\n"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"stacks": None}, "fleet.yaml: 'stacks' is a required"),
        ({"ring": []}, "fleet.yaml: .*'ring'"),
        ({"rings": [{"name": "a"}, {"name": "a"}]}, "rings: found a twice"),
        ({"rings": [{"name": "a", "take": "0"}]}, r"rings\[0\]\.take: '0'"),
        ({"rings": [{"name": "a", "take": "101%"}]}, r"rings\[0\]\.take: '101%'"),
        ({"parallel": {"stacks": 0}}, "parallel.stacks: "),
        ({"settings": {"name": "claims"}}, "settings.name: is decided for one stack"),
        ({"settings": {"searchServiceKey": {"secure": "v1:x"}}}, "settings: found a secret"),
        ({"settings": ["a"]}, "settings: "),
        ({"labels": {"match": {}}}, "labels: "),
        ({"labels": [{"match": {"team": 3}, "settings": {}}]}, r"labels\[0\]\.match\.team: "),
        (
            {"labels": [{"match": {}, "settings": {"unbindAccount": "a"}}]},
            r"labels\[0\]\.settings\.unbindAccount: is decided",
        ),
    ],
)
def test_a_wrong_fleet_file_is_refused_with_the_place(change: dict[str, Any], problem: str) -> None:
    """A typing error, what is decided for one stack, and what is encrypted for one stack."""
    with pytest.raises(FleetFileError) as error:
        shared.shared({**FLEET, **change})
    assert any(re.match(problem, f"{one.path}: {one.text}") for one in error.value.problems)


def test_labels_are_the_tags_and_what_the_stack_is() -> None:
    """As the file has them, and as Pulumi hands them to the program, which is text."""
    config = yaml.safe_load("""
      azure-native:subscriptionId: 00000000-0000-0000-0000-000000000001
      language-cmk:location: westeurope
    """)
    subscription = "00000000-0000-0000-0000-000000000001"
    stack = {"location": "westeurope", "subscription": subscription, "stack": "prod-eu"}
    for tags in ({"team": "claims"}, '{"team": "claims"}'):
        config["language-cmk:tags"] = tags
        assert shared.labels_of("prod-eu", config) == {"team": "claims", **stack}
