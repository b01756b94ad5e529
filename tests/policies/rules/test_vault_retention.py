"""vault-retention: a vault keeps what was deleted for long enough."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import (
    UNKNOWN_TEXT,
    VAULT,
    Thing,
)
from tests.policies.bags import (
    vault_props,
    with_change,
)
from tests.policies.editing import (
    judged,
)


def ask(props: dict[str, Any], rule: str, config: dict[str, Any] | None = None, token: str = VAULT) -> str:
    return judged(rule, Thing("v", token, props), config)


@pytest.mark.parametrize(
    ("days", "minimum", "expected"),
    [
        (90, 7, "pass"),
        (7, 7, "pass"),
        ("90", 90, "pass"),
        (..., 90, "pass"),
        (None, 90, "pass"),
        (6, 7, "violation"),
        (91, 7, "violation"),
        (30, 90, "violation"),
        (30.5, 7, "violation"),
        ("soon", 7, "violation"),
        (True, 7, "violation"),
        (UNKNOWN_TEXT, 7, "open"),
    ],
)
def test_retention_is_within_azures_range_and_the_configured_minimum(
    days: Any, minimum: int, expected: str
) -> None:
    """Not stated is Azure's 90 days; a stated number must be from the minimum to 90."""
    props = with_change(vault_props(), "properties.softDeleteRetentionInDays", days)
    assert ask(props, "vault-retention", {"minimumDays": minimum}) == expected
