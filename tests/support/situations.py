"""Situations of a service by themselves, for what judges them."""

from __future__ import annotations

from typing import Any

from components.account_write import AccountBefore
from components.guards.key_place import KeyPlace
from components.guards.recorded_state import RecordedService
from components.guards.situation import Deployer, Live, Situation
from components.testing import DEPLOYER, SUBSCRIPTION, TENANT
from tests.support.recording import service_inputs

LOGIN = Deployer(TENANT, SUBSCRIPTION, DEPLOYER)


def situation(
    before: RecordedService, place: KeyPlace | None = None, live: Live | None = None, **said: Any
) -> Situation:
    """A service with arguments `said`, as the state and Azure have it."""
    return Situation(
        service_inputs(**said),
        before,
        LOGIN,
        place or KeyPlace(),
        live or Live(),
        AccountBefore(),
    )
