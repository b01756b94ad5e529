"""Situations of a service by themselves, for what judges them."""

from __future__ import annotations

from typing import Any

from components.testing import DEPLOYER, SUBSCRIPTION, TENANT
from core.service.account import AccountBefore
from core.service.key_place import KeyPlace
from core.service.recorded import RecordedService
from core.service.state import Deployer, Live, ServiceState
from tests.support.recording import service_inputs

LOGIN = Deployer(TENANT, SUBSCRIPTION, DEPLOYER)


def situation(
    before: RecordedService, place: KeyPlace | None = None, live: Live | None = None, **said: Any
) -> ServiceState:
    """A service with arguments `said`, as the state and Azure have it."""
    return ServiceState(
        service_inputs(**said).desired,
        before,
        LOGIN,
        place or KeyPlace(),
        live or Live(),
        AccountBefore(),
    )
