"""What a hostile author can still do: the list, and the command that reads the repository's files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from review import safeguards
from tests.support.stack import ROOT


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The files of this repository that the command reads."""
    for name in (
        ".github/settings.yml",
        ".github/CODEOWNERS",
        "docs/roles/preview.json",
        "docs/roles/deploy.json",
    ):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    return tmp_path


def test_the_settings_that_ship_close_what_settings_can(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every row that files can show is closed; the others are said to be none that a file shows."""
    assert safeguards.main(repository) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("  ")]
    assert len(lines) == len(safeguards.SAFEGUARDS)
    assert {line.split(":")[0] for line in lines} == {"closed", "not to be seen in files"}


def test_everything_that_runs_is_there() -> None:
    """A folder of code that the list forgot would have no owner that anybody asks for."""
    missing = [name for name in safeguards.RUNS if not (ROOT / name).exists()]
    assert missing == []
    tests_alone = {"tests", "localazure", "docs"}
    folders = {file.parent.name for file in ROOT.glob("*/*.py")} - tests_alone
    assert {f"{name}/" for name in folders} <= set(safeguards.RUNS)


def changed(repository: Path, path: str, value: Any) -> None:
    """Sets a value in the settings file, by a path of names and numbers."""
    file = repository / ".github" / "settings.yml"
    document = yaml.safe_load(file.read_text())
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = document
    for part in way:
        place = place[part]
    place[last] = value
    file.write_text(yaml.safe_dump(document))


REVIEWS = "branches.0.protection.required_pull_request_reviews"


@pytest.mark.parametrize(
    ("path", "value", "opened"),
    [
        (f"{REVIEWS}.require_code_owner_reviews", False, 4),
        (f"{REVIEWS}.dismiss_stale_reviews", False, 1),
        (f"{REVIEWS}.require_last_push_approval", False, 1),
        (f"{REVIEWS}.required_approving_review_count", 0, 1),
        ("branches.0.protection.enforce_admins", False, 1),
        ("branches.0.protection.allow_force_pushes", True, 1),
        ("branches.0.protection.required_status_checks.contexts", ["encryption"], 1),
        (
            "branches.0.protection.required_status_checks.contexts",
            ["encryption", "every test, from a clean clone"],
            1,
        ),
        ("branches.0.protection.required_status_checks.strict", False, 1),
        ("branches.0.name", "master", 6),
        ("environments.1.deployment_branch_policy.protected_branches", False, 1),
        ("environments.2.prevent_self_review", False, 1),
        ("environments.2.reviewers", [], 1),
    ],
)
def test_a_setting_that_is_missing_is_open(
    repository: Path, capsys: pytest.CaptureFixture[str], path: str, value: Any, opened: int
) -> None:
    """Each setting is one that somebody would miss."""
    changed(repository, path, value)
    assert safeguards.main(repository) == 1
    assert capsys.readouterr().out.count("OPEN: ") == opened


@pytest.mark.parametrize(
    "path", [".github/", "review/", "Makefile", "encryption-approvals.yaml", "policy-config.yaml"]
)
def test_what_nobody_owns_is_open(repository: Path, path: str) -> None:
    """A pattern without an owner takes the ownership away, as on GitHub."""
    owners = repository / ".github" / "CODEOWNERS"
    owners.write_text(f"{owners.read_text()}\n/{path}\n")
    assert safeguards.main(repository) == 1


@pytest.mark.parametrize("pattern", ["*.py", "/review/**", "**/escaping.py", "/policy-config.*", "core/?lo*"])
def test_a_pattern_that_takes_owners_away_is_open(repository: Path, pattern: str) -> None:
    """Whatever it matches: no pattern with wildcards has a reason to leave files without an owner."""
    owners = repository / ".github" / "CODEOWNERS"
    owners.write_text(f"{owners.read_text()}\n{pattern}\n")
    assert safeguards.main(repository) == 1


def test_a_new_file_that_nobody_owns_is_open(repository: Path) -> None:
    """`python -m` imports a file of the root before a package of its name: each has an owner at once."""
    listed = [*safeguards.RUNS, "encryption-approvals.yaml"]
    (repository / ".github" / "CODEOWNERS").write_text("".join(f"/{one} @a/b\n" for one in listed))
    assert safeguards.main(repository) == 1


@pytest.mark.parametrize(
    ("role", "action"),
    [
        ("preview", "Microsoft.KeyVault/vaults/write"),
        ("preview", "*/read"),
        ("preview", "Microsoft.CognitiveServices/accounts/listKeys/action"),
        ("deploy", "Microsoft.KeyVault/vaults/keys/delete"),
        ("deploy", "Microsoft.CognitiveServices/*"),
    ],
)
def test_a_role_that_may_more_is_open(repository: Path, role: str, action: str) -> None:
    """The preview identity only reads; the deploy identity deletes nothing that holds data."""
    file = repository / "docs" / "roles" / f"{role}.json"
    document = json.loads(file.read_text())
    document["properties"]["permissions"][0]["actions"].append(action)
    file.write_text(json.dumps(document))
    assert safeguards.main(repository) == 1


def test_a_repository_without_any_of_it_is_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing found is not nothing wrong."""
    assert safeguards.main(tmp_path) == 1
    by_files = [one for one in safeguards.SAFEGUARDS if one.holds]
    assert capsys.readouterr().out.count("OPEN: ") == len(by_files)
