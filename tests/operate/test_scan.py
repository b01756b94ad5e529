"""The scan of a subscription: a row and one next step for each account, whichever tool made it."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest

from components.arguments import names
from core import adapters
from core.api_versions import UPGRADES
from core.facts import Upgrade
from localazure import seed
from operate import scan
from operate.azure import UnansweredError
from tests.localazure.driver import Case
from tests.operate.adopt import field
from tests.operate.evidence.door_azure import SUBSCRIPTION, DoorAzure, _DoorClient, scene
from tests.support.front import Door

TODAY = date(2026, 12, 2)
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts"
KEY = {"keySource": "Microsoft.KeyVault"}
BOUND = {**KEY, "keyVaultProperties": {"keyVaultUri": "https://kv.vault.azure.net", "keyName": "cmk"}}
CAPABLE = [{"name": "CustomerManagedKey"}]
VAULT = {
    "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv",
    "name": "kv",
    "location": "westeurope",
    "properties": {"enableSoftDelete": True, "enablePurgeProtection": True, "enableRbacAuthorization": True},
}


def account(name: str = "a", kind: str = "TextAnalytics", **said: Any) -> dict[str, Any]:
    properties = {"capabilities": CAPABLE, "provisioningState": "Succeeded", **said}
    return {
        "id": f"{ID}/{name}",
        "name": name,
        "kind": kind,
        "location": said.pop("location", "westeurope"),
        "sku": {"name": "S"},
        "properties": properties,
    }


def row(
    body: dict[str, Any], vault: dict[str, Any] | None = None, upgrade: Upgrade | None = None
) -> scan.AccountRow:
    vaults = {"kv": adapters.vault(vault)} if vault else {}
    return scan.row_of(adapters.account(body), vaults, upgrade or Upgrade(), (), TODAY, templates={})


@pytest.fixture(scope="module")
def door() -> Door:
    return scene()


def test_a_reader_scans_a_subscription_in_a_few_requests(door: Door) -> None:
    """Accounts bound by the portal's way and plain ones, by the local Azure's own answers."""
    azure = DoorAzure(door, caller=seed.READER)
    rows = {found.id.rpartition("/")[2]: found for found in scan.scan(azure, [SUBSCRIPTION], TODAY)}
    assert {"plain", "rotated", "cut-off"} <= {*rows}
    assert rows["plain"].key == "Microsoft's"
    assert "adopt --stack adopted --account" in rows["plain"].next_step
    assert rows["rotated"].key.startswith("yours: ")
    assert len(azure.questions) <= 4 + 2 * len(seed.SUBSCRIPTIONS)


@pytest.mark.parametrize("count", [25, pytest.param(1000, marks=pytest.mark.long)])
def test_a_thousand_accounts_of_mixed_making_are_a_few_requests(
    count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Language, Foundry and Azure OpenAI on Microsoft's keys, global Translators, and accounts that were made
    under a key by a user-assigned identity. A reader scans them, page by page, and sees how far it is."""
    door = Case()
    made = field.Field(_DoorClient(door))
    group = made.group(field.group("rg-many"))
    identity = made.identity(group, "id-many")
    key = made.key(made.vault(group, "kv-many"))
    made.policy(
        f"{group}/providers/Microsoft.KeyVault/vaults/kv-many",
        identity["properties"]["principalId"],
        field.WRAPS,
    )
    bound = {
        "keySource": "Microsoft.KeyVault",
        "keyVaultProperties": {
            "keyVaultUri": key.partition("/keys/")[0],
            "keyName": "cmk",
            "keyVersion": key.rpartition("/")[2],
            "identityClientId": identity["properties"]["clientId"],
        },
    }
    assigned = {"type": "UserAssigned", "userAssignedIdentities": {identity["id"]: {}}}
    makings: tuple[dict[str, Any], ...] = (
        {"kind": "TextAnalytics"},
        {"kind": "AIServices"},
        {"kind": "OpenAI"},
        {"kind": "TextTranslation", "location": "global"},
        {"kind": "TextAnalytics", "identity": assigned, "encryption": bound},
    )
    for number in range(count):
        made.account(group, f"many-{number}", **makings[number % len(makings)])
    azure = DoorAzure(door, caller=seed.READER)
    rows = scan.scan(azure, [SUBSCRIPTION], TODAY)
    first_words = Counter(found.next_step.partition(" ")[0] for found in rows)
    assert first_words == {"take": 3 * count // 5, "make": count // 5, "": count // 5}
    assert len({found.next_step for found in rows}) == 3 * count // 5 + 2
    assert len(azure.questions) == 8
    said = capsys.readouterr().err
    assert f"scan: subscription 1 of 1, {SUBSCRIPTION}" in said
    assert "scan: deployments of resource group 1 of 1, " in said


def deployment(name: str, timestamp: str, version: str | None) -> dict[str, Any]:
    written = {"id": str(VAULT["id"]).upper()} | ({"apiVersion": version} if version else {})
    return {"name": name, "properties": {"timestamp": timestamp, "outputResources": [written]}}


@pytest.mark.parametrize(
    ("deployments", "step"),
    [
        (
            [("old", "2026-01-01", "2023-07-01")],
            "in the template of deployment old, change the vault's version 2023-07-01",
        ),
        ([("new", "2026-03-01", "2026-02-01"), ("old", "2026-01-01", "2023-07-01")], ""),
        ([("new", "2026-03-01", None)], ""),
        ([], ""),
    ],
)
def test_a_template_that_writes_a_vault_by_a_version_that_ends_is_told(
    monkeypatch: pytest.MonkeyPatch, door: Door, deployments: list[tuple[str, str, str | None]], step: str
) -> None:
    """The newest deployment of the vault counts; where Azure shows no version, nothing is said."""
    azure = DoorAzure(door)
    lists = {
        "accounts": [account(encryption=BOUND)],
        "vaults": [VAULT],
        "deployments": [deployment(*said) for said in deployments],
    }
    monkeypatch.setattr(azure, "list", lambda path, version: lists.get(path.rpartition("/")[2], []))
    (found,) = scan.scan(azure, [SUBSCRIPTION], TODAY)
    assert found.next_step.startswith(step) if step else found.next_step == ""
    assert (found.next_step in found.remarks) is bool(step)


def test_templates_that_may_not_be_read_are_not_taken_for_none(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scan.scan(DoorAzure(door, "Microsoft.Resources/deployments"), [SUBSCRIPTION], TODAY)
    assert "not checked: which templates write the vaults there, because 403" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("body", "vault", "step"),
    [
        (account(), None, "take it into a stack with"),
        (account(kind="Unheard.Of"), None, "find out whether a customer's key is possible"),
        (account(location="global"), None, "make it anew in a region"),
        (account(capabilities=[{"name": "Container"}]), None, "move it to tier S,"),
        (account(encryption=BOUND), None, "find the vault of its key"),
        (account(encryption=BOUND), VAULT, ""),
        (
            account(encryption=BOUND),
            {**VAULT, "properties": {"enableSoftDelete": True}},
            "run `az keyvault update --name kv --enable-purge-protection true",
        ),
    ],
)
def test_each_account_has_one_next_step(
    body: dict[str, Any], vault: dict[str, Any] | None, step: str
) -> None:
    found = row(body, vault).next_step
    assert found.startswith(step) if step else found == ""


@pytest.mark.parametrize(("name", "service"), [("Claims_EU.1", "claims-eu-1"), ("7days", "ai-7days")])
def test_the_printed_adoption_names_a_service_that_can_be(name: str, service: str) -> None:
    assert names.SERVICE.checked(service) == service
    assert row(account(name)).next_step.partition("`;")[0].endswith(f" --name {service}")


def test_an_account_that_cannot_reach_its_vault_is_told() -> None:
    """Its own rules of outbound traffic leave the vault out, so that it cannot unwrap its key."""
    found = row(account(encryption=BOUND, restrictOutboundNetworkAccess=True, allowedFqdnList=[]), VAULT)
    assert any("restrictOutboundNetworkAccess" in remark for remark in found.remarks)
    assert found.next_step != ""


def test_plans_that_may_not_be_read_are_not_taken_for_none(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scan.scan(DoorAzure(door, UPGRADES), [SUBSCRIPTION], TODAY)
    assert "not checked: whether Azure plans upgrades, because 403" in capsys.readouterr().err


def test_what_the_key_does_not_cover_and_what_azure_plans_is_said() -> None:
    """Of a Foundry account, Azure Policy's `compliant` says nothing; one of Azure OpenAI may become one."""
    remarks = " | ".join(row(account(kind="AIServices", encryption=BOUND), VAULT).remarks)
    assert "not under the key: agents in the basic setup" in remarks
    assert "says nothing about it" in remarks
    planned = {"plannedByMicrosoft": True, "scheduledAt": "2026-12-15T00:00:00Z"}
    upgrade = adapters.upgrade({"properties": {"foundryAutoUpgrade": planned}})
    remarks = " | ".join(row(account(kind="OpenAI"), upgrade=upgrade).remarks)
    assert "Azure plans to make it a Foundry resource by itself on 2026-12-15; to opt out: " in remarks
    assert "set foundryAutoUpgrade: disabled in the settings of its stack" in remarks
    assert "or, if it has none, run `az rest --method patch" in remarks
    assert row(account(kind="ContentModerator")).remarks[-1].startswith("Azure ends ")


def test_vaults_that_may_not_be_listed_are_said(door: Door) -> None:
    azure = DoorAzure(door, "KeyVault/vaults")
    rows = scan.scan(azure, [SUBSCRIPTION], TODAY)
    steps = [found.next_step for found in rows if found.key.startswith("yours")]
    assert steps
    assert all("403 Forbidden: refused by the test" in step for step in steps)


def test_accounts_that_may_not_be_listed_end_the_scan(door: Door) -> None:
    """A row that is missing would read as an account that does not exist."""
    with pytest.raises(UnansweredError):
        scan.scan(DoorAzure(door, "CognitiveServices/accounts?"), [SUBSCRIPTION], TODAY)


def test_a_login_that_lists_no_subscriptions_scans_the_named_ones(door: Door) -> None:
    assert scan.scan(DoorAzure(door, "LIST /subscriptions?"), [SUBSCRIPTION], TODAY)
