"""Stack configurations as Hypothesis makes them: settings that are right by themselves, in any combination,
for one service or several; and some of them spoilt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from components.network import dns_zones
from components.testing import CLIENT, PRINCIPAL, SUBSCRIPTION, VERSION
from tests.support.recording import OTHER_SUBSCRIPTION

_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers"
_OTHER = f"/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/rg-keys/providers"
_VAULTS = [f"{group}/Microsoft.KeyVault/vaults/kv-hub" for group in (_GROUP, _OTHER)]
_NETWORK = f"{_GROUP}/Microsoft.Network"
_ZONES = [zone for zones in dns_zones("westeurope").values() for zone in zones]

RIGHT: Mapping[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from(["alpha", "beta-2", "a-service-with-a-name-that-is-long"]),
    "location": st.sampled_from(["westeurope", "West Europe"]),
    "protect": st.booleans(),
    "previousName": st.sampled_from(["former", "the-one-before"]),
    "encryption": st.sampled_from(["customerManaged", "microsoftManaged"]),
    "identity": st.sampled_from(["systemAssigned", "userAssigned", "systemAndUserAssigned"]),
    "accessModel": st.sampled_from(["accessPolicy", "rbac"]),
    "access": st.just("granted"),
    "resourceGroupName": st.just("rg-own"),
    "existingResourceGroupName": st.just("rg-shared"),
    "accountName": st.just("lang-own"),
    "revokeAccount": st.just("lang-gone"),
    "unbindAccount": st.just("lang-gone"),
    "kind": st.sampled_from(["TextAnalytics", "AIServices", "Face"]),
    "sku": st.sampled_from(["S", "F0"]),
    "allowProjectManagement": st.booleans(),
    "projects": st.lists(
        st.fixed_dictionaries(
            {"name": st.just("claims")},
            optional={"displayName": st.just("Claims")},
        ),
        max_size=1,
    ),
    "removedProjects": st.lists(st.just("fraud"), max_size=1),
    "deployments": st.lists(
        st.fixed_dictionaries(
            {"name": st.just("mini"), "model": st.just("gpt-4o-mini")},
            optional={"capacity": st.integers(1, 9), "upgrade": st.just("NoAutoUpgrade")},
        ),
        max_size=1,
    ),
    "otherIdentityIds": st.lists(
        st.just(f"{_GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/id-storage"), max_size=1
    ),
    "storageAccountIds": st.lists(st.just(f"{_GROUP}/Microsoft.Storage/storageAccounts/st"), max_size=1),
    "grantStorageAccess": st.booleans(),
    "searchServiceId": st.just(f"{_GROUP}/Microsoft.Search/searchServices/srch"),
    "searchServiceKey": st.just("an admin key"),
    "callers": st.lists(
        st.fixed_dictionaries(
            {"principalId": st.sampled_from([PRINCIPAL, CLIENT])},
            optional={"name": st.just("claims"), "role": st.just("Cognitive Services Language Writer")},
        ),
        max_size=2,
    ),
    "vault.name": st.just("kv-own"),
    "vault.id": st.sampled_from(_VAULTS),
    "vault.sku": st.sampled_from(["standard", "premium"]),
    "vault.keyOperators": st.lists(st.just("deployer"), max_size=1),
    "key.name": st.just("own"),
    "key.id": st.sampled_from([f"{vault}/keys/own" for vault in _VAULTS]),
    "key.generation": st.integers(0, 3),
    "key.type": st.sampled_from(["RSA", "RSA-HSM"]),
    "key.size": st.sampled_from([2048, 4096]),
    "key.pin": st.just(VERSION),
    "key.version": st.sampled_from(["pinned", "automatic"]),
    "key.expiresAfterDays": st.integers(28, 900),
    "key.rotatesAfterDays": st.integers(7, 900),
    "network.access": st.sampled_from(["closed", "selected", "open", "private"]),
    "network.allowedIpRanges": st.lists(st.just("8.8.8.8"), max_size=1),
    "network.allowedSubnetIds": st.lists(st.just(f"{_NETWORK}/virtualNetworks/v/subnets/s"), max_size=1),
    "network.subnetId": st.just(f"{_NETWORK}/virtualNetworks/v/subnets/endpoints"),
    "network.privateDnsZoneIds": st.lists(
        st.sampled_from([f"{_NETWORK}/privateDnsZones/{zone}" for zone in _ZONES]),
        max_size=2,
    ),
    "audit.newWorkspace": st.booleans(),
    "audit.workspaceId": st.just(f"{_GROUP}/Microsoft.OperationalInsights/workspaces/log"),
    "asFound": st.lists(st.sampled_from(["tags", "network"]), max_size=1),
    "names.identity": st.just("uami-{service}"),
    "names.workspace": st.just("law-{service}"),
    "names.privateEndpoint": st.just("pep-{service}-{target}"),
    "names.diagnosticSetting": st.just("audit-{service}"),
    "tags": st.dictionaries(st.sampled_from(["owner", "cost centre"]), st.text(max_size=3), max_size=2),
}
"""Values of every setting, right by themselves."""

# Of the type of no setting, whatever it takes: such an object has a name that none of them knows.
_SPOILT: dict[str, Any] = {"no such thing": [{}]}
# Any text is right, and a stack's file has all values as texts.
_ANYTHING = frozenset({"searchServiceKey"})
# Values of the right type that Azure, or the component, would refuse.
WRONG: Mapping[str, list[Any]] = {
    "location": ["west-europe", ""],
    "identity": ["system"],
    "accountName": ["Lang_Own", "a"],
    "resourceGroupName": ["rg."],
    "sku": ["S1"],
    "projects": [[{"name": "-"}], [{}]],
    "deployments": [[{"name": "mini"}]],
    "vault.name": ["kv--own", "v" * 30],
    "vault.id": ["kv-hub", f"{_VAULTS[0]}/keys/own"],
    "vault.keyOperators": [["me"], ["deployer", "Deployer"]],
    "key.id": [_VAULTS[0]],
    "key.pin": ["latest"],
    "key.version": ["newest"],
    "key.size": [1024],
    "key.generation": [-1, "two", 1.5, True],
    "key.expiresAfterDays": [5, 5000],
    "network.access": ["opn"],
    "network.allowedIpRanges": [["0.0.0.0/0"], ["10.0.0.1"], [None]],
    "network.privateDnsZoneIds": [[f"{_NETWORK}/privateDnsZones/contoso.example"]],
    "names.privateEndpoint": ["pep-{service}"],
    "tags": [{"a?": "1"}, {"a": 1}, {"a": None}],
}


@dataclass(frozen=True)
class Document:
    """A configuration as Pulumi hands it over, and the paths of the settings that were spoilt."""

    config: Mapping[str, str]
    spoilt: frozenset[str]


@st.composite
def documents(draw: st.DrawFn, *, services: bool = True) -> Document:
    """Configurations of one service or several, most of them right in each setting, some spoilt in a few."""
    service = _said(draw, required=True)
    paths = [("", path) for path in service]
    whole: dict[str, Any] = _nested(service)
    if services and draw(st.integers(0, 3)) == 0:
        own = [_said(draw, required=True, most=2) for _ in range(draw(st.integers(1, 2)))]
        shared = {path: value for path, value in service.items() if path not in ("name", "location")}
        whole = {**_nested(shared), "services": [_nested(said) for said in own]}
        paths = [(f"services[{index}].", path) for index, said in enumerate(own) for path in said]
    paths = [(prefix, path) for prefix, path in paths if path not in _ANYTHING]
    chosen = draw(st.lists(st.sampled_from(paths), max_size=2, unique=True)) if draw(st.booleans()) else []
    for prefix, path in chosen:
        where = whole if not prefix else whole["services"][int(prefix[9:-2])]
        *groups, last = path.split(".")
        for group in groups:
            where = where[group]
        where[last] = draw(st.sampled_from([_SPOILT, *WRONG.get(path, [])]))
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in whole.items()}
    return Document(texts, frozenset(prefix + path for prefix, path in chosen))


def _said(draw: st.DrawFn, *, required: bool, most: int = 7) -> dict[str, Any]:
    always = ["name", "location"] if required else []
    rest = st.lists(
        st.sampled_from([path for path in RIGHT if path not in always]), max_size=most, unique=True
    )
    return {path: draw(RIGHT[path]) for path in [*always, *draw(rest)]}


def _nested(said: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, value in said.items():
        *groups, last = path.split(".")
        where = found
        for group in groups:
            where = where.setdefault(group, {})
        where[last] = value
    return found
