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
from tests.policies.asking import ACCESS_POLICY, KEY, VAULT
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
        f"with az keyvault key rotation-policy update; {setting}": (
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
}
"""The fix in words of the settings: the rule, what is refused with it, and what then is there."""


@pytest.mark.parametrize("words", FIXES)
def test_a_rule_is_satisfied_by_the_setting_that_it_names(words: str) -> None:
    """In a stack of this project, whose adopted parts stay as they were found."""
    rule, type, wrong, right = FIXES[words]
    said = _said(rule, type, *wrong)
    assert any(words in one for one in said), said
    assert _said(rule, type, *right) == []


def _said(rule: str, type: str, found: Mapping[str, Any], settings: Mapping[str, str]) -> list[str]:
    """What the rule says of the whole program with these settings."""
    monitor = RecordingMonitor(FakeAzure())
    document = {"name": "claims", "location": "westeurope", **settings}
    with patch.object(program.settings, "load", lambda: parse(document)):
        run(program.main, monitor=monitor)
    return [one.message for _, one in answers(monitor, {type: found}) if one.rule == rule]
