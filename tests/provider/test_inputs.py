"""What `check` refuses and `diff` sees, as tables; no Azure is asked."""

from __future__ import annotations

from typing import Any

import pytest

from core import clouds
from core.login import Login
from provider.difference import Difference
from provider.resource import Resource
from provider.served import served
from provider.wire import UNKNOWN, Properties
from tests.provider.fake_azure import ACCOUNT_ID, KEY_ID, V1, V2, VAULT_ID, VAULT_URI, FakeAzure, key_uri
from tests.provider.rig import CMK, VERSION, FakeClock


def resource(type: str, cloud: clouds.Cloud = clouds.PUBLIC) -> Resource:
    return served(FakeAzure(), FakeClock(), Login(cloud=cloud)).resources[type]


def check(type: str, news: dict[str, Any], cloud: clouds.Cloud = clouds.PUBLIC) -> dict[str, str]:
    failures = resource(type, cloud).check(Properties(news))
    return {failure.property: failure.reason for failure in failures}


def diff(type: str, olds: Any, old_inputs: Any, news: Any) -> dict[str, Difference]:
    return resource(type).diff(Properties(olds), Properties(old_inputs), Properties(news))


GOOD = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(), "vaultId": VAULT_ID}
CLIENT = "44444444-4444-4444-4444-444444444444"

_PLACE = "expected /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Cognitive"
_IN_VAULT = "in the vault 'language-vault', but vaultId names the"
_OTHERS = ("evil.example.com", "vault.azure.net", "westus.h.managedhsm.azure.net", "a.b.vault.azure.net")

# property, value -> a part of the reason
BAD_BINDINGS: tuple[tuple[str, Any, str], ...] = (
    ("accountId", "", "missing required input 'accountId'"),
    ("accountId", "language", "is not the ARM id of a Microsoft.CognitiveServices/accounts"),
    ("accountId", VAULT_ID, _PLACE),
    ("accountId", 5, "expected text"),
    ("keyUriWithVersion", key_uri().replace("https", "http"), "is not an https URI"),
    *(
        ("keyUriWithVersion", key_uri(vault_uri=f"https://{host}"), "is not a key vault of this cloud")
        for host in (*_OTHERS, "u@v.vault.azure.net", "v.vault.azure.net:8443")
    ),
    ("keyUriWithVersion", key_uri("123"), "'123' is not a key version"),
    ("keyUriWithVersion", key_uri().replace("/keys/", "/secrets/"), "does not name a key"),
    ("keyUriWithVersion", key_uri() + "?x=1", "does not name a key"),
    ("keyUriWithVersion", key_uri(name="my_key"), "'my_key' is not a key name"),
    ("identityClientId", f"{VAULT_ID}/x", "is not a client id"),
    ("vaultId", ACCOUNT_ID, "is not the ARM id of a Microsoft.KeyVault/vaults"),
    ("vaultId", VAULT_ID.replace("vaults", "managedHSMs"), f"{_IN_VAULT} managed HSM 'language-vault'"),
    ("vaultId", VAULT_ID.replace("language-vault", "other"), f"{_IN_VAULT} vault 'other'"),
    ("accountID", ACCOUNT_ID, "unknown input 'accountID'; known are accountDigest, accountId"),
)


@pytest.mark.parametrize(("name", "value", "reason"), BAD_BINDINGS)
def test_fails_a_malformed_binding(name: str, value: Any, reason: str) -> None:
    """Each malformed input is refused under its own name, with what was found and what is expected."""
    failures = check(CMK, {**GOOD, name: value})
    assert list(failures) == [name]
    assert reason in failures[name]


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
    assert check(CMK, GOOD) == {}
    assert check(CMK, odd) == {}
    assert check(CMK, {**GOOD, "keyUriWithVersion": key_uri(vault_uri=f"{VAULT_URI}:443")}) == {}
    assert check(CMK, dict.fromkeys(GOOD, UNKNOWN)) == {}


@pytest.mark.parametrize(
    ("environment", "host", "good"),
    [
        ("public", "v.vault.azure.net", True),
        ("public", "v.vault.usgovcloudapi.net", False),
        ("usgovernment", "v.vault.usgovcloudapi.net", True),
        ("china", "v.vault.azure.cn", True),
        ("AzureChinaCloud", "v.vault.azure.net", False),
        ("usgovernment", "v.managedhsm.usgovcloudapi.net", True),
        ("china", "v.managedhsm.azure.cn", True),
        ("china", "v.managedhsm.azure.net", False),
    ],
)
def test_a_vault_must_be_of_the_chosen_cloud(environment: str, host: str, good: bool) -> None:
    """A key URI of another cloud is refused, whatever else is right; of a managed HSM, too."""
    inputs = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(vault_uri=f"https://{host}")}
    assert (check(CMK, inputs, clouds.named(environment)) == {}) is good


BAD_VERSIONS: tuple[tuple[str, Any, str], ...] = (
    ("keyId", None, "missing required input"),
    ("keyId", VAULT_ID, "is not the ARM id of a Microsoft.KeyVault/vaults/keys"),
    ("keyId", f"{KEY_ID}/versions/{V1}", "leave out /versions/..."),
    ("generation", 1.5, "expected a whole number"),
    ("generation", -1, "expected a whole number"),
    ("generation", "2", "expected a whole number"),
    ("generation", True, "expected a whole number"),
    ("pin", "abc", "expected 32 hexadecimal digits"),
    ("pin", 5, "expected text"),
    ("accountId", VAULT_ID, "is not the ARM id of a Microsoft.CognitiveServices/accounts"),
    ("version", V1, "unknown input 'version'"),
)


@pytest.mark.parametrize(("name", "value", "reason"), BAD_VERSIONS)
def test_fails_a_malformed_key_version(name: str, value: Any, reason: str) -> None:
    """Each malformed input of a KeyVersion is refused under its own name."""
    failures = check(VERSION, {"keyId": KEY_ID, name: value})
    assert list(failures) == [name]
    assert reason in failures[name]


OLD = {**GOOD, "accountDigest": "a"}
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
    "digest unknown": ({}, OLD, {"accountDigest": UNKNOWN}, {"accountDigest": "UPDATE"}),
    "first digest": ({}, GOOD, {}, {}),
    "vault named at last": ({}, NO_VAULT, {}, {}),
    "a state without outputs": (None, OLD, {}, {}),
}


@pytest.mark.parametrize("case", DIFFS)
def test_what_differs_is_named_and_nothing_else(case: str) -> None:
    """Each difference has its kind; what only looks different has none; only another account replaces."""
    found_there, old_inputs, changed, kinds = DIFFS[case]
    olds = {} if found_there is None else {**OUT, **found_there}
    found = diff(CMK, olds, old_inputs, {**OLD, **changed})
    assert {name: difference.change.value for name, difference in found.items()} == kinds


def test_a_vault_that_is_no_longer_named_is_no_difference() -> None:
    """The key's URI says where it is."""
    assert diff(CMK, OUT, OLD, NO_VAULT) == {}


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        ({}, {}, {}),
        ({"generation": 1}, {"generation": 2}, {"generation": "UPDATE"}),
        ({}, {"generation": 1}, {"generation": "ADD"}),
        ({"pin": V1}, {}, {"pin": "DELETE"}),
        ({}, {"keyId": KEY_ID + "2"}, {"keyId": "UPDATE_REPLACE"}),
        ({}, {"keyId": KEY_ID.upper()}, {}),
        ({}, {"accountId": ACCOUNT_ID}, {}),
        ({"accountId": ACCOUNT_ID}, {"accountId": UNKNOWN}, {}),
    ],
)
def test_a_key_version_differs_by_its_inputs(
    old: dict[str, Any], new: dict[str, Any], kinds: dict[str, str]
) -> None:
    """A newer version is not the KeyVersion's difference but shows in its outputs; nor is its account one."""
    found = diff(VERSION, {"newestVersion": V2}, {"keyId": KEY_ID, **old}, {"keyId": KEY_ID, **new})
    assert {name: difference.change.value for name, difference in found.items()} == kinds
