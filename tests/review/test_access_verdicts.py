"""Access to the key, taken away and given: what a reviewer is told, and when it is told elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from review import access_verdicts
from review.access import ReviewedGrant
from review.keys import ReviewedKey
from review.protection import Protection
from review.verdict import Name, VerdictSeverity

NEEDED = frozenset({"get", "wrapkey", "unwrapkey"})
GRANT = ReviewedGrant("urn", "p", "get, unwrapKey, wrapKey", "/vaults/kv", NEEDED)
NARROW = replace(GRANT, what="unwrapKey", permissions=frozenset({"unwrapkey"}))
UNSURE = replace(GRANT, permissions=frozenset(), uncertain="under a condition")
GIVEN = Protection(
    key=ReviewedKey("kv", "cmk", "1" * 32, None),
    identity=None,
    grants=(GRANT,),
)
REVOKED = replace(GIVEN, grants=())


def names(recorded: Protection | None, live: Protection, planned: Protection) -> list[Name]:
    return [verdict.name for verdict in access_verdicts.of(recorded, live, planned)]


def test_access_that_goes_blocks_and_access_that_comes_back_is_told() -> None:
    """The one takes the data away; the other is what a reviewer of a restoration looks for."""
    assert names(GIVEN, GIVEN, REVOKED) == [Name.ACCESS_REVOKED]
    (given,) = access_verdicts.of(REVOKED, REVOKED, GIVEN)
    assert (given.name, given.severity) == (Name.ACCESS_GRANTED, VerdictSeverity.NOTE)
    assert given.values == ("get, unwrapKey, wrapKey on vault kv",)


def test_what_stays_is_not_told() -> None:
    """Access that was taken away outside Pulumi and is given again is drift, which has its own words."""
    assert names(GIVEN, GIVEN, GIVEN) == names(REVOKED, REVOKED, REVOKED) == []
    assert names(GIVEN, REVOKED, GIVEN) == []


def test_the_same_grant_found_twice_is_shown_once() -> None:
    """A vault's own list shows what a resource of its own gives, too."""
    twice = replace(GIVEN, grants=(GRANT, replace(GRANT, urn="vault")))
    (verdict,) = access_verdicts.of(None, twice, REVOKED)
    assert verdict.values == ("get, unwrapKey, wrapKey on vault kv",)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (GRANT, NARROW, [Name.ACCESS_NARROWED]),
        (GRANT, replace(GRANT, permissions=frozenset({"get", "wrapkey"})), [Name.ACCESS_REVOKED]),
        (GRANT, UNSURE, [Name.UNDETERMINED]),
        (UNSURE, None, [Name.UNDETERMINED]),
        (UNSURE, UNSURE, []),
        (UNSURE, replace(UNSURE, uncertain="under another condition"), [Name.UNDETERMINED]),
        (UNSURE, GRANT, []),
        (NARROW, None, [Name.ACCESS_REVOKED]),
        (NARROW, NARROW, []),
        (None, NARROW, []),
        (NARROW, replace(NARROW, permissions=frozenset({"get"}), what="get"), [Name.ACCESS_REVOKED]),
    ],
)
def test_every_step_between_the_levels_of_access(
    before: ReviewedGrant | None, after: ReviewedGrant | None, expected: list[Name]
) -> None:
    """None, narrower, full and unknown are four, and each way down has its verdict."""
    live, planned = (replace(GIVEN, grants=(one,) if one else ()) for one in (before, after))
    lost = [name for name in names(live, live, planned) if name is not Name.ACCESS_GRANTED]
    assert lost == expected
