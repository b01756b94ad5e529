"""Hooks that the engine calls when it cannot create or change a resource, where it has them."""

from typing import Any

import pulumi
from pulumi.runtime.proto import resource_pb2, resource_pb2_grpc
from pulumi.runtime.settings import get_monitor, monitor_supports_feature


def error_hooks(name: str, callback: Any) -> list[pulumi.ErrorHook]:
    """A hook that is called with the errors of a resource, and says whether to try again; none in a preview,
    and none where the engine has no hooks."""
    supported = monitor_supports_feature(resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS)
    # The SDK's mocks say that they know hooks, too, and fail when one is made.
    engine = isinstance(get_monitor(), resource_pb2_grpc.ResourceMonitorStub)
    if pulumi.runtime.is_dry_run() or not (supported and engine):
        return []
    return [pulumi.ErrorHook(name, callback)]
