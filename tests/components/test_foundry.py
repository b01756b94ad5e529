"""Foundry projects and deployments of models: what a service of them declares, in which order, and what it
refuses."""

from __future__ import annotations

from typing import Any

import pytest

from core import kind_limits
from core import resource_types as types
from core.service.data_loss import losses
from core.service.recorded import recorded_service, state_of
from tests.components.bound import ACCOUNT, state, urn
from tests.components.test_kinds import refused
from tests.components.test_modes import SUBNET
from tests.support.recording import service
from tests.support.situations import situation

PROJECTS = [{"name": "claims", "display_name": "Claims"}, {"name": "fraud"}]
MODELS: list[dict[str, Any]] = [
    {"name": "mini", "model": "gpt-4o-mini", "version": "2024-07-18", "sku": "GlobalStandard", "capacity": 5},
    {"name": "search", "model": "text-embedding-3-small"},
]


@pytest.mark.parametrize(
    ("identity", "key_holder"),
    [("systemAssigned", ":CustomerManagedKey"), ("userAssigned", ":cognitiveservices:Account")],
)
def test_everything_below_the_account_comes_after_its_key_one_by_one(identity: str, key_holder: str) -> None:
    """The binding, or the account that is created with its key, then each project and each deployment after
    the one before it: Azure refuses two writes at once."""
    monitor = service(kind="AIServices", identity=identity, projects=PROJECTS, deployments=MODELS)
    after = monitor.one(key_holder).urn
    for made in (*monitor.of(":Project"), *monitor.of(":cognitiveservices:Deployment")):
        assert after in made.needs, made.name
        after = made.urn


def test_a_project_and_a_deployment_are_as_declared() -> None:
    """A project has an identity of its own and is protected, for it holds data; a deployment its model."""
    monitor = service(kind="AIServices", projects=PROJECTS, deployments=MODELS)
    account = monitor.one(":cognitiveservices:Account").inputs
    assert account["properties"]["allowProjectManagement"] is True
    claims, fraud = monitor.of(":Project")
    assert claims.inputs == {
        "accountName": account["accountName"],
        "resourceGroupName": "rg-language",
        "projectName": "claims",
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {"displayName": "Claims"},
    }
    assert claims.request.protect
    assert fraud.request.protect
    mini, search = monitor.of(":cognitiveservices:Deployment")
    assert mini.inputs["sku"] == {"name": "GlobalStandard", "capacity": 5}
    assert mini.inputs["properties"]["model"] == {
        "format": "OpenAI",
        "name": "gpt-4o-mini",
        "version": "2024-07-18",
    }
    assert search.inputs["sku"] == {"name": "Standard", "capacity": 1}
    assert not mini.request.protect


def test_accounts_without_projects_are_as_before() -> None:
    """Nobody who asks for no projects gets a property that is not there today."""
    for kind in ("TextAnalytics", "AIServices"):
        properties = service(kind=kind).one(":cognitiveservices:Account").inputs["properties"]
        assert "allowProjectManagement" not in properties
    properties = (
        service(kind="AIServices", allow_project_management=True).one(":Account").inputs["properties"]
    )
    assert properties["allowProjectManagement"] is True


@pytest.mark.parametrize(
    ("said", "key_holder"),
    [
        ({}, ":CustomerManagedKey"),
        ({"identity": "userAssigned"}, ":Account"),
        ({"encryption": "microsoftManaged"}, ":Account"),
    ],
)
def test_the_choice_about_upgrades_comes_after_the_key_and_before_what_needs_a_settled_account(
    said: dict[str, Any], key_holder: str
) -> None:
    """Azure takes one write of an account at a time, and no private endpoint during one. It is not protected:
    to take the setting out deletes it, which writes nothing."""
    network = {"access": "private", "subnet_id": SUBNET}
    monitor = service(
        kind="OpenAI", foundry_auto_upgrade="disabled", network=network, deployments=MODELS, **said
    )
    upgrade = monitor.one(":FoundryAutoUpgrade")
    account = monitor.one(":cognitiveservices:Account")
    assert upgrade.inputs == {
        "accountId": account.outputs["id"],
        "mode": "Disabled",
        "afterWrite": "0",
    }
    assert monitor.one(key_holder).urn in upgrade.needs
    assert not upgrade.request.protect
    for made in (*monitor.of(":PrivateEndpoint"), *monitor.of(":cognitiveservices:Deployment")):
        assert upgrade.urn in made.needs, made.name


def test_nobody_who_says_nothing_of_upgrades_gets_a_resource_for_them() -> None:
    assert service(kind="OpenAI").of(":FoundryAutoUpgrade") == []


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (
            {"allow_project_management": True},
            "allowProjectManagement: found kind TextAnalytics, which has no projects",
        ),
        (
            {"kind": "OpenAI", "deployments": [MODELS[0], {**MODELS[1], "name": "MINI"}]},
            "deployments: 'mini' is listed 2 times; list it once",
        ),
        (
            {"kind": "AIServices", "projects": [{"name": "-"}]},
            "projects[0].name: project name '-' has 1 char",
        ),
        ({"kind": "OpenAI", "deployments": [{"name": "mini"}]}, "deployments[0].model: is required"),
        (
            {"kind": "OpenAI", "deployments": [{**MODELS[0], "capacity": 0}]},
            "deployments[0].capacity: found 0, expected at least 1",
        ),
    ],
)
def test_fails_on_what_the_kind_does_not_have(said: dict[str, Any], problem: str) -> None:
    """Before anything is registered, with the argument and what it may be."""
    assert refused(**said)[0].startswith(problem)


def loses(*, bound: bool = True, project: str = "claims", **said: Any) -> list[str]:
    """What is refused of a Foundry account that is deployed with a project."""
    found = state(bound=bound)
    key = {"keyVaultUri": "https://kv-language.vault.azure.net/", "keyName": "k", "keyVersion": "1"}
    encryption = {"keySource": "Microsoft.KeyVault", "keyVaultProperties": key} if bound else None
    found[ACCOUNT]["outputs"] |= {
        "name": "aif-language",
        "kind": "AIServices",
        "properties": {"allowProjectManagement": True, "encryption": encryption},
    }
    found[urn(types.PROJECT, "project-claims")] = {"outputs": {"name": project}}
    before = recorded_service("language", state_of(found))
    return [f"{one.path}: {one.text}" for one in losses(situation(before, kind="AIServices", **said))]


def test_a_project_is_deleted_only_on_purpose() -> None:
    """The refusal names the setting; with it, or while the project is listed, nothing is refused. A project
    without an id, as of a create that was cut off, counts, too."""
    (found,) = loses()
    assert found.startswith("projects: account 'aif-language' has the project 'claims'")
    assert "set removedProjects: [claims]" in found
    assert loses(removed_projects=["Claims"]) == loses(projects=[{"name": "Claims"}]) == []
    assert loses(project="Claims", projects=[{"name": "claims"}]) == []


def test_a_project_that_goes_is_no_longer_protected() -> None:
    """So that the next update can delete it; the others stay protected."""
    monitor = service(kind="AIServices", projects=PROJECTS, removed_projects=["Claims"])
    assert [one.request.protect for one in monitor.of(":Project")] == [False, True]


def test_an_account_with_projects_keeps_the_kind_of_its_key() -> None:
    """On to the customer's key as any other account, and not off it, whatever names the account: the refusal
    has Azure's own sentence, and no advice to move the data."""
    listed: dict[str, Any] = {"projects": [{"name": "claims"}]}
    for named in (None, "aif-language"):
        (found,) = loses(encryption="microsoftManaged", unbind_account=named, **listed)
        assert found.startswith(
            "encryption: changes to 'microsoftManaged', but account 'aif-language' manages"
        )
        assert kind_limits.PROJECTS_STAY in found
        assert "another name" not in found
    assert loses(bound=False, **listed) == []
    assert loses(bound=False, encryption="microsoftManaged", **listed) == []
