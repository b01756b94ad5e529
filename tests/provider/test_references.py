"""What the service demands of an existing vault, managed HSM or key is told before anything is made."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from provider.deployment import checks
from provider.deployment.model import USE, Planned
from provider.deployment.questions import Questions
from provider.waiting import Waiter
from tests.provider.fake_azure import FakeAzure
from tests.provider.rig import FakeClock

TENANT = "33333333-3333-4333-8333-333333333333"
HUB = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-hub"
SCOPE = f"{HUB}/providers/Microsoft.KeyVault"
VAULT, HSM = f"{SCOPE}/vaults/kv-hub", f"{SCOPE}/managedHSMs/hsm-hub"
KEY = f"{VAULT}/keys/cmk"
STORAGE = SCOPE.replace("KeyVault", "Storage/storageAccounts/stlogs")
FIT: dict[str, dict[str, Any]] = {
    VAULT: {"enableSoftDelete": True, "enablePurgeProtection": True, "tenantId": TENANT},
    HSM: {
        "enablePurgeProtection": True,
        "tenantId": TENANT,
        "securityDomainProperties": {"activationStatus": "Active"},
    },
    KEY: {
        "kty": "RSA",
        "keySize": 2048,
        "keyOps": ["wrapKey", "unwrapKey"],
        "keyUri": "https://kv-hub.vault.azure.net/keys/cmk",
    },
}
"""What can be used, by id."""


def told(id: str, answer: Any, *, where: str | None = "westeurope") -> list[str]:
    """What is found about one that an account is to be bound in, or is bound in where `where` is None; the
    `answer` of Azure is None for what is absent."""
    azure, content = FakeAzure(), {"location": where, "properties": {"tenantId": TENANT}}
    azure.answers |= {id: answer} if answer else {}
    planned = Planned(id, USE, content, setting="key.id") if where else Planned(id, USE)
    report = asyncio.run(checks.references([planned], Questions(azure, Waiter(FakeClock()))))
    assert report.unchecked == ()
    return [f"{one.text}; {one.fix}" for one in report.findings]


def existing(id: str, **properties: Any) -> dict[str, Any]:
    return {"id": id, "location": "westeurope", "properties": {**FIT[id], **properties}}


@pytest.mark.parametrize("id", FIT)
def test_nothing_is_said_of_what_fits(id: str) -> None:
    """Nor of one that an account is bound in already, which is not looked up."""
    assert told(id, existing(id)) == []
    assert told(id, None, where=None) == []


@pytest.mark.parametrize(
    ("id", "properties", "says"),
    [
        (
            VAULT,
            {"enablePurgeProtection": None, "tenantId": SCOPE},
            ["az keyvault update --name kv-hub --enable-purge-protection true", "one tenant for both"],
        ),
        (VAULT, {"enableSoftDelete": False}, ["enableSoftDelete false", "run `az rest --method patch"]),
        (VAULT, {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}, ["--bypass AzureServices"]),
        (
            HSM,
            {"enablePurgeProtection": False, "securityDomainProperties": {"activationStatus": "No"}},
            ["az keyvault update-hsm --hsm-name hsm-hub --enable-purge-protection true", "not activated"],
        ),
        (KEY, {"keySize": 1024}, ["the key 'cmk' cannot be used: the key has 1024 bits"]),
        (KEY, {"keyOps": ["sign"]}, ["allow wrapKey", "run `az keyvault key set-attributes --id https"]),
    ],
)
def test_each_demand_is_judged(id: str, properties: dict[str, Any], says: list[str]) -> None:
    """All at once, with the command that meets it, where one does."""
    text = "\n".join(told(id, existing(id, **properties)))
    assert [one for one in says if one not in text] == [], text


def test_another_region_names_the_settings() -> None:
    """Of which either may change."""
    (text,) = told(VAULT, existing(VAULT), where="northeurope")
    assert text.endswith("set location: westeurope, or key.id to one in northeurope")


@pytest.mark.parametrize(
    ("id", "option"), [(VAULT, "--name kv-hub`"), (HSM, "--hsm-name hsm-hub --location westeurope`")]
)
def test_one_that_is_absent_may_come_back(id: str, option: str) -> None:
    """Where it was deleted."""
    (text,) = told(id, None)
    assert "does not exist" in text
    assert f"run `az keyvault recover {option} if it was deleted" in text


@pytest.mark.parametrize(
    ("bypass", "rules", "option"),
    [
        ("None", [], "AzureServices"),
        # The option of az replaces the list.
        ("Logging, Metrics", [], "Logging Metrics AzureServices"),
        # Linked storage may admit the account by a rule of its own.
        ("None", [{"tenantId": TENANT}], None),
    ],
)
def test_storage_that_admits_more_keeps_what_it_admits(bypass: str, rules: list[Any], option: str) -> None:
    """And may be of any tier."""
    acls = {"defaultAction": "Deny", "bypass": bypass, "resourceAccessRules": rules}
    answer = {"sku": {"name": "Premium_LRS"}, "properties": {"networkAcls": acls}}
    found = told(STORAGE, answer, where=None)
    assert [one.rpartition(" --bypass ")[2] for one in found] == ([f"{option}`"] if option else [])
