"""What is wrong with a service is wrong wherever it is said: in a stack's settings, in a Python program, and
through the component package. tests/engine puts a YAML program to the same table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pulumi
import pytest
from hypothesis import event, given, settings

from components.__main__ import COMPONENTS
from components.arguments.problem import InputError
from components.host import Package
from components.resources.key import EncryptionKey
from components.resources.vault import KeyVault
from components.service import EncryptedAIServicesAccount
from components.testing import TENANT
from core.service.problem import Problem
from settings import SettingsError, parse
from settings.parse import decoded
from tests.support.recording import FakeAzure, RecordingMonitor, run
from tests.support.setting_documents import Document, documents
from tests.support.wrong_arguments import VAULT_ID, WRONG, snake_case


def in_settings(args: Mapping[str, Any]) -> list[Problem]:
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in args.items()}
    try:
        parse({"name": "claims", **texts})
    except SettingsError as error:
        return list(error.problems)
    return []


def in_a_program(component: Any, name: str, args: Mapping[str, Any]) -> list[Problem]:
    """The problems that a component raises. Nothing may be registered with any."""
    monitor = RecordingMonitor(FakeAzure())
    try:
        run(lambda: component(name, snake_case(args)), monitor=monitor)
    except InputError as error:
        assert monitor.registered == []
        return list(error.problems)
    return []


def in_the_package(name: str, args: Mapping[str, Any]) -> list[Problem]:
    """The problems that the package answers to a program in another language."""
    package = Package(COMPONENTS)
    token = "language-cmk:index:EncryptedAIServicesAccount"
    try:
        run(lambda: package.construct(name, token, on_the_wire(args)))
    except pulumi.InputPropertiesError as error:
        return [Problem(one["property_path"], one["reason"]) for one in error.errors or ()]
    return []


def on_the_wire(value: Any) -> Any:
    """A value as it comes through the engine, to which every number is a float."""
    if isinstance(value, Mapping):
        return {name: on_the_wire(inner) for name, inner in value.items()}
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def everywhere(args: Mapping[str, Any]) -> list[str]:
    """What is said in settings, in a Python program and through the package, whatever the engine made of the
    numbers: the same."""
    args = {"location": "westeurope", **args}
    found = in_settings(args)
    assert in_a_program(EncryptedAIServicesAccount, "claims", args) == found
    assert in_the_package("claims", args) == found
    return [f"{one.path}: {one.text}" for one in found]


@pytest.mark.parametrize("wrong", WRONG)
def test_fails_alike_everywhere(wrong: str) -> None:
    """One problem, with the same path and the same words."""
    args, problem = WRONG[wrong]
    assert everywhere(args) == [problem]


def test_fails_on_a_word_that_nothing_reads_alike() -> None:
    """A misspelt argument is named with the right one, in a group, too, and never dropped."""
    assert everywhere({"skuu": "S", "key": {"pinn": "1"}}) == [
        "skuu: is unknown; did you mean 'sku'?",
        "key.pinn: is unknown; did you mean 'pin'?",
    ]


def test_fails_on_a_bad_name_alike() -> None:
    """The name of a service is its logical name, under the same limits; names derived from it are checked."""
    for name in ("Claims_2", "a", "a-service-with-a-long-name"):
        found = in_a_program(EncryptedAIServicesAccount, name, {"location": "westeurope"})
        assert found == in_settings({"name": name, "location": "westeurope"}) != []


PLACE = {"resourceGroupName": "rg", "location": "westeurope"}
OPEN_TO_ALL = {"access": "selected", "allowedIpRanges": ["0.0.0.0/0"]}
ROTATED_LATE = {"vaultId": VAULT_ID, "expiresAfterDays": 100, "rotatesAfterDays": 90}


@pytest.mark.parametrize(
    ("component", "args", "problem"),
    [
        (KeyVault, {**PLACE, "tenantId": TENANT, "network": OPEN_TO_ALL}, "everyone's address range"),
        (EncryptionKey, ROTATED_LATE, "rotation after expiry"),
        (KeyVault, PLACE, "tenantId: is required"),
        (
            KeyVault,
            {**PLACE, "tenantId": TENANT, "tags": {"a": 1}},
            "tags.a: found 1, expected text; put it in quotes",
        ),
    ],
)
def test_fails_alike_in_a_single_part(component: Any, args: Mapping[str, Any], problem: str) -> None:
    """Whoever composes the parts has the same checks; only the path is shorter. A part has arguments that a
    service has not, under checks of their own."""
    (found,) = in_a_program(component, "claims", args)
    says = WRONG[problem][1] if problem in WRONG else problem
    assert says.endswith(f"{found.path}: {found.text}")


def test_every_problem_is_named_at_once() -> None:
    """All that is wrong is in one error that Pulumi can show by property."""
    args = {"location": "west-europe", "sku": "S1", "key": {"pin": "latest"}, "skuu": "S"}
    paths = [one.partition(":")[0] for one in everywhere(args)]
    assert sorted(paths) == ["key.pin", "location", "sku", "skuu"]
    found = in_a_program(EncryptedAIServicesAccount, "claims", args)
    error = InputError("EncryptedAIServicesAccount", "claims", found)
    assert error.errors == [{"property_path": one.path, "reason": one.text} for one in found]


@given(documents(services=False))
@settings(max_examples=150, deadline=None)
def test_any_arguments_have_the_same_problems_in_settings_and_component(document: Document) -> None:
    """The strategies that drive the settings drive the component, and the same problems come out."""
    config = {key: text for key, text in document.config.items() if key not in ("protect", "previousName")}
    args = decoded(config)
    name = args.pop("name")
    if not isinstance(name, str):
        return
    expected, found = in_settings(config), list[Problem]()
    event("wrong" if expected else "right")
    with suppress(pulumi.RunError):  # what exists already is refused later, and is no matter here
        found = in_a_program(EncryptedAIServicesAccount, name, args)
    assert found == expected
