"""policy-config.yaml: one file, checked, used wherever the pack runs."""

import json
import re
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from policies import configuration
from policies.configuration import PROFILES, ConfigurationError, profile, read
from policies.rules import RULES

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2030, 3, 17)
EXEMPTION = {
    "rule": "vault-retention",
    "urn": "*::build-vault",
    "reason": "moves in spring",
    "until": "2030-06-30",
}

OFF = {"enforcementLevel": "disabled", "until": "2030-06-30", "reason": "moves in spring"}


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(text, TODAY)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(("text", "name"), [("", "baseline"), ("profile: regulated", "regulated")])
def test_a_file_that_says_little_is_a_profile(text: str, name: str) -> None:
    """The baseline, unless another is named."""
    assert read(text, TODAY) == profile(name)


def test_levels_thresholds_and_exemptions_come_over_the_profile() -> None:
    """And fit the schemas of the rules."""
    text = json.dumps(
        {
            "rules": {
                "key-expiry": {"enforcementLevel": "mandatory", "minimumDays": 30},
                "vault-audited": "advisory",
                "account-has-customer-key": {"excludedKinds": ["OpenAI"]},
                "unused-by-accounts": "disabled",
                "key-usable": OFF,
                "one-key-per-account": "disabled",
            },
            "exemptions": [EXEMPTION],
        }
    )
    made = read(text, TODAY)
    assert made["key-expiry"] == {"enforcementLevel": "mandatory", "minimumDays": 30, "maximumDays": 0}
    assert made["vault-audited"]["enforcementLevel"] == "advisory"
    assert made["key-usable"] == {"enforcementLevel": "disabled"}
    assert made["unused-by-accounts"] == {"enforcementLevel": "disabled"}
    assert made["vault-retention"]["exemptions"] == [
        {key: value for key, value in EXEMPTION.items() if key != "rule"}
    ]


WRONG: list[tuple[Any, str]] = [
    ([], "found [], expected profile, rules, exemptions"),
    ({"profile": "strict"}, "profile: 'strict' is not one of ['baseline', 'regulated']"),
    ({"rules": {"key-expiry": "warning"}}, "rules.key-expiry.enforcementLevel: 'warning' is not one of"),
    ({"rules": {"key-expiry": 3}}, "rules.key-expiry: 3 is not of type 'object'"),
    ({"rules": {"key-usable": "disabled"}}, "a rule that refuses can be disabled only for a time"),
    (
        {"profile": "regulated", "rules": {"account-network-restricted": "disabled"}},
        "a rule that refuses can be disabled only for a time",
    ),
    (
        {"rules": {"key-usable": {"enforcementLevel": "disabled", "until": "2030-06-30"}}},
        "reason: expected why",
    ),
    ({"rules": {"key-usable": {**OFF, "until": "2031-03-19"}}}, "expected a day within a year"),
    ({"rules": {"key-usable": {**OFF, "until": "2030-03-16"}}}, "it was disabled until 2030-03-16"),
    (
        {"rules": {"key-usable": {**OFF, "enforcementLevel": "advisory"}}},
        "until and reason apply only to a rule that refuses",
    ),
    ({"exemptions": ["all"]}, "exemptions.0: 'all' is not of type 'object'"),
    ({"exemptions": [{**EXEMPTION, "urn": "*"}]}, "expected a pattern that names a resource"),
    ({"exemptions": [{**EXEMPTION, "urn": "**::*"}]}, "expected a pattern that names a resource"),
    ({"exemptions": [{**EXEMPTION, "urn": "urn:pulumi:prod::shop::*"}]}, "names a resource"),
    # Here * stands for the ::, too.
    *(
        ({"exemptions": [{**EXEMPTION, "urn": urn}]}, "names a resource")
        for urn in ("*:*", "urn:*", "urn:pulumi:prod:*", "*:", "?*")
    ),
]


@pytest.mark.parametrize(("document", "words"), WRONG)
def test_what_is_wrong_is_named(document: Any, words: str) -> None:
    """With its place, what was found and what was expected."""
    assert any(words in line for line in problems(json.dumps(document)))


def test_everything_wrong_is_said_at_once() -> None:
    """A line each."""
    document = {"profile": "x", "rules": {"y": "advisory"}, "exemptions": [{**EXEMPTION, "urn": "*"}]}
    assert len(problems(json.dumps(document))) == 3
    assert problems("a: [") != []


def test_an_exemption_that_has_ended_is_no_mistake() -> None:
    """The pack is given it, and reports that it has ended."""
    ended = {**EXEMPTION, "until": "2030-03-16"}
    made = read(json.dumps({"exemptions": [ended]}), TODAY)
    assert [one["until"] for one in made["vault-retention"]["exemptions"]] == [ended["until"]]


def test_the_file_of_this_project_is_right_and_written(tmp_path: Path) -> None:
    """As the CLI takes it."""
    out = tmp_path / "made" / "config.json"
    assert configuration.main([str(ROOT / "policy-config.yaml"), str(out)]) == 0
    assert set(json.loads(out.read_text())) >= {rule.name for rule in RULES}


def test_a_wrong_or_missing_file_stops_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2 with every problem, and nothing written."""
    wrong, out = tmp_path / "wrong.yaml", tmp_path / "out.json"
    wrong.write_text("profile: strict\nmore: 1\n")
    assert configuration.main([str(wrong), str(out)]) == 2
    assert capsys.readouterr().err.count(f"{wrong}: ") == 2
    assert configuration.main([str(tmp_path / "none"), str(out)]) == 2
    assert configuration.main([]) == 2
    assert not out.exists()


def test_what_is_said_of_a_missing_file_leads_to_a_right_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A checkout without one is told what the file is for, and how to make one; the command is run here."""
    missing, out = tmp_path / "policy config.yaml", tmp_path / "out.json"
    assert configuration.main([str(missing), str(out)]) == 2
    said = capsys.readouterr().err
    assert "Errno" not in said
    subprocess.run(["sh", "-c", said.split("`")[1]], check=True)
    assert configuration.main([str(missing), str(out)]) == 0
    assert json.loads(out.read_text()) == profile(PROFILES[0])


def test_make_review_and_pipelines_all_use_it() -> None:
    """Wherever the pack of this project is given to the engine, its configuration is."""
    places = [
        ROOT / "Makefile",
        ROOT / "localazure" / "checkout.py",
        *(ROOT / "review").glob("*.sh"),
        *(ROOT / ".github").rglob("*.yml"),
    ]
    places += [*(ROOT / ".azuredevops").rglob("*.yml"), *(ROOT / ".azuredevops").rglob("*.sh")]
    uses = [
        (place, line)
        for place in places
        for line in place.read_text().splitlines()
        if re.search(r"--policy-pack[ =\"]", line)
    ]
    assert len(uses) >= 3
    assert [(place, line) for place, line in uses if "--policy-pack-config" not in line] == []
