"""What a service is about to make is what it then makes."""

from __future__ import annotations

from typing import Any

import pytest

from core import arm_ids
from tests.components.guards.first_deployments import SHARED, network, private
from tests.support.local_deployment import Deployment

MODES: dict[str, dict[str, Any]] = {
    "default": {},
    "roles": {"access_model": "rbac"},
    "user-assigned": {"identity": "userAssigned"},
    "both identities": {"identity": "systemAndUserAssigned"},
    "no key": {"encryption": "microsoftManaged"},
    "existing group": SHARED,
    "no workspace": {"audit": {"new_workspace": False}},
    "private": {**private()},
    "tags": {"tags": {"team": "claims"}},
    "callers": {"callers": [{"principal_id": "b7e02c96-4a1d-4f53-8c6b-d90f3e5a7124"}]},
    "Foundry projects and models": {
        "kind": "AIServices",
        "projects": [{"name": "claims"}],
        "deployments": [{"name": "mini", "model": "gpt-4o-mini"}],
    },
    "private Foundry resource": {**private(), "kind": "AIServices"},
}


@pytest.mark.parametrize("args", MODES.values(), ids=MODES)
def test_the_plan_is_what_is_made(args: dict[str, Any]) -> None:
    """Each resource that Azure then has was asked about before: types for all, ids and bodies for what holds
    data or is read by policies."""
    deployment = Deployment()
    network(deployment)
    deployment.up({"claims": args})
    planned = {str(one["id"]).lower(): one for one in deployment.planned}
    made = {one.id: one.outputs for one in deployment.state.values() if one.type.startswith("azure-native:")}
    types = {one["content"]["type"].lower() for one in planned.values()}
    for id, outputs in made.items():
        type = arm_ids.parse(id).type if "/providers/" in id else arm_ids.RESOURCE_GROUP
        # A DNS zone's link and group come with zone and endpoint; a saved query is the workspace's.
        parent = type.lower().rpartition("/")[0]
        assert type.lower().replace("accesspolicy", "accesspolicies") in types or parent in types, id
        # Their names may be taken.
        if type in (arm_ids.PRIVATE_ENDPOINT, arm_ids.USER_ASSIGNED_IDENTITY):
            assert id.lower() in planned, id
        if type in (arm_ids.VAULT, arm_ids.ACCOUNT, arm_ids.WORKSPACE) or "/providers/" not in id:
            content = planned[id.lower()]["content"]
            assert (content["name"], content["location"]) == (outputs["name"], outputs["location"])
            assert (content.get("tags") or {}) == (outputs.get("tags") or {})
            assert content.get("sku", outputs.get("sku")) == outputs.get("sku")
            if "identity" in content:
                assert content["identity"]["type"] == outputs["identity"]["type"]
