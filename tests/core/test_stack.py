"""One model of a stack, from the engine's JSON: which key an account uses, and what lets it."""

from collections.abc import Mapping
from typing import Any

import pytest

from core import resource_types as types
from core.engine_values import UNKNOWN
from core.grants import entries_of
from core.protection import Protections, encryption_of, principal_of
from core.resource_types import Kind
from core.stack import Stack, of_engine, read
from core.values import Mark
from tests.policies.asking import ACCOUNT, VERSION, Thing
from tests.policies.editing import edited
from tests.policies.stacks import PRINCIPAL, declared, two_phases

SERVICE = f"{types.COMPONENTS}Service"


def resource(thing: Thing, urns: Mapping[str, str]) -> dict[str, Any]:
    """A resource as a state has it."""
    sources = {
        key: [urns[name] for name in names if name in urns]
        for key, names in thing.property_dependencies.items()
    }
    return {
        "urn": thing.urn,
        "type": thing.type,
        "inputs": declared(thing).props,
        "outputs": thing.props,
        "parent": urns.get(thing.parent or ""),
        "propertyDependencies": sources,
        "dependencies": [one for found in sources.values() for one in found],
    }


def bound(*, known: bool, **binding: Any) -> Protections:
    """A vault, its key, an account, its grant and its binding, in a service: made already, or all in this
    preview."""
    stack = edited(two_phases(preview=not known), {f"binding.{name}": one for name, one in binding.items()})
    stack = edited(stack, {"service": Thing("service", SERVICE), "binding@parent": "service"})
    urns = {name: thing.urn for name, thing in stack.items()}
    return Protections(Stack(of_engine(resource(thing, urns)) for thing in stack.values()))


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
    assert principal_of(found[1]) == (PRINCIPAL if known else Mark.UNKNOWN)  # type: ignore[arg-type]
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
    raw: dict[str, Any] = {"urn": two_phases()["account"].urn, "type": ACCOUNT}
    raw["inputs"] = {"properties": {"encryption": UNKNOWN}}
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
