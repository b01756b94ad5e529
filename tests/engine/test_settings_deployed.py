"""Configurations that Hypothesis makes, deployed: what the program lets pass, the local Azure takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings

from settings import SettingsError, parse
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.setting_documents import Document, documents
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]


def deployable(document: Document) -> bool:
    """Whether a configuration is accepted, is of a mode of its own, and names nothing that has to exist."""
    if "/subscriptions/" in str(document.config):
        return False
    try:
        services = parse(document.config).services
    except SettingsError:
        return False
    default = {("systemAssigned", "accessPolicy")}
    return {(one.identity, one.access_model) for one in services} != default and not any(
        one.existing_resource_group_name or one.key.pin for one in services
    )


@given(documents().filter(deployable))
@settings(
    max_examples=2,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_accepted_settings_deploy_and_settle(
    azure: RunningAzure, tmp_path_factory: pytest.TempPathFactory, document: Document
) -> None:
    """Every service is made, bound where its settings say so, and the next update finds nothing to do."""
    azure.control("/reset", {})
    stack = Stack(tmp_path_factory.mktemp("sample") / "checkout", azure.env)
    write(stack.config_file, document, stack.config()["encryptionsalt"])
    made = stack.deploy()
    assert made.ok, f"{document.config}\n{made.output}"
    outputs = stack.outputs()
    services = parse(document.config).services
    for service in services:
        told = outputs["services"][service.label] if "services" in outputs else outputs
        last = cloud.history(azure, told["accountId"])[-1]
        assert (last["keySource"] == "Microsoft.KeyVault") == (service.encryption == "customerManaged")
    again = stack.deploy("--expect-no-changes")
    assert again.ok, f"{document.config}\n{again.output}"


def write(file: Path, document: Document, salt: str) -> None:
    """The configuration as a person writes it."""
    config: dict[str, Any] = {}
    for name, text in document.config.items():
        try:
            config[f"language-cmk:{name}"] = json.loads(text)
        except ValueError:
            config[f"language-cmk:{name}"] = text
    file.write_text(yaml.safe_dump({"config": config, "encryptionsalt": salt}))
