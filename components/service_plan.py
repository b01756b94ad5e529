"""The decisions for one service, once nothing is wrong with it."""

from collections.abc import Collection
from dataclasses import dataclass

import pulumi

from core.service.state import ServiceState


@dataclass(frozen=True)
class ServicePlan:
    """What is known of one service, and what this run does about it besides. `revocations` are the resources
    that take access away, for any service of the run: everything else comes after them. `lock_hook` refuses
    what a management lock forbids, and notes in `changed` the URNs of the resources that the run changes."""

    service: ServiceState
    revocations: tuple[pulumi.Resource, ...] = ()
    lock_hook: pulumi.ResourceHook | None = None
    changed: Collection[str] = ()
