"""What deleted vaults, managed HSMs and accounts share: when they are found, and how they are not."""

from __future__ import annotations

from localazure.cloud import Cloud
from localazure.web import ServiceError


def shows(cloud: Cloud, deleted: float | None) -> bool:
    """Whether what was deleted then is found among the deleted ones (`deleted_resources_visible_after`)."""
    return (deleted or 0.0) + cloud.behaviour.deleted_resources_visible_after <= cloud.clock.now()


def not_there() -> ServiceError:
    """The 404 for a deleted one that is not there; never observed for accounts."""
    return ServiceError(404, "ResourceNotFound", "The specified resource does not exist.")
