"""What azure-native's plugin gets is what its SDK would send: types, names, the plugin's version."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any, get_args

import pulumi
from pulumi import _types

from core import resource_types
from tests.support.recording import service

GROUP = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers"
SUBNET = f"{GROUP}/Microsoft.Network/virtualNetworks/v/subnets/s"
ZONE = f"{GROUP}/Microsoft.Network/privateDnsZones/privatelink.cognitiveservices.azure.com"
STORAGE = f"{GROUP}/Microsoft.Storage/storageAccounts/linked"
SEARCH = f"{GROUP}/Microsoft.Search/searchServices/srch"
OTHER = f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/other"
DEPLOYMENT = {"name": "chat", "model": "gpt-4o", "version": "2024-08-06", "upgrade": "NoAutoUpgrade"}
SERVICES: Mapping[str, Mapping[str, Any]] = {
    "by default": {"tags": {"costCentre": "1"}},
    "of its own identity and role": {"identity": "userAssigned", "access_model": "rbac"},
    "in its own network": {
        "network": {"access": "private", "subnet_id": SUBNET, "private_dns_zone_ids": [ZONE]},
        "callers": [{"principal_id": "deployer"}],
    },
    "with firewall rules": {
        "network": {
            "access": "selected",
            "allowed_ip_ranges": ["8.8.8.8"],
            "allowed_subnet_ids": [SUBNET],
        },
        "storage_account_ids": [STORAGE],
        "search_service_id": SEARCH,
        "search_service_key": "key",
        "other_identity_ids": [OTHER],
    },
    "with what is below it": {
        "kind": "AIServices",
        "projects": [{"name": "one", "display_name": "One", "description": "The first"}],
        "deployments": [DEPLOYMENT],
    },
}


def unknown_names(form: Any, value: Any, path: str) -> Iterator[str]:
    """The paths of a value for which azure-native's class of arguments has no name."""
    value = pulumi.runtime.rpc.unwrap_rpc_secret(value)
    if isinstance(value, list):
        for one in value:
            yield from unknown_names(form, one, path)
    classes = [one for one in _within(form) if _types.is_input_type(one) or one.__name__.endswith("Args")]
    if not isinstance(value, Mapping) or not classes:
        return
    known = _types.input_type_types(classes[0])
    for name, one in value.items():
        if name not in known:
            yield f"{path}.{name}"
        else:
            yield from unknown_names(known[name], one, f"{path}.{name}")


def _within(form: Any) -> Iterator[Any]:
    """The classes in a type, such as that of a list's items."""
    if isinstance(form, type) and not get_args(form):
        yield form
    for one in get_args(form):
        yield from _within(one)


def test_every_name_is_one_of_azure_native() -> None:
    """A misspelt name would be left out by the plugin, in silence. The services above make every type."""
    made = [one for said in SERVICES.values() for one in service(**said).registered]
    native = [one for one in made if one.type.startswith("azure-native:")]
    assert len({one.type for one in native}) == 12
    wrong = [
        path
        for one in native
        for module, _, name in [one.type.removeprefix("azure-native:").partition(":")]
        for sdk in [importlib.import_module(f"pulumi_azure_native.{module.partition('/')[0]}")]
        for path in unknown_names(getattr(sdk, f"{name}Args"), one.inputs, one.type)
    ]
    assert wrong == []


def test_the_plugin_is_that_of_the_installed_package_and_looks_no_alias_up_but_of_a_former_type() -> None:
    """The engine keeps one default provider, whether the program or a component asks for it; and it resolves
    each alias of each resource, which was most of the time of a large preview."""
    made = [one.request for one in service().registered]
    versions = {one.version for one in made if one.type.startswith("azure-native:")}
    assert versions == {version("pulumi-azure-native")}
    assert {alias.spec.type for one in made for alias in one.aliases} == {*resource_types.FORMER}
