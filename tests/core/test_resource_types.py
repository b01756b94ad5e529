"""URNs and type tokens."""

import json

import pytest

from core import resource_types
from core.resource_types import Kind, TypeToken
from tests.support.stack import ROOT


def test_a_urn_is_taken_apart() -> None:
    """A name may hold colons; the type is the last of the parents' chain."""
    found = resource_types.parse_urn("urn:pulumi:prod::language-cmk::a:b:C$azure-native:keyvault:Vault::x::y")
    assert (found.stack, found.project, found.name) == ("prod", "language-cmk", "x::y")
    assert found.types == ("a:b:C", "azure-native:keyvault:Vault")
    assert resource_types.current(found.type) == resource_types.VAULT
    assert found.label == "x::y (azure-native:keyvault:Vault)"


def test_a_provider_is_named_by_its_urn_and_id() -> None:
    """As the engine writes it into the state of each resource."""
    assert resource_types.provider_reference("urn:pulumi:p::q::t::n", "1") == "urn:pulumi:p::q::t::n::1"


@pytest.mark.parametrize("text", ["", "urn:pulumi:prod::p::t", "urn:other:prod::p::t::n"])
def test_fails_on_what_is_no_urn(text: str) -> None:
    """With the shape that was expected."""
    with pytest.raises(ValueError, match="expected urn:pulumi:STACK"):
        resource_types.parse_urn(text)


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("azure-native:keyvault:Vault", TypeToken(Kind.VAULT)),
        ("azure-native:keyvault/v20230701:Vault", TypeToken(Kind.VAULT, "2023-07-01")),
        ("azure-native_keyvault_v20230701:keyvault:Vault", TypeToken(Kind.VAULT, "2023-07-01")),
        (
            "azure-native:cognitiveservices/v20250401preview:Account",
            TypeToken(Kind.ACCOUNT, "2025-04-01-preview"),
        ),
        ("azure-nextgen:keyvault:Key", TypeToken(Kind.KEY)),
        ("azure-native:aadiam:DiagnosticSetting", TypeToken(None)),
        ("azure-native:resources:Resource", TypeToken(Kind.GENERIC)),
        ("azure-native:resources:Deployment", TypeToken(Kind.OTHER_PROVIDER)),
        ("azure-native:resources:DeploymentScript", TypeToken(None)),
        ("azure:keyvault/keyVault:KeyVault", TypeToken(Kind.OTHER_PROVIDER)),
        ("azure:keyvault/accessPolicy:AccessPolicy", TypeToken(Kind.OTHER_PROVIDER)),
        ("azure:cognitive/accountCustomerManagedKey:Any", TypeToken(Kind.OTHER_PROVIDER)),
        ("azurerm:index/cognitiveAccountCustomerManagedKey:Any", TypeToken(Kind.OTHER_PROVIDER)),
        ("azurerm:index/keyvault:Keyvault", TypeToken(Kind.OTHER_PROVIDER)),
        ("azure-cmk:index:CustomerManagedKey", TypeToken(Kind.BINDING)),
        ("azure-cmk:index:KeyVersion", TypeToken(Kind.KEY_VERSION)),
        ("azure-cmk:index:KeyAccessRevocation", TypeToken(Kind.REVOCATION)),
        ("azure-cmk:index:KeyAccessValidation", TypeToken(None)),
        ("azure-cmk:index:Another", TypeToken(Kind.UNREAD)),
        ("azure-native:keyvault/v20230701:ManagedHsm", TypeToken(Kind.MANAGED_HSM, "2023-07-01")),
        ("azure-native:keyvault:MHSMPrivateEndpointConnection", TypeToken(Kind.UNREAD)),
        ("azure-native:keyvault:Secret", TypeToken(None)),
        ("azure-native:authorization/v20220401:RoleDefinition", TypeToken(Kind.UNREAD, "2022-04-01")),
        ("azure-native:authorization:PolicyAssignment", TypeToken(None)),
        ("azure:authorization/assignment:Assignment", TypeToken(Kind.UNREAD)),
        ("azure-native:authorization:ManagementLockByScope", TypeToken(Kind.LOCK)),
        ("azure-native:authorization:ManagementLockAtResourceGroupLevel", TypeToken(Kind.LOCK)),
        ("pulumi:pulumi:Stack", TypeToken(Kind.STACK)),
        ("random:index:RandomId", TypeToken(None)),
        ("", TypeToken(None)),
    ],
)
def test_tokens(token: str, expected: TypeToken) -> None:
    """Whatever its spelling, a token names one kind and the API version that it pins."""
    assert resource_types.parse_token(token) == expected


def test_former_types_are_of_the_same_kind_as_those_in_their_place() -> None:
    """What a state still has is read as what the next update makes of it, and a type has one former one."""
    for old, new in resource_types.FORMER.items():
        assert resource_types.kind_of(old) is resource_types.kind_of(new) is not None
        assert (resource_types.current(old), resource_types.former(new)) == (new, old)
    assert resource_types.current(resource_types.ACCOUNT) == resource_types.ACCOUNT
    assert resource_types.former(resource_types.ACCOUNT) == resource_types.ACCOUNT


def test_every_type_of_the_provider_is_known() -> None:
    """A type is read, or said to be harmless, before it is released; what is not would be undetermined."""
    schema = json.loads((ROOT / "provider" / "schema.json").read_text())
    assert {token for token in schema["resources"] if resource_types.kind_of(token) is Kind.UNREAD} == set()
