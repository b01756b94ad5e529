"""Answers against the published definitions: what Azure's own models call read-only or required is there."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from localazure import seed
from localazure.roles import BY_NAME
from tests.localazure.driver import ACCOUNT, GROUP, VAULT, Case
from tests.support.front import SUBSCRIPTION

READER = seed.READER.object_id
ROLE = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{BY_NAME['Reader'].id}"
GRANT = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-4000-8000-000000000001"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u"
GIVEN = {"properties": {"roleDefinitionId": ROLE, "principalId": READER}}
COGNITIVE = f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices"
GONE = f"{COGNITIVE}/locations/westeurope/resourceGroups/rg/deletedAccounts/language"
GONE_VAULT = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/Contoso-1"
PROTECTED = {"ask": f"PUT {VAULT}", "send": ["vault", {"properties": {"enablePurgeProtection": True}}]}
LIVE_ONLY = ("properties.deletion_date", "properties.scheduled_purge_date")
VAULT_LACKS = ("properties.hsm_pool_resource_id", "properties.private_endpoint_connections")
POLICY_TIMES = tuple(f"properties.rotation_policy.attributes.{time}" for time in ("created", "updated"))
ACCOUNT_LACKS = (
    "properties.abuse_penalty",
    "properties.call_rate_limit",
    "properties.commitment_plan_associations",
    "properties.quota_limit",
    "properties.sku_change_info",
)


# A model, the steps whose last answer has its form, and what Azure tells only at times.
SHAPES: list[tuple[str, tuple[Any, ...], tuple[str, ...]]] = [
    ("cognitiveservices.Account", (f"PUT {ACCOUNT} with account",), (*ACCOUNT_LACKS, *LIVE_ONLY)),
    ("cognitiveservices.Account", ("account", f"DELETE {ACCOUNT}", f"GET {GONE}"), ACCOUNT_LACKS),
    ("cognitiveservices.ApiKeys", ("account", f"POST {ACCOUNT}/listKeys"), ()),
    ("keyvault.Vault", (f"PUT {VAULT} with vault",), VAULT_LACKS),
    # Not part of the observed bodies.
    ("keyvault.DeletedVault", (PROTECTED, f"DELETE {VAULT}", f"GET {GONE_VAULT}"), ("system_data",)),
    # A policy that nobody set has no times; the published examples of keys have no tags.
    ("keyvault.Key", ("vault", "key"), (*POLICY_TIMES, "system_data", "tags")),
    ("resource.resources.ResourceGroup", (f"GET {GROUP}",), ("system_data",)),
    ("msi.Identity", (f"PUT {IDENTITY} with west",), ("system_data",)),
    ("authorization.RoleAssignment", ({"ask": f"PUT {GRANT}", "send": GIVEN},), ("created_by",)),
    ("authorization.RoleDefinition", (f"GET {ROLE}",), ("created_by", "updated_by")),
]


@pytest.mark.parametrize(("model", "steps", "lacks"), SHAPES)
def test_answers_have_what_the_published_models_always_have(
    model: str, steps: tuple[Any, ...], lacks: tuple[str, ...]
) -> None:
    """Nothing that the model marks as Azure's own, or as required, is absent but for what is named."""
    assert sorted(_missing(_model(model, Case().do(*steps)))) == sorted(lacks)


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
