"""One model of a stack, from the engine's JSON: which key an account uses, and what lets it."""

from __future__ import annotations

from typing import Any

import pytest

from core import resource_types as types
from core.engine_values import UNKNOWN
from core.grants import entries_of
from core.protection import Protections, encryption_of, principal_of
from core.resource_types import Kind
from core.stack import Stack, of_engine, read
from core.values import Mark

GROUP = "/subscriptions/s1/resourceGroups/rg/providers"
VAULT_ID = f"{GROUP}/Microsoft.KeyVault/vaults/kv-one"
ACCOUNT_ID = f"{GROUP}/Microsoft.CognitiveServices/accounts/lang"
VERSION = "0123456789abcdef0123456789abcdef"
USER = "44444444-4444-4444-4444-444444444444"
SERVICE = f"{types.COMPONENTS}Service"


def urn(type: str, name: str) -> str:
    return f"urn:pulumi:prod::shop::{type}::{name}"


def resource(type: str, name: str, inputs: Any, outputs: Any = None, **more: Any) -> dict[str, Any]:
    """A resource as a state has it; `sources` are logical names by input."""
    sources = {key: [urn(*one) for one in found] for key, found in more.pop("sources", {}).items()}
    dependencies = [one for found in sources.values() for one in found]
    found = {"urn": urn(type, name), "type": type, "inputs": inputs, "outputs": outputs or inputs, **more}
    return {**found, "propertyDependencies": sources, "dependencies": dependencies}


def bound(*, known: bool, **binding: Any) -> Protections:
    """A vault, its key, an account, its grant and its binding: made already, or all in this preview."""

    def there(value: str) -> str:
        return value if known else UNKNOWN

    policy = {"objectId": there(USER), "permissions": {"keys": ["Get", "wrapKey", "unwrapkey"]}}
    identity = {"type": "SystemAssigned", "principalId": there(USER)}
    uri = there(f"https://KV-one.vault.azure.net/keys/cmk/{VERSION}")
    rows = [
        resource(SERVICE, "service", {"access": "granted"}),
        resource(
            types.VAULT, "vault", {"vaultName": "kv-one"}, {"id": there(VAULT_ID), "name": there("kv-one")}
        ),
        resource(
            types.KEY,
            "key",
            {"vaultName": there("kv-one"), "keyName": "cmk"},
            sources={"vaultName": [(types.VAULT, "vault")]},
        ),
        resource(
            types.ACCOUNT,
            "account",
            {"accountName": "lang"},
            {"id": there(ACCOUNT_ID), "name": there("lang"), "identity": identity},
        ),
        resource(
            types.ACCESS_POLICY,
            "grant",
            {"vaultName": there("kv-one"), "policy": policy},
            sources={"policy": [(types.ACCOUNT, "account")], "vaultName": [(types.VAULT, "vault")]},
        ),
        resource(
            types.KEY_VERSION,
            "version",
            {"keyId": there(f"{VAULT_ID}/keys/cmk")},
            sources={"keyId": [(types.KEY, "key")]},
        ),
        resource(
            types.BINDING,
            "binding",
            {"accountId": there(ACCOUNT_ID), "keyUriWithVersion": uri, **binding},
            sources={
                "accountId": [(types.ACCOUNT, "account")],
                "keyUriWithVersion": [(types.KEY_VERSION, "version")],
            },
            parent=urn(SERVICE, "service"),
        ),
    ]
    return Protections(Stack(of_engine(row) for row in rows))


@pytest.mark.parametrize("known", [True, False])
def test_what_belongs_together_is_found_by_value_or_by_dependency(known: bool) -> None:
    """Account, vault, key, holder and grant of a binding, before and after anything is made."""
    protections = bound(known=known)
    (one,) = protections.all
    found = [one.writer, one.account, one.vault, one.key, *protections.holders_of(one)]
    assert [each and each.name for each in found] == ["binding", "account", "vault", "key", "account"]
    assert protections.vault_names(one) == {"kv-one"}
    assert (one.vault_name, one.key_name) == ("kv-one", "cmk")
    assert one.version == (VERSION if known else Mark.UNKNOWN)
    (grant,) = protections.grants_of(one)
    assert (grant.permissions, grant.doubt) == (frozenset({"get", "wrapkey", "unwrapkey"}), None)
    assert principal_of(found[1]) == (USER if known else Mark.UNKNOWN)  # type: ignore[arg-type]
    assert [each.name for each in protections.stack.around(one.writer)] == ["service"]
    assert {each.name for each in protections.stack.ancestors(one.writer)} >= {
        "account",
        "version",
        "key",
        "vault",
    }


def test_a_named_identity_uses_the_key_alone() -> None:
    """A client id that no identity of the stack has leaves the holder open, and no grant is the account's."""
    protections = bound(known=True, identityClientId="client")
    (one,) = protections.all
    assert one.client_id == "client"
    assert [*protections.holders_of(one), *protections.grants_of(one)] == []


@pytest.mark.parametrize(
    ("token", "bag", "kind", "read_as"),
    [
        (types.VAULT, {"properties": {"a": 1}}, Kind.VAULT, {"properties": {"a": 1}}),
        (
            "azure-native:resources:Resource",
            {
                "resourceProviderNamespace": "Microsoft.KeyVault",
                "parentResourcePath": "vaults/kv",
                "resourceType": "keys",
                "resourceName": "k",
            },
            Kind.KEY,
            {"vaultName": "kv", "keyName": "k"},
        ),
        (
            "azapi:index/resource:Resource",
            {
                "type": "Microsoft.KeyVault/vaults@2024-11-01",
                "name": "kv",
                "body": '{"properties": {"a": 1}}',
            },
            Kind.VAULT,
            {"vaultName": "kv", "properties": {"a": 1}},
        ),
        (
            "azapi:index/resource:Resource",
            {"type": "Microsoft.KeyVault/vaults@2024-11-01", "body": "no JSON"},
            Kind.VAULT,
            {"properties": Mark.UNKNOWN},
        ),
        (
            "azapi:index/updateResource:UpdateResource",
            {"type": "Microsoft.KeyVault/vaults@1"},
            Kind.OTHER_PROVIDER,
            {},
        ),
        ("random:index:Pet", {}, None, {}),
    ],
)
def test_a_resource_is_read_in_whatever_type_the_program_uses(
    token: str, bag: dict[str, Any], kind: Kind | None, read_as: dict[str, Any]
) -> None:
    """azure-native's own types, its generic resource, azapi's; a body that cannot be read is not known."""
    found = read(token, bag)
    assert found[0] is kind
    assert read_as.items() <= {**found[2]}.items()


def test_what_an_account_or_a_policy_hides_is_a_mark() -> None:
    """A block that is not known or is secret; and one with unknown parts."""
    raw = resource(types.ACCOUNT, "account", {"properties": {"encryption": UNKNOWN}})
    assert encryption_of(of_engine(raw)) is Mark.UNKNOWN
    raw["inputs"]["properties"]["encryption"] = {"keyVaultProperties": "[secret]"}
    found = encryption_of(of_engine(raw))
    assert not isinstance(found, Mark | None)
    assert (found.is_customer_key, found.key_name) == (True, Mark.SECRET)
    raw["inputs"]["properties"] = {}
    assert encryption_of(of_engine(raw)) is None
    for listed in (UNKNOWN, [UNKNOWN], [{"objectId": UNKNOWN, "permissions": UNKNOWN}]):
        (entry,) = entries_of(Kind.VAULT, {"properties": {"accessPolicies": listed}})
        assert (entry.holder, entry.keys) == (Mark.UNKNOWN, Mark.UNKNOWN)
