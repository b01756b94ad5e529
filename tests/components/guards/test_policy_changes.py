"""What Azure Policy changes of each write is told by the preview, with the setting that declares the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from provider.deployment import policies
from provider.deployment.model import Planned
from provider.deployment.questions import Questions, UnansweredQuestionError
from tests.components.guards.first_deployments import (
    IN_SHARED,
    SHARED,
    SUBSCRIPTION,
    Cloud,
    assigned,
    both,
    group,
    made,
)
from tests.support.az import carry_out
from tests.support.local_deployment import Deployment

_A, _V = "Microsoft.CognitiveServices/accounts", "Microsoft.KeyVault/vaults"
_BUILT_IN = "/providers/Microsoft.Authorization/policyDefinitions"
_OWN = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policyDefinitions/own"
NO_PUBLIC = assigned(f"{_BUILT_IN}/47ba1dd7-28d9-4b07-a8d5-9813bed64e0c")
TAG = assigned(f"{_BUILT_IN}/4f9dc7db-30c1-420c-b61a-e1d640128d26", tagName="costCenter", tagValue="4711")
REPLACED = assigned(f"{_BUILT_IN}/5ffd78d9-436d-4b41-a421-5baa819e3008", tagName="env", tagValue="prod")
FIREWALL = assigned(f"{_BUILT_IN}/ac673a9a-f77d-4846-b2d8-a57f8e1c01dc")
INHERITED = assigned(f"{_BUILT_IN}/cd3aa116-8754-49c9-a813-ad46512ece54", tagName="owner")
APPENDED = assigned(f"{_BUILT_IN}/2a0e14a6-b0a6-4fab-991a-187a4f81c498", tagName="unit", tagValue="7")
OPEN, CLOSED = {"network": {"access": "open"}}, {"network": {"access": "closed"}}
SELECTED = {"network": {"access": "selected", "allowed_ip_ranges": ["20.1.1.1"]}}


def own(type: str, effect: str, details: Any) -> Cloud:
    """A definition of the subscription's own, assigned."""
    rule = {"if": {"field": "type", "equals": type}, "then": {"effect": effect, "details": details}}
    definition = {"properties": {"policyRule": rule}}
    return both(lambda deployment: made(deployment, _OWN, definition, "2023-04-01"), assigned(_OWN))


def setting(path: str, value: Any) -> Any:
    """The details of modify that set one field."""
    return {"operations": [{"operation": "addOrReplace", "field": path, "value": value}]}


ROWS: Mapping[str, tuple[Cloud, Mapping[str, Any], tuple[str, ...], Mapping[str, Any]]] = {
    "no public account": (
        NO_PUBLIC,
        OPEN,
        (
            "account 'lang-claims'",
            "sets publicNetworkAccess to 'Disabled', not 'Enabled'",
            "network.access: closed",
        ),
        CLOSED,
    ),
    "no public account, for some": (
        NO_PUBLIC,
        SELECTED,
        ("publicNetworkAccess", "network.access: closed"),
        CLOSED,
    ),
    "a vault with a firewall": (
        FIREWALL,
        OPEN,
        ("vault 'kv-claims'", "sets networkAcls.defaultAction to 'Deny', not 'Allow'", "selected"),
        CLOSED,
    ),
    "a public vault": (
        own(_V, "modify", setting(f"{_V}/publicNetworkAccess", "Enabled")),
        {},
        ("sets publicNetworkAccess to 'Enabled', not 'Disabled'", "set network.access: selected or open"),
        SELECTED,
    ),
    "a tag on all": (
        TAG,
        {},
        (
            "account 'lang-claims'",
            "vault 'kv-claims'",
            "sets the tag costCenter to '4711'",
            "tags: {costCenter: '4711'}",
        ),
        {"tags": {"costCenter": "4711"}},
    ),
    "a tag of another value": (
        REPLACED,
        {"tags": {"env": "dev"}},
        ("sets the tag env to 'prod'", "set tags: {env: 'prod'}"),
        {"tags": {"env": "prod"}},
    ),
    "a tag of the group": (
        both(group("rg-shared", tags={"owner": "hub"}), INHERITED),
        SHARED,
        ("sets the tag owner to 'hub'",),
        {"tags": {"owner": "hub"}},
    ),
    "an appended tag": (APPENDED, {}, ("(Append) sets the tag unit to '7'",), {"tags": {"unit": "7"}}),
    "a tag taken away": (
        own(_A, "modify", {"operations": [{"operation": "remove", "field": "tags.team"}]}),
        {"tags": {"team": "claims"}},
        ("removes the tag team", "remove team from tags"),
        {"tags": {}},
    ),
    "local authentication": (
        own(_A, "modify", setting(f"{_A}/disableLocalAuth", False)),
        SHARED,
        ("sets disableLocalAuth to 'false', not 'true'", f"--scope {IN_SHARED}`"),
        {},
    ),
}


def told(deployment: Deployment, args: Mapping[str, Any]) -> list[str]:
    """What a preview says that policies change."""
    deployment.sent.clear()
    deployment.preview({"claims": args})
    assert deployment.writes() == []
    return [text for text in deployment.warnings if "Azure Policy changes" in text]


@pytest.mark.parametrize(("cloud", "args", "says", "fixed"), ROWS.values(), ids=ROWS)
def test_what_policy_changes_is_told_until_it_is_declared(
    cloud: Cloud, args: Mapping[str, Any], says: tuple[str, ...], fixed: Mapping[str, Any]
) -> None:
    """In the first preview and in those after the update; with the fix, neither says anything."""
    deployment = Deployment()
    group("rg-shared")(deployment)
    cloud(deployment)
    texts = "\n".join(told(deployment, args))
    assert [text for text in (*says, "policyAssignments/theirs") if text not in texts] == [], texts
    deployment.up({"claims": args})
    assert told(deployment, args) != []
    if fixed:
        deployment = Deployment()
        cloud(deployment)
    else:
        # No setting has it: the owner exempts it.
        assert carry_out(deployment.door, texts) == 1
    assert told(deployment, {**args, **fixed}) == []
    deployment.up({"claims": {**args, **fixed}})
    assert told(deployment, {**args, **fixed}) == []


def test_a_policy_that_comes_later_is_told_when_it_changed_something() -> None:
    """A remediation changes an account of the stack, and the next preview, which would change it back, says
    why that would not hold; a stack as declared is not asked about."""
    deployment = Deployment()
    args = {**SHARED, **OPEN}
    group("rg-shared")(deployment)
    deployment.up({"claims": args})
    NO_PUBLIC(deployment)
    assert told(deployment, args) == []
    assert len(deployment.sent) == 3
    account = f"{IN_SHARED}/providers/{_A}/lang-claims"
    change = {"properties": {"publicNetworkAccess": "Disabled"}}
    assert deployment.arm("PATCH", account, change, api="2024-10-01").status < 300
    (text,) = told(deployment, args)
    assert "set network.access: closed or private" in text


def test_an_update_that_policy_denies_is_refused_by_its_preview() -> None:
    """The account is judged as it is written then, with its key."""
    deployment = Deployment()
    group("rg-shared")(deployment)
    deployment.up({"claims": SHARED})
    rule = {
        "if": {
            "allOf": [
                {"field": "type", "equals": _A},
                {"field": f"{_A}/publicNetworkAccess", "equals": "Enabled"},
            ]
        },
        "then": {"effect": "deny"},
    }
    made(deployment, _OWN, {"properties": {"policyRule": rule}}, "2023-04-01")
    assigned(_OWN)(deployment)
    customer_key = f"{_BUILT_IN}/67121cc7-ff39-4ab8-b7e3-95b84dab487d"
    values = {"policyDefinitionId": customer_key, "parameters": {"effect": {"value": "Deny"}}}
    cmk = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/cmk"
    made(deployment, cmk, {"properties": values}, "2023-04-01")
    with pytest.raises(Exception, match="Resource 'lang-claims' was disallowed by policy") as refused:
        deployment.preview({"claims": {**SHARED, **OPEN}})
    assert "67121cc7" not in str(refused.value)
    deployment.preview({"claims": SHARED})


@pytest.mark.asyncio
async def test_changes_are_not_checked_where_azure_takes_no_pending_fields() -> None:
    """Which fields it takes is documented by examples: then what policies change is told as not checked."""

    class Strict(Questions):
        def __init__(self) -> None:
            """Asks nobody."""

        async def group_exists(self, group_id: str) -> bool:
            return True

        async def post(self, path: str, api_version: str, body: Mapping[str, Any]) -> Any:
            raise UnansweredQuestionError("InvalidCheckRestrictionsRequest")

    planned = Planned(f"{IN_SHARED}/providers/{_V}/kv", content={"type": _V, "location": "westeurope"})
    report = await policies.check([planned], Strict())
    assert [one.what for one in report.unchecked] == ["whether a policy changes it"]
