"""Names: Azure's limits."""

from __future__ import annotations

import pytest

from components.arguments import names


@pytest.mark.parametrize(
    ("limit", "right", "wrong"),
    [
        (names.VAULT, ["abc", "a" * 24, "kv-a-1"], ["ab", "a" * 25, "1ab", "kv--a", "kv-", "kv_a"]),
        (names.ACCOUNT, ["ab", "a" * 64, "1-a"], ["a", "a" * 65, "-a", "a-", "A1", "a.b"]),
        (names.KEY, ["a", "A-1", "a" * 127], ["", "a" * 128, "a_b"]),
        (names.RESOURCE_GROUP, ["a", "a.b(c)_-", "a" * 90], ["", "a" * 91, "a.", "a b"]),
        (names.IDENTITY, ["abc", "a_b-c"], ["ab", "-ab", "a.b"]),
        (names.WORKSPACE, ["abcd", "a-1b"], ["abc", "-abc", "abc-", "a_bc"]),
        (names.SERVICE, ["ab", "a-1"], ["a", "1a", "a--b", "a-", "Ab"]),
    ],
)
def test_limits_are_azures(limit: names.Limit, right: list[str], wrong: list[str]) -> None:
    """Names at each limit are accepted, one step beyond they are refused."""
    assert [name for name in right if limit.problem(name)] == []
    assert [name for name in wrong if not limit.problem(name)] == []


def test_derived_names_are_stable() -> None:
    """A service's names are made from its name and nothing else."""
    assert names.vault_name("svc") == "kv-svc"
    assert names.key_name("svc") == "cmk-svc"
    assert names.account_name("svc") == "lang-svc"
    assert names.resource_group_name("svc") == "rg-svc"
    assert names.identity_name("svc") == "id-svc"


def test_role_assignment_name_is_one_per_fact_whatever_the_case() -> None:
    """The same grant has the same name on every machine; another principal has another."""
    one = names.role_assignment_name("/Scope", "Principal", "role")
    assert one == names.role_assignment_name("/scope", "principal", "ROLE")
    assert one == "b01ac3aa-1dee-532c-b501-e462dcbc52b5"
    assert one != names.role_assignment_name("/scope", "other", "role")
