"""The SDK's debug messages and stack traces of each resource are left out, and nothing else is."""

from __future__ import annotations

import inspect
from typing import Any

import pulumi
import pytest

from components.sdk_debug import drop_what_nobody_reads
from components.service import EncryptedAIServicesAccount
from tests.support.recording import run


class Engine:
    """Keeps what is logged, as the engine would show it."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def Log(self, request: Any) -> None:
        self.messages.append(request.message)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The engine that is logged to, by the SDK's own functions; the tests' are put back after the test."""
    found = Engine()
    monkeypatch.setattr(pulumi.log, "get_engine", lambda: found)
    monkeypatch.setattr(pulumi.log, "debug", inspect.unwrap(pulumi.log.debug))
    return found


def messages(engine: Engine, services: int) -> list[str]:
    def program() -> None:
        for number in range(services):
            EncryptedAIServicesAccount(f"language-{number}", {"location": "westeurope"})

    engine.messages.clear()
    run(program)
    return list(engine.messages)


def test_more_resources_make_no_more_messages(engine: Engine) -> None:
    """But for functions' answers, what a preview logs does not grow with it: no wording is missed."""
    drop_what_nobody_reads()
    one, three = (
        [message for message in messages(engine, services) if "function completed" not in message]
        for services in (1, 3)
    )
    assert sorted(three) == sorted(one)


def test_every_other_message_passes(engine: Engine) -> None:
    """A program's own words, and the SDK's on what fails, are shown; asked twice, nothing changes."""
    drop_what_nobody_reads()
    once = pulumi.log.debug
    drop_what_nobody_reads()
    assert pulumi.log.debug is once
    pulumi.log.debug("of the program itself")
    pulumi.log.debug("exception when preparing or executing rpc for ty='t' name='n': why")
    pulumi.log.warn("registering resource: is a warning here")
    assert [message.split(":")[0] for message in engine.messages] == [
        "of the program itself",
        "exception when preparing or executing rpc for ty='t' name='n'",
        "registering resource",
    ]
