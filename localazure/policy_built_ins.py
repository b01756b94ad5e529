"""The built-in policy definitions that this cloud knows by id, with the rules of those that it evaluates.

Source: Azure Policy's built-in definitions (Azure/azure-policy, built-in-policies/policyDefinitions); rules
are cut to what can occur here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localazure.cognitive.kinds import POLICY_EXCLUDED_KINDS
from localazure.cognitive.policy import DEFINITION_ID

Json = Any
_VAULT, _ACCOUNT = "Microsoft.KeyVault/vaults", "Microsoft.CognitiveServices/accounts"
CUSTOMER_KEY = DEFINITION_ID.rsplit("/", 1)[-1]
TITLES: Mapping[str, str] = {
    CUSTOMER_KEY: "Azure AI Services resources should encrypt data at rest with a CMK",
    "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53": "Key vaults should have deletion protection enabled",
    "1e66c121-a66a-4b1f-9b83-0fd99bf0fc2d": "Key vaults should have soft delete enabled",
    "55615ac9-af46-4a59-874e-391cc3dfb490": "Azure Key Vault should have firewall enabled",
    "cf820ca0-f99e-4f3e-84fb-66e913812d21": "Resource logs in Key Vault should be enabled",
    "152b15f7-8e1f-4c1f-ab71-8c010ba5dbc0": "Key Vault keys should have an expiration date",
    "d8cf8476-a2ec-4916-896e-992351803c44": "Keys should have a rotation policy",
    "71ef260a-8f18-47b7-abcb-62d0673d94dc": "Azure AI Services resources should have key access disabled",
    "037eea7a-bd0a-46c5-9a66-03aea78705d3": "Azure AI Services resources should restrict network access",
    "e56962a6-4747-49cd-b67b-bf8b01975c4c": "Allowed locations",
    "871b6d14-10aa-478d-b590-94f262ecfa99": "Require a tag on resources",
    "96670d01-0a4d-4649-9c89-2d3abc0a5025": "Require a tag on resource groups",
    "6c112d4e-5bc7-47ae-a041-ea2d9dccd749": "Not allowed resource types",
    "47ba1dd7-28d9-4b07-a8d5-9813bed64e0c": "Configure accounts to disable public network access",
    "14de9e63-1b31-492e-a5a3-c3f7fd57f555": "Configure accounts to disable local authentication",
    "ac673a9a-f77d-4846-b2d8-a57f8e1c01dc": "Configure key vaults to enable firewall",
    "4f9dc7db-30c1-420c-b61a-e1d640128d26": "Add a tag to resources",
    "726aca4c-86e9-4b04-b0c5-073027359532": "Add a tag to resource groups",
    "5ffd78d9-436d-4b41-a421-5baa819e3008": "Add or replace a tag on resources",
    "cd3aa116-8754-49c9-a813-ad46512ece54": "Inherit a tag from the resource group",
    "ea3f2387-9b95-492a-a190-fcdc54f7b070": "Inherit a tag from the resource group if missing",
    "2a0e14a6-b0a6-4fab-991a-187a4f81c498": "Append a tag and its value to resources",
    "ed7c8c13-51e7-49d1-8a43-8490431a0da2": "Deploy Diagnostic Settings for Key Vault to Event Hub",
}


def _of(type: str, *conditions: Json) -> Json:
    return {"allOf": [{"field": "type", "equals": type}, *conditions]}


def _rule(condition: Json, default: str = "Audit", **parameters: Json) -> Json:
    return {
        "parameters": {"effect": {"defaultValue": default}, **parameters},
        "policyRule": {"if": condition, "then": {"effect": "[parameters('effect')]"}},
    }


def _modify(condition: Json, field: str, value: Json, operation: str = "addOrReplace", **more: Json) -> Json:
    """A rule that modifies one field; `more` are the parameters without a default."""
    details = {"operations": [{"operation": operation, "field": field, "value": value}]}
    found = _rule(condition, "Modify", **more)
    found["policyRule"]["then"]["details"] = details
    return {"mode": "Indexed", **found}


_TAG = {"field": "[concat('tags[', parameters('tagName'), ']')]", "exists": "false"}
_GROUP = "Microsoft.Resources/subscriptions/resourceGroups"
_TAG_FIELD, _TAG_VALUE = _TAG["field"], "[parameters('tagValue')]"
_GROUPS_TAG = "[resourceGroup().tags[parameters('tagName')]]"
_GROUP_HAS_TAG = {"value": _GROUPS_TAG, "notEquals": ""}
RULES: Mapping[str, Json] = {
    CUSTOMER_KEY: _rule(
        _of(
            _ACCOUNT,
            {"field": "kind", "notIn": "[parameters('excludedKinds')]"},
            {"field": f"{_ACCOUNT}/encryption.keySource", "notEquals": "Microsoft.KeyVault"},
        ),
        excludedKinds={"defaultValue": sorted(POLICY_EXCLUDED_KINDS)},
    ),
    "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53": _rule(
        _of(
            _VAULT,
            {"not": {"field": f"{_VAULT}/createMode", "equals": "recover"}},
            {
                "anyOf": [
                    {"field": f"{_VAULT}/enableSoftDelete", "equals": "false"},
                    {"field": f"{_VAULT}/enablePurgeProtection", "notEquals": "true"},
                ]
            },
        )
    ),
    "1e66c121-a66a-4b1f-9b83-0fd99bf0fc2d": _rule(
        _of(_VAULT, {"field": f"{_VAULT}/enableSoftDelete", "equals": "false"})
    ),
    "55615ac9-af46-4a59-874e-391cc3dfb490": _rule(
        _of(
            _VAULT,
            {"field": f"{_VAULT}/publicNetworkAccess", "notEquals": "Disabled"},
            {"field": f"{_VAULT}/networkAcls.defaultAction", "notEquals": "Deny"},
        )
    ),
    "71ef260a-8f18-47b7-abcb-62d0673d94dc": _rule(
        _of(_ACCOUNT, {"field": f"{_ACCOUNT}/disableLocalAuth", "notEquals": "true"})
    ),
    "037eea7a-bd0a-46c5-9a66-03aea78705d3": _rule(
        _of(
            _ACCOUNT,
            {"field": f"{_ACCOUNT}/publicNetworkAccess", "notEquals": "Disabled"},
            {"field": f"{_ACCOUNT}/networkAcls.defaultAction", "notEquals": "Deny"},
        )
    ),
    "e56962a6-4747-49cd-b67b-bf8b01975c4c": _rule(
        {
            "allOf": [
                {"field": "location", "exists": "true"},
                {"field": "location", "notIn": "[parameters('listOfAllowedLocations')]"},
                {"field": "location", "notEquals": "global"},
                {"field": "type", "notEquals": _GROUP},
            ]
        },
        "Deny",
    ),
    "871b6d14-10aa-478d-b590-94f262ecfa99": _rule(
        {"allOf": [_TAG, {"field": "location", "exists": "true"}, {"field": "type", "notEquals": _GROUP}]},
        "Deny",
    ),
    "96670d01-0a4d-4649-9c89-2d3abc0a5025": _rule(_of(_GROUP, _TAG), "Deny"),
    "6c112d4e-5bc7-47ae-a041-ea2d9dccd749": _rule(
        {"field": "type", "in": "[parameters('listOfResourceTypesNotAllowed')]"}, "Deny"
    ),
    "47ba1dd7-28d9-4b07-a8d5-9813bed64e0c": _modify(
        _of(_ACCOUNT, {"field": f"{_ACCOUNT}/publicNetworkAccess", "notEquals": "Disabled"}),
        f"{_ACCOUNT}/publicNetworkAccess",
        "Disabled",
    ),
    "14de9e63-1b31-492e-a5a3-c3f7fd57f555": _modify(
        _of(_ACCOUNT, {"field": f"{_ACCOUNT}/disableLocalAuth", "notEquals": True}),
        f"{_ACCOUNT}/disableLocalAuth",
        True,
    ),
    "ac673a9a-f77d-4846-b2d8-a57f8e1c01dc": _modify(
        _of(_VAULT, {"field": f"{_VAULT}/networkAcls.defaultAction", "notEquals": "Deny"}),
        f"{_VAULT}/networkAcls.defaultAction",
        "Deny",
    ),
    "4f9dc7db-30c1-420c-b61a-e1d640128d26": _modify(_TAG, _TAG_FIELD, _TAG_VALUE, "add"),
    "726aca4c-86e9-4b04-b0c5-073027359532": {
        **_modify(_of(_GROUP, _TAG), _TAG_FIELD, _TAG_VALUE, "add"),
        "mode": "All",
    },
    "5ffd78d9-436d-4b41-a421-5baa819e3008": _modify(
        {"field": _TAG_FIELD, "notEquals": _TAG_VALUE}, _TAG_FIELD, _TAG_VALUE
    ),
    "cd3aa116-8754-49c9-a813-ad46512ece54": _modify(
        {"allOf": [{"field": _TAG_FIELD, "notEquals": _GROUPS_TAG}, _GROUP_HAS_TAG]}, _TAG_FIELD, _GROUPS_TAG
    ),
    "ea3f2387-9b95-492a-a190-fcdc54f7b070": _modify(
        {"allOf": [_TAG, _GROUP_HAS_TAG]}, _TAG_FIELD, _GROUPS_TAG, "add"
    ),
    "2a0e14a6-b0a6-4fab-991a-187a4f81c498": {
        "mode": "Indexed",
        "policyRule": {
            "if": _TAG,
            "then": {"effect": "append", "details": [{"field": _TAG_FIELD, "value": _TAG_VALUE}]},
        },
    },
    "ed7c8c13-51e7-49d1-8a43-8490431a0da2": _rule(_of(_VAULT), "DeployIfNotExists"),
}
