"""What is wrong with a service is refused in a Pulumi YAML program, through the component package, as it
is in a stack's settings: with the same paths and words, in preview, before anything of it is registered."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from engine import yaml_host
from settings import SettingsError, parse
from tests.engine.shared import done, refused
from tests.engine.test_component_package import yaml_stack
from tests.support.azure import RunningAzure
from tests.support.stack import ROOT, Stack
from tests.support.wrong_arguments import WRONG

pytestmark = pytest.mark.engine
TYPED = "unknown word"
"""The row that Pulumi YAML refuses by the package's types, before the component sees it."""


def combined() -> list[dict[str, Any]]:
    """The wrong arguments in as few services as show every problem: one service has all of its problems in
    one answer, while of several the engine may give up on the others after the first."""
    services: list[tuple[dict[str, Any], list[str]]] = []
    for args, problem in (row for name, row in WRONG.items() if name != TYPED):
        for service, problems in services:
            whole = {**service, **args}
            if service.keys().isdisjoint(args) and {problem, *problems} <= said(whole):
                service.update(args)
                problems.append(problem)
                break
        else:
            services.append(({**args}, [problem]))
    return [service for service, _ in services]


def said(args: Mapping[str, Any]) -> set[str]:
    """What a stack's settings say of the arguments."""
    try:
        parse({"name": "claims", "location": "westeurope", **args})
    except SettingsError as error:
        return {f"{problem.path}: {problem.text}" for problem in error.problems}
    return set()


@pytest.fixture(scope="module")
def stack(azure: RunningAzure, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    yaml_host.install(ROOT / ".pulumi" / "bin", os.environ["PATH"])
    example = ROOT / "docs" / "examples" / "yaml" / "Pulumi.yaml"
    return yaml_stack(tmp_path_factory.mktemp("yaml"), azure, example)


@pytest.mark.long
@pytest.mark.parametrize("args", combined(), ids=" ".join)
def test_fails_in_yaml_as_in_settings(stack: Stack, args: dict[str, Any]) -> None:
    """A preview names every problem by its path, in the settings' words, and would make nothing."""
    file = stack.folder / "Pulumi.yaml"
    document = yaml.safe_load(file.read_text())
    document["resources"]["claims"]["properties"] = {"location": "westeurope", **args}
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    run = refused(stack.pulumi("preview"))
    for problem in said(args):
        path, _, text = problem.partition(": ")
        assert path in run.output, run.output
        assert text in run.output, run.output
    assert "azure-native:" not in run.output, run.output


@pytest.mark.long
def test_fails_on_a_word_that_the_package_does_not_know(stack: Stack) -> None:
    """Pulumi YAML itself refuses it by its path, and names the words that the package has."""
    file = stack.folder / "Pulumi.yaml"
    document = yaml.safe_load(file.read_text())
    document["resources"]["claims"]["properties"] = {"location": "westeurope", **WRONG[TYPED][0]}
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    run = refused(stack.pulumi("preview"), "access: Cannot assign")
    for word in ("closed", "selected", "open", "private"):
        assert f'("{word}")' in run.output, run.output
    assert "azure-native:" not in run.output, run.output


def test_every_wrong_argument_takes_part() -> None:
    """No row of the table goes untested here."""
    tested = {problem for args in [*combined(), WRONG[TYPED][0]] for problem in said(args)}
    assert tested >= {text for _, text in WRONG.values()}


def test_what_azure_will_refuse_is_told_in_yaml(stack: Stack, azure: RunningAzure) -> None:
    """The package asks before anything is made: cause, place and fix in the words of the settings."""
    file = stack.folder / "Pulumi.yaml"
    document = yaml.safe_load(file.read_text())
    document["resources"]["claims"]["properties"] = {"location": "westeurope"}
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    limit = {"what": "sku", "name": "TextAnalytics/S", "location": "westeurope"}
    azure.control("/limits", limit)
    run = refused(
        stack.pulumi("preview"),
        "The SKU 'S' is either invalid or unavailable for account type 'TextAnalytics'",
        "accountName",
        "so that Azure takes it",
    )
    assert "azure-native:" not in run.output, run.output
    azure.control("/limits", {**limit, "remove": True})
    done(stack.pulumi("preview"))
