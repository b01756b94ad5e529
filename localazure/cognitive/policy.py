"""The subscription's Azure Policy that denies accounts without a customer's key.

The built-in definition "Azure AI Services resources should encrypt data at rest with a customer-managed key".
A subscription or resource group has it assigned when a document of kind "policy.deny" has its id
(`document_of`): `{"effect": "Deny"}` (also "Audit" and "Disabled", which refuse nothing), with
`excludedKinds` to replace the default ones and `assignment`, the id to name in a refusal.
"""

from __future__ import annotations

from localazure.cloud import Cloud
from localazure.cognitive.account import is_key_vault
from localazure.cognitive.kinds import POLICY_EXCLUDED_KINDS
from localazure.web import Json, ServiceError

DOCUMENT = "policy.deny"
DEFINITION_ID = "/providers/Microsoft.Authorization/policyDefinitions/67121cc7-ff39-4ab8-b7e3-95b84dab487d"
_DEFINITION = "Azure AI Services resources should encrypt data at rest with a customer-managed key (CMK)"


def document_of(scope: str) -> str:
    """The document that holds what is assigned at a subscription's or resource group's id."""
    parts = scope.strip("/").split("/")
    return "|".join(parts[1::2])


def require_allowed(cloud: Cloud, scope: str, *, name: str, kind: str, encryption: Json | None) -> None:
    """Lets a write pass that leaves the account on a customer's key. Raises ARM's 403 else.

    `scope` is the id of the account's resource group; what is assigned at its subscription counts, too.
    """
    for held in ("/".join(scope.split("/")[:3]), scope):
        assigned = cloud.store.get(DOCUMENT, document_of(held))
        if assigned is not None and str(assigned.get("effect", "Deny")).lower() == "deny":
            _require_key(held, assigned, name=name, kind=kind, encryption=encryption)


def _require_key(scope: str, assigned: Json, *, name: str, kind: str, encryption: Json | None) -> None:
    excluded = {str(k).lower() for k in assigned.get("excludedKinds", POLICY_EXCLUDED_KINDS)}
    if is_key_vault(encryption) or kind.lower() in excluded:
        return
    default = f"{scope}/providers/Microsoft.Authorization/policyAssignments/customer-managed-key"
    assignment = str(assigned.get("assignment") or default)
    identifiers = (
        f'[{{"policyAssignment":{{"name":"{_DEFINITION}","id":"{assignment}"}},'
        f'"policyDefinition":{{"name":"{_DEFINITION}","id":"{DEFINITION_ID}"}}}}]'
    )
    info = {
        "policyDefinitionDisplayName": _DEFINITION,
        "evaluationDetails": {
            "evaluatedExpressions": [
                {
                    "result": "True",
                    "expressionKind": "Field",
                    "expression": "Microsoft.CognitiveServices/accounts/encryption.keySource",
                    "path": "properties.encryption.keySource",
                    "expressionValue": (encryption or {}).get("keySource"),
                    "targetValue": "Microsoft.KeyVault",
                    "operator": "NotEquals",
                }
            ]
        },
        "policyDefinitionId": DEFINITION_ID,
        "policyDefinitionName": DEFINITION_ID.rsplit("/", 1)[-1],
        "policyDefinitionEffect": "Deny",
        "policyAssignmentId": assignment,
        "policyAssignmentName": assignment.rsplit("/", 1)[-1],
        "policyAssignmentScope": scope,
    }
    raise ServiceError(
        403,
        "RequestDisallowedByPolicy",
        f"Resource '{name}' was disallowed by policy. Policy identifiers: '{identifiers}'.",
        gateway=True,
        extra={"target": name, "additionalInfo": [{"type": "PolicyViolation", "info": info}]},
    )
