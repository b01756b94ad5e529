"""Rules on stacks: one writer each, policies in one place, logs; in a preview, by dependency, and after."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.facts import LIVE_ENCRYPTION
from tests.policies.asking import (
    BINDING,
    UNKNOWN_FLAG,
    UNKNOWN_LIST,
    UNKNOWN_OBJECT,
    UNKNOWN_TEXT,
    Pack,
    Thing,
    verdict,
)
from tests.policies.bags import VAULT_ID
from tests.policies.editing import STACKS, both, bound, change, says, with_prop, without
from tests.policies.stacks import one_phase, run, two_phases


@bound
def test_an_account_with_a_binding_ignores_its_encryption(name: str) -> None:
    """Else the next update of the account takes the key away."""
    stack = STACKS[name]()
    assert says(change(stack, "account", ignore_changes=["tags"]), "one-writer") == "violation"
    assert (
        says(change(stack, "account", ignore_changes=["properties.encryption.keySource"]), "one-writer")
        == "violation"
    )
    for path in ("properties", "properties.*", '["properties"]["encryption"]'):
        assert says(change(stack, "account", ignore_changes=[path]), "one-writer") == "pass"


@both
def test_an_update_may_say_the_key_that_the_account_has(preview: bool) -> None:
    """An update of a bound account repeats its key, or it would take it away; the components mark that, and
    the pack takes it neither for a second writer nor for a key of the create."""
    stack = one_phase(preview=preview)
    stack["binding"] = two_phases(preview=preview)["binding"]
    refused = {answer.rule for answer in run(stack)}
    marked = {answer.rule for answer in run(change(stack, "account", ignore_changes=[LIVE_ENCRYPTION]))}
    assert "one-writer" in refused
    assert "one-writer" not in marked


@both
def test_inline_encryption_and_a_binding_are_never_both(preview: bool) -> None:
    """Two writers, each of which undoes the other."""
    stack = one_phase(preview=preview)
    stack["binding"] = two_phases(preview=preview)["binding"]
    answers = [one.message for one in run(stack) if one.rule == "one-writer"]
    assert any("states a key itself" in message for message in answers)


@both
def test_two_bindings_of_one_account_are_refused(preview: bool) -> None:
    """Also when the account is not of this stack."""
    stack = two_phases(preview=preview)
    stack["twin"] = replace(stack["binding"], name="twin")
    assert says(stack, "one-writer") == "violation"
    lone = [Thing(name, BINDING, {"accountId": text}) for name, text in (("a", "/X"), ("b", "/x"))]
    assert verdict(Pack().ask_stack(lone), "one-writer") == "violation"


def test_two_resources_for_one_account_are_refused() -> None:
    """Two Account resources with one Azure id overwrite each other."""
    stack = two_phases()
    stack["twin"] = replace(stack["account"], name="twin")
    assert says(stack, "one-writer") == "violation"


def test_a_binding_to_another_stacks_account_is_said_to_be_open() -> None:
    """Whether that account ignores its encryption is not to be seen here."""
    assert says(without(two_phases(), "account", "grant"), "one-writer") == "open"


@both
def test_listed_and_standalone_policies_are_not_mixed(preview: bool) -> None:
    """A vault that lists policies overwrites those made apart."""
    stack = two_phases(preview=preview)
    entry = {"objectId": "someone", "permissions": {"keys": ["get"]}}
    assert (
        says(with_prop(stack, "vault", "properties.accessPolicies", [entry]), "no-mixed-access-policies")
        == "violation"
    )
    assert (
        says(with_prop(stack, "vault", "properties.accessPolicies", UNKNOWN_LIST), "no-mixed-access-policies")
        == "open"
    )
    assert (
        says(with_prop(stack, "vault", "properties.accessPolicies", []), "no-mixed-access-policies")
        == "violation"
    )
    assert (
        says(with_prop(stack, "vault", "properties.accessPolicies", None), "no-mixed-access-policies")
        == "pass"
    )


def test_policies_that_azure_reports_are_not_the_vaults_own() -> None:
    """After a refresh a vault's outputs list the standalone policies, and those of other people."""
    stack = two_phases()
    pack = Pack()
    for thing in stack.values():
        pack.ask(thing)
    live = [stack["grant"].props["policy"], {"objectId": "another team"}]
    refreshed = with_prop(stack, "vault", "properties.accessPolicies", live)
    assert verdict(pack.ask_stack(list(refreshed.values())), "no-mixed-access-policies") == "pass"


def test_without_inputs_only_the_known_policies_are_taken_for_standalone() -> None:
    """When a stack is shown alone, an entry that no resource makes is taken for the vault's own."""
    stack = two_phases()
    own = with_prop(stack, "vault", "properties.accessPolicies", [stack["grant"].props["policy"]])
    assert verdict(Pack().ask_stack(list(own.values())), "no-mixed-access-policies") == "pass"
    foreign = with_prop(stack, "vault", "properties.accessPolicies", [{"objectId": "another"}])
    assert verdict(Pack().ask_stack(list(foreign.values())), "no-mixed-access-policies") == "violation"


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
    assert says(without(stack, "audit"), "vault-audited") == "violation"
    other = with_prop(stack, "audit", "resourceUri", VAULT_ID + "2")
    assert says(change(other, "audit", property_dependencies={}), "vault-audited") == "violation"
    trimmed = with_prop(stack, "audit", "resourceUri", VAULT_ID.strip("/").upper())
    assert says(change(trimmed, "audit", property_dependencies={}), "vault-audited") == "pass"


@both
def test_a_component_stands_for_what_is_below_it(preview: bool) -> None:
    """A program in another language knows a component that it composes, and nothing below it."""
    stack = two_phases(preview=preview)
    for name in ("vault", "account", "grant"):
        stack[f"{name}-part"] = Thing(f"{name}-part", f"language-cmk:index:{name.title()}")
        stack = change(stack, name, parent=f"{name}-part")
    outside = {
        name: replace(
            thing,
            depends_on=[_part(one) for one in thing.depends_on],
            property_dependencies={
                key: [_part(one) for one in ones] for key, ones in thing.property_dependencies.items()
            },
        )
        for name, thing in stack.items()
    }
    for rule in (
        "grant-present",
        "bound-after-grant",
        "account-has-customer-key",
        "vault-audited",
        "one-writer",
    ):
        assert says(outside, rule) == says(two_phases(preview=preview), rule) == "pass", rule
    cut = change(outside, "binding", depends_on=[])
    assert says(cut, "bound-after-grant") == "violation"


def _part(name: str) -> str:
    return f"{name}-part" if name in ("vault", "account", "grant") else name
