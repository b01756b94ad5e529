"""Access to the key, taken away and given: what a reviewer is told, and when it is told elsewhere."""

from __future__ import annotations

from dataclasses import replace

from review import access_verdicts
from review.access import Grant
from review.keys import BoundKey
from review.protection import Protection
from review.verdict import Name, Severity

GRANT = Grant("urn", "p", "get, unwrapKey, wrapKey", "/vaults/kv", enough=True)
GIVEN = Protection(
    key=BoundKey("kv", "cmk", "1" * 32, None),
    identity=None,
    grants=(GRANT,),
    network=None,
    local_auth=None,
    vault=None,
    audit=None,
    protect=True,
)
REVOKED = replace(GIVEN, grants=())


def names(recorded: Protection | None, live: Protection, planned: Protection) -> list[Name]:
    return [verdict.name for verdict in access_verdicts.of(recorded, live, planned)]


def test_access_that_goes_blocks_and_access_that_comes_back_is_told() -> None:
    """The one takes the data away; the other is what a reviewer of a restoration looks for."""
    assert names(GIVEN, GIVEN, REVOKED) == [Name.ACCESS_REVOKED]
    (given,) = access_verdicts.of(REVOKED, REVOKED, GIVEN)
    assert (given.name, given.severity) == (Name.ACCESS_GIVEN, Severity.NOTE)
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
