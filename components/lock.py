"""Management locks: nobody deletes the account, nor the vault of its key, before the lock is gone.

A lock also keeps what is below a resource from being deleted, role assignments too (learn.microsoft.com/
azure/azure-resource-manager/management/lock-resources). In a vault under Azure RBAC it would keep the access
of an account from being revoked, so such a vault gets none.
"""

import pulumi
from pulumi_azure_native import authorization

from components.arguments.names import NamingRule
from components.declared import Declaration
from core import arm_ids
from core.facts import LOCK_NOTES

CAN_NOT_DELETE = "CanNotDelete"


def lock(rule: NamingRule, what: str, scope: pulumi.Input[str]) -> Declaration:
    """The lock on a resource. What is below it comes before it, and is deleted only when the lock is gone."""
    name = rule.name("lock", what)
    return Declaration(
        authorization.ManagementLockByScope,
        f"{rule.service}-{what}-lock",
        arm_ids.LOCK,
        name,
        {"lock_name": name, "scope": scope, "level": CAN_NOT_DELETE, "notes": LOCK_NOTES},
        "lock",
        at=scope,
    )
