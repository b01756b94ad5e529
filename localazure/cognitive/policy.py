"""The subscription's Azure Policy that denies accounts without a customer's key.

The built-in definition "Azure AI Services resources should encrypt data at rest with a customer-managed key".
A subscription has it assigned when a document of kind "policy.deny" has its id: `{"effect": "Deny"}`
(also "Audit" and "Disabled", which refuse nothing), with `excludedKinds` to replace the default ones.
"""

from __future__ import annotations

from localazure.cloud import Cloud
from localazure.cognitive.account import is_key_vault
from localazure.cognitive.kinds import POLICY_EXCLUDED_KINDS
from localazure.web import Json, ServiceError

DOCUMENT = "policy.deny"
DEFINITION_ID = "/providers/Microsoft.Authorization/policyDefinitions/67121cc7-ff39-4ab8-b7e3-95b84dab487d"
_DEFINITION = "Azure AI Services resources should encrypt data at rest with a customer-managed key (CMK)"


def require_allowed(
    cloud: Cloud, subscription: str, *, name: str, kind: str, encryption: Json | None
) -> None:
    """Lets a write pass that leaves the account on a customer's key. Raises ARM's 403 else."""
    assigned = cloud.store.get(DOCUMENT, subscription)
    if assigned is None or str(assigned.get("effect", "Deny")).lower() != "deny":
        return
    excluded = {str(k).lower() for k in assigned.get("excludedKinds", POLICY_EXCLUDED_KINDS)}
    if is_key_vault(encryption) or kind.lower() in excluded:
        return
    scope = f"/subscriptions/{subscription}"
    assignment = f"{scope}/providers/Microsoft.Authorization/policyAssignments/customer-managed-key"
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
        "policyAssignmentName": "customer-managed-key",
        "policyAssignmentScope": scope,
    }
    raise ServiceError(
        403,
        "RequestDisallowedByPolicy",
        f"Resource '{name}' was disallowed by policy. Policy identifiers: '{identifiers}'.",
        gateway=True,
        extra={"target": name, "additionalInfo": [{"type": "PolicyViolation", "info": info}]},
    )
