"""A state that an earlier version of the components made is taken over, with no change proposed.

The states were exported after the second `pulumi up` of a deployment by that version. What Azure generates is
another in each deployment, so a test deploys the same, and puts its ids into the exported state.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from hosts import yaml_host
from tests.engine.test_component_package import yaml_stack
from tests.support.azure import RunningAzure
from tests.support.stack import ROOT, Stack, done, refused

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]
MARCH = datetime(2027, 3, 1, 9, tzinfo=UTC).timestamp()
STATES = Path(__file__).with_name("states")
# GUIDs, and the versions of keys.
_GENERATED = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{32}\b")
ALERTS = {
    "azure-native:monitor:ActionGroup",
    "azure-native:monitor:ScheduledQueryRule",
    "azure-native:operationalinsights:SavedSearch",
}
CONFIG = {
    "location": "westeurope",
    "tags": {"owner": "platform"},
    "services": [
        {
            "name": "one",
            "key": {"generation": 1},
            "vault": {"keyOperators": ["deployer"]},
        },
        {"name": "two", "location": "West Europe", "identity": "userAssigned", "accessModel": "rbac"},
        {
            "name": "three",
            "identity": "systemAndUserAssigned",
            "protect": False,
            "network": {"access": "selected", "allowedIpRanges": ["20.50.0.1"]},
            "audit": {"newWorkspace": False},
        },
        {"name": "four", "encryption": "microsoftManaged"},
    ],
}


def generated(old: Any, new: Any) -> Iterator[tuple[str, str]]:
    """The ids in an old value, each with the one that the new value has in its place."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() & new.keys():
            yield from generated(old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list):
        for one, other in zip(old, new, strict=False):
            yield from generated(one, other)
    elif isinstance(old, str) and isinstance(new, str):
        ids, others = _GENERATED.findall(old), _GENERATED.findall(new)
        if len(ids) == len(others):
            yield from zip(ids, others, strict=True)


def replace_state(stack: Stack, exported: Path) -> None:
    """Puts an exported state in the place of the stack's own, with the ids that Azure generated here."""
    own = json.loads(stack.pulumi("stack", "export").output)
    text = exported.read_text()
    resources = {resource["urn"]: resource for resource in own["deployment"]["resources"]}
    ids = {
        old: new
        for resource in json.loads(text)["deployment"]["resources"]
        for old, new in generated(resource, resources.get(resource["urn"]))
    }
    state = json.loads(_GENERATED.sub(lambda found: ids.get(found[0], found[0]), text))
    state["deployment"]["secrets_providers"] = own["deployment"]["secrets_providers"]
    file = stack.folder / "before.json"
    file.write_text(json.dumps(state))
    done(stack.pulumi("stack", "import", "--file", str(file)))


def assert_taken_over(stack: Stack, *flags: str) -> None:
    """No resource changes, also in a preview with the flags. Queries and alerts, which a program now makes
    itself, are deleted. A component that is not protected records that among its own inputs, for policies to
    read, which earlier ones did not; and they left the access of an account that is gone in a vault that
    stays."""
    proposed = stack.proposed(*flags)
    assert flags == () or proposed == stack.proposed()
    assert {proposed.pop(type, "delete") for type in ALERTS} == {"delete"}
    assert proposed.pop("azure-cmk:index:KeyAccessCleanup", "create") == "create"
    assert {type: op for type, op in proposed.items() if not type.startswith("language-cmk:")} == {}
    assert set(proposed.values()) <= {"update"}
    done(stack.deploy())
    done(stack.deploy("--expect-no-changes"))


def test_services_of_every_mode_are_taken_over_after_the_older_versions_have_ended(
    stack: Stack, azure: RunningAzure
) -> None:
    """Two phases, one phase, both access models, an operator, a service without a customer's key. On 1 March
    2027, when Azure refuses the older versions of Key Vault's API, the first update goes without a refresh,
    which asks by the types that the state has; then any may refresh."""
    salt = stack.config()["encryptionsalt"]
    config = {f"language-cmk:{name}": value for name, value in CONFIG.items()}
    stack.config_file.write_text(yaml.safe_dump({"config": config, "encryptionsalt": salt}))
    done(stack.deploy())
    replace_state(stack, STATES / "services.json")
    azure.set_clock(max(MARCH, azure.control("/clock")["seconds"]))
    refused(stack.deploy("--refresh"), "NoRegisteredProviderFound")
    assert_taken_over(stack)


@pytest.mark.long
def test_parts_composed_in_yaml_are_taken_over(empty_azure: RunningAzure, tmp_path: Path) -> None:
    """A vault and a key as components of their own, made by the component package, and services."""
    yaml_host.install(ROOT / ".pulumi" / "bin", os.environ["PATH"])
    stack = yaml_stack(tmp_path, empty_azure, Path(__file__).with_name("programs") / "parts.yaml")
    program = stack.folder / "Pulumi.yaml"
    declared = yaml.safe_load(program.read_text())
    # The recorded program had none of these.
    del declared["resources"]["support"], declared["resources"]["support-logs"], declared["outputs"]["parts"]
    program.write_text(yaml.safe_dump(declared))
    stack.pulumi("config", "set", "tenantId", empty_azure.env["AZURE_TENANT_ID"])
    done(stack.deploy())
    replace_state(stack, STATES / "parts.json")
    assert_taken_over(stack, "--refresh")
