"""What is said when Azure Policy forbids the account of phase one, which has no customer key yet.

Owns: that explanation. Azure's own answer names the policy and knows nothing of a way out.
"""

from __future__ import annotations

import pulumi
from pulumi.runtime.proto import resource_pb2, resource_pb2_grpc
from pulumi.runtime.settings import get_monitor, monitor_supports_feature

_DENIED = "RequestDisallowedByPolicy"


def explanation(service: str, errors: list[str]) -> str | None:
    """What to do about the errors of an account's create; None where no policy forbade it."""
    if not any(_DENIED in error for error in errors):
        return None
    return (
        f"service {service!r}: Azure Policy forbids its account. Where it demands a customer-managed key: an "
        "account that uses its own identity is made without one, because the identity must exist before it "
        "can be given access. Set identity: userAssigned, which binds the key in the create; or have the "
        "resource group exempted while the account is made. What was made so far is kept and used"
    )


def explained(service: str) -> list[pulumi.ErrorHook]:
    """A hook that says so when the create of a service's account fails; none in a preview, and
    where there are no hooks."""
    supported = monitor_supports_feature(resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS)
    # The SDK's mocks say that they know hooks, too, and fail when one is made.
    engine = isinstance(get_monitor(), resource_pb2_grpc.ResourceMonitorStub)
    if pulumi.runtime.is_dry_run() or not (supported and engine):
        return []

    def say(failed: pulumi.ErrorHookArgs) -> bool:
        if words := explanation(service, failed.errors):
            pulumi.log.error(words)
        return False  # a policy does not change by trying again

    return [pulumi.ErrorHook(f"{service}-denied", say)]
