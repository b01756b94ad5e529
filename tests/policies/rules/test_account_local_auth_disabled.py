"""account-local-auth-disabled: an account is used with identities, not with shared keys."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    ACCOUNT,
    UNKNOWN_FLAG,
    Pack,
    Thing,
    secret,
    verdict,
)
from tests.policies.bags import (
    account_props,
    with_change,
)


def ask(
    props: dict[str, Any], rule: str, config: dict[str, Any] | None = None, ignored: tuple[str, ...] = ()
) -> str:
    return verdict(Pack({rule: config or {}}).ask(Thing("a", ACCOUNT, props, ignore_changes=ignored)), rule)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "pass"),
        ("True", "pass"),
        (secret(True), "pass"),
        (False, "violation"),
        ("false", "violation"),
        (None, "violation"),
        (..., "violation"),
        (UNKNOWN_FLAG, "open"),
    ],
)
def test_local_authentication_is_off(value: Any, expected: str) -> None:
    """Absent is on, which is what the service does."""
    props = with_change(account_props(), "properties.disableLocalAuth", value)
    assert ask(props, "account-local-auth-disabled") == expected
