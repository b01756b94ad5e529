"""grant-exact: an identity that uses a key holds get, wrapKey and unwrapKey, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    ACCESS_POLICY,
    UNKNOWN_LIST,
    UNKNOWN_OBJECT,
    UNKNOWN_TEXT,
    Pack,
    Thing,
    verdict,
)
from tests.policies.bags import policy_props, with_change
from tests.policies.editing import ADMIN, around, judged, shapes
from tests.policies.stacks import run

EXACT_CASES = [
    ({"keys": ["get", "wrapKey", "unwrapKey"]}, "pass"),
    ({"keys": ["UnwrapKey", "GET", "wrapkey"]}, "pass"),
    ({"keys": ["get", "get", "wrapKey", "unwrapKey"], "secrets": [], "storage": None}, "pass"),
    ({"keys": ["get", "wrapKey", "unwrapKey", "list"]}, "violation"),
    ({"keys": ["get", "wrapKey"]}, "violation"),
    ({"keys": ["wrapKey", "unwrapKey"]}, "violation"),
    ({"keys": ["all"]}, "violation"),
    ({"keys": ["get", "wrapKey", "unwrapKey"], "secrets": ["get"]}, "violation"),
    ({"keys": ["get", "wrapKey", "unwrapKey"], "certificates": ["list"]}, "violation"),
    ({"keys": ["get", "wrapKey", "unwrapKey"], "storage": ["get"]}, "violation"),
    ({"keys": ["get", "list", "create"]}, "pass"),
    ({"secrets": ["get", "list"]}, "pass"),
    (None, "pass"),
    ({"keys": UNKNOWN_LIST}, "open"),
    ({"keys": ["get", "wrapKey", "unwrapKey"], "secrets": UNKNOWN_LIST}, "open"),
    (UNKNOWN_OBJECT, "open"),
]


@pytest.mark.parametrize(("permissions", "expected"), EXACT_CASES)
def test_who_uses_a_key_holds_exactly_three_permissions(permissions: Any, expected: str) -> None:
    """An entry that can wrap or unwrap is judged; others manage keys or secrets and are left alone."""
    for thing in shapes(permissions):
        assert judged("grant-exact", thing) == expected, thing.name


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["wrapKey", "sign"], "holds on keys: sign, wrapKey (missing get, unwrapKey)\n"),
        (["all"], "holds on keys: all\n"),
        (["get", "wrapKey", "unwrapKey", "list"], "holds on keys: get, list, unwrapKey, wrapKey\n"),
    ],
)
def test_a_wrong_grant_is_told_in_azures_spelling(keys: list[str], words: str) -> None:
    """What is held, and what of the three is missing."""
    props = with_change(policy_props(), "policy.permissions.keys", keys)
    answers = run(around(Thing("p", ACCESS_POLICY, props)))
    assert words in next(answer.message for answer in answers if answer.rule == "grant-exact")


@pytest.mark.parametrize("policy", [UNKNOWN_OBJECT, UNKNOWN_TEXT])
def test_an_unknown_policy_is_left_open(policy: str) -> None:
    """A policy of which nothing is known is neither refused nor passed."""
    answers = run(around(Thing("p", ACCESS_POLICY, {"vaultName": "kv-one", "policy": policy})))
    assert {verdict(answers, rule) for rule in ("grant-exact", "vault-no-broad-grants")} == {"open"}


def test_an_unknown_holder_does_not_hide_too_much() -> None:
    """The holder's id is unknown in a first preview; the permissions are judged all the same."""
    props = with_change(policy_props(), "policy.objectId", UNKNOWN_TEXT)
    assert judged("grant-exact", Thing("p", ACCESS_POLICY, props)) == "pass"
    props = with_change(props, "policy.permissions.keys", ["all"])
    assert judged("grant-exact", Thing("p", ACCESS_POLICY, props)) == "violation"


def test_administrators_are_named_and_may_hold_more() -> None:
    """An object id in `administrators`, in any case, may hold more than the three; never all or purge."""
    pack = Pack({"grant-exact": {"administrators": [ADMIN.upper()]}})
    for thing in shapes({"keys": ["get", "wrapKey", "create", "purge"]}):
        answers = run(around(thing), pack)
        assert verdict(answers, "grant-exact") == "pass"
        assert verdict(answers, "vault-no-broad-grants") == "violation"
