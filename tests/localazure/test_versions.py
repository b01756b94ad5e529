"""The dates of Resource Manager: which api-versions a type has, and since which it has a property."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from core import api_versions
from localazure import arm, definitions
from localazure.standin.table import ROWS
from tests.localazure import versions
from tests.localazure.driver import ACCOUNT, VAULT, Case

NATIVE = [(row.token, row.path, row.api_version) for row in ROWS if row.api_version]
ASKED = {
    "ACCOUNTS": "Microsoft.CognitiveServices/accounts",
    "ACTION_GROUPS": "Microsoft.Insights/actionGroups",
    "AZURE_NATIVE_VAULTS": "Microsoft.KeyVault/vaults",
    "DEPLOYMENTS": "Microsoft.Resources/deployments",
    "DIAGNOSTIC_SETTINGS": "Microsoft.Insights/diagnosticSettings",
    "FOUNDRY": "Microsoft.CognitiveServices/accounts/projects",
    "IDENTITIES": "Microsoft.ManagedIdentity/userAssignedIdentities",
    "LOCKS": "Microsoft.Authorization/locks",
    "PRIVATE_DNS_ZONES": "Microsoft.Network/privateDnsZones",
    "RESOURCES": "Microsoft.Resources/resourceGroups",
    "STORAGE_ACCOUNTS": "Microsoft.Storage/storageAccounts",
    "SUBNETS": "Microsoft.Network/virtualNetworks",
    "UPGRADES": "Microsoft.CognitiveServices/accounts",
    "VAULTS": "Microsoft.KeyVault/vaults",
    "WORKSPACES": "Microsoft.OperationalInsights/workspaces",
}


def test_the_file_is_what_the_installed_sdk_says() -> None:
    """After an update of pulumi-azure-native, `python -m tests.localazure.versions` has to be run."""
    assert versions.FILE.read_text() == versions.versions()


@pytest.mark.parametrize(("name", "type"), ASKED.items())
def test_the_product_asks_for_versions_that_types_have(name: str, type: str) -> None:
    """Each version that core names is one of the type it is for."""
    assert getattr(api_versions, name) in arm.versions_of(*type.split("/", 1))


@pytest.mark.parametrize(("token", "path", "version"), NATIVE)
def test_azure_native_asks_for_versions_that_types_have(token: str, path: str, version: str) -> None:
    """Each default version of a type of the stand-in, where its provider's versions are known."""
    namespace, _, below = path.rpartition("/providers/")[2].partition("/")
    known = arm.versions_of(namespace, "/".join(below.split("/")[::2]))
    assert not known or version in known


def test_a_version_that_a_type_never_had_is_refused_if_the_switch_says_so() -> None:
    """Of accounts, of what is below them, and of what has no list of its own; registration is not asked."""
    case = Case()
    case.do("vault")
    case.cloud.behave(unknown_versions="refused")
    for path in (ACCOUNT, f"{ACCOUNT}/listKeys", VAULT, f"{VAULT}/keys/k"):
        method = "POST" if path.endswith("listKeys") else "GET"
        reply = case.ask(method, f"{path}?api-version=2020-01-01")
        assert (reply.status, reply.code) == (400, "NoRegisteredProviderFound")
        assert "2020-01-01" in reply.message
    assert case.ask("GET", f"{VAULT}?api-version=2023-02-01").status == 200
    provider = f"{VAULT.partition('/resourceGroups')[0]}/providers/Microsoft.KeyVault"
    assert case.ask("GET", f"{provider}?api-version=2020-01-01").status == 200


def test_a_property_has_a_first_version_of_its_type() -> None:
    """It came after a version of the type, or with one, and then the mark is the day before; or outside the
    time of those that the SDK knows."""
    types = json.loads(Path(definitions.__file__).with_name("definitions.json").read_text())["types"]
    for type, rows in types.items():
        known = arm.versions_of(*type.split("/", 1)) if type.startswith("Microsoft.") else []
        days = {version[:10] for version in known}
        for after in {row["after"] for row in rows.values() if "after" in row}:
            next_day = date.fromisoformat(after[:10]) + timedelta(days=1)
            is_outside = not min(days, default="") <= after[:10] <= max(days, default="")
            assert is_outside or after in known or next_day.isoformat() in days, (type, after)
