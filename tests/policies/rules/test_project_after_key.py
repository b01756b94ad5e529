"""project-after-key: a Foundry project is made only after its account has its key."""

from __future__ import annotations

from typing import Any

from tests.policies.asking import GENERIC, UNKNOWN_TEXT, Thing
from tests.policies.editing import both, bound, change, says, without
from tests.policies.stacks import Stack, one_phase, two_phases

PROJECT = "azure-native:cognitiveservices:Project"


def with_project(stack: Stack, account_name: Any = "lang-one", **more: Any) -> Stack:
    """A stack with a project of its account."""
    props = {"accountName": account_name, "resourceGroupName": "rg", "projectName": "claims"}
    said = {"property_dependencies": {"accountName": ["account"]}, **more}
    return {**stack, "project": Thing("project", PROJECT, props, **said)}


@both
def test_a_project_that_does_not_wait_for_the_binding_is_refused(preview: bool) -> None:
    """Whether the account's name is known or not; a project that waits passes."""
    stack = two_phases(preview=preview)
    name = UNKNOWN_TEXT if preview else "lang-one"
    assert says(with_project(stack, name), "project-after-key") == "violation"
    assert says(with_project(stack, name, depends_on=["binding"]), "project-after-key") == "pass"


@both
def test_a_generic_project_is_one(preview: bool) -> None:
    """A program that makes it by azure-native's generic resource is held to the same order."""
    props = {
        "resourceProviderNamespace": "Microsoft.CognitiveServices",
        "parentResourcePath": UNKNOWN_TEXT if preview else "accounts/lang-one",
        "resourceType": "projects",
        "resourceName": "claims",
    }
    project = Thing("project", GENERIC, props, property_dependencies={"parentResourcePath": ["account"]})
    stack = {**two_phases(preview=preview), "project": project}
    assert says(stack, "project-after-key") == "violation"
    assert says(change(stack, "project", depends_on=["binding"]), "project-after-key") == "pass"


@bound
def test_waiting_through_another_resource_counts(name: str) -> None:
    """Such as a deployment of a model that waits for the binding."""
    stack = with_project(two_phases(), depends_on=["model"])
    model = Thing("model", "azure-native:cognitiveservices:Deployment", {}, depends_on=["binding"])
    assert says({**stack, "model": model}, "project-after-key") == "pass"


def test_accounts_without_a_binding_are_left_to_other_rules() -> None:
    """One that is created with its key has it before any project; one that is elsewhere is not judged."""
    assert says(with_project(one_phase()), "project-after-key") == "pass"
    assert says(without(with_project(two_phases()), "binding"), "project-after-key") == "pass"
    elsewhere = change(with_project(two_phases(), "other"), "project", property_dependencies={})
    assert says(elsewhere, "project-after-key") == "pass"
