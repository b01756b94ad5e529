"""A Foundry account on the real engine: its key, then its projects and models, and what can be undone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.shared import done, refused
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]
PROJECTS: list[dict[str, Any]] = [{"name": "claims"}, {"name": "fraud"}]
MODELS: list[dict[str, Any]] = [
    {"name": "mini", "model": "gpt-4o-mini", "version": "2024-07-18", "capacity": 5},
    {"name": "search", "model": "text-embedding-3-small"},
]


def children(azure: RunningAzure, segment: str) -> list[str]:
    """The names of what is below the accounts of the cloud, without the account's."""
    return sorted(
        str(one["body"]["name"]).rpartition("/")[2] for one in cloud.documents(azure, f"account.{segment}")
    )


def test_life_of_a_foundry_account(empty_azure: RunningAzure, stack: Stack) -> None:
    """Made in one update although Azure takes one write at a time and no key once there are projects; nothing
    to do afterwards; a tag and a capacity change leave the account bound; a project goes that removedProjects
    names; a destroy that is refused takes nothing away; and the last one leaves nothing."""
    empty_azure.control("/behaviour", {"child_write_seconds": 0.2})
    stack.configure(protect=True, kind="AIServices", projects=PROJECTS, deployments=MODELS)
    done(stack.up())
    account = stack.outputs()["accountId"]
    assert (children(empty_azure, "projects"), children(empty_azure, "deployments")) == (
        ["claims", "fraud"],
        ["mini", "search"],
    )
    done(stack.deploy("--expect-no-changes"))

    resized = [{**MODELS[0], "capacity": 9}, MODELS[1]]
    stack.configure(tags={"owner": "somebody"}, deployments=resized, removedProjects=["fraud"])
    done(stack.deploy())
    assert cloud.unbound_moments(empty_azure, account) == []
    stack.configure(projects=PROJECTS[:1])
    done(stack.deploy())
    assert children(empty_azure, "projects") == ["claims"]

    refused(stack.destroy())
    assert children(empty_azure, "projects") == ["claims"]
    assert children(empty_azure, "deployments") == ["mini", "search"]
    stack.configure(protect=False)
    assert stack.deploy().ok
    done(stack.destroy())
    assert children(empty_azure, "projects") == children(empty_azure, "deployments") == []
