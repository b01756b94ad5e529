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
    STORAGE: {},
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
    return {"location": "westeurope", "properties": {**FIT[id], **properties}}


def firewall(bypass: str, *rules: Any) -> dict[str, Any]:
    return {"networkAcls": {"defaultAction": "Deny", "bypass": bypass, "resourceAccessRules": [*rules]}}


@pytest.mark.parametrize(
    ("id", "properties", "says"),
    [
        *((id, {}, []) for id in FIT),
        (
            VAULT,
            {"enablePurgeProtection": None, "tenantId": SCOPE},
            ["az keyvault update --name kv-hub --enable-purge-protection true", "one tenant for both"],
        ),
        (VAULT, {"enableSoftDelete": False}, ["enableSoftDelete false", "run `az rest --method patch"]),
        (VAULT, firewall("None"), ["--bypass AzureServices"]),
        (
            HSM,
            {"enablePurgeProtection": False, "securityDomainProperties": {"activationStatus": "No"}},
            ["az keyvault update-hsm --hsm-name hsm-hub --enable-purge-protection true", "not activated"],
        ),
        (KEY, {"keyOps": ["sign"]}, ["the key 'cmk' cannot be used", "run `az keyvault key set-attributes"]),
        (STORAGE, firewall("None"), ["--bypass AzureServices`"]),
        # The option of az replaces the list.
        (STORAGE, firewall("Logging, Metrics"), ["--bypass Logging Metrics AzureServices`"]),
        # Linked storage may admit the account by a rule of its own.
        (STORAGE, firewall("None", {"tenantId": TENANT}), []),
        # Where it was deleted, it may come back.
        (
            VAULT,
            None,
            [
                "was not found, or this login may not see subscription",
                "run `az keyvault recover --name kv-hub` if it was deleted",
            ],
        ),
        (HSM, None, ["az keyvault recover --hsm-name hsm-hub --location westeurope`"]),
    ],
)
def test_each_demand_is_judged(id: str, properties: dict[str, Any] | None, says: list[str]) -> None:
    """All at once, each with the command that meets it, where one does; nothing is said of what fits, nor of
    one that an account is bound in already, which is not looked up."""
    where = None if id == STORAGE else "westeurope"
    found = told(id, None if properties is None else existing(id, **properties), where=where)
    assert [one for one in says if one not in "\n".join(found)] == []
    assert bool(found) == bool(says)
    assert id == STORAGE or told(id, None, where=None) == []


def test_another_region_names_the_settings() -> None:
    """Of which either may change."""
    (text,) = told(VAULT, existing(VAULT), where="northeurope")
    assert text.endswith("set location: westeurope, or key.id to one in northeurope")
