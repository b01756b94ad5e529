"""Shared by deleted vaults, managed HSMs and accounts: when a list or GET finds them, and their 404."""

from localazure.cloud import Cloud
from localazure.web import ServiceError


def shows(cloud: Cloud, deleted: float | None) -> bool:
    """Whether a resource deleted at that time can be found by now (`deleted_resources_visible_after`)."""
    waits: float = cloud.behaviour.deleted_resources_visible_after
    return (deleted or 0.0) + waits <= cloud.clock.now()


def not_there() -> ServiceError:
    """The 404 for a soft-deleted resource that is absent; never observed for accounts."""
    return ServiceError(404, "ResourceNotFound", "The specified resource does not exist.")
