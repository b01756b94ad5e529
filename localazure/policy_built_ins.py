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
}


def _of(type: str, *conditions: Json) -> Json:
    return {"allOf": [{"field": "type", "equals": type}, *conditions]}


def _rule(condition: Json, default: str = "Audit", **parameters: Json) -> Json:
    return {
        "parameters": {"effect": {"defaultValue": default}, **parameters},
        "policyRule": {"if": condition, "then": {"effect": "[parameters('effect')]"}},
    }


_TAG = {"field": "[concat('tags[', parameters('tagName'), ']')]", "exists": "false"}
_GROUP = "Microsoft.Resources/subscriptions/resourceGroups"
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
}
