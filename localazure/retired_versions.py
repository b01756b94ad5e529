"""API versions that Azure refuses from a day on.

Announced is that no request by such a version is served any more, "no exception or extension"
(learn.microsoft.com/azure/key-vault/general/migrate-api-version, 2026-11-28). The code and the text are those
that ARM has for a version which a resource provider does not have (Azure/azure-cli#18483,
Azure/azure-sdk-for-net#23760); that a version which has ended is refused in the same words, and from midnight
UTC on, is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from localazure.cloud import Cloud
from localazure.web import Request, azure_error


@dataclass(frozen=True)
class Retirement:
    """From `day` on, the versions of a namespace from `first` on are served, and none before it; `newer` are
    those that are known of them."""

    day: datetime
    first: str
    newer: tuple[str, ...]


RETIREMENTS: Mapping[str, Retirement] = {
    "microsoft.keyvault": Retirement(
        datetime(2027, 2, 27, tzinfo=UTC), "2026-02-01", ("2026-03-01-preview", "2026-05-15")
    )
}


_OF_RESOURCES = {"", "register", "unregister"}
"""What is asked of Microsoft.Resources about a provider, by versions of its own."""


def require_served(cloud: Cloud, request: Request, namespace: str) -> None:
    """Raises ServiceError 400 for a version that has ended by the cloud's clock."""
    ended = RETIREMENTS.get(namespace.lower())
    if ended is None or request.api_version >= ended.first or not cloud.clock.has_come(ended.day.timestamp()):
        return
    below = request.path.rpartition("/providers/")[2].partition("/")[2].strip("/")
    if below.lower() in _OF_RESOURCES:
        return
    location = request.body.get("location") if isinstance(request.body, dict) else None
    raise azure_error(
        "NoRegisteredProviderFound",
        location=location or "westeurope",
        version=request.api_version,
        type="/".join(below.split("/")[::2]),
        versions=", ".join((ended.first, *ended.newer)),
    )
