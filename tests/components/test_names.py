"""The rule of names: every resource of a service has its name by it, and every one that can has the tags."""

from __future__ import annotations

from typing import Any

from components.service import EncryptedAIServicesAccount
from tests.components.test_modes import SUBNET
from tests.support.recording import RecordingMonitor, run

EVERYTHING: dict[str, Any] = {
    "location": "westeurope",
    "identity": "userAssigned",
    "network": {"access": "private", "subnet_id": SUBNET},
    "tags": {"owner": "claims"},
}
NAMES = {
    ":ResourceGroup": "resourceGroupName",
    ":Vault": "vaultName",
    ":Key": "keyName",
    ":Account": "accountName",
    ":UserAssignedIdentity": "resourceName",
    ":Workspace": "workspaceName",
    ":PrivateEndpoint": "privateEndpointName",
    ":DiagnosticSetting": "name",
}
"""The input of each type that is its name in Azure."""
TAGGED = {*NAMES, ":Project", ":Deployment"} - {
    ":DiagnosticSetting",
}
TEMPLATES = {
    "identity": "uami-{service}",
    "workspace": "law-{service}",
    "private_endpoint": "pep-{service}-{target}",
    "diagnostic_setting": "diag-{service}",
}


def named(monitor: RecordingMonitor) -> dict[str, set[str]]:
    """The names in Azure, by type."""
    return {type: {found.inputs[word] for found in monitor.of(type)} for type, word in NAMES.items()}


def service(**more: Any) -> RecordingMonitor:
    args: Any = {**EVERYTHING, **more}
    return run(lambda: EncryptedAIServicesAccount("claims", args))


def test_every_name_follows_the_templates_or_is_given() -> None:
    """By an argument of its own where people call it by that name, by a template otherwise."""
    given = {"resource_group_name": "RG-claims", "vault": {"name": "kvclaims"}, "key": {"name": "key-claims"}}
    monitor = service(names=TEMPLATES, account_name="lang-claims-weu", **given)
    assert named(monitor) == {
        ":ResourceGroup": {"RG-claims"},
        ":Vault": {"kvclaims"},
        ":Key": {"key-claims"},
        ":Account": {"lang-claims-weu"},
        ":UserAssignedIdentity": {"uami-claims"},
        ":Workspace": {"law-claims"},
        ":PrivateEndpoint": {"pep-claims-account", "pep-claims-vault"},
        ":DiagnosticSetting": {"diag-claims"},
    }


def test_everything_that_takes_tags_has_them() -> None:
    """Each type that Azure lets be tagged; locks and diagnostic settings have none."""
    below = {"projects": [{"name": "claims"}], "deployments": [{"name": "mini", "model": "gpt-4o-mini"}]}
    monitor = service(kind="AIServices", **below)
    untagged = {
        found.name
        for type in TAGGED
        for found in monitor.of(type)
        if found.inputs.get("tags") != {"owner": "claims"}
    }
    assert untagged == set()
    assert all(monitor.of(type) for type in TAGGED)
