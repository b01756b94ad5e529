"""Access to the key, taken away and given: what a reviewer is told, and when it is told elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.grants import Grant, StatedPolicyEntry
from core.protection import AccountProtection
from core.resource_types import Kind
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER
from core.stack import StackResource
from review import access_verdicts
from review.protection import Protection
from review.verdict import Name, VerdictSeverity


def grant(*keys: str, urn: str = "urn:pulumi:p::p::azure-native:keyvault:AccessPolicy::a") -> Grant:
    """An access policy with these permissions on keys."""
    entry = StatedPolicyEntry("p", None, None, {"keys": frozenset(keys)})
    return Grant(resource=StackResource(urn, Kind.ACCESS_POLICY), principal="p", entry=entry, vault_name="kv")


def conditional(condition: str) -> Grant:
    """The role that gives what is needed, under a condition."""
    facts = {"roleDefinitionId": CRYPTO_SERVICE_ENCRYPTION_USER.id, "condition": condition}
    urn = "urn:pulumi:p::p::azure-native:authorization:RoleAssignment::r"
    resource = StackResource(urn, Kind.ROLE_ASSIGNMENT, outputs=facts)
    return Grant(resource=resource, principal="p", vault_name="kv")


GRANT = grant("get", "wrapkey", "unwrapkey")
NARROW = grant("unwrapkey")
UNSURE = conditional("one")
BINDING = StackResource("urn", Kind.BINDING)
KEY = AccountProtection(
    writer=BINDING, account=None, vault_name="kv", key_name="cmk", version="1" * 32, client_id=None
)
GIVEN = Protection(key=KEY, grants=(GRANT,))
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
    twice = replace(
        GIVEN,
        grants=(
            GRANT,
            grant("get", "wrapkey", "unwrapkey", urn="urn:pulumi:p::p::azure-native:keyvault:Vault::v"),
        ),
    )
    (verdict,) = access_verdicts.of(None, twice, REVOKED)
    assert verdict.values == ("get, unwrapKey, wrapKey on vault kv",)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (GRANT, NARROW, [Name.ACCESS_NARROWED]),
        (GRANT, grant("get", "wrapkey"), [Name.ACCESS_REVOKED]),
        (GRANT, UNSURE, [Name.UNDETERMINED]),
        (UNSURE, None, [Name.UNDETERMINED]),
        (UNSURE, UNSURE, []),
        (UNSURE, conditional("another"), [Name.UNDETERMINED]),
        (UNSURE, GRANT, []),
        (NARROW, None, [Name.ACCESS_REVOKED]),
        (NARROW, NARROW, []),
        (None, NARROW, []),
        (NARROW, grant("get"), [Name.ACCESS_REVOKED]),
    ],
)
def test_every_step_between_the_levels_of_access(
    before: Grant | None, after: Grant | None, expected: list[Name]
) -> None:
    """None, narrower, full and unknown are four, and each way down has its verdict."""
    live, planned = (replace(GIVEN, grants=(one,) if one else ()) for one in (before, after))
    lost = [name for name in names(live, live, planned) if name is not Name.ACCESS_GRANTED]
    assert lost == expected
