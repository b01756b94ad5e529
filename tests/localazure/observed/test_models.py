"""Answers against the published definitions: what Azure's own models call read-only or required is there."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from localazure import seed
from localazure.roles import BY_NAME
from tests.localazure.observed.fact import GROUP, Step, play, scene, vault_body
from tests.support.front import SUBSCRIPTION

VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/v-1"
VAULT_API = "?api-version=2024-11-01"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/language?api-version=2025-06-01"
GONE = "locations/westeurope/resourceGroups/net/deletedAccounts/language?api-version=2025-06-01"
ROLE = f"/providers/Microsoft.Authorization/roleDefinitions/{BY_NAME['Reader'].id}"
NAME = "00000000-0000-4000-8000-000000000001"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u?api-version=2023-01-31"
WEST = {"location": "westeurope"}
MAKE_VAULT = Step("PUT", VAULT + VAULT_API, vault_body("get"))
MAKE_ACCOUNT = Step(
    "PUT",
    ACCOUNT,
    {**WEST, "kind": "TextAnalytics", "sku": {"name": "S"}, "identity": {"type": "SystemAssigned"}},
)
LIVE_ONLY = ("properties.deletion_date", "properties.scheduled_purge_date")
ACCOUNT_LACKS = (
    "properties.abuse_penalty",
    "properties.call_rate_limit",
    "properties.commitment_plan_associations",
    "properties.quota_limit",
    "properties.sku_change_info",
)


@dataclass(frozen=True)
class Shape:
    """The answer to the last step has the form of a model; `lacks` are what Azure tells only at times."""

    model: str
    steps: tuple[Step, ...]
    lacks: tuple[str, ...] = ()


SHAPES = (
    Shape("cognitiveservices.Account", (MAKE_ACCOUNT,), (*ACCOUNT_LACKS, *LIVE_ONLY)),
    Shape(
        "cognitiveservices.Account",
        (
            MAKE_ACCOUNT,
            *(Step("GET", "{azure-asyncoperation}"),) * 2,
            Step("DELETE", ACCOUNT),
            Step("GET", f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/{GONE}"),
        ),
        ACCOUNT_LACKS,
    ),
    Shape(
        "cognitiveservices.ApiKeys",
        (MAKE_ACCOUNT, Step("POST", ACCOUNT.replace("?", "/listKeys?"))),
    ),
    Shape(
        "keyvault.Vault",
        (MAKE_VAULT,),
        ("properties.hsm_pool_resource_id", "properties.private_endpoint_connections"),
    ),
    Shape(
        "keyvault.DeletedVault",
        (
            Step("PUT", VAULT + VAULT_API, vault_body(enablePurgeProtection=True)),
            Step("DELETE", VAULT + VAULT_API),
            Step(
                "GET",
                f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/v-1{VAULT_API}",
            ),
        ),
        # Not part of the observed bodies.
        ("system_data",),
    ),
    Shape(
        "keyvault.Key",
        (MAKE_VAULT, Step("PUT", f"{VAULT}/keys/k{VAULT_API}", {"properties": {"kty": "RSA"}})),
        # A policy that nobody set has no times; the published examples of keys have no tags.
        (
            "properties.rotation_policy.attributes.created",
            "properties.rotation_policy.attributes.updated",
            "system_data",
            "tags",
        ),
    ),
    Shape("resource.resources.ResourceGroup", (Step("GET", GROUP),), ("system_data",)),
    Shape("msi.Identity", (Step("PUT", IDENTITY, WEST),), ("system_data",)),
    Shape(
        "authorization.RoleAssignment",
        (
            Step(
                "PUT",
                f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{NAME}?api-version=2022-04-01",
                {"properties": {"roleDefinitionId": ROLE, "principalId": seed.READER.object_id}},
            ),
        ),
        ("created_by",),
    ),
    Shape(
        "authorization.RoleDefinition",
        (Step("GET", f"{SUBSCRIPTION}{ROLE}?api-version=2022-04-01"),),
        ("created_by", "updated_by"),
    ),
)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape.model}-{shape.steps[-1].method}")
def test_answers_have_what_the_published_models_always_have(shape: Shape) -> None:
    """Nothing that the model marks as Azure's own, or as required, is absent but for what is named."""
    *_, reply = play(scene(), shape.steps)
    assert reply.status < 300, reply
    assert sorted(_missing(_model(shape.model, reply.body))) == sorted(shape.lacks)


def _model(name: str, body: Any) -> Any:
    module, cls = name.rsplit(".", 1)
    model = getattr(importlib.import_module(f"azure.mgmt.{module}.models"), cls)
    return model.deserialize(body) if hasattr(model, "deserialize") else model._deserialize(body, [])


def _missing(model: Any, path: str = "") -> Iterator[str]:
    """The dotted paths of what a model is sure to have and has not; of a list the first element counts."""
    if isinstance(model, list):
        yield from _missing(model[0], path) if model else ()
    for name, sure in _attributes(model):
        value, here = getattr(model, name), f"{path}.{name}" if path else name
        if value is not None:
            yield from _missing(value, here)
        elif sure:
            yield here


def _attributes(model: Any) -> Iterator[tuple[str, bool]]:
    """The names of a model's attributes, and whether Azure always answers them: two generations of SDKs."""
    for name, field in getattr(model, "_attr_to_rest_field", {}).items():
        yield name, field._visibility == ["read"]
    for name in getattr(model, "_attribute_map", {}):
        rules = model._validation.get(name, {})
        yield name, bool(rules.get("readonly") or rules.get("required"))
