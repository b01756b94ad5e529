"""Hooks that the engine calls about a resource, where it has them."""

from typing import Any

import pulumi
from pulumi.runtime.proto import resource_pb2, resource_pb2_grpc
from pulumi.runtime.settings import get_monitor, monitor_supports_feature


def engine_has(feature: Any) -> bool:
    """Whether the engine has a kind of hooks. The SDK's mocks say so, and fail when one is registered."""
    return monitor_supports_feature(feature) and isinstance(
        get_monitor(), resource_pb2_grpc.ResourceMonitorStub
    )


def error_hooks(name: str, callback: Any) -> list[pulumi.ErrorHook]:
    """A hook that is called with the errors of a resource, and says whether to try again; none in a preview,
    and none where the engine has no hooks."""
    known = engine_has(resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS)
    return [pulumi.ErrorHook(name, callback)] if known and not pulumi.runtime.is_dry_run() else []
