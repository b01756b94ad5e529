"""Each setting that may be changed, changed: in place, only what it is about, and never an unbound moment.

Judged by the engine's own events. Changes whose effects are apart are made in one update; an update that does
more than its cases say fails, so that each also shows that the one before it had left nothing to do.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.arguments import names
from localazure import seed
from localazure.seed import OTHER_SUBSCRIPTION_ID
from tests.engine.shared import done, vault_of_others
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.judge import KEY_VAULT, Judge
from tests.support.setting_paths import setting_paths
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]

SOMEBODY = "3f8c2d10-5a6b-4c7d-8e9f-0a1b2c3d4e5f"
ELSEWHERE_ID = f"/subscriptions/{OTHER_SUBSCRIPTION_ID}/resourceGroups"
NETWORK = f"{ELSEWHERE_ID}/rg-network/providers/Microsoft.Network"
SUBNET = f"{NETWORK}/virtualNetworks/vnet-spoke/subnets/endpoints"
ZONE = f"{NETWORK}/privateDnsZones/privatelink.vaultcore.azure.net"
CENTRAL = f"{ELSEWHERE_ID}/rg-keys"
VAULT = f"{CENTRAL}/providers/Microsoft.KeyVault/vaults/kv-central"
WORKSPACE = f"{CENTRAL}/providers/Microsoft.OperationalInsights/workspaces/log-central"
ARCHIVE = f"{CENTRAL}/providers/Microsoft.Storage/storageAccounts/stlogs"
HUB = f"{CENTRAL}/providers/Microsoft.EventHub/namespaces/evh-logs"
IDENTITY = f"{CENTRAL}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-storage"
PRIVATE = {"access": "private", "subnetId": SUBNET, "privateDnsZoneIds": [ZONE]}

ELSEWHERE = {
    "name": "another name is another service",
    "previousName": "test_services_left_out.py",
    "location": "test_components_guards.py",
    "encryption": "test_in_process.py",
    "identity": "test_components_guards.py",
    "accessModel": "test_components_guards.py",
    "access": "../lifecycle/test_access.py",
    "resourceGroupName": "test_components_guards.py",
    "existingResourceGroupName": "as resourceGroupName",
    "accountName": "../remediation/test_ways_out.py",
    "unbindAccount": "test_in_process.py",
    "revokeAccount": "../components/test_access.py",
    "sku": "test_in_process.py",
    "storageAccountIds": "test_in_process.py",
    "grantStorageAccess": "../components/test_linked_storage.py",
    "searchServiceId": "test_in_process.py",
    "searchServiceKey": "test_in_process.py",
    **{
        f"names.{resource}": "../remediation/test_changes.py"
        for resource in names.DEFAULTS
        if resource not in ("account", "key", "resourceGroup", "vault")
    },
    "kind": "test_in_process.py",
    "callers": "../components/test_callers.py",
    "vault.name": "test_components_guards.py",
    "vault.sku": "../remediation/test_changes.py",
    "key.type": "../remediation/test_changes.py",
    "key.size": "../remediation/test_changes.py",
    "key.version": "../remediation/test_automatic_version.py",
    "asFound": "for an account that was adopted",
    "lock": "test_in_process.py",
    "allowProjectManagement": "as projects",
    "projects": "test_in_process.py",
    "removedProjects": "test_in_process.py",
    "deployments": "test_in_process.py",
}
"""Settings that are never changed in place, or have a test of their own."""


@dataclass(frozen=True)
class Change:
    """Settings that change in one update, and the effects: what happens to each resource, by its name without
    the service's, as `OPERATION [PROPERTY ...]` of the engine's events."""

    paths: tuple[str, ...]
    said: Mapping[str, Any]
    effects: Mapping[str, str]


ACCOUNT_WRITTEN = {"account": "update properties"}
REBOUND = {"binding": "update keyUriWithVersion"}
WRITTEN = {"account": "update properties", "vault": "update properties"}
# Read as one life, in this order: a rotation needs the vault's data plane, which the network then closes.
CHANGES = (
    Change(
        ("tags", "vault.keyOperators", "key.expiresAfterDays", "key.rotatesAfterDays", "softDeleted"),
        {
            "tags": {"owner": "somebody"},
            "vault": {"keyOperators": ["deployer", SOMEBODY]},
            # Azure takes these when the key is made, and so does the program.
            "key": {"generation": 1, "expiresAfterDays": 300, "rotatesAfterDays": 100},
            "softDeleted": "recover",
        },
        {
            **dict.fromkeys(("group", "workspace", "vault", "account"), "update tags"),
            f"operator-{SOMEBODY}-access": "create",
        },
    ),
    Change(
        ("key.generation",),
        {"key": {"generation": 2}},
        {"key-version": "update generation", **REBOUND},
    ),
    Change(
        ("key.pin", "otherIdentityIds"),
        {
            "otherIdentityIds": [IDENTITY],
            "key": {"generation": 2, "pin": "the first"},
        },
        {
            "key-version": "update pin",
            "account": "update identity",
            "binding": "update keyUriWithVersion",
        },
    ),
    Change(
        (
            "network.access",
            "network.allowedIpRanges",
            "network.allowedSubnetIds",
            "audit.newWorkspace",
            "restrictOutbound",
            "allowedFqdns",
        ),
        {
            # Below, the vault changes: the account has to reach each in its time.
            "restrictOutbound": True,
            "allowedFqdns": ["contoso.blob.core.windows.net"],
            "network": {
                "access": "selected",
                "allowedIpRanges": ["20.50.0.0/16"],
                "allowedSubnetIds": [SUBNET],
            },
            "audit": {"newWorkspace": False},
        },
        {
            **WRITTEN,
            **dict.fromkeys(("account-audit", "vault-audit", "workspace"), "delete"),
        },
    ),
    Change(
        (
            "key.name",
            "network.subnetId",
            "network.privateDnsZoneIds",
            "audit.workspaceId",
            "audit.storageAccountId",
            "audit.eventHubRuleId",
            "audit.eventHubName",
        ),
        {
            "key": {"generation": 2, "name": "second"},
            "network": PRIVATE,
            "audit": {
                "workspaceId": WORKSPACE,
                "storageAccountId": ARCHIVE,
                "eventHubRuleId": f"{HUB}/authorizationRules/siem",
                "eventHubName": "audit",
            },
        },
        {
            **WRITTEN,
            "key": "create-replacement keyName",
            "key-version": "create-replacement keyId pin",
            "binding": "update keyUriWithVersion",
            **dict.fromkeys(("account-audit", "vault-audit", "account-zone", "account-zone-link"), "create"),
            **dict.fromkeys(("account-endpoint", "account-dns", "vault-endpoint", "vault-dns"), "create"),
        },
    ),
    Change(
        ("vault.id",),
        {"vault": {"id": VAULT}, "key": {"generation": 2}, "network": PRIVATE},
        {
            # The new grant is there before the account is bound anew, and the old one goes after that.
            "key": "create-replacement keyName resourceGroupName vaultName",
            "access": "create-replacement resourceGroupName subscriptionId vaultName",
            "key-version": "create-replacement keyId",
            # Its host is added to those that the account may call; the former vault's goes in the next one.
            "account": "update properties",
            "binding": "update keyUriWithVersion vaultId",
            f"subscription-{OTHER_SUBSCRIPTION_ID}": "create",
            # In a vault that stays, the access has to be removed once the account is gone.
            "access-cleanup": "create",
            **dict.fromkeys(("vault", "vault-audit", "vault-dns", "vault-endpoint"), "delete"),
            **dict.fromkeys(
                (f"operator-{SOMEBODY}-access", f"operator-{seed.DEPLOYER.object_id}-access"), "delete"
            ),
        },
    ),
    Change(
        ("key.id", "protect"),
        {"vault": None, "key": {"generation": 2, "id": f"{VAULT}/keys/cmk-contoso-dev"}, "protect": True},
        # Out of the state, and left in the vault. The service itself shows that it is protected.
        {"key": "delete", "contoso-dev": "update", **ACCOUNT_WRITTEN},
    ),
)


def test_every_setting_has_its_change() -> None:
    """A new setting is changed here, or it is said where it is."""
    changed = [path for change in CHANGES for path in change.paths]
    assert sorted([*changed, *ELSEWHERE]) == sorted(setting_paths())
    tests = [where for where in ELSEWHERE.values() if where.endswith(".py")]
    assert [where for where in tests if not (Path(__file__).parent / where).exists()] == []


@pytest.fixture
def judge(stack: Stack, azure: RunningAzure) -> Judge:
    """The stack's judge, and what others own: a network, a vault, a workspace and an action group."""
    judge = Judge(azure, stack)
    program = Path(__file__).with_name("programs") / "network.py"
    words = (OTHER_SUBSCRIPTION_ID, "rg-network", "vnet-spoke", "endpoints")
    subprocess.run([sys.executable, str(program), *words], env=azure.environ, check=True, timeout=300)
    vault_of_others(judge, VAULT)
    judge.arm("PUT", IDENTITY, "2023-01-31", {"location": "westeurope"})
    judge.arm("PUT", ZONE, "2024-06-01", {"location": "global"})
    judge.arm("PUT", WORKSPACE, "2023-09-01", {"location": "westeurope", "properties": {}})
    judge.arm("PUT", ARCHIVE, "2023-05-01", {"location": "westeurope", "sku": {"name": "Standard_LRS"}})
    judge.arm("PUT", HUB, "2024-01-01", {"location": "westeurope", "sku": {"name": "Standard"}})
    rights = {"properties": {"rights": ["Listen", "Manage", "Send"]}}
    judge.arm("PUT", f"{HUB}/authorizationRules/siem", "2024-01-01", rights)
    return judge


def test_settings_change_in_place_and_only_what_they_are_about(stack: Stack, judge: Judge) -> None:
    """One life through every change: each update does what its cases say and no more, the account is the same
    one, and from its binding on it is under a key of the customer's that it can use."""
    assert stack.deploy().ok
    account = judge.arm("GET", judge.account_id, "2024-10-01")["properties"]["internalId"]
    first = judge.versions()[0]
    for change in CHANGES:
        said = json.loads(json.dumps(dict(change.said)).replace("the first", first))
        stack.configure(**said)
        run = stack.deploy("--json")
        assert run.ok, f"{change.paths}\n{messages(run.output)}"
        assert effects(run.output) == change.effects, change.paths
    done(stack.deploy("--expect-no-changes"))
    assert judge.arm("GET", judge.account_id, "2024-10-01")["properties"]["internalId"] == account
    (audit,) = cloud.documents(judge.azure, "diagnosticSetting")
    sent = audit["body"]["properties"]
    assert (audit["body"]["name"], sent["workspaceId"], sent["storageAccountId"]) == (
        "contoso-dev-audit",
        WORKSPACE,
        ARCHIVE,
    )
    assert (sent["eventHubAuthorizationRuleId"], sent["eventHubName"]) == (
        f"{HUB}/authorizationRules/siem",
        "audit",
    )
    history = judge.history()
    assert [state for state in history if not state["readable"]] == []
    assert {state["keySource"] for state in history[1:]} == {KEY_VAULT}


def _events(output: str) -> Iterator[dict[str, Any]]:
    yield from (json.loads(line) for line in output.splitlines() if line.startswith("{"))


def messages(output: str) -> str:
    """What the engine's events tell a person."""
    return "\n".join(
        event["diagnosticEvent"]["message"] for event in _events(output) if "diagnosticEvent" in event
    )


def effects(output: str) -> dict[str, str]:
    """What an update did to each of the service's resources, from the engine's events."""
    found: dict[str, str] = {}
    for event in _events(output):
        step = event.get("resourcePreEvent", {}).get("metadata")
        if step is None or step["op"] in ("refresh", "same"):
            continue
        name = step["urn"].rsplit("::", 1)[1].removeprefix("contoso-dev-")
        # A replacement is three events; the first says which it is.
        found.setdefault(name, " ".join([step["op"], *sorted(step.get("diffs") or [])]))
    return found
