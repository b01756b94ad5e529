"""What happens to the projects and models of a Foundry account, in hand-made previews."""

from __future__ import annotations

from typing import Any

import pytest

from tests.review.build import (
    ACCOUNT,
    ACCOUNT_ID,
    UNKNOWN,
    Step,
    account,
    bound,
    review,
    same,
    state,
    step,
    urn,
    verdicts,
)

PROJECT = "azure-native:cognitiveservices:Project"
DEPLOYMENT = "azure-native:cognitiveservices:Deployment"
GENERIC = "azure-native:resources:Resource"


def project(**more: Any) -> Step:
    return state({"projectName": "claims"}, id=f"{ACCOUNT_ID}/projects/claims", **more)


def model() -> Step:
    return state({"deploymentName": "mini"}, id=f"{ACCOUNT_ID}/deployments/mini")


def generic(type: str, parent: str = "accounts/lang", **more: Any) -> Step:
    """The same, as azure-native's generic resource writes it."""
    inputs = {
        "resourceProviderNamespace": "Microsoft.CognitiveServices",
        "parentResourcePath": parent,
        "resourceType": type,
        "resourceName": "claims",
    }
    return state(inputs, id=f"{ACCOUNT_ID}/{type}/claims", **more)


@pytest.mark.parametrize(
    "steps",
    [
        [step("delete", PROJECT, "p", project())],
        [step("replace", PROJECT, "p", project(), project())],
        [step("delete", GENERIC, "p", generic("projects"))],
    ],
)
def test_a_project_that_goes_is_blocked(steps: list[Step]) -> None:
    """It holds data, and nothing brings it back; only an approval in the repository passes that."""
    made = review(*bound(), *steps)
    assert verdicts(*bound(), *steps) == ["project-deleted"]
    assert made.rows[0].noun == "Foundry project"
    assert made.severity.exit_code == 4
    assert "agents, files and threads are lost" in made.rows[0].verdicts[0].verdict.words


def test_a_project_that_is_kept_in_azure_is_released() -> None:
    """retainOnDelete leaves it, and its data, where it is."""
    assert verdicts(*bound(), step("delete", PROJECT, "p", project(retainOnDelete=True))) == ["released"]


def test_a_project_goes_with_its_account() -> None:
    """The account's own verdict says all; one of another account has its own."""
    gone = step("delete", ACCOUNT, "a", account())
    assert verdicts(gone, step("delete", PROJECT, "p", project())) == ["account-deleted"]
    other = state({"projectName": "x"}, id=f"{ACCOUNT_ID}-2/projects/x")
    assert verdicts(gone, step("delete", PROJECT, "p", other)) == ["account-deleted", "project-deleted"]


def test_a_project_that_is_gone_already_needs_a_look() -> None:
    """Somebody deleted it outside Pulumi, and the refresh takes it out of the state."""
    assert verdicts(*bound(), step("refresh", PROJECT, "p", project())) == ["account-gone"]


def test_what_stays_or_comes_has_no_verdict() -> None:
    """A project that is made or stays, and a deployment of a model, which holds no data."""
    assert (
        verdicts(*bound(), same(PROJECT, "p", project()), step("create", PROJECT, "q", None, project())) == []
    )
    assert verdicts(*bound(), step("delete", DEPLOYMENT, "m", model())) == []


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("AIServices", {"projects": [], "deployments": []}),
        ("OpenAI", {"projects": ["not-for-kind"], "deployments": []}),
        ("TextAnalytics", {"projects": ["not-for-kind"], "deployments": ["not-for-kind"]}),
    ],
)
def test_what_the_kind_of_the_account_cannot_have_is_refused(
    kind: str, expected: dict[str, list[str]]
) -> None:
    """By the account's name, or by what the name comes from; in whichever type of azure-native."""
    above = account()
    above["inputs"]["kind"] = kind
    for type, token in (("projects", PROJECT), ("deployments", DEPLOYMENT)):
        for parent, needs in (("lang", []), (UNKNOWN, [urn(ACCOUNT, "a")])):
            typed = state({"accountName": parent}, propertyDependencies={"accountName": needs})
            path = parent if needs else f"accounts/{parent}"
            untyped = generic(type, path, propertyDependencies={"parentResourcePath": needs})
            for made, new in ((token, typed), (GENERIC, {**untyped, "id": ""})):
                steps = [same(ACCOUNT, "a", above), step("create", made, "below", None, new)]
                found = [one for one in verdicts(*steps) if one == "not-for-kind"]
                assert found == expected[type], (made, parent)
