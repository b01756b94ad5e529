"""What the holder of a role of docs/roles reaches in three steps, by each action that the role has: two that
may give it more, and then a harm. The page names what is left of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, NamedTuple

import pytest

from localazure import seed
from localazure.roles import ROLES
from tests.localazure.driver import ACCOUNT, GROUP, SERVICE, URI, VAULT, Case
from tests.localazure.test_deploy_role import CONDITION, DEFINITIONS, ENCRYPTION_USER, assignment
from tests.support.front import SUBSCRIPTION
from tests.support.stack import ROOT

Body = Mapping[str, Any]
KEY, LOG = f"{VAULT}/keys/k", f"{VAULT}/providers/Microsoft.Insights/diagnosticSettings/audit"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/w"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u"
LOCK = f"{IDENTITY}/providers/Microsoft.Authorization/locks/keep"
GIVEN = "00000000-0000-4000-8000-000000000001"
"""The custom role, and the name of its assignment."""
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
EVERYTHING = {
    "tenantId": seed.TENANT_ID,
    "objectId": SERVICE.object_id,
    "permissions": {"keys": ["all", "purge"]},
}


SERVICES_ENTRY = {
    "tenantId": seed.TENANT_ID,
    "objectId": "{principal}",
    "permissions": {"keys": ["get", "wrapKey", "unwrapKey"]},
}


class Request(NamedTuple):
    """What the holder sends: a step that may give it more, or a harm, whose `name` the page has. `action` is
    the action of the role that it uses, or that a harm would need."""

    action: str
    method: str
    url: str
    body: Any = None
    name: str = ""


def role(id: str, to: str = SERVICE.object_id, **more: Any) -> Body:
    named = {
        "roleDefinitionId": f"{DEFINITIONS}/{id}",
        "principalId": to,
        "principalType": "ServicePrincipal",
    }
    return {"properties": {**named, **more}}


def logs(enabled: bool) -> Body:
    return {
        "properties": {"workspaceId": WORKSPACE, "logs": [{"categoryGroup": "audit", "enabled": enabled}]}
    }


def workspace(days: int) -> Body:
    return {"location": "westeurope", "properties": {"retentionInDays": days}}


def definition(file: str) -> Any:
    return json.loads((ROOT / "docs" / "roles" / f"{file}.json").read_text())


def granted(file: str) -> list[str]:
    (block,) = definition(file)["properties"]["permissions"]
    return [*block["actions"], *block["dataActions"]]


def has_role(file: str, condition: str | None, *, rbac: bool) -> Case:
    """A bound account, a vault whose use is logged, and a lock, which others made; SERVICE has the role of a
    file at the subscription."""
    case = Case()
    given = {"condition": condition, "conditionVersion": "2.0"} if condition else {}
    case.do(
        *("account", "protected vault", "new version", f"PATCH {ACCOUNT} with bind -> 202", "settled"),
        {"ask": f"PUT {WORKSPACE}", "send": workspace(90)},
        {"ask": f"PUT {LOG}", "send": logs(enabled=True)},
        {"ask": f"PUT {IDENTITY}", "send": {"location": "westeurope"}},
        {"ask": f"PUT {LOCK}", "send": {"properties": {"level": "CanNotDelete"}}},
        {"ask": f"PUT {DEFINITIONS}/{GIVEN}", "send": definition(file)},
        {"ask": f"PUT {assignment(GIVEN, SUBSCRIPTION)} -> 201", "send": role(GIVEN, **given)},
    )
    if rbac:
        case.do(
            {"ask": f"PATCH {VAULT}", "send": {"properties": {"enableRbacAuthorization": True}}},
            {
                "ask": f"PUT {assignment(ENCRYPTION_USER)}",
                "send": role(ENCRYPTION_USER, case.seen["principal"]),
            },
        )
    return case


ROLE_WRITE, VAULT_WRITE = "Microsoft.Authorization/roleAssignments/write", "Microsoft.KeyVault/vaults/write"
ROLE_DELETE = "Microsoft.Authorization/roleAssignments/delete"
ACCOUNT_WRITE = "Microsoft.CognitiveServices/accounts/write"
POLICY_WRITE = "Microsoft.KeyVault/vaults/accessPolicies/write"
DEPLOYMENT = f"{SUBSCRIPTION}/providers/Microsoft.Resources/deployments/d"
TEMPLATE = {
    "mode": "Complete",
    "template": {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [],
    },
}
MOVES = (
    *(
        Request(ROLE_WRITE, "PUT", assignment(one.id, at), role(one.id))
        for one, at in product(ROLES, (SUBSCRIPTION, VAULT, KEY))
    ),
    # Its own role once more, without the condition; and wider.
    Request(ROLE_WRITE, "PUT", assignment(GIVEN, SUBSCRIPTION), role(GIVEN)),
    Request(ROLE_WRITE, "PUT", assignment(GIVEN, VAULT), role(GIVEN)),
    Request(
        "Microsoft.Authorization/roleDefinitions/write", "PUT", f"{DEFINITIONS}/{GIVEN}", definition("deploy")
    ),
    Request(
        POLICY_WRITE, "PUT", f"{VAULT}/accessPolicies/add", {"properties": {"accessPolicies": [EVERYTHING]}}
    ),
    Request(VAULT_WRITE, "PATCH", VAULT, {"properties": {"enableRbacAuthorization": False}}),
    Request(VAULT_WRITE, "PATCH", VAULT, {"properties": {"accessPolicies": [EVERYTHING, SERVICES_ENTRY]}}),
    Request(
        "Microsoft.ManagedIdentity/userAssignedIdentities/write", "PUT", IDENTITY, {"location": "westeurope"}
    ),
    Request("Microsoft.Resources/deployments/write", "PUT", DEPLOYMENT, {"properties": TEMPLATE}),
    Request(
        "Microsoft.Resources/deployments/validate/action",
        "POST",
        f"{DEPLOYMENT}/validate",
        {"properties": TEMPLATE},
    ),
)
_TAKEN = "take the account's access to its key"
UNBIND = {"properties": {"encryption": {"keySource": "Microsoft.CognitiveServices"}}}
OPEN = {"properties": {"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Allow"}}}
BLOB = {"alg": "RSA-OAEP-256", "value": "AAAA"}
HARMS = (
    Request("", "POST", f"{URI}/keys/k/{{version}}/wrapkey", BLOB, "use the key"),
    Request("", "POST", f"{URI}/keys/k/rotate", None, "make a new version of the key"),
    Request("", "POST", f"{ACCOUNT}/listKeys", None, "read the account's keys"),
    Request(VAULT_WRITE, "PATCH", VAULT, OPEN, "open the vault's network"),
    Request(
        VAULT_WRITE, "PATCH", VAULT, {"properties": {"enablePurgeProtection": False}}, "end purge protection"
    ),
    Request(ACCOUNT_WRITE, "PATCH", ACCOUNT, OPEN, "open the account's network"),
    Request("", "PUT", f"{WORKSPACE}", workspace(30), "lower a log's retention"),
    Request("", "PUT", LOG, logs(enabled=False), "switch off the audit log"),
    Request("", "DELETE", LOG, None, "delete the audit log"),
    Request("", "DELETE", WORKSPACE, None, "delete the workspace"),
    Request("", "DELETE", LOCK, None, "delete a lock"),
    Request(ACCOUNT_WRITE, "PATCH", ACCOUNT, UNBIND, "unbind the account"),
    Request("", "PATCH", f"{URI}/keys/k/{{version}}", {"attributes": {"enabled": False}}, "disable the key"),
    Request("", "PUT", assignment(OWNER, SUBSCRIPTION), role(OWNER), "become Owner"),
    Request("", "DELETE", f"{URI}/keys/k", None, "delete the key"),
    Request("", "DELETE", f"{URI}/deletedkeys/k", None, "purge the key"),
    Request("", "PATCH", VAULT, {"properties": {"accessPolicies": []}}, _TAKEN),
    Request("", "DELETE", assignment(ENCRYPTION_USER), None, _TAKEN),
    Request("", "DELETE", ACCOUNT, None, "delete the account"),
    Request("", "DELETE", VAULT, None, "delete the vault"),
    Request("", "DELETE", GROUP, None, "delete the group"),
)


def sent(case: Case, one: Request) -> bool:
    """Whether the holder may do it."""
    text = json.dumps([one.url, one.body])
    for name in ("version", "principal"):
        text = text.replace(f"{{{name}}}", case.seen[name])
    url, body = json.loads(text)
    reply = case.ask(one.method, url, body, who=SERVICE)
    if reply.status == 202 and one.method == "PATCH":
        case.do("settled")
    return reply.status < 300


def reached(file: str, condition: str | None, *, rbac: bool, moves: Iterable[Request] = MOVES) -> list[str]:
    """The harms that the holder does after it has tried each step, and each of them again. No step takes from
    it, so what is not reached so is reached by no two of them."""
    case = has_role(file, condition, rbac=rbac)
    for one in (*moves, *moves):
        sent(case, one)
    # An access policy gives nothing in a vault under Azure RBAC, and a role nothing in another.
    without_effect = {"PATCH" if rbac else "DELETE"}
    return [
        harm.name
        for harm in HARMS
        if not (harm.name == _TAKEN and harm.method in without_effect) and sent(case, harm)
    ]


BOTH = [
    *("use the key", "make a new version of the key", "open the vault's network"),
    *("open the account's network", "lower a log's retention", "switch off the audit log"),
    "unbind the account",
]
WITH_THE_CONDITION = {
    False: [*BOTH, "disable the key", "delete the key", _TAKEN],
    True: [*BOTH, _TAKEN],
}
"""By whether the vault uses Azure RBAC."""
NEVER = ["end purge protection", "purge the key"]
"""Not even for an Owner: Azure refuses it."""


@pytest.mark.parametrize("rbac", [False, True], ids=["access policies", "rbac"])
def test_what_the_deploy_role_reaches_in_three_steps_is_what_the_page_says(rbac: bool) -> None:
    """With the condition that the setup command assigns. Neither a role of its own choice, nor the deletion
    of an account, a vault, a lock or a log; nothing is purged."""
    found = reached("deploy", CONDITION, rbac=rbac)
    assert found == WITH_THE_CONDITION[rbac]
    page = (ROOT / "docs" / "pull-requests.md").read_text()
    rows = re.findall(r"^\| ([^|]+) \| (both|access policies) \| `[^|]*test_role_reach", page, re.MULTILINE)
    assert [what for what, where in rows if where == "both" or not rbac] == found


@pytest.mark.parametrize("rbac", [False, True], ids=["access policies", "rbac"])
def test_without_the_condition_the_deploy_role_is_owner(rbac: bool) -> None:
    """Which is why no command assigns it without; each harm is one that works for somebody."""
    names = list(dict.fromkeys(harm.name for harm in HARMS if harm.name not in NEVER))
    assert reached("deploy", None, rbac=rbac) == names


@pytest.mark.parametrize("file", ["preview", "azure-policy"])
def test_the_other_roles_reach_no_harm(file: str) -> None:
    """In three steps, under both access models, though no condition is on them."""
    assert [reached(file, None, rbac=rbac) for rbac in (False, True)] == [[], []]


ALONE = {
    ("Microsoft.Authorization/roleAssignments/delete", True): [_TAKEN],
    (ROLE_WRITE, True): ["use the key"],
    **{(ACCOUNT_WRITE, rbac): ["open the account's network", "unbind the account"] for rbac in (False, True)},
    (POLICY_WRITE, False): [
        "use the key",
        "make a new version of the key",
        "disable the key",
        "delete the key",
    ],
    (VAULT_WRITE, False): [
        *("use the key", "make a new version of the key", "open the vault's network"),
        *("disable the key", "delete the key", _TAKEN),
    ],
    (VAULT_WRITE, True): ["open the vault's network"],
    **{
        ("Microsoft.OperationalInsights/workspaces/write", rbac): ["lower a log's retention"]
        for rbac in (False, True)
    },
    ("Microsoft.KeyVault/vaults/keys/rotate/action", True): ["make a new version of the key"],
}
"""The harms that an action leads to by itself, by whether the vault uses Azure RBAC."""


@pytest.mark.parametrize("action", [one for one in granted("deploy") if not one.endswith("/read")])
def test_each_action_of_the_deploy_role_leads_to_what_is_listed(
    action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The role with this action alone, with the condition, in three steps."""
    whole = definition("deploy")
    (block,) = whole["properties"]["permissions"]
    for word in ("actions", "dataActions"):
        block[word] = [one for one in block[word] if one == action]
    monkeypatch.setattr("tests.localazure.test_role_reach.definition", lambda file: whole)
    for rbac in (False, True):
        assert reached("deploy", CONDITION, rbac=rbac) == ALONE.get((action, rbac), [])
