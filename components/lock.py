"""Management locks: nobody deletes the account, nor the vault of its key, before the lock is gone.

A lock also keeps what is below a resource from being deleted, role assignments too (learn.microsoft.com/
azure/azure-resource-manager/management/lock-resources). In a vault under Azure RBAC it would keep the access
of an account from being revoked, so such a vault gets none.
"""

from collections.abc import Sequence

import pulumi
from pulumi_azure_native import authorization

from components.arguments.names import NamingRule
from core.facts import LOCK_NOTES

CAN_NOT_DELETE = "CanNotDelete"


def lock_name(service: str, what: str) -> str:
    """The logical name of a lock."""
    return f"{service}-{what}-lock"


def make_lock(
    rule: NamingRule,
    what: str,
    scope: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
    after: Sequence[pulumi.Resource] = (),
) -> pulumi.Resource:
    """Locks a resource. `after` is what is below it: it is deleted only when the lock is gone."""
    # One that exists keeps its name: nothing is unlocked meanwhile.
    own = pulumi.ResourceOptions(depends_on=list(after), ignore_changes=["lockName"])
    lock: pulumi.Resource = authorization.ManagementLockByScope(
        lock_name(rule.service, what),
        lock_name=rule.name("lock", what),
        scope=scope,
        level=CAN_NOT_DELETE,
        notes=LOCK_NOTES,
        opts=pulumi.ResourceOptions.merge(opts, own),
    )
    return lock
