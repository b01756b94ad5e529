"""The pack as a whole: metadata, configuration, exemptions, remedies, and what happens when a rule fails."""

import importlib
import json
import subprocess
import sys
from datetime import date
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
from pulumi_policy import ResourceValidationPolicy, Severity, StackValidationPolicy

from core import kinds
from core.api_versions import VAULTS_RETIRE_ON
from core.demands import RETENTION_DAYS
from policies import publish
from policies.analyzer import REPORTS, make_policies
from policies.configuration import profile
from policies.rule import Rule, RuleSubject
from policies.rules import RULES
from tests.policies.asking import ACCOUNT, LATER, UNKNOWN_FLAG, UNKNOWN_OBJECT, Pack, Thing
from tests.policies.bags import account_props, with_change
from tests.policies.editing import edited
from tests.policies.rules.row import SERVICE
from tests.policies.stacks import run, two_phases
from tests.support.stack import ROOT

FOLDER = Path(publish.__file__).parent
every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


@every_rule
def test_a_rule_says_who_asks_for_it_and_takes_exemptions(rule: Rule) -> None:
    """Title, reason and source are there; every setting has a default, a type and a description. The engine
    is told the ids of other rule sets."""
    assert all((rule.title, rule.why, rule.source))
    assert not rule.title.endswith(".")
    for schema in rule.settings.values():
        assert {"type", "default", "description"} <= set(schema)
    (policy,) = (one for one in make_policies() if one.name == rule.name)
    assert policy.config_schema is not None
    assert set(policy.config_schema.properties) == {*rule.settings, "exemptions"}
    assert policy.severity is Severity(rule.severity)
    form = ResourceValidationPolicy if rule.subject is RuleSubject.STEP else StackValidationPolicy
    assert isinstance(policy, form)
    (told,) = (one for one in Pack().servicer.GetAnalyzerInfo(None, None).policies if one.name == rule.name)
    assert list(told.tags) == rule.same_as


@every_rule
def test_the_page_says_each_rule_as_it_is(rule: Rule) -> None:
    """What must hold and why, at which level; the ids in other rule sets; each setting by its meaning."""
    page = (FOLDER / "README.md").read_text()
    said = f"| {rule.level} | {rule.severity} | {rule.title} | {rule.why} ({rule.source}) |"
    assert f"| `{rule.name}` {said}\n" in page
    elsewhere = page.partition("## The same demand elsewhere")[2]
    (row,) = (line for line in elsewhere.splitlines() if line.startswith(f"| `{rule.name}` |"))
    ids = {one.partition(":")[2] or one for one in row.replace("<br>", " ").split()}
    assert {tag.partition(":")[2] for tag in rule.same_as} <= ids
    for name, schema in rule.settings.items():
        assert f"| `{rule.name}` | `{name}` | " in page
        assert f" | {schema['description']} |\n" in page


def test_what_is_told_of_rules_is_of_rules() -> None:
    """rules.json names each rule and no other, no source that it does not list, and core's own facts."""
    told = json.loads((FOLDER / "rules.json").read_text())
    known = {rule.name: rule for rule in RULES}
    assert told["rules"].keys() == known.keys()
    assert {tag.partition(":")[0] for rule in RULES for tag in rule.same_as} == told["sources"].keys()
    assert all(date.fromisoformat(source["read"]) for source in told["sources"].values())
    tiers = known["account-tier-supports-cmk"].settings["unsupportedTiers"]["default"]
    assert tuple(tiers) == kinds.FREE_TIERS
    assert known["vault-retention"].settings["minimumDays"]["maximum"] == RETENTION_DAYS
    assert f"from {VAULTS_RETIRE_ON:%d %B %Y} Azure refuses" in known["key-vault-api-version"].why


def test_a_profile_is_the_rules_defaults_or_stricter() -> None:
    """`baseline` writes out every level and default; `regulated` has the same settings, in values that their
    schemas allow."""
    jsonschema: Any = importlib.import_module("jsonschema")
    expected = {name: {"enforcementLevel": "advisory"} for name in REPORTS}
    for rule in RULES:
        defaults = {name: schema["default"] for name, schema in rule.settings.items()}
        expected[rule.name] = {"enforcementLevel": rule.level, **defaults}
    assert profile("baseline") == expected
    assert set(expected) == {policy.name for policy in make_policies()}
    strict = profile("regulated")
    assert {name: one.keys() for name, one in strict.items()} == {
        name: one.keys() for name, one in expected.items()
    }
    ranks = ("disabled", "advisory", "mandatory")
    for name, one in expected.items():
        assert ranks.index(strict[name]["enforcementLevel"]) >= ranks.index(one["enforcementLevel"])
    for rule in RULES:
        jsonschema.validate(strict[rule.name], {"type": "object", "properties": dict(rule.settings)})


def test_a_message_says_what_why_and_how() -> None:
    """Found, required, why with its source, and the fix."""
    answers = run(edited(two_phases(), {"key.properties.keySize": 1024}))
    expected = (
        "A key is RSA of 2048 bits, or larger if every kind of account that uses it takes that size\n"
        "found: the key has 1024 bits\n"
        "required: 2048 for an account of kind TextAnalytics\n"
        "why: only RSA keys of size 2048 are supported for the encryption of Azure AI services; Foundry "
        "takes larger ones, too (Language service encryption of data at rest, Microsoft Learn)\n"
        "fix: create the key with kty RSA and keySize 2048, under a new name if it exists already: "
        "Azure ignores a change of an existing key's size"
    )
    assert [(answer.level, answer.message) for answer in answers] == [("mandatory", expected)]


def test_advice_is_two_lines() -> None:
    """The rule's title, and what was found with its fix."""
    (advice,) = run(edited(two_phases(), {"key.properties.rotationPolicy": None}))
    title, told = advice.message.splitlines()
    assert title == "A key is rotated automatically, by its rotation policy"
    assert told.startswith(
        "found: properties.rotationPolicy has no lifetime action of type rotate; fix: state "
    )


def test_the_fix_speaks_of_settings_where_a_component_makes_the_resource() -> None:
    """And of the program's own properties where it does not; it comes last."""
    stack = edited(two_phases(), {"account.sku.name": "F0"})
    ours = edited(stack, {"account@place": f"prod::shop::{SERVICE}$"})
    plain, of_component = (run(one)[0].message.splitlines()[-1] for one in (stack, ours))
    assert "fix: " in plain
    assert "sku: S" not in plain
    assert "sku: S" in of_component.partition("fix: ")[2]


def test_a_value_that_is_not_known_yet_is_no_finding_and_hides_none() -> None:
    """One property is unknown: its rule does not apply yet, which is listed, and the other rules still
    refuse."""
    hidden = {
        "vault.properties.enableSoftDelete": UNKNOWN_FLAG,
        "vault.properties.enablePurgeProtection": False,
    }
    answers = run(edited(two_phases(), hidden))
    assert {answer.rule: answer.level for answer in answers} == {
        "vault-soft-delete": LATER,
        "vault-purge-protection": "mandatory",
        "undecided-listed": "advisory",
    }
    later = next(answer for answer in answers if answer.level == LATER)
    assert later.message == "vault (azure-native:keyvault/v20260201:Vault): enableSoftDelete is not known yet"


def test_an_open_resource_does_not_hide_another_one() -> None:
    """A stack rule goes on after a resource it cannot judge."""
    stack = two_phases()
    stack["open"] = Thing("open", ACCOUNT, with_change(account_props(), "properties", UNKNOWN_OBJECT))
    stack["wrong"] = Thing("wrong", ACCOUNT, account_props())
    mine = [answer for answer in run(stack) if answer.rule == "account-has-customer-key"]
    assert [answer.urn for answer in mine] == [stack["wrong"].urn]


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has what the pack's requirements name, in the versions of this checkout, and no more."""
    folder = tmp_path_factory.mktemp("environment")
    locked = folder / "locked.txt"
    locked.write_text("\n".join(f"{one.name}=={one.version}" for one in distributions()))
    uv, python = ROOT / ".venv" / "bin" / "uv", folder / "venv" / "bin" / "python"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True)
    install: list[str | Path] = [uv, "pip", "install", "--quiet", "--python", python, "--constraint", locked]
    subprocess.run([*install, "--requirement", FOLDER / "requirements.txt"], check=True)
    return python


@pytest.mark.parametrize("name", ["policies", "language-cmk-policies-v0.1.0"])
def test_a_built_pack_starts_from_any_folder(tmp_path: Path, interpreter: Path, name: str) -> None:
    """The folder alone serves, with core inside, in an environment of its own that has its requirements and
    nothing else, and beside foreign packages `policies` and `core`; it prints its port."""
    for foreign in ("policies", "core"):
        (tmp_path / "elsewhere" / foreign).mkdir(parents=True)
        (tmp_path / "elsewhere" / foreign / "__init__.py").write_text("raise RuntimeError('foreign')\n")
    built = publish.build(tmp_path / name)
    command: list[str | Path] = [interpreter, "-u", "-m", "pulumi.policy", "127.0.0.1:1", built]
    environment = {"PYTHONPATH": str(tmp_path / "elsewhere"), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(command, cwd=built, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().strip().isdigit()
        finally:
            process.kill()


def test_a_pack_is_built_anew_and_over_nothing_else(tmp_path: Path) -> None:
    """A folder that holds a pack is made again; one that holds anything else is left alone."""
    built = publish.build(tmp_path / "pack")
    (built / "leftover.py").write_text("")
    assert publish.main([str(built)]) == 0
    assert not (built / "leftover.py").exists()
    assert "virtualenv: venv" in (built / "PulumiPolicy.yaml").read_text()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter").write_text("dear")
    assert publish.main([str(tmp_path / "home")]) == 2
    assert (tmp_path / "home" / "letter").exists()
    assert publish.main([]) == 2


def test_the_reports_come_last() -> None:
    """When all rules have been asked."""
    last = [policy.name for policy in make_policies()][-3:]
    assert last == ["unused-by-accounts", "undecided-listed", "exemptions-listed"]
