"""The SDK's debug messages and stack traces of each resource are left out, and nothing else is."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
from pulumi import _types

from components.sdk_patches import patch_sdk
from components.service import EncryptedAIServicesAccount
from tests.support.recording import run


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the SDK's own functions log, as the engine would show it; those of the tests are put back."""
    found: list[str] = []
    engine = SimpleNamespace(Log=lambda request: found.append(request.message))
    monkeypatch.setattr(pulumi.log, "get_engine", lambda: engine)
    monkeypatch.setattr(pulumi.log, "debug", inspect.unwrap(pulumi.log.debug))
    return found


def test_more_resources_make_no_more_messages(logged: list[str]) -> None:
    """But for functions' answers, what a preview logs does not grow with it: no wording is missed."""
    patch_sdk()

    def messages(services: int) -> list[str]:
        def program() -> None:
            for number in range(services):
                EncryptedAIServicesAccount(f"language-{number}", {"location": "westeurope"})

        logged.clear()
        run(program)
        return sorted(message for message in logged if "function completed" not in message)

    assert messages(3) == messages(1)


def test_every_other_message_passes(logged: list[str]) -> None:
    """A program's own words, and the SDK's on what fails, are shown; asked twice, nothing changes."""
    patch_sdk()
    once = pulumi.log.debug
    patch_sdk()
    assert pulumi.log.debug is once
    said = (
        "of the program itself",
        "exception when preparing or executing rpc for ty='t' name='n': why",
    )
    for text in said:
        pulumi.log.debug(text)
    pulumi.log.warn("registering resource: is a warning here")
    assert logged == [*said, "registering resource: is a warning here"]


def test_the_types_of_a_class_are_found_out_once(logged: list[str]) -> None:
    """However many resources of it there are: later services ask for no class again."""
    patch_sdk()

    def program() -> None:
        EncryptedAIServicesAccount("claims", {"location": "westeurope"})

    run(program)
    found: Any = _types._types_from_annotations
    before = found.cache_info()
    run(program)
    assert (found.cache_info().misses, found.cache_info().hits > before.hits) == (before.misses, True)
