"""One model of a stack, from the engine's JSON: which key an account uses, and what lets it."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from core import resource_types as types
from core.engine_values import UNKNOWN
from core.facts import StatedEncryption
from core.grants import entries_of
from core.protection import Protections, encryption_of, principal_of
from core.resource_types import Kind
from core.stack import Stack, around, of_engine, read
from core.values import Hidden
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
    assert (one.vault_name, one.key_name) == ("kv-one", "cmk")
    assert one.version == (VERSION if known else Hidden.UNKNOWN)
    (grant,) = protections.grants_of(one)
    assert (grant.permissions, grant.doubt) == (frozenset({"get", "wrapkey", "unwrapkey"}), None)
    assert principal_of(found[1]) == (PRINCIPAL if known else Hidden.UNKNOWN)  # type: ignore[arg-type]
    assert [each.name for each in around(one.writer, protections.stack.at)] == ["service"]
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


GENERIC: Final = "azure-native:resources:Resource"
AZAPI: Final = "azapi:index/resource:Resource"


def generic(namespace: str, type: str, parent: str = "", **more: Any) -> dict[str, Any]:
    """The inputs of azure-native's generic resource."""
    stated = {"resourceProviderNamespace": namespace, "resourceType": type, "parentResourcePath": parent}
    return {**stated, **more}


@pytest.mark.parametrize(
    ("token", "bag", "kind", "version"),
    [
        (types.VAULT, {}, Kind.VAULT, "2026-02-01"),
        (
            GENERIC,
            generic("Microsoft.KeyVault", "vaults", apiVersion="2024-11-01"),
            Kind.OTHER_PROVIDER,
            "2024-11-01",
        ),
        (GENERIC, generic("microsoft.keyvault", "keys", "vaults/kv"), Kind.OTHER_PROVIDER, None),
        (GENERIC, generic("Microsoft.KeyVault", "secrets", "vaults/kv"), None, None),
        (GENERIC, generic("Microsoft.KeyVault", "keys", UNKNOWN), Kind.OTHER_PROVIDER, None),
        (GENERIC, generic("Microsoft.CognitiveServices", "Projects", UNKNOWN), Kind.OTHER_PROVIDER, None),
        (GENERIC, generic("Microsoft.Storage", "containers", UNKNOWN), None, None),
        (GENERIC, generic(UNKNOWN, "containers", UNKNOWN), Kind.OTHER_PROVIDER, None),
        (GENERIC, generic("Microsoft.Storage", "storageAccounts"), None, None),
        (GENERIC, generic("Microsoft.CognitiveServices/", "/accounts/"), Kind.OTHER_PROVIDER, None),
        (GENERIC, generic("/Microsoft.KeyVault/", UNKNOWN), Kind.OTHER_PROVIDER, None),
        (GENERIC, {}, Kind.OTHER_PROVIDER, None),
        (AZAPI, {"type": "Microsoft.KeyVault/vaults@2024-11-01"}, Kind.OTHER_PROVIDER, "2024-11-01"),
        (AZAPI, {"type": "Microsoft.KeyVault/managedHSMs/rings@1"}, Kind.OTHER_PROVIDER, "1"),
        (AZAPI, {"type": UNKNOWN}, Kind.OTHER_PROVIDER, None),
        (AZAPI, {"type": "Microsoft.Resources/deployments@2025-04-01"}, Kind.OTHER_PROVIDER, "2025-04-01"),
        (AZAPI, {"type": "Microsoft.Resources/deploymentScripts@1"}, None, "1"),
        (AZAPI, {"type": "Microsoft.Storage/storageAccounts@1"}, None, "1"),
        ("random:index:Pet", {"type": "Microsoft.KeyVault/vaults"}, None, None),
    ],
)
def test_a_generic_resource_that_may_concern_keys_is_as_another_providers(
    token: str, bag: dict[str, Any], kind: Kind | None, version: str | None
) -> None:
    """azure-native's and azapi's say what they are by their inputs; what is not known may concern keys."""
    assert read(token, bag) == (kind, version)


def test_what_an_account_or_a_policy_hides_is_a_mark() -> None:
    """A block that is not known or is secret; and one with unknown parts."""
    raw: dict[str, Any] = {"urn": two_phases()["account"].urn, "type": ACCOUNT}
    raw["inputs"] = {"properties": {"encryption": UNKNOWN}}
    assert encryption_of(of_engine(raw)).key_source is Hidden.UNKNOWN
    raw["inputs"]["properties"]["encryption"] = {"keyVaultProperties": "[secret]"}
    found = encryption_of(of_engine(raw))
    assert (found.is_customer_managed, found.key_name) == (True, Hidden.SECRET)
    raw["inputs"]["properties"] = {}
    assert encryption_of(of_engine(raw)) == StatedEncryption()
    for listed in (UNKNOWN, [UNKNOWN], [{"objectId": UNKNOWN, "permissions": UNKNOWN}]):
        (entry,) = entries_of(Kind.VAULT, {"properties": {"accessPolicies": listed}})
        assert (entry.object_id, entry.on("keys")) == (Hidden.UNKNOWN, Hidden.UNKNOWN)
