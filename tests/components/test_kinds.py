"""Accounts of every kind: what a service of it declares, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from components.arguments.problem import InputError
from components.service import EncryptedAIServicesAccount
from core import kinds
from core.kinds import AccountKind
from tests.support.recording import SUBSCRIPTION, RecordingMonitor, run, service_inputs

SUBNET = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network"
    "/virtualNetworks/v/subnets/endpoints"
)


def service(**more: Any) -> RecordingMonitor:
    return run(lambda: EncryptedAIServicesAccount("language", {"location": "westeurope", **more}))  # type: ignore[typeddict-item]


def refused(**said: Any) -> list[str]:
    with pytest.raises(InputError) as error:
        service_inputs(**said)
    return [f"{one.path}: {one.text}" for one in error.value.problems]


@pytest.mark.parametrize("kind", kinds.ALL, ids=lambda kind: kind.name)
def test_kind_decides_tier_and_name(kind: AccountKind) -> None:
    """Who only names a kind gets an account of it on a tier that supports the key, bound to the key."""
    monitor = service(kind=kind.name)
    account = monitor.one(":Account").inputs
    assert (account["kind"], account["sku"]) == (kind.name, {"name": kind.tiers[0]})
    assert account["accountName"] == account["properties"]["customSubDomainName"] == f"{kind.prefix}-language"
    assert monitor.one(":CustomerManagedKey")


@pytest.mark.parametrize(
    ("kind", "location", "zones"),
    [
        ("TextAnalytics", "westeurope", ["privatelink.cognitiveservices.azure.com"]),
        (
            "OpenAI",
            "westeurope",
            ["privatelink.cognitiveservices.azure.com", "privatelink.openai.azure.com"],
        ),
        (
            "AIServices",
            "westeurope",
            [
                "privatelink.cognitiveservices.azure.com",
                "privatelink.openai.azure.com",
                "privatelink.services.ai.azure.com",
            ],
        ),
        (
            "AIServices",
            "usgovvirginia",
            ["privatelink.cognitiveservices.azure.us", "privatelink.openai.azure.us"],
        ),
        ("AIServices", "chinanorth3", ["privatelink.cognitiveservices.azure.cn"]),
    ],
)
def test_private_endpoint_resolves_every_endpoint_of_the_kind(
    kind: str, location: str, zones: list[str]
) -> None:
    """A Foundry resource answers under three names, OpenAI under two; each has its zone, where the cloud has
    such endpoints."""
    monitor = service(kind=kind, location=location, network={"access": "private", "subnet_id": SUBNET})
    made = {found.name: found.inputs["privateZoneName"] for found in monitor.of(":PrivateZone")}
    assert sorted(zone for name, zone in made.items() if "-account" in name) == sorted(zones)
    group = next(found for found in monitor.of(":PrivateDnsZoneGroup") if "account" in found.name)
    assert [one["name"] for one in group.inputs["privateDnsZoneConfigs"]] == [
        zone.replace(".", "-") for zone in zones
    ]


def test_fails_on_a_tier_of_another_kind() -> None:
    """The message names the tiers of the kind."""
    assert refused(kind="OpenAI", sku="S") == ["sku: found 'S', expected 'S0' or 'F0' for kind OpenAI"]


def test_fails_where_the_kind_takes_no_key_from_a_user_assigned_identity() -> None:
    """Face refuses it on Azure; the message says which identity it is to be."""
    (found,) = refused(kind="Face", identity="userAssigned")
    assert found.startswith("identity: found 'userAssigned', but accounts of kind Face take")
    assert found.endswith("expected 'systemAssigned'")
    assert service_inputs(kind="Face", identity="userAssigned", encryption="microsoftManaged")
