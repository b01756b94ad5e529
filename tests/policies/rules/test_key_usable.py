"""key-usable: a key is enabled, not expired, already valid, and may wrap and unwrap."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import NOW, Thing
from tests.policies.editing import change, says, with_prop
from tests.policies.stacks import two_phases

SERVICE, OTHER = "language-cmk:index:EncryptedAIServicesAccount", "acme:index:Service"


@pytest.mark.parametrize(
    ("path", "value"),
    [("attributes.enabled", False), ("attributes.expires", NOW - 1), ("attributes.notBefore", NOW + 1)],
)
@pytest.mark.parametrize(
    ("service", "ignored", "expected"),
    [(SERVICE, ("properties",), "open"), (SERVICE, (), "violation"), (OTHER, ("properties",), "violation")],
)
def test_what_a_refresh_has_found_is_no_demand_of_the_program(
    path: str, value: Any, service: str, ignored: tuple[str, ...], expected: str
) -> None:
    """Of a key of our components, whose attributes no update writes: the update that binds another version
    must go through. A key that anything else ignores is refused as before."""
    stack = {"service": Thing("service", service, {}), **two_phases()}
    stack = with_prop(stack, "key", f"properties.{path}", value)
    stack = change(stack, "key", parent="service", ignore_changes=ignored)
    assert says(stack, "key-usable") == expected
