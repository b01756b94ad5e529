"""Answers against the published definitions: what Azure's own models call read-only or required is there."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from localazure import seed
from localazure.roles import BY_NAME
from tests.localazure.definitions import properties
from tests.localazure.driver import ACCOUNT, GROUP, VAULT, Case, at
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
LIVE_ONLY = ("properties.deletionDate", "properties.scheduledPurgeDate")
VAULT_LACKS = ("properties.hsmPoolResourceId", "properties.privateEndpointConnections")
ACCOUNT_LACKS = (
    "properties.abusePenalty",
    "properties.callRateLimit",
    "properties.commitmentPlanAssociations",
    "properties.quotaLimit",
    "properties.skuChangeInfo",
)


# A model, the steps whose last answer has its form, and what Azure tells only at times.
SHAPES: list[tuple[str, tuple[Any, ...], tuple[str, ...]]] = [
    ("cognitiveservices.Account", (f"PUT {ACCOUNT} with account",), (*ACCOUNT_LACKS, *LIVE_ONLY)),
    ("cognitiveservices.Account", ("account", f"DELETE {ACCOUNT}", f"GET {GONE}"), ACCOUNT_LACKS),
    ("cognitiveservices.ApiKeys", ("account", f"POST {ACCOUNT}/listKeys"), ()),
    ("keyvault.Vault", (f"PUT {VAULT} with vault",), VAULT_LACKS),
    # Not part of the observed bodies.
    ("keyvault.DeletedVault", (PROTECTED, f"DELETE {VAULT}", f"GET {GONE_VAULT}"), ("systemData",)),
    # A policy that nobody set has no attributes; the published examples of keys have no tags.
    ("keyvault.Key", ("vault", "key"), ("systemData", "tags")),
    ("resource.resources.ResourceGroup", (f"GET {GROUP}",), ("systemData",)),
    ("msi.Identity", (f"PUT {IDENTITY} with west",), ("systemData",)),
    ("authorization.RoleAssignment", ({"ask": f"PUT {GRANT}", "send": GIVEN},), ("properties.createdBy",)),
    ("authorization.RoleDefinition", (f"GET {ROLE}",), ("properties.createdBy", "properties.updatedBy")),
]


@pytest.mark.parametrize(("model", "steps", "lacks"), SHAPES)
def test_answers_have_what_the_published_models_always_have(
    model: str, steps: tuple[Any, ...], lacks: tuple[str, ...]
) -> None:
    """Nothing that the model marks as Azure's own, or as required, is absent but for what is named; of a list
    the first element counts."""
    module, _, name = model.rpartition(".")
    found = properties(getattr(importlib.import_module(f"azure.mgmt.{module}.models"), name))
    sure = {path.replace("*", "0") for path, row in found.items() if {"read", "required"} & {*row}}
    body = Case().do(*steps)
    missing = {
        path for path in sure if _is_there(body, path.rpartition(".")[0]) and not _is_there(body, path)
    }
    assert sorted(missing) == sorted(lacks)


def _is_there(body: Any, path: str) -> bool:
    try:
        return at(body, path) is not None
    except (KeyError, IndexError, TypeError):
        return False
