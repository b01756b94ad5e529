"""The private parts of the SDK that components/sdk/private.py leans on are there, and it alone names one; the
SDK's debug messages and stack traces of each resource are left out, and nothing else is."""

from __future__ import annotations

import inspect
import re
from pkgutil import resolve_name
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
from pulumi import _types

from components.sdk.private import patch_sdk
from components.service import EncryptedAIServicesAccount
from tests.support.recording import run
from tests.support.stack import ROOT


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the SDK's own functions log, as the engine would show it; those of the tests are put back."""
    found: list[str] = []
    engine = SimpleNamespace(Log=lambda request: found.append(request.message))
    monkeypatch.setattr(pulumi.log, "get_engine", lambda: engine)
    monkeypatch.setattr(pulumi.log, "debug", inspect.unwrap(pulumi.log.debug))
    return found


PARTS = (
    "pulumi._types._types_from_annotations",
    "pulumi.runtime.resource._get_stack_trace",
    "pulumi.runtime.rpc_manager.RPCManager",
    "pulumi.runtime.settings.SETTINGS.callbacks",
    "pulumi.runtime.settings.SETTINGS.rpc_manager",
    "pulumi.runtime.settings._CallbackServicer._servicers",
    "pulumi.runtime.settings._get_callbacks",
    "pulumi.runtime.sync_await._sync_await",
)


@pytest.mark.parametrize("part", PARTS)
def test_the_sdk_has_each_private_part(part: str) -> None:
    """A release of the SDK that moves one fails here, by the part's name."""
    resolve_name(part)


def test_a_resource_and_a_server_of_callbacks_keep_transforms_where_they_are_looked_for() -> None:
    """Two parts that only an instance has."""
    assert "_transforms" in inspect.getsource(
        resolve_name("pulumi.runtime.settings._CallbackServicer.__init__")
    )
    assert "_transformations" in inspect.getsource(pulumi.Resource.__init__)


def test_one_module_alone_names_private_parts() -> None:
    """Of the rooms that run in a user's program."""
    private = re.compile(
        r"from pulumi\.\S+ import .*\b_\w+|\b(?:settings|resource|rpc|_types)\._[a-z]\w+|RPCManager|\"_trans"
    )
    rooms = ("components", "settings", "core", "provider", "policies")
    files = [file for room in rooms for file in (ROOT / room).rglob("*.py")]
    named = {str(file.relative_to(ROOT)) for file in files if private.search(file.read_text())}
    assert named == {"components/sdk/private.py"}


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
