"""The pack's time grows with the stack, not with its square."""

from __future__ import annotations

from tests.policies.bench import seconds


def test_a_larger_stack_takes_longer_in_proportion() -> None:
    """Eight times the resources take less than twenty times as long, and a right stack is let through."""
    small, reports = seconds(400)
    large, _ = seconds(3_200)
    assert large < 20 * max(small, 0.01)
    assert large < 5
    # Provider and tenant are known from the identity, so nothing at all is left to say.
    assert reports == []
