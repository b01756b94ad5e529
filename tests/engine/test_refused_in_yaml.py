"""What is wrong with a service is refused in a Pulumi YAML program before anything of it is registered. Its
words are the package's (tests/components/arguments/test_refused_everywhere.py)."""

from __future__ import annotations

import os

import pytest
import yaml

from engine import yaml_host
from tests.engine.shared import done, refused
from tests.engine.test_component_package import yaml_stack
from tests.support.azure import RunningAzure
from tests.support.stack import ROOT, Stack
from tests.support.wrong_arguments import WRONG

pytestmark = pytest.mark.engine
TYPED = "unknown word"
"""The row that Pulumi YAML refuses by the package's types, before the component sees it."""


@pytest.fixture(scope="module")
def stack(azure: RunningAzure, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    yaml_host.install(ROOT / ".pulumi" / "bin", os.environ["PATH"])
    example = ROOT / "docs" / "examples" / "yaml" / "Pulumi.yaml"
    return yaml_stack(tmp_path_factory.mktemp("yaml"), azure, example)


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
