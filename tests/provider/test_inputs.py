"""What `check` refuses and `diff` sees, as tables; no Azure is asked."""

from __future__ import annotations

from typing import Any

import pytest

from core import clouds
from core.login import Login
from core.resource_types import ACCESS_POLICY
from core.resource_types import DELETED_ACCOUNT_PURGE as PURGE
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER, HSM_CRYPTO_USER
from provider.resource import Difference, Resource
from provider.served import Served
from provider.wire import UNKNOWN, Properties
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    BINDING,
    CLIENT,
    HSM_ID,
    KEY_ID,
    PRINCIPAL,
    SUBSCRIPTION,
    TENANT,
    V1,
    V2,
    VAULT_ID,
    VAULT_URI,
    FakeAzure,
    key_uri,
)
from tests.provider.rig import ACCESS, CLEANUP, CMK, HSM_ROLE, VERSION, FakeClock


def resource(type: str, cloud: clouds.Cloud = clouds.PUBLIC) -> Resource:
    return Served(FakeAzure(), FakeClock(), Login(cloud=cloud)).resources[type]


def check(type: str, news: dict[str, Any], cloud: clouds.Cloud = clouds.PUBLIC) -> dict[str, str]:
    failures = resource(type, cloud).check(Properties(news))
    return {failure.property: failure.reason for failure in failures}


def diff(type: str, olds: Any, old_inputs: Any, news: Any) -> dict[str, Difference]:
    return resource(type).diff(Properties(olds), Properties(old_inputs), Properties(news))


_IN_VAULT = "in the vault 'language-vault', but vaultId names the"


def test_fails_all_malformed_inputs_at_once() -> None:
    """Several faults are reported together."""
    failures = check(CMK, {"vaultId": "x", "identityClientId": "y", "extra": 1})
    assert set(failures) == {"accountId", "keyUriWithVersion", "vaultId", "identityClientId", "extra"}


def test_good_and_unknown_inputs_pass() -> None:
    """Other spellings of the same are fine, and so is what is not known yet."""
    odd = {
        "accountId": ACCOUNT_ID.replace("resourceGroups", "resourcegroups"),
        "keyUriWithVersion": key_uri().replace("language-vault", "Language-Vault") + "/",
        "identityClientId": CLIENT,
        "accountDigest": "sha256:abc",
    }
    assert check(CMK, BINDING) == {}
    assert check(CMK, odd) == {}
    assert check(CMK, {**BINDING, "keyUriWithVersion": key_uri(vault_uri=f"{VAULT_URI}:443")}) == {}
    assert check(CMK, dict.fromkeys(BINDING, UNKNOWN)) == {}


def test_a_vault_must_be_of_the_chosen_cloud() -> None:
    """A key URI of another cloud is refused, whatever else is right; of a managed HSM, too."""
    for host, refuses in (("v.vault.azure.net", ["keyUriWithVersion"]), ("v.managedhsm.azure.cn", [])):
        inputs = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(vault_uri=f"https://{host}")}
        assert list(check(CMK, inputs, clouds.CHINA)) == refuses


# property, value -> a part of the reason. Every wrong spelling of an id or URI is in tests/core.
BAD_BINDINGS: tuple[tuple[str, Any, str], ...] = (
    ("accountId", VAULT_ID, "is not the ARM id of a Microsoft.CognitiveServices/accounts"),
    ("accountId", 5, "expected text"),
    ("keyUriWithVersion", key_uri(vault_uri="https://v.example.com"), "is not a key vault of this cloud"),
    ("identityClientId", f"{VAULT_ID}/x", "is not a client id"),
    ("vaultId", HSM_ID, f"{_IN_VAULT} managed HSM 'language-vault'"),
    ("vaultId", VAULT_ID.replace("language-vault", "other"), f"{_IN_VAULT} vault 'other'"),
    ("onDelete", "keep", "expected 'unbind'"),
    ("accountID", ACCOUNT_ID, "unknown input 'accountID'; known are accountDigest, accountId"),
)
BAD_VERSIONS: tuple[tuple[str, Any, str], ...] = (
    ("keyId", None, "missing required input"),
    ("keyId", f"{KEY_ID}/versions/{V1}", "leave out /versions/..."),
    ("generation", 1.5, "expected a whole number"),
    ("generation", -1, "expected a whole number"),
    ("generation", True, "expected a whole number"),
    ("pin", "abc", "expected 32 hexadecimal digits"),
)
_ENTRY = {"tenantId": TENANT, "objectId": PRINCIPAL, "permissions": {"keys": ["get"]}}
BAD_POLICIES: tuple[tuple[str, Any, str], ...] = (
    ("vaultName", "x/y", "is not the ARM id of a Microsoft.KeyVault/vaults"),
    ("policy", {"objectId": PRINCIPAL}, "policy.tenantId is None; expected a GUID"),
    ("policy", {**_ENTRY, "objectId": "me"}, "policy.objectId is 'me'; expected a GUID"),
    ("policy", {**_ENTRY, "applicationId": PRINCIPAL}, "an entry of an application"),
)
BAD_HSM_ROLES: tuple[tuple[str, Any, str], ...] = (
    ("scope", KEY_ID, "is a key of a vault"),
    ("roleDefinitionId", HSM_CRYPTO_USER.id, HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id),
    ("principalId", "me", "is not a principal id"),
)
VALIDATED = {"keyId": KEY_ID, "principalId": PRINCIPAL, "grantId": "grant"}
GRANTED = {
    "scope": f"{HSM_ID}/keys/cmk",
    "principalId": PRINCIPAL,
    "roleDefinitionId": HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id,
}
IN_VAULT = {"subscriptionId": SUBSCRIPTION, "resourceGroupName": "rg", "vaultName": "kv-x", "policy": _ENTRY}
BAD: dict[str, tuple[dict[str, Any], tuple[tuple[str, Any, str], ...]]] = {
    CMK: (BINDING, BAD_BINDINGS),
    VERSION: ({"keyId": KEY_ID}, BAD_VERSIONS),
    HSM_ROLE: (GRANTED, BAD_HSM_ROLES),
    ACCESS_POLICY: (IN_VAULT, BAD_POLICIES),
}


@pytest.mark.parametrize(
    ("type", "name", "value", "reason"), [(type, *row) for type, (_, rows) in BAD.items() for row in rows]
)
def test_fails_a_malformed_input(type: str, name: str, value: Any, reason: str) -> None:
    """Each is refused under its own name, with what was found and what is expected, before Azure is asked."""
    assert check(type, BAD[type][0]) == {}
    failures = check(type, {**BAD[type][0], name: value})
    assert list(failures) == [name]
    assert reason in failures[name]


OLD = {**BINDING, "accountDigest": "a"}
OUT = {**OLD, "keySource": "Microsoft.KeyVault"}
NO_VAULT = {name: value for name, value in OLD.items() if name != "vaultId"}
KEY, OWN_IDENTITY = "keyUriWithVersion", {"identityClientId": CLIENT}

# What changes -> old outputs and inputs where they are others than these, new inputs, and kinds
DIFFS: dict[str, tuple[Any, Any, Any, dict[str, str]]] = {
    "nothing": ({}, OLD, {}, {}),
    "case of the account id": ({}, OLD, {"accountId": ACCOUNT_ID.upper()}, {}),
    "trailing slash": ({}, OLD, {KEY: key_uri() + "/"}, {}),
    "the port of https": ({}, OLD, {KEY: key_uri(vault_uri=f"{VAULT_URI}:443")}, {}),
    "rotation": ({}, OLD, {KEY: key_uri(V2)}, {KEY: "UPDATE"}),
    "unknown version": ({}, OLD, {KEY: UNKNOWN}, {KEY: "UPDATE"}),
    "other key": ({}, OLD, {KEY: key_uri(name="k2")}, {KEY: "UPDATE"}),
    "identity added": ({}, OLD, OWN_IDENTITY, {"identityClientId": "ADD"}),
    "identity removed": (OWN_IDENTITY, {**OLD, **OWN_IDENTITY}, {}, {"identityClientId": "DELETE"}),
    "identity bound out of band": (OWN_IDENTITY, OLD, {}, {"identityClientId": "DELETE"}),
    "version bound out of band": ({KEY: key_uri(V2)}, OLD, {}, {KEY: "UPDATE"}),
    "other account": ({}, OLD, {"accountId": ACCOUNT_ID + "2"}, {"accountId": "UPDATE_REPLACE"}),
    "digest": ({}, OLD, {"accountDigest": "b"}, {"accountDigest": "UPDATE"}),
    "first digest": ({}, BINDING, {}, {}),
    "vault named at last": ({}, NO_VAULT, {}, {}),
    "a state without outputs": (None, OLD, {}, {}),
}


@pytest.mark.parametrize("case", DIFFS)
def test_what_differs_is_named_and_nothing_else(case: str) -> None:
    """Each difference has its kind; what only looks different has none; only another account replaces."""
    found_there, old_inputs, changed, kinds = DIFFS[case]
    olds = {} if found_there is None else {**OUT, **found_there}
    found = diff(CMK, olds, old_inputs, {**OLD, **changed})
    assert {name: difference.kind for name, difference in found.items()} == kinds


KEEPS = {"keyId": KEY_ID, "accountId": ACCOUNT_ID}
PURGED = {"accountId": ACCOUNT_ID, "location": "westeurope", "deletionDate": "monday"}
BY_NATIVE = {name: value for name, value in IN_VAULT.items() if name != "subscriptionId"}


def entry(*keys: str, who: str = PRINCIPAL) -> dict[str, Any]:
    return {"policy": {**_ENTRY, "objectId": who, "permissions": {"keys": [*keys]}}}


# The resource, its inputs before and after, and the kinds
OTHER_DIFFS: tuple[tuple[str, dict[str, Any], dict[str, Any], dict[str, str]], ...] = (
    # The key's URI says where it is.
    (CMK, OLD, NO_VAULT, {}),
    (VERSION, {"keyId": KEY_ID}, {"keyId": KEY_ID + "2"}, {"keyId": "UPDATE_REPLACE"}),
    (VERSION, {**KEEPS, "generation": 1}, {**KEEPS, "generation": 2}, {"generation": "UPDATE"}),
    (VERSION, KEEPS, {**KEEPS, "generation": 1}, {"generation": "ADD"}),
    (VERSION, KEEPS, {**KEEPS, "generation": 0}, {}),
    (VERSION, {**KEEPS, "pin": V1}, KEEPS, {"pin": "DELETE"}),
    (VERSION, KEEPS, {**KEEPS, "accountId": UNKNOWN}, {}),
    # What was proven stays so when an account is named for the first time, or no longer.
    (ACCESS, VALIDATED, {**VALIDATED, "accountId": ACCOUNT_ID}, {}),
    (ACCESS, {**VALIDATED, "accountId": ACCOUNT_ID}, VALIDATED, {}),
    (ACCESS, {**VALIDATED, **KEEPS}, {**VALIDATED, **KEEPS, "accountId": "x"}, {"accountId": "UPDATE"}),
    (ACCESS, VALIDATED, {**VALIDATED, "grantId": "x"}, {"grantId": "UPDATE"}),
    (ACCESS, VALIDATED, {**VALIDATED, "keyId": "x"}, {"keyId": "UPDATE_REPLACE"}),
    (ACCESS, VALIDATED, {**VALIDATED, "principalId": "x"}, {"principalId": "UPDATE_REPLACE"}),
    (ACCESS, VALIDATED, {**VALIDATED, "keyId": KEY_ID.upper(), "principalId": PRINCIPAL.upper()}, {}),
    (CLEANUP, KEEPS, {**KEEPS, "keyId": f"{VAULT_ID}/keys/other"}, {"keyId": "UPDATE"}),
    (CLEANUP, KEEPS, {**KEEPS, "accountId": f"{ACCOUNT_ID}-2"}, {"accountId": "UPDATE_REPLACE"}),
    (HSM_ROLE, GRANTED, {**GRANTED, "principalId": CLIENT}, {"principalId": "UPDATE_REPLACE"}),
    (HSM_ROLE, GRANTED, {**GRANTED, "scope": f"{HSM_ID}/keys/other"}, {"scope": "UPDATE_REPLACE"}),
    (PURGE, PURGED, {**PURGED, "deletionDate": "friday"}, {"deletionDate": "UPDATE_REPLACE"}),
    # A state of azure-native's type stays.
    (ACCESS_POLICY, {**BY_NATIVE, "resourceGroupName": "RG"}, IN_VAULT, {}),
    (ACCESS_POLICY, {**BY_NATIVE, "vaultName": "old"}, IN_VAULT, {"vaultName": "UPDATE_REPLACE"}),
    (ACCESS_POLICY, IN_VAULT, {**IN_VAULT, "subscriptionId": CLIENT}, {"subscriptionId": "UPDATE_REPLACE"}),
    (ACCESS_POLICY, {**IN_VAULT, **entry("get", "wrapKey")}, {**IN_VAULT, **entry("WRAPKEY", "get")}, {}),
    (ACCESS_POLICY, IN_VAULT, {**IN_VAULT, **entry("get", "wrapKey")}, {"policy": "UPDATE"}),
    (ACCESS_POLICY, IN_VAULT, {**IN_VAULT, **entry("get", who=CLIENT)}, {"policy": "UPDATE_REPLACE"}),
)


@pytest.mark.parametrize(("type", "before", "after", "kinds"), OTHER_DIFFS)
def test_what_replaces_a_resource(
    type: str, before: dict[str, Any], after: dict[str, Any], kinds: dict[str, str]
) -> None:
    """A newer version is not the KeyVersion's difference but shows in its outputs; nor is its account one."""
    found = diff(type, {**before, "newestVersion": V2} if type == VERSION else before, before, after)
    assert {name: difference.kind for name, difference in found.items()} == kinds
