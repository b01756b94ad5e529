"""How a stack's outputs are read."""

from __future__ import annotations

import pytest

from operate.stack import StackError, services

ONE, TWO = {"accountId": "/a"}, {"accountId": "/b"}


def test_a_stack_has_one_service_or_several() -> None:
    """The only service needs no name, and may be asked for by it; of several each has its name. Stacks that
    were deployed before have the outputs of a single one at the top."""
    assert services({"services": {"x": ONE}, **ONE}) == {"": ONE}
    assert services({"services": {"x": ONE}, **ONE}, "x") == {"x": ONE}
    assert services(ONE) == {"": ONE}
    assert services({"services": {"x": ONE, "y": TWO}}) == {"x": ONE, "y": TWO}
    assert services({"services": {"x": ONE, "y": TWO}}, "y") == {"y": TWO}


def test_fails_for_a_service_that_the_stack_has_not() -> None:
    """The message lists those it has."""
    with pytest.raises(StackError, match="no service 'z'; it has 'x', 'y'"):
        services({"services": {"x": ONE, "y": TWO}}, "z")
