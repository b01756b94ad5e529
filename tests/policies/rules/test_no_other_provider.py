"""no-other-provider: vaults, keys and accounts are resources of azure-native, which the rules read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.policies.asking import UNKNOWN_OBJECT, UNKNOWN_TEXT, Pack, Thing, secret, verdict
from tests.policies.bags import VAULT_ID, key_props, with_change
from tests.policies.editing import change, judged, says
from tests.policies.stacks import two_phases


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("azure:keyvault/keyVault:KeyVault", "violation"),
        ("azure:keyvault/key:Key", "violation"),
        ("azure:keyvault/accessPolicy:AccessPolicy", "violation"),
        ("azure:cognitive/account:Account", "violation"),
        ("azure:cognitive/accountCustomerManagedKey:AccountCustomerManagedKey", "violation"),
        ("azurerm:index/keyVault:KeyVault", "violation"),
        ("azurerm:index/cognitiveAccountCustomerManagedKey:CognitiveAccountCustomerManagedKey", "violation"),
        ("azure:keyvault/secret:Secret", "pass"),
        ("azure:storage/account:Account", "pass"),
        ("aws:kms/key:Key", "pass"),
        ("azure-native:keyvault:Vault", "pass"),
    ],
)
def test_what_no_rule_reads_is_said(token: str, expected: str) -> None:
    """Else a vault of another provider would pass every rule without a word."""
    assert verdict(Pack().ask(Thing("x", token, {})), "no-other-provider") == expected


VAULT_TEMPLATE = {
    "resources": [{"type": "Microsoft.KeyVault/Vaults", "apiVersion": "2023-07-01", "name": "kv"}]
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (VAULT_TEMPLATE, "violation"),
        ({"resources": {"kv": {"type": "Microsoft.KeyVault/vaults/keys"}}}, "violation"),
        ({"resources": [{"properties": {"template": VAULT_TEMPLATE}}]}, "violation"),
        ({"resources": [{"type": secret("Microsoft.CognitiveServices/accounts")}]}, "violation"),
        ({"resources": [{"type": "Microsoft.Storage/storageAccounts"}, UNKNOWN_OBJECT]}, "pass"),
        (UNKNOWN_OBJECT, "open"),
        (None, "open"),
    ],
)
@pytest.mark.parametrize("type", ["Deployment", "DeploymentAtSubscriptionScope"])
def test_a_template_is_looked_into(type: str, template: Any, expected: str) -> None:
    """A vault in ARM's own language is a vault that no rule reads."""
    thing = Thing("x", f"azure-native:resources:{type}", {"properties": {"template": template}})
    pack = Pack()
    answers = [*pack.ask(thing), *pack.ask_stack([thing])]
    assert verdict(answers, "no-other-provider") == expected


@pytest.mark.parametrize(
    ("token", "name"),
    [
        ("azure:core/resourceGroupTemplateDeployment:ResourceGroupTemplateDeployment", "templateContent"),
        ("azure:core/templateDeployment:TemplateDeployment", "templateBody"),
        ("azurerm:index/subscriptionTemplateDeployment:SubscriptionTemplateDeployment", "templateContent"),
        ("azure-native:resources:Deployment", "template"),
    ],
)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (json.dumps(VAULT_TEMPLATE), "violation"),
        (json.dumps({"resources": []}), "pass"),
        ("no JSON", "open"),
        (json.dumps(VAULT_TEMPLATE).replace("/", "\\/"), "violation"),
        (json.dumps(VAULT_TEMPLATE).replace("Micro", "\\u004dicro"), "violation"),
        ("// Bicep made this\n" + json.dumps(VAULT_TEMPLATE), "violation"),
        ('{"resources": [{"type": "[variables(\'type\')]"}]} // and no more', "open"),
        (
            '{"resources": [{"type": "Microsoft.KeyVault/vaults/providers/Microsoft.Insights/x"}]}',
            "violation",
        ),
        (UNKNOWN_TEXT, "open"),
    ],
)
def test_a_template_may_be_a_text_of_json(token: str, name: str, text: str, expected: str) -> None:
    """As the classic provider has it, and azure-native may."""
    pack, thing = Pack(), Thing("x", token, {name: text})
    assert verdict([*pack.ask(thing), *pack.ask_stack([thing])], "no-other-provider") == expected


AZAPI = "azapi:index/resource:Resource"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"properties": {"enablePurgeProtection": True}}, "pass"),
        ({"properties": {}}, "violation"),
        (json.dumps({"properties": {}}), "violation"),
        (json.dumps({"properties": {"enablePurgeProtection": True}}), "pass"),
        (UNKNOWN_OBJECT, "open"),
        ("no JSON", "open"),
    ],
)
def test_azapi_is_read_by_its_body(body: Any, expected: str) -> None:
    """A vault that azapi makes is a vault."""
    thing = Thing(
        "x", AZAPI, {"type": "Microsoft.KeyVault/vaults@2023-07-01", "name": "kv-one", "body": body}
    )
    assert judged("vault-purge-protection", thing) == expected


@pytest.mark.parametrize(
    ("token", "type", "expected"),
    [
        (AZAPI, "Microsoft.KeyVault/vaults@2023-07-01", "pass"),
        ("azapi:index/updateResource:UpdateResource", "Microsoft.KeyVault/vaults@2023-07-01", "violation"),
        ("azapi:index/resourceAction:ResourceAction", "microsoft.cognitiveservices/ACCOUNTS@1", "violation"),
        ("azapi:index/updateResource:UpdateResource", "Microsoft.Storage/storageAccounts@1", "pass"),
        ("azapi:index/updateResource:UpdateResource", UNKNOWN_TEXT, "pass"),
    ],
)
def test_what_azapi_changes_past_a_body_is_named(token: str, type: str, expected: str) -> None:
    """An update or an action of a vault or an account is not readable."""
    assert verdict(Pack().ask(Thing("x", token, {"type": type})), "no-other-provider") == expected


def test_a_preview_version_of_azapi_is_seen() -> None:
    """It stands after the type."""
    thing = Thing("x", AZAPI, {"type": "Microsoft.KeyVault/vaults@2024-04-01-preview", "body": {}})
    assert verdict(Pack().ask(thing), "no-preview-api-version") == "violation"


def test_a_key_of_azapi_is_in_its_parents_vault() -> None:
    """By parentId."""
    stack = two_phases()
    props = {"type": "Microsoft.KeyVault/vaults/keys@2023-07-01", "name": "cmk", "parentId": VAULT_ID}
    body = {"properties": with_change(key_props(), "properties.keySize", 1024)["properties"]}
    stack = change(stack, "key", type=AZAPI, props={**props, "body": body}, property_dependencies={})
    stack = change(stack, "version", property_dependencies={})
    assert says(stack, "key-rsa-2048") == "violation"


LINK = {"uri": "https://templates.example.org/account.json"}


@pytest.mark.parametrize(
    ("token", "props"),
    [
        ("azure-native:resources:Deployment", {"properties": {"mode": "Incremental", "templateLink": LINK}}),
        ("azure-native:resources/v20240301:DeploymentStackAtSubscription", {"templateLink": LINK}),
        ("azure-native:blueprint:Assignment", {"blueprintId": "/subscriptions/s1/blueprints/b"}),
        ("azure-native:blueprint/v20181101preview:Assignment", {"blueprintId": UNKNOWN_TEXT}),
    ],
)
def test_a_template_that_is_elsewhere_is_told(token: str, props: dict[str, Any]) -> None:
    """What it makes may be the account of this stack, written by somebody else a second time."""
    pack, thing = Pack(), Thing("x", token, props)
    assert verdict([*pack.ask(thing), *pack.ask_stack([thing])], "no-other-provider") == "open"
