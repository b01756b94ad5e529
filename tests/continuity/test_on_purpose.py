"""An account that was put back on Microsoft-managed keys on purpose stays there."""

from __future__ import annotations

from tests.remediation.following import Way
from tests.remediation.world import World


def test_a_later_change_of_an_unbound_account_does_not_bind_it_again() -> None:
    """Without a refresh the state still has the key that earlier writes declared. The change is refused, and
    made after the refresh that the refusal asks for."""
    world = World("access policies")
    assert world.up() == ""
    world.settings = {"tags": {"owner": "first"}}
    assert world.up() == ""
    world.settings |= {"encryption": "microsoftManaged", "unbind_account": "lang-claims"}
    assert world.up() == ""
    world.settings = {"encryption": "microsoftManaged", "tags": {"owner": "second"}}
    refused = world.up()
    assert "is on Microsoft-managed keys" in refused
    way = Way(world)
    way.follow(refused)
    assert way.steps == ["refresh"]
    assert not world.is_bound
