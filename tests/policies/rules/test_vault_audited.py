"""vault-audited: every use of a vault's keys is recorded."""

from __future__ import annotations

from typing import Any

import pytest

from core import audit_log
from tests.policies.asking import UNKNOWN_FLAG, UNKNOWN_LIST, UNKNOWN_OBJECT, UNKNOWN_TEXT
from tests.policies.bags import VAULT_ID
from tests.policies.editing import both, change, says, told, with_prop, without
from tests.policies.stacks import two_phases

AUDIT_CASES = [
    ([{"category": "AuditEvent", "enabled": True}], "pass"),
    ([{"category": "auditevent", "enabled": "true"}], "pass"),
    ([{"categoryGroup": "audit", "enabled": True}], "pass"),
    ([{"categoryGroup": "allLogs", "enabled": True}, {"category": "x", "enabled": False}], "pass"),
    ([{"category": "AuditEvent", "enabled": False}], "violation"),
    ([{"category": "AuditEvent"}], "violation"),
    ([{"category": "AzurePolicyEvaluationDetails", "enabled": True}], "violation"),
    ([], "violation"),
    (None, "violation"),
    (UNKNOWN_LIST, "open"),
    ([UNKNOWN_OBJECT], "open"),
    ([UNKNOWN_OBJECT, {"category": "AuditEvent", "enabled": True}], "pass"),
    ([{"category": UNKNOWN_TEXT, "enabled": True}], "open"),
    ([{"category": "AuditEvent", "enabled": UNKNOWN_FLAG}], "open"),
]


@pytest.mark.parametrize(("logs", "expected"), AUDIT_CASES)
@both
def test_a_vaults_key_use_is_recorded(preview: bool, logs: Any, expected: str) -> None:
    """AuditEvent, or the group audit or allLogs, enabled."""
    assert says(with_prop(two_phases(preview=preview), "audit", "logs", logs), "vault-audited") == expected


def test_an_audit_log_needs_a_destination_and_the_vault() -> None:
    """A setting that sends nothing anywhere, or that is another resource's, records nothing."""
    stack = two_phases()
    assert says(with_prop(stack, "audit", "workspaceId", None), "vault-audited") == "violation"
    assert says(with_prop(stack, "audit", "workspaceId", UNKNOWN_TEXT), "vault-audited") == "pass"
    for name in audit_log.DESTINATIONS:
        elsewhere = with_prop(with_prop(stack, "audit", "workspaceId", ""), "audit", name, "/somewhere")
        assert says(elsewhere, "vault-audited") == "pass"
    assert says(without(stack, "audit"), "vault-audited") == "violation"
    other = with_prop(stack, "audit", "resourceUri", VAULT_ID + "2")
    assert says(change(other, "audit", property_dependencies={}), "vault-audited") == "violation"
    trimmed = with_prop(stack, "audit", "resourceUri", VAULT_ID.strip("/").upper())
    assert says(change(trimmed, "audit", property_dependencies={}), "vault-audited") == "pass"


def test_a_missing_log_is_told_from_a_useless_one() -> None:
    """No setting, or none that records."""
    stack = two_phases()
    assert "has no diagnostic setting\n" in told(without(stack, "audit"), "vault-audited")
    useless = with_prop(stack, "audit", "logs", [])
    assert "has no diagnostic setting that records audit events\n" in told(useless, "vault-audited")


@pytest.mark.parametrize("left_out", ["logs", "workspaceId"])
def test_a_setting_that_states_no_log_or_no_destination_is_refused_before_it_is_made(left_out: str) -> None:
    """A first preview does not know what a program leaves out, and it is not to come: metrics alone record no
    use of a key."""
    assert says(two_phases(preview=True), "vault-audited", audit=[left_out]) == "violation"
