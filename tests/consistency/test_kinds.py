"""May an account of this kind have this? What `core.kind_limits` says is what the local Azure does, a judge
that shares nothing with the table.

The pack and the review ask core about all of it at once (tests/policies/rules/accounts.py,
tests/review/changes.py), the components and the preflight by columns (tests/components/test_kinds.py,
tests/provider/test_preflight.py)."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import pytest

from core import arm_ids, kind_limits, kinds
from core.demands import Judgement
from tests.components.guards.first_deployments import IN_SHARED, SHARED, STORAGE, group, storage
from tests.support.local_deployment import Deployment
from tests.support.stack import ROOT

BELOW: Final = {"foundry": "Project", "openai": "Deployment"}
LIMITS: Final[Mapping[str, Callable[[str], Judgement | None]]] = {
    "storage": lambda kind: kind_limits.storage(kind, 1),
    **{has: partial(kind_limits.lacks, has=has) for has in ("bypass", "foundry", "openai")},
}
"""Columns of the table that limit an account, as core asks them."""


@pytest.mark.parametrize("kind", kinds.NAMES)
@pytest.mark.parametrize("column", LIMITS)
def test_the_local_azure_refuses_it(column: str, kind: str) -> None:
    """A judge that shares nothing with the table: what is refused above, it refuses, and takes the rest."""
    deployment = Deployment()
    if column == "storage":
        storage(deployment)
    group("rg-shared")(deployment)
    id = f"{IN_SHARED}/providers/{arm_ids.ACCOUNT}/any-claims"
    body: dict[str, Any] = {
        "location": "westeurope",
        "kind": kind,
        "sku": {"name": kinds.named(kind).tiers[0]},
        "identity": {"type": "SystemAssigned"},
        "properties": {"customSubDomainName": "any-claims"},
    }
    if column == "storage":
        body["properties"]["userOwnedStorage"] = [{"resourceId": STORAGE}]
    if column == "bypass":
        body["properties"]["networkAcls"] = {"defaultAction": "Deny", "bypass": "AzureServices"}
    if column == "foundry":
        body["properties"]["allowProjectManagement"] = kinds.named(kind).foundry
    sent = deployment.arm("PUT", id, body, api="2025-06-01")
    if column in BELOW:
        assert sent.status == 201
        segment = f"{BELOW[column].lower()}s"
        below = {
            "location": "westeurope",
            "identity": {"type": "SystemAssigned"},
            "sku": {"name": "Standard", "capacity": 1},
            "properties": {"model": {"format": "OpenAI", "name": "gpt-4o-mini"}}
            if column == "openai"
            else {},
        }
        deployment.arm("GET", id, api="2025-06-01")
        sent = deployment.arm("PUT", f"{id}/{segment}/one", below, api="2025-06-01")
    assert (sent.status >= 400) is (LIMITS[column](kind) is not None), sent.body


@pytest.mark.parametrize("kind", ["Face", "TextAnalytics"])
def test_the_local_azure_knows_who_uses_a_key_through_its_own_identity_alone(kind: str) -> None:
    """The identity has no access, so both are refused, but one whatever it had."""
    deployment = Deployment()
    group("rg-shared")(deployment)
    deployment.up({"claims": {**SHARED, "kind": kind}})
    user = f"{IN_SHARED}/providers/{arm_ids.USER_ASSIGNED_IDENTITY}/id-user"
    made = deployment.arm("PUT", user, {"location": "westeurope"}, api="2023-01-31").body
    id = f"{IN_SHARED}/providers/{arm_ids.ACCOUNT}/{kinds.named(kind).prefix}-claims"
    both = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {user: {}}}
    assert deployment.arm("PATCH", id, {"identity": both}, api="2025-06-01").status == 202
    encryption = deployment.arm("GET", id, api="2025-06-01").body["properties"]["encryption"]
    encryption["keyVaultProperties"]["identityClientId"] = made["properties"]["clientId"]
    sent = deployment.arm("PATCH", id, {"properties": {"encryption": encryption}}, api="2025-06-01")
    said = f"kind {kind} uses a key only through the account's own identity"
    assert (said in sent.headers["x-localazure-findings"]) is (not kinds.named(kind).user_assigned)


def test_the_kinds_that_azure_policy_leaves_out_are_those_of_its_built_in() -> None:
    """As the local Azure evaluates it, which shares nothing with core."""
    built_ins = json.loads((ROOT / "localazure" / "policy_built_ins.json").read_text(encoding="utf-8"))
    parameters = built_ins["definitions"]["67121cc7-ff39-4ab8-b7e3-95b84dab487d"]["parameters"]
    assert {*parameters["excludedKinds"]["defaultValue"]} == kinds.SKIPPED_BY_POLICY
