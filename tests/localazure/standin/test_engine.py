"""The stand-in under the real engine: a program that nobody wrote for it, over its life."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine import yaml_host
from localazure.seed import OTHER_SUBSCRIPTION_ID, SUBSCRIPTION_ID
from tests.support.azure import RunningAzure
from tests.support.stack import ROOT, Stack

pytestmark = pytest.mark.engine

PROGRAM = f'''
import pulumi
import pulumi_azure_native as azure

config = pulumi.Config()
other = azure.Provider("other", subscription_id="{OTHER_SUBSCRIPTION_ID}", location="northeurope")
in_other = pulumi.ResourceOptions(provider=other)
client = azure.authorization.get_client_config_output()
tags = {{"tag": config.get("tag") or "one"}}
group = azure.resources.ResourceGroup("group", location="westeurope", tags=tags)
keys = azure.resources.ResourceGroup("keys", opts=in_other)
vault = azure.keyvault.Vault(
    "vault",
    resource_group_name=keys.name,
    properties=azure.keyvault.VaultPropertiesArgs(
        sku=azure.keyvault.SkuArgs(family="A", name="standard"),
        tenant_id=client.tenant_id,
        enable_purge_protection=True,
        enable_rbac_authorization=True,
    ),
    opts=in_other,
)
key = azure.keyvault.Key(
    "key",
    resource_group_name=keys.name,
    vault_name=vault.name,
    properties=azure.keyvault.KeyPropertiesArgs(kty="RSA", key_size=2048),
    opts=in_other,
)
account = azure.cognitiveservices.Account(
    "account",
    resource_group_name=group.name,
    kind="TextAnalytics",
    sku=azure.cognitiveservices.SkuArgs(name="S"),
    identity=azure.cognitiveservices.IdentityArgs(type="SystemAssigned"),
    properties=azure.cognitiveservices.AccountPropertiesArgs(),
    tags=tags,
)
role = azure.authorization.RoleAssignment(
    "role",
    scope=vault.id,
    principal_id=account.identity.principal_id,
    principal_type="ServicePrincipal",
    role_definition_id="/subscriptions/{OTHER_SUBSCRIPTION_ID}/providers/Microsoft.Authorization"
    "/roleDefinitions/e147488a-f6f5-4113-8e2d-b22465e65bf6",
)
pulumi.export("account", account.id)
pulumi.export("key", key.id)
pulumi.export("keysLocation", keys.location)
pulumi.export("unversioned", key.key_uri)
'''


def test_a_plain_program_lives_on_two_provider_instances(azure: RunningAzure, tmp_path: Path) -> None:
    """Up, a change in place, then no change, nothing left; the second instance has its own subscription."""
    stack = Stack(tmp_path / "checkout", azure.environ, policy_pack=False)
    (stack.folder / "__main__.py").write_text(PROGRAM)
    up = stack.up("--skip-preview")
    assert up.ok, up.output
    outputs = stack.outputs()
    stack.configure(tag="two")
    changed = stack.up("--skip-preview")
    again = stack.preview("--expect-no-changes")
    destroyed = stack.pulumi("destroy", "--yes", "--skip-preview")
    assert f"/subscriptions/{SUBSCRIPTION_ID}/" in outputs["account"]
    assert f"/subscriptions/{OTHER_SUBSCRIPTION_ID}/" in outputs["key"]
    assert outputs["keysLocation"] == "northeurope"
    assert outputs["unversioned"].startswith("https://vault")
    assert "2 updated" in changed.output
    assert "replaced" not in changed.output
    assert again.ok, again.output
    assert destroyed.ok, destroyed.output
    assert stack.resources() == []


def test_an_import_prints_code_that_runs(azure: RunningAzure, tmp_path: Path) -> None:
    """What `pulumi import` writes for a resource names its type with its module, and run it changes
    nothing."""
    yaml_host.install(ROOT / ".pulumi" / "bin", os.environ["PATH"])
    stack = Stack(tmp_path / "checkout", azure.environ, policy_pack=False)
    stack.folder = stack.folder / "plain"
    stack.folder.mkdir()
    head = "name: plain\nruntime: yaml\n"
    group = "  group:\n    type: azure-native:resources:ResourceGroup\n"
    program = stack.folder / "Pulumi.yaml"
    program.write_text(
        f"{head}resources:\n{group}    properties: {{location: westeurope}}\n"
        "outputs: {id: '${group.id}'}\n"
    )
    stack.pulumi("stack", "select", "--create", "dev")
    assert stack.deploy().ok
    id = stack.outputs()["id"]
    stack.pulumi("stack", "select", "--create", "other")
    imported = stack.pulumi(
        "import", "azure-native:resources:ResourceGroup", "group", id, "--yes", "--protect=false"
    )
    assert imported.ok, imported.output
    written = imported.output[imported.output.rindex("resources:\n") :]
    assert group in written
    program.write_text(head + written)
    again = stack.deploy("--expect-no-changes")
    assert again.ok, again.output
