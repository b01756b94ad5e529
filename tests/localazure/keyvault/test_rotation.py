"""Rotation policies as pure rules, and what becomes of them while a key is deleted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from localazure.keyvault import rotation
from localazure.keyvault.model import KeyVersion
from tests.localazure.driver import DAY, VAULT, Case, vault_body

START = int(datetime(2026, 1, 31, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("duration", "back", "expected"),
    [
        ("P30D", False, "2026-03-02"),
        ("P1M", False, "2026-02-28"),
        ("P1Y", False, "2027-01-31"),
        ("P2W", True, "2026-01-17"),
        ("P2M", True, "2025-11-30"),
        ("PT24H", False, "2026-02-01"),
    ],
)
def test_durations_follow_the_calendar(duration: str, back: bool, expected: str) -> None:
    """Months and years are calendar ones; a day that a month lacks becomes its last."""
    moved = rotation.shift(START, duration, back=back)
    assert datetime.fromtimestamp(moved, UTC).date().isoformat() == expected


def action(kind: str, **trigger: str) -> Any:
    return {"action": {"type": kind}, "trigger": trigger}


@pytest.mark.parametrize(
    ("actions", "expiry", "wrong"),
    [
        ([action("Rotate", timeAfterCreate="P30D")], None, None),
        (
            [action("rotate", timeBeforeExpiry="P30D"), action("Notify", timeBeforeExpiry="P30D")],
            "P90D",
            None,
        ),
        ([], "P28D", None),
        ([], "P27D", "expiryTime P27D is too short"),
        ([], "90 days", "'90 days' is no ISO 8601 duration"),
        ([action("Rotate", timeAfterCreate="P6D")], None, "trigger P6D is too short"),
        ([action("Rotate", timeBeforeExpiry="P30D")], None, "needs an expiryTime"),
        ([action("Rotate", timeAfterCreate="P90D")], "P90D", "does not lie within"),
        ([action("Notify", timeAfterCreate="P30D")], "P90D", "triggered by timeBeforeExpiry"),
        ([action("Delete", timeAfterCreate="P30D")], None, "'Delete' is not known"),
        ([action("Rotate")], None, "either timeAfterCreate or timeBeforeExpiry"),
        (
            [action("Rotate", timeAfterCreate="P30D"), action("rotate", timeBeforeExpiry="P30D")],
            "P90D",
            "at most one of each",
        ),
        ([{"trigger": {}}], None, "needs trigger and action"),
        ("rotate", None, "needs trigger and action"),
        ([action("Rotate", timeAfterCreate="P99999Y")], None, "the longest is 'P100Y'"),
        ([action("Rotate", timeAfterCreate="PT9999999999H")], None, "needs trigger and action"),
    ],
)
def test_policies_are_checked(actions: Any, expiry: str | None, wrong: str | None) -> None:
    """What is wrong with a policy is said in a sentence; a right one passes."""
    found = rotation.problem({"lifetimeActions": actions, "attributes": {"expiryTime": expiry}})
    assert found is None if wrong is None else wrong in (found or "")


@pytest.mark.parametrize(
    ("lifetime", "expires", "days"),
    [
        (action("Rotate", timeAfterCreate="P30D"), None, 30),
        (action("Rotate", timeBeforeExpiry="P10D"), START + 90 * 86400, 80),
        (action("Rotate", timeBeforeExpiry="P10D"), None, None),
        (action("Notify", timeBeforeExpiry="P10D"), START + 90 * 86400, None),
    ],
)
def test_when_the_next_version_is_due(lifetime: Any, expires: int | None, days: int | None) -> None:
    """Counted from the current version's creation, or back from its expiry if it has one; never by Notify."""
    current = KeyVersion("v", "RSA", 2048, (), True, START, START, {}, expires=expires)
    expected = None if days is None else START + days * 86400
    assert rotation.due({"lifetimeActions": [lifetime]}, current) == expected


def test_a_trigger_that_was_over_acts_from_the_last_change_on() -> None:
    """A policy set, or a version changed, after the trigger's time makes the rotation due then."""
    day = 86400
    rotate = {"lifetimeActions": [action("Rotate", timeAfterCreate="P30D")]}
    late = {**rotate, "attributes": {"updated": START + 100 * day}}
    fresh = KeyVersion("v", "RSA", 2048, (), True, START, START, {})
    touched = KeyVersion("v", "RSA", 2048, (), True, START, START + 40 * day, {})
    assert rotation.due(late, fresh) == START + 100 * day
    assert rotation.due(rotate, touched) == START + 40 * day


@pytest.mark.parametrize("what", ["key", "vault"])
def test_what_is_deleted_is_not_rotated_until_it_is_back(case: Case, what: str) -> None:
    """A rotation whose time comes while its key or vault is deleted takes place at its recovery."""
    case.make_vault()
    case.make_key()
    policy = {"lifetimeActions": [action("Rotate", timeAfterCreate="P30D")]}
    assert case.data("PUT", "/keys/k/rotationpolicy", policy).status == 200
    case.cloud.clock.advance(29 * DAY)
    assert (case.data("DELETE", "/keys/k") if what == "key" else case.arm("DELETE", VAULT)).status == 200
    case.cloud.clock.advance(10 * DAY)
    recovered = case.cloud.clock.now()
    if what == "key":
        assert case.data("POST", "/deletedkeys/k/recover").status == 200
    else:
        assert case.arm("PUT", VAULT, vault_body(createMode="recover")).status == 200
    made = [row["attributes"]["created"] for row in case.data("GET", "/keys/k/versions").body["value"]]
    assert len(made) == 2
    assert made[-1] >= int(recovered)
