"""Accounts of every kind: what a service of it declares, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from components.arguments.problem import InputError
from components.testing import CLIENT
from core import kinds
from core.kinds import AccountKind
from core.service.existing_resources import documented
from tests.components.test_managed_hsm import KEY as IN_HSM
from tests.components.test_modes import SUBNET
from tests.support.recording import service, service_inputs


def refused(**said: Any) -> list[str]:
    with pytest.raises(InputError) as error:
        service_inputs(**said)
    return [f"{one.path}: {one.text}" for one in error.value.problems]


@pytest.mark.parametrize("kind", kinds.ALL, ids=lambda kind: kind.name)
def test_kind_decides_tier_name_and_what_a_caller_may_do(kind: AccountKind) -> None:
    """Who only names a kind gets an account of it on a tier that supports the key, bound to the key. A
    caller, a service principal unless said otherwise, gets the kind's least privileged role on the account
    alone, which goes with it."""
    monitor = service(kind=kind.name, callers=[{"principal_id": CLIENT}])
    account, role = monitor.one(":Account"), monitor.one(":RoleAssignment")
    name, properties = f"{kind.prefix}-language", account.inputs["properties"]
    assert (account.inputs["kind"], account.inputs["sku"]) == (kind.name, {"name": kind.tiers[0]})
    assert account.inputs["accountName"] == properties["customSubDomainName"] == name
    assert monitor.one(":CustomerManagedKey")
    slug = kind.callers[0].name.removeprefix("Cognitive Services ").lower().replace(" ", "-")
    assert role.name == f"language-caller-{CLIENT}-{slug}"
    assert role.inputs["scope"].endswith(f"/accounts/{name}")
    assert role.inputs["roleDefinitionId"].endswith(f"/roleDefinitions/{kind.callers[0].id}")
    assert (role.inputs["principalId"], role.inputs["principalType"]) == (CLIENT, "ServicePrincipal")
    assert (role.request.deletedWith, role.request.protect) == (account.urn, False)


@pytest.mark.parametrize(
    ("kind", "location", "zones"),
    [
        ("TextAnalytics", "westeurope", ["cognitiveservices.azure.com"]),
        ("OpenAI", "westeurope", ["cognitiveservices.azure.com", "openai.azure.com"]),
        (
            "AIServices",
            "westeurope",
            ["cognitiveservices.azure.com", "openai.azure.com", "services.ai.azure.com"],
        ),
        ("AIServices", "usgovvirginia", ["cognitiveservices.azure.us", "openai.azure.us"]),
        ("AIServices", "chinanorth3", ["cognitiveservices.azure.cn"]),
    ],
)
def test_private_endpoint_resolves_every_endpoint_of_the_kind(
    kind: str, location: str, zones: list[str]
) -> None:
    """A Foundry resource answers under three names, OpenAI under two; each has its zone, where the cloud has
    such endpoints."""
    given = [
        f"{SUBNET.partition('/virtualNetworks/')[0]}/privateDnsZones/privatelink.{zone}" for zone in zones
    ]
    network = {"access": "private", "subnet_id": SUBNET, "private_dns_zone_ids": given}
    monitor = service(kind=kind, location=location, network=network)
    group = next(found for found in monitor.of(":PrivateDnsZoneGroup") if "account" in found.name)
    assert [one["name"] for one in group.inputs["privateDnsZoneConfigs"]] == [
        f"privatelink.{zone}".replace(".", "-") for zone in zones
    ]


_SHARED = "/subscriptions/11111111-1111-4111-8111-111111111112/resourceGroups/rg-shared/providers"
STORAGE = [f"{_SHARED}/Microsoft.Storage/storageAccounts/st{name}" for name in ("one", "two")]
SEARCH = f"{_SHARED}/Microsoft.Search/searchServices/srch"
Said = dict[str, Any]
RULES: dict[str, tuple[Said, str, Callable[[AccountKind], bool]]] = {
    "tiers": ({"sku": "P9"}, "sku: found 'P9', expected", lambda kind: True),
    "rotates": (
        {"key": {"version": "automatic"}},
        "key.version: found 'automatic', but accounts of kind",
        lambda kind: not kind.rotates,
    ),
    "key_sizes": (
        {"key": {"size": 4096}},
        "key.size: found 4096, expected 2048 for an account of kind",
        lambda kind: 4096 not in kind.key_sizes,
    ),
    "openai": (
        {"deployments": [{"name": "mini", "model": "gpt-4o-mini"}]},
        "deployments: found kind {kind}, to which no models are deployed; expected one of",
        lambda kind: not kind.openai,
    ),
    "foundry": (
        {"projects": [{"name": "claims"}]},
        "projects: found kind {kind}, which has no projects; expected kind AIServices",
        lambda kind: not kind.foundry,
    ),
    "becomes": (
        {"foundry_auto_upgrade": "disabled"},
        "foundryAutoUpgrade: found kind {kind}, which Azure turns into no other kind; expected kind OpenAI",
        lambda kind: not kind.becomes,
    ),
    "user_assigned": (
        {"identity": "userAssigned"},
        "accounts of kind {kind} take",
        lambda kind: not kind.user_assigned,
    ),
    "storage": (
        {"storage_account_ids": STORAGE[:1]},
        "storageAccountIds: found kind {kind}, which Azure links to no storage",
        lambda kind: not kind.storage,
    ),
    "storage_stays": (
        {"storage_account_ids": STORAGE},
        "storageAccountIds: found 2 storage accounts",
        lambda kind: kind.storage_stays,
    ),
    "search": (
        {"search_service_id": SEARCH, "search_service_key": "key"},
        "searchServiceId: found kind {kind}, which has no question answering",
        lambda kind: not kind.search,
    ),
}
"""What each column of the table refuses, in which words, and of which kinds."""
NAMES_ALONE = {"name", "product", "prefix", "language", "callers"}
"""What a kind, its parts and its roles are called (test_callers.py), and by which API it is used."""
NOTED = {"approval", "terms", "hsm"}
"""Columns that refuse nothing: what Azure does not tell, and what it ends, is noted in the preview."""
NOT_OFFERED = {"bypass", "key_roles"}
"""Columns about what no argument asks for; policies and review judge it in other programs."""
CASES = [(kind, column) for column, (*_, refuses) in RULES.items() for kind in kinds.ALL if refuses(kind)]


def test_every_column_of_the_table_has_its_rule() -> None:
    """A column that is added is refused here, or is a name, or is noted, or is not offered."""
    assert {field.name for field in fields(AccountKind)} == RULES.keys() | NAMES_ALONE | NOTED | NOT_OFFERED
    assert {column for _, column in CASES} == RULES.keys()


@pytest.mark.parametrize(("kind", "column"), CASES, ids=lambda one: getattr(one, "name", one))
def test_fails_on_what_the_kind_does_not_allow(kind: AccountKind, column: str) -> None:
    """Each rule of the table, for each kind that has it, in the preview and with its message."""
    said, message, _ = RULES[column]
    found = refused(kind=kind.name, **said)
    assert any(message.format(kind=kind.name) in one for one in found), found


@pytest.mark.parametrize(
    ("kind", "said", "told"),
    [
        ("ContentModerator", {}, ["Azure ends Content Moderator by 2027-02-28; use kind ContentSafety"]),
        ("TextAnalytics", {}, []),
        ("TextAnalytics", {"key": {"id": IN_HSM}}, ["lists no managed HSM for Azure AI Language"]),
        ("SpeechServices", {"key": {"id": IN_HSM}}, []),
    ],
)
def test_a_preview_says_what_azures_pages_say_of_a_kind(
    kind: str, said: dict[str, Any], told: list[str]
) -> None:
    """That it ends within two years, and that no page lists its key in a managed HSM."""
    found = [*documented(service_inputs(kind=kind, **said).desired)]
    assert len(found) == len(told)
    assert all(words in text for words, text in zip(told, found, strict=True))
