"""Version aliases are left out, and nothing else is."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi_azure_native import keyvault

from components.service import EncryptedAIServicesAccount
from components.version_aliases import is_version_alias
from core import resource_types
from tests.support.recording import run, service


def test_no_resource_carries_version_aliases() -> None:
    """Resolving them is most of the time of a large preview, so only a type's real old names are sent."""
    sent = {alias.spec.type for found in service().registered for alias in found.request.aliases}
    assert sent == {"azure-native:insights:DiagnosticSetting", *resource_types.FORMER}


def test_the_callers_aliases_reach_the_service() -> None:
    """A service that was renamed keeps its alias; only its children lose the SDK's."""
    opts = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")])
    monitor = run(lambda: EncryptedAIServicesAccount("language", {"location": "westeurope"}, opts))
    aliases = monitor.one(":EncryptedAIServicesAccount").request.aliases
    assert [alias.spec.name for alias in aliases if not alias.spec.type] == ["old"]


def test_resources_outside_the_components_keep_theirs() -> None:
    """The saving is the components' own, not the program's."""

    def program() -> None:
        properties: Any = {"sku": {"family": "A", "name": "standard"}, "tenantId": "t"}
        keyvault.Vault("other", resource_group_name="rg", vault_name="kv", properties=properties)

    assert len(run(program).one(":Vault").request.aliases) > 15


@pytest.mark.parametrize(
    ("alias", "expected"),
    [
        (pulumi.Alias(type_="azure-native:keyvault/v20230201:Vault"), True),
        (pulumi.Alias(type_="azure-native:cognitiveservices/v20241001preview:Account"), True),
        (pulumi.Alias(type_="azure-native:insights:DiagnosticSetting"), False),
        (pulumi.Alias(type_="azure-native:keyvault/v20230201:Vault", name="renamed"), False),
        (pulumi.Alias(name="renamed"), False),
        ("urn:pulumi:dev::p::azure-native:keyvault/v20230201:Vault::v", False),
    ],
)
def test_only_a_change_of_api_version_is_left_out(alias: object, expected: bool) -> None:
    """An alias that says anything more stays."""
    assert is_version_alias(alias) is expected
