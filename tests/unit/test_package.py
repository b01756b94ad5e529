"""The component as a package for programs in other languages."""

from __future__ import annotations

from pulumi.provider.experimental.analyzer import Analyzer

from components.contract import EncryptedLanguageServiceArgs
from components.service import EncryptedLanguageService


def test_schema_has_every_input_and_output_with_its_meaning() -> None:
    """What Pulumi reads from the types is the whole contract, described, and nothing internal."""
    definitions = Analyzer("language-cmk").analyze([EncryptedLanguageService])["component_definitions"]
    component = definitions["EncryptedLanguageService"]
    assert set(component.inputs_mapping.values()) == set(EncryptedLanguageServiceArgs.__annotations__)
    assert [name for name, found in component.inputs.items() if not found.optional] == ["location"]
    assert set(component.outputs) == {
        "accountId",
        "accountName",
        "endpoint",
        "keyUriWithVersion",
        "principalId",
        "resourceGroupName",
        "vaultId",
        "vaultUri",
    }
    described = {**component.inputs, **component.outputs}
    assert [name for name, found in described.items() if not found.description] == []
