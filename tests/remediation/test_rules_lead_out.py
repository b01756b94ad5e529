"""What a rule of the policy pack says to set satisfies the rule.

What satisfies a rule of a program's own resources, tests/policies has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

import pytest

from components.testing import TENANT
from settings import parse
from tests.policies.asking import ACCESS_POLICY, KEY, VAULT, Pack
from tests.remediation.test_policies_lead_out import unmet
from tests.settings.test_properties import program
from tests.support.packed import answers
from tests.support.recording import FakeAzure, RecordingMonitor, run

Found = tuple[Mapping[str, Any], Mapping[str, str]]
"""What of a resource the state has that the settings leave as it was found, and the settings."""
WITHOUT_POLICY = {"properties": {"kty": "RSA", "keySize": 2048, "keyOps": ["wrapKey", "unwrapKey"]}}
ACTION = {"trigger": {"timeAfterCreate": "P1Y"}, "action": {"type": "rotate"}}
ROTATION = {"attributes": {"expiryTime": "P2Y"}, "lifetimeActions": [ACTION]}
ROTATED = {"properties": {**WITHOUT_POLICY["properties"], "rotationPolicy": ROTATION}}
"""After `az keyvault key rotation-policy update`, as a refresh reads it."""
RBAC_VAULT = {
    "properties": {
        "enableRbacAuthorization": True,
        "enablePurgeProtection": True,
        "softDeleteRetentionInDays": 90,
        "tenantId": TENANT,
        "sku": {"family": "A", "name": "premium"},
    }
}
NARROW = {"policy": {"permissions": {"keys": ["get"]}}}
FIXES: Mapping[str, tuple[str, str, Found, Found]] = {
    "set access: granted, and take access out of asFound": (
        "grant-present",
        ACCESS_POLICY,
        (NARROW, {"asFound": '["access"]'}),
        (NARROW, {"access": "granted"}),
    ),
    "set accessModel to the model that the vault uses: accessPolicy, or rbac": (
        "grant-present",
        VAULT,
        (RBAC_VAULT, {"asFound": '["vault"]'}),
        (RBAC_VAULT, {"asFound": '["vault"]', "accessModel": "rbac"}),
    ),
    **{
        f"with `az keyvault key rotation-policy update`; {setting}": (
            rule,
            KEY,
            (WITHOUT_POLICY, {}),
            (ROTATED, {}),
        )
        for rule, setting in (
            ("key-expiry", "key.expiresAfterDays"),
            ("key-rotation-policy", "key.rotatesAfterDays"),
        )
    },
    "set audit.newWorkspace to true": (
        "vault-audited",
        KEY,
        (ROTATED, {"audit": '{"newWorkspace": false}'}),
        (ROTATED, {"audit": '{"newWorkspace": true}'}),
    ),
    "set encryption: customerManaged": (
        "account-has-customer-key",
        KEY,
        (ROTATED, {"encryption": "microsoftManaged"}),
        (ROTATED, {"encryption": "customerManaged"}),
    ),
    "set network.access to closed, selected or private": (
        "account-network-restricted",
        KEY,
        (ROTATED, {"network": '{"access": "open"}'}),
        (ROTATED, {"network": '{"access": "closed"}'}),
    ),
    "set network.access to closed, or to private with network.subnetId": (
        "vault-network-restricted",
        KEY,
        (ROTATED, {"network": '{"access": "open"}'}),
        (ROTATED, {"network": '{"access": "closed"}'}),
    ),
    "take the range out of network.allowedIpRanges": (
        "account-network-restricted",
        KEY,
        (ROTATED, {"network": '{"access": "selected", "allowedIpRanges": ["0.0.0.0/1", "203.0.113.7"]}'}),
        (ROTATED, {"network": '{"access": "selected", "allowedIpRanges": ["203.0.113.7"]}'}),
    ),
    "set accessModel: rbac": (
        "vault-permission-model",
        KEY,
        (ROTATED, {}),
        (ROTATED, {"accessModel": "rbac"}),
    ),
}
"""The fix in words of the settings: the rule, what is refused with it, and what then is there."""
CONFIGURED = {
    "set network.access to closed, or to private with network.subnetId": {"publicAccess": "disabled"},
    "set accessModel: rbac": {"model": "rbac"},
}
"""The settings of the rule itself, where it says that only by them."""
_REFUSED_BEFORE = "settings with that are refused before a resource is declared"
NO_ROW = {
    "remove protect": "the components protect the binding, unless a setting asks for the opposite",
    "run `pulumi refresh`": "the components refuse first, in words that test_typed_ways.py follows",
    "set sku: S": _REFUSED_BEFORE,
    "set identity: systemAssigned": _REFUSED_BEFORE,
    "change storageAccountIds": _REFUSED_BEFORE,
    "remove searchServiceId and searchServiceKey": _REFUSED_BEFORE,
}
"""How settings that a rule names begin, where no settings lead to its violation."""


@pytest.mark.parametrize("words", FIXES)
def test_a_rule_is_satisfied_by_the_setting_that_it_names(words: str) -> None:
    """In a stack of this project, whose adopted parts stay as they were found."""
    rule, type, wrong, right = FIXES[words]
    config = CONFIGURED.get(words, {})
    said = _said(rule, type, *wrong, config)
    assert any(words in one for one in said), said
    assert _said(rule, type, *right, config) == []


def test_every_setting_that_a_rule_names_has_a_row() -> None:
    """Or a reason why there is none, by the text in the source."""
    printed = []
    for words, (rule, type, wrong, _) in FIXES.items():
        printed += _said(rule, type, *wrong, CONFIGURED.get(words, {}))
    left = unmet("setting", printed)
    assert {text for text in left if not text.startswith((*NO_ROW,))} == set()
    assert {words for words in NO_ROW if not any(text.startswith(words) for text in left)} == set()


def _said(
    rule: str, type: str, found: Mapping[str, Any], settings: Mapping[str, str], config: Mapping[str, Any]
) -> list[str]:
    """What the rule says of the whole program with these settings."""
    monitor = RecordingMonitor(FakeAzure())
    document = {"name": "claims", "location": "westeurope", **settings}
    with patch.object(program.settings, "load", lambda: parse(document)):
        run(program.main, monitor=monitor)
    said = answers(monitor, {type: found}, Pack({rule: config}))
    return [one.message for _, one in said if one.rule == rule]
