"""An account's own two keys."""

from __future__ import annotations

from localazure.cloud import Cloud
from localazure.cognitive import account as stored
from localazure.web import Request, Response, ServiceError


def list_keys(cloud: Cloud, request: Request) -> Response:
    """Both keys. Raises 400 where local authentication is off."""
    account = stored.require(cloud, stored.id_of(request))
    if account.properties.get("disableLocalAuth"):
        # Reported by users.
        raise ServiceError(400, "BadRequest", "Failed to list key. disableLocalAuth is set to be true.")
    return Response(200, dict(zip(("key1", "key2"), account.keys, strict=True)))
