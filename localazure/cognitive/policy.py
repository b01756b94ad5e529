"""Azure Policy that denies accounts without a customer's key, where it is assigned to Deny.

The built-in definition "Azure AI Services resources should encrypt data at rest with a customer-managed
key". Owns: what it refuses and the refusal, whose shape is Azure Policy's documented one and whose text is
assumed. Does not own: which assignments count (policy_scopes.py).
"""

from __future__ import annotations

from localazure import policy_scopes
from localazure.cloud import Cloud
from localazure.cognitive.account import Account, is_key_vault
from localazure.cognitive.kinds import POLICY_EXCLUDED_KINDS
from localazure.web import Json, ServiceError

DEFINITION_ID = "/providers/Microsoft.Authorization/policyDefinitions/67121cc7-ff39-4ab8-b7e3-95b84dab487d"
_DEFINITION = "Azure AI Services resources should encrypt data at rest with a customer-managed key (CMK)"
_DEFAULT_EFFECT = "Audit"


def require_allowed(cloud: Cloud, account: Account) -> None:
    """Lets a write pass that leaves the account on a customer's key. Raises ARM's 403 else."""
    if is_key_vault(account.encryption):
        return
    for assignment in policy_scopes.counting(cloud, account.id, DEFINITION_ID):
        effect = policy_scopes.parameter(assignment, "effect") or _DEFAULT_EFFECT
        excluded = policy_scopes.parameter(assignment, "excludedKinds")
        kinds = POLICY_EXCLUDED_KINDS if excluded is None else {str(kind).lower() for kind in excluded}
        if str(effect).lower() == "deny" and account.kind.lower() not in kinds:
            raise _refusal(account, assignment)


def _refusal(account: Account, assignment: Json) -> ServiceError:
    id, properties = assignment["id"], assignment["properties"]
    title = properties.get("displayName") or assignment["name"]
    identifiers = (
        f'[{{"policyAssignment":{{"name":"{title}","id":"{id}"}},'
        f'"policyDefinition":{{"name":"{_DEFINITION}","id":"{DEFINITION_ID}"}}}}]'
    )
    expression = {
        "result": "True",
        "expressionKind": "Field",
        "expression": "Microsoft.CognitiveServices/accounts/encryption.keySource",
        "path": "properties.encryption.keySource",
        "expressionValue": (account.encryption or {}).get("keySource"),
        "targetValue": "Microsoft.KeyVault",
        "operator": "NotEquals",
    }
    info = {
        "policyDefinitionDisplayName": _DEFINITION,
        "evaluationDetails": {"evaluatedExpressions": [expression]},
        "policyDefinitionId": DEFINITION_ID,
        "policyDefinitionName": DEFINITION_ID.rsplit("/", 1)[-1],
        "policyDefinitionEffect": "Deny",
        "policyAssignmentId": id,
        "policyAssignmentName": assignment["name"],
        "policyAssignmentDisplayName": title,
        "policyAssignmentScope": properties["scope"],
        "policyAssignmentParameters": {
            name: policy_scopes.parameter(assignment, name) for name in properties.get("parameters") or {}
        },
        "policyExemptionIds": [],
    }
    return ServiceError(
        403,
        "RequestDisallowedByPolicy",
        f"Resource '{account.name}' was disallowed by policy. Policy identifiers: '{identifiers}'.",
        gateway=True,
        extra={"target": account.name, "additionalInfo": [{"type": "PolicyViolation", "info": info}]},
    )
