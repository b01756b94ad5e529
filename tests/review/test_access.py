"""What a change of grants takes away from who uses a key."""

from __future__ import annotations

import pytest

from core.grants import Grant, StatedPolicyEntry
from core.resource_types import Kind
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER
from core.stack import StackResource
from review import access
from review.verdict import Name


def grant(*keys: str, type: str = "AccessPolicy") -> Grant:
    """An access policy with these permissions on keys."""
    entry = StatedPolicyEntry("p", None, None, {"keys": frozenset(keys)})
    resource = StackResource(f"urn:pulumi:p::p::azure-native:keyvault:{type}::a", Kind.ACCESS_POLICY)
    return Grant(resource=resource, principal="p", entry=entry, vault_name="kv")


def conditional(condition: str) -> Grant:
    """The role that gives what is needed, under a condition."""
    facts = {"roleDefinitionId": CRYPTO_SERVICE_ENCRYPTION_USER.id, "condition": condition}
    urn = "urn:pulumi:p::p::azure-native:authorization:RoleAssignment::r"
    resource = StackResource(urn, Kind.ROLE_ASSIGNMENT, outputs=facts)
    return Grant(resource=resource, principal="p", vault_name="kv")


GIVEN = grant("get", "wrapkey", "unwrapkey")
NARROW = grant("unwrapkey")
UNSURE = conditional("one")


def test_the_same_grant_found_twice_is_shown_once() -> None:
    """A vault's own list shows what a resource of its own gives, too."""
    (verdict,) = access.lost([GIVEN, grant("get", "wrapkey", "unwrapkey", type="Vault")], [])
    assert verdict.values == ("get, unwrapKey, wrapKey on vault kv",)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (GIVEN, GIVEN, []),
        (GIVEN, None, [Name.ACCESS_REVOKED]),
        (GIVEN, NARROW, [Name.ACCESS_NARROWED]),
        (GIVEN, grant("get", "wrapkey"), [Name.ACCESS_REVOKED]),
        (GIVEN, UNSURE, [Name.UNDETERMINED]),
        (UNSURE, None, [Name.UNDETERMINED]),
        (UNSURE, UNSURE, []),
        (UNSURE, conditional("another"), [Name.UNDETERMINED]),
        (UNSURE, GIVEN, []),
        (NARROW, None, [Name.ACCESS_REVOKED]),
        (NARROW, NARROW, []),
        (NARROW, grant("get"), [Name.ACCESS_REVOKED]),
        (None, NARROW, []),
        (None, None, []),
    ],
)
def test_every_step_between_the_levels_of_access(
    before: Grant | None, after: Grant | None, expected: list[Name]
) -> None:
    """None, narrower, full and unknown are four, and each way down has its verdict."""
    old, new = ([one] if one else [] for one in (before, after))
    assert [verdict.name for verdict in access.lost(old, new)] == expected
