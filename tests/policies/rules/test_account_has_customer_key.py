"""account-has-customer-key: every account is under a customer-managed key."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import ACCOUNT, UNKNOWN_OBJECT, UNKNOWN_TEXT, Pack, Thing
from tests.policies.bags import account_props, with_change
from tests.policies.editing import STACKS, both, bound, change, says, with_prop, without
from tests.policies.stacks import ACCOUNT_ID, one_phase, run, two_phases


@bound
def test_an_account_without_a_binding_is_refused(name: str) -> None:
    """Also when Azure says that it is bound: the program must keep it so."""
    assert says(without(STACKS[name](), "binding"), "account-has-customer-key") == "violation"


@both
def test_an_account_with_microsofts_key_is_refused(preview: bool) -> None:
    """keySource Microsoft.CognitiveServices is no customer key."""
    stack = one_phase(preview=preview)
    stack = with_prop(stack, "account", "properties.encryption.keySource", "Microsoft.CognitiveServices")
    assert says(stack, "account-has-customer-key") == "violation"
    stack = with_prop(stack, "account", "properties.encryption.keySource", "microsoft.keyVault")
    assert says(stack, "account-has-customer-key") == "pass"


def test_a_binding_without_a_known_account_leaves_accounts_open() -> None:
    """It may be any account's, so neither pass nor refusal would be true."""
    stack = with_prop(two_phases(), "binding", "accountId", UNKNOWN_TEXT)
    stack = change(stack, "binding", property_dependencies={})
    assert says(stack, "account-has-customer-key") == "open"
    assert says(stack, "one-writer") == "open"


def test_a_binding_of_another_account_does_not_count() -> None:
    """The account without a binding is refused though another has one."""
    stack = two_phases()
    second = with_change(account_props(), "id", ACCOUNT_ID + "2")
    stack["second"] = Thing("second", ACCOUNT, second)
    answers = [one for one in run(stack) if one.rule == "account-has-customer-key"]
    assert [one.urn for one in answers] == [stack["second"].urn]


def test_excluded_kinds_need_no_key() -> None:
    """Kinds are compared without case."""
    stack = without(two_phases(), "binding")
    pack = Pack({"account-has-customer-key": {"excludedKinds": ["textanalytics"]}})
    assert says(stack, "account-has-customer-key", pack) == "pass"


@pytest.mark.parametrize(
    ("kind", "expected"), [("ComputerVision", "pass"), ("FormRecognizer", "violation"), (None, "violation")]
)
def test_a_kind_that_stores_nothing_needs_no_key(kind: str | None, expected: str) -> None:
    """Azure would take none; every other kind needs one, also one that nothing is known of."""
    stack = with_prop(without(two_phases(), "binding"), "account", "kind", kind)
    assert says(stack, "account-has-customer-key") == expected


def test_an_account_that_is_only_read_is_not_judged() -> None:
    """It belongs to another program, and its inputs never came by."""
    pack = Pack()
    stack = without(two_phases(), "binding")
    pack.ask(stack["group"])
    assert pack.ask_stack(list(without(stack, "audit").values())) == []


def test_encryption_that_is_not_known_leaves_an_account_open() -> None:
    """The program states encryption that only the update will know."""
    stack = one_phase(preview=True)
    for path in ("properties.encryption", "properties.encryption.keySource"):
        value = UNKNOWN_OBJECT if path.endswith("encryption") else UNKNOWN_TEXT
        assert says(with_prop(stack, "account", path, value), "account-has-customer-key") == "open"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"unbindAccount": "LANG-one"}, "pass"),
        ({"unbindAccount": "lang-two"}, "violation"),
        ({"unbindAccount": UNKNOWN_TEXT}, "violation"),
        ({"replaceAccount": "lang-one"}, "violation"),
        ({}, "violation"),
    ],
)
@both
def test_an_account_may_be_unbound_on_purpose(preview: bool, said: dict[str, Any], expected: str) -> None:
    """By the service's setting, which names the account, and by no other."""
    stack = without(two_phases(preview=preview), "binding")
    service = Thing("service", "language-cmk:index:EncryptedAIServicesAccount", said)
    stack = {"service": service, **change(stack, "account", parent="service")}
    assert says(stack, "account-has-customer-key") == expected
