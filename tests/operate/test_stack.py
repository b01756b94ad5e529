"""How a stack's outputs are read."""

from __future__ import annotations

import pytest

from operate.stack import StackError, services

ONE, TWO = {"accountId": "/a"}, {"accountId": "/b"}


def test_a_stack_has_one_service_or_several() -> None:
    """The outputs of one service are at the top; of several, under `services`, by name."""
    assert services(ONE) == {"": ONE}
    assert services({"services": {"x": ONE, "y": TWO}}) == {"x": ONE, "y": TWO}
    assert services({"services": {"x": ONE, "y": TWO}}, "y") == {"y": TWO}


def test_fails_for_a_service_that_the_stack_has_not() -> None:
    """The message lists those it has."""
    with pytest.raises(StackError, match="no service 'z'; it has 'x', 'y'"):
        services({"services": {"x": ONE, "y": TWO}}, "z")
