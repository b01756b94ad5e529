"""What the service demands of an existing vault, managed HSM or key is told before anything is made."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from provider.deployment import checks
from provider.deployment.model import USE, Planned
from provider.deployment.questions import Questions

TENANT = "33333333-3333-4333-8333-333333333333"
SCOPE = (
    "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-hub/providers/Microsoft.KeyVault"
)
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


class Answers:
    """Azure's answers by id; None for what is absent."""

    def __init__(self, **found: Any) -> None:
        self.found = found

    async def get(self, path: str, api_version: str) -> Any:
        return self.found.get(path)


def told(id: str, answer: Any, *, where: str = "westeurope") -> list[str]:
    """What is found about one that an account is to be bound in."""
    content = {"location": where, "properties": {"tenantId": TENANT}}
    answers = cast("Questions", Answers(**{id: answer}))
    report = asyncio.run(checks.references([Planned(id, USE, content, setting="key.id")], answers))
    assert report.unchecked == ()
    return [f"{one.text}; {one.fix}" for one in report.findings]


def existing(id: str, **properties: Any) -> dict[str, Any]:
    return {"id": id, "location": "westeurope", "properties": {**FIT[id], **properties}}


@pytest.mark.parametrize("id", FIT)
def test_nothing_is_said_of_what_fits(id: str) -> None:
    """Nor of one that an account is bound in already, which is not looked up."""
    assert told(id, existing(id)) == []
    bound = asyncio.run(checks.references([Planned(id, USE)], cast("Questions", Answers())))
    assert bound.findings == ()


@pytest.mark.parametrize(
    ("id", "properties", "says"),
    [
        (
            VAULT,
            {"enablePurgeProtection": None},
            ["az keyvault update --name kv-hub", "purge-protection true"],
        ),
        (VAULT, {"enableSoftDelete": False}, ["enableSoftDelete false", "run `az rest --method patch"]),
        (VAULT, {"tenantId": SCOPE}, ["one tenant for both"]),
        (VAULT, {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}, ["--bypass AzureServices"]),
        (
            HSM,
            {"enablePurgeProtection": False},
            ["az keyvault update-hsm --hsm-name hsm-hub --enable-purge-protection true"],
        ),
        (HSM, {"securityDomainProperties": {"activationStatus": "NotActivated"}}, ["is not activated"]),
        (HSM, {"tenantId": SCOPE, "enablePurgeProtection": None}, ["one tenant", "enablePurgeProtection"]),
        (KEY, {"keySize": 1024}, ["the key 'cmk' cannot be used: the key has 1024 bits"]),
        (KEY, {"kty": "EC"}, ["the key 'cmk' cannot be used"]),
        (
            KEY,
            {"keyOps": ["sign"]},
            ["does not allow wrapKey", "run `az keyvault key set-attributes --id https"],
        ),
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


def test_linked_storage_may_admit_the_account_by_a_rule_of_its_own() -> None:
    """And may be of any tier."""
    rules = {"defaultAction": "Deny", "bypass": "None", "resourceAccessRules": [{"tenantId": TENANT}]}
    found = {STORAGE: {"sku": {"name": "Premium_LRS"}, "properties": {"networkAcls": rules}}}
    report = asyncio.run(checks.references([Planned(STORAGE, USE, {})], cast("Questions", Answers(**found))))
    assert report.findings == ()


@pytest.mark.parametrize(
    ("bypass", "option"), [("None", "AzureServices"), ("Logging, Metrics", "Logging Metrics AzureServices")]
)
def test_storage_that_admits_more_keeps_what_it_admits(bypass: str, option: str) -> None:
    """The option of az replaces the list."""
    rules = {"defaultAction": "Deny", "bypass": bypass}
    answers = cast("Questions", Answers(**{STORAGE: {"properties": {"networkAcls": rules}}}))
    report = asyncio.run(checks.references([Planned(STORAGE, USE, {})], answers))
    assert report.findings[0].fix.endswith(f" --bypass {option}`")
