"""What the roles of docs/roles may not do. That they are enough: tests/components/test_role_files.py."""

import json
import re
from pathlib import Path

import pytest

from tests.support.stack import ROOT


@pytest.mark.parametrize("file", sorted((ROOT / "docs" / "roles").glob("*.json")), ids=lambda file: file.stem)
def test_roles_grant_nothing_by_wildcard(file: Path) -> None:
    """Each role lists what it needs; none may hand out what it has not, and none reads a key's secrets."""
    listed = _granted(file.stem)
    assert not [action for action in listed if "*" in action]
    assert "Microsoft.CognitiveServices/accounts/listKeys/action" not in listed
    if file.stem == "preview":
        assert all(action.endswith(("/read", "/action")) for action in listed)


def test_the_deploy_role_is_assigned_with_its_condition_alone() -> None:
    """By each command of each page, and no page leaves the condition to one access model."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    commands = [
        line.strip()
        for page in pages
        for line in page.read_text().splitlines()
        if "role assignment create" in line and "Language CMK deploy" in line
    ]
    condition = "--condition @docs/roles/deploy-condition.txt --condition-version 2.0"
    assert commands
    assert [one for one in commands if not one.endswith(condition)] == []
    assert "only with the condition" in (ROOT / "docs" / "roles" / "deploy.json").read_text()


# What a stack can take out again without a loss of data, of access to it, or of its audit trail.
_PASSING = re.compile(
    r"Microsoft.(Network/private|OperationalInsights/workspaces/savedSearches|Authorization/role"
    r"Assignments|Authorization/policy(Assignments|Definitions|Exemptions)|Cognitive"
    r"Services/accounts/deployments)"
)


def _granted(*roles: str) -> set[str]:
    files = (ROOT / "docs" / "roles" / f"{role}.json" for role in roles)
    return {
        action
        for file in files
        for permission in json.loads(file.read_text())["properties"]["permissions"]
        for action in (*permission["actions"], *permission["dataActions"])
    }


def test_the_deployment_deletes_what_can_be_made_again_and_nothing_else() -> None:
    """Endpoints, grants, policies and deployments of models, but no account, project, vault, key,
    workspace, identity, group or lock."""
    deletes = [one for one in _granted("deploy", "azure-policy") if one.endswith("/delete")]
    assert [one for one in deletes if not _PASSING.match(one)] == []


def test_a_deployment_without_azure_policy_cannot_write_policies() -> None:
    """The right to write policies is a role of its own, for stacks that make them, and nothing more."""
    policies = re.compile(r"Microsoft.Authorization/policy(Assignments|Definitions|Exemptions)/")
    assert all(policies.match(action) for action in _granted("azure-policy"))
    assert [one for one in _granted("deploy") if policies.match(one)] == []
