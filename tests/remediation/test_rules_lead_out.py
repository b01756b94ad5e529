"""What a rule of the policy pack says to do satisfies the rule, also where it names a choice or a setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest

from components.testing import TENANT
from policies.rules import RULES
from settings import parse
from tests.policies.asking import ACCESS_POLICY, KEY, NOW, VAULT
from tests.policies.editing import edited
from tests.policies.refusals import REFUSED, messages
from tests.policies.stacks import CLIENT, diagnostics, two_phases
from tests.settings.test_properties import program
from tests.support.packed import answers
from tests.support.recording import FakeAzure, RecordingMonitor, run

BY_NAME = {rule.name: rule for rule in RULES}
_IDENTITY = {"type": "UserAssigned", "userAssignedIdentities": {"x": {"clientId": CLIENT}}}
_EXACT = {"grant.policy.permissions.keys": ["get", "wrapKey", "unwrapKey"]}
_TOMORROW = {"key.properties.attributes.expires": NOW + 86_400}
_ROTATES = {"lifetimeActions": [{"trigger": {"timeAfterCreate": "P1Y"}, "action": {"type": "rotate"}}]}


_BY_ROLE: Mapping[str, Any] = {"grant": None, "right": two_phases(roles=True)["grant"]}
CASES: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("account-outbound-compatible", "add kv-one.vault.azure.net to allowedFqdnList"): {
        "account.properties.allowedFqdnList": ["kv-one.vault.azure.net"]
    },
    ("account-outbound-compatible", "or set restrictOutboundNetworkAccess to false"): {
        "account.properties.restrictOutboundNetworkAccess": False
    },
    ("binding-identity", "set identityClientId of the binding to the client id"): {
        "account.identity": _IDENTITY,
        "binding.identityClientId": CLIENT,
    },
    ("binding-identity", 'or identity.type of the account to "SystemAssigned"'): {
        "account.identity.type": "SystemAssigned"
    },
    ("binding-identity", "name the client id of an attached identity"): {"binding.identityClientId": CLIENT},
    ("grant-present", "add azure-native's keyvault.AccessPolicy"): {"grant": two_phases()["grant"]},
    ("grant-present", "grant exactly get, wrapKey and unwrapKey on keys"): _EXACT,
    ("grant-present", "assign Key Vault Crypto Service Encryption User"): _BY_ROLE,
    ("grant-present", "change the grant to the model that the vault uses"): _BY_ROLE,
    ("grant-present", "or enableRbacAuthorization to the grant's"): {
        "vault.properties.enableRbacAuthorization": False
    },
    ("key-expiry", "set attributes.expires (seconds since 1970)"): _TOMORROW,
    ("key-expiry", "set an earlier attributes.expires"): _TOMORROW,
    ("key-rotation-policy", "state rotationPolicy when the key is made"): {
        "key.properties.rotationPolicy": _ROTATES
    },
    ("key-usable", "leave notBefore out"): {"key.properties.attributes.notBefore": ...},
    ("one-writer", "take one of them out of the program"): {"twin": None},
    ("vault-audited", "add azure-native's monitor.DiagnosticSetting for the vault"): {
        "more": replace(diagnostics(), name="more")
    },
}
"""By rule and the words of the fix: what its reader then does about the first refusal that says so."""


@pytest.mark.parametrize("case", CASES, ids=": ".join)
def test_a_rule_is_satisfied_by_its_fix(case: tuple[str, str]) -> None:
    """Of a program that composes the resources itself."""
    name, words = case
    rule = BY_NAME[name]
    refused = next(one for one in REFUSED[name] if any(words in said for said in messages(rule, one)))
    mended = edited({one.name: one for one in refused.things}, CASES[case])
    assert messages(rule, replace(refused, things=[*mended.values()])) == []


class Adopted(NamedTuple):
    """What of a resource the state has that the settings leave as it was found, and the settings."""

    rule: str
    type: str
    found: Mapping[str, Any]
    settings: Mapping[str, str]


WITHOUT_POLICY: Mapping[str, Any] = {"kty": "RSA", "keySize": 2048, "keyOps": ["wrapKey", "unwrapKey"]}
ROTATED: Mapping[str, Any] = {
    **WITHOUT_POLICY,
    "rotationPolicy": {"attributes": {"expiryTime": "P2Y"}, **_ROTATES},
}
"""After `az keyvault key rotation-policy update`, as a refresh reads it."""
RBAC_VAULT = {
    "enableRbacAuthorization": True,
    "enablePurgeProtection": True,
    "softDeleteRetentionInDays": 90,
    "tenantId": TENANT,
    "sku": {"family": "A", "name": "premium"},
}
NARROW = {"policy": {"permissions": {"keys": ["get"]}}}
SETTINGS: Mapping[str, tuple[Adopted, Adopted]] = {
    "set access: granted, and take access out of asFound": (
        Adopted("grant-present", ACCESS_POLICY, NARROW, {"asFound": '["access"]'}),
        Adopted("grant-present", ACCESS_POLICY, NARROW, {"access": "granted"}),
    ),
    "set accessModel to the model that the vault uses: accessPolicy, or rbac": (
        Adopted("grant-present", VAULT, {"properties": RBAC_VAULT}, {"asFound": '["vault"]'}),
        Adopted(
            "grant-present",
            VAULT,
            {"properties": RBAC_VAULT},
            {"asFound": '["vault"]', "accessModel": "rbac"},
        ),
    ),
    "with az keyvault key rotation-policy update; key.expiresAfterDays": (
        Adopted("key-expiry", KEY, {"properties": WITHOUT_POLICY}, {}),
        Adopted("key-expiry", KEY, {"properties": ROTATED}, {}),
    ),
    "with az keyvault key rotation-policy update; key.rotatesAfterDays": (
        Adopted("key-rotation-policy", KEY, {"properties": WITHOUT_POLICY}, {}),
        Adopted("key-rotation-policy", KEY, {"properties": ROTATED}, {}),
    ),
    "set audit.newWorkspace to true": (
        Adopted("vault-audited", KEY, {"properties": ROTATED}, {"audit": '{"newWorkspace": false}'}),
        Adopted("vault-audited", KEY, {"properties": ROTATED}, {"audit": '{"newWorkspace": true}'}),
    ),
}
"""The fix in words of the settings; what is refused with it, and what then is there."""


@pytest.mark.parametrize("words", SETTINGS)
def test_a_rule_is_satisfied_by_the_setting_that_it_names(words: str) -> None:
    """In a stack of this project, whose adopted parts stay as they were found."""
    wrong, right = (_said(one) for one in SETTINGS[words])
    assert any(words in one for one in wrong), wrong
    assert right == []


def _said(one: Adopted) -> list[str]:
    """What the rule says of the whole program with these settings."""
    monitor = RecordingMonitor(FakeAzure())
    document = {"name": "claims", "location": "westeurope", **one.settings}
    with patch.object(program.settings, "load", lambda _: parse(document)):
        run(program.main, monitor=monitor)
    said = answers(monitor, {one.type: one.found})
    return [answer.message for _, answer in said if answer.rule == one.rule]
