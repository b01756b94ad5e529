"""Microsoft.OperationalInsights/workspaces: where diagnostic settings deliver their records."""

from __future__ import annotations

from localazure.cloud import Cloud, iso
from localazure.tracked import TrackedType
from localazure.web import Json, Request

KIND = "workspace"
SEARCHES, KEYS = "savedSearch", "workspace.keys"
"""The store's kinds of what belongs to a workspace and goes with it."""
_TYPE = "Microsoft.OperationalInsights/workspaces"


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given = request.body.get("properties")
    given = given if isinstance(given, dict) else {}
    now = iso(cloud.clock.now())
    before = known["properties"] if known else {"customerId": cloud.new_id(), "createdDate": now}
    sku = given.get("sku") if isinstance(given.get("sku"), dict) else {}
    properties = {
        "customerId": before["customerId"],
        "provisioningState": "Succeeded",
        "sku": {"name": (sku or {}).get("name", "PerGB2018"), "lastSkuUpdate": before["createdDate"]},
        "retentionInDays": given.get("retentionInDays", 30),
        "features": {
            "legacy": 0,
            "searchVersion": 1,
            "enableLogAccessUsingOnlyResourcePermissions": True,
            **(given.get("features") or {}),
        },
        "workspaceCapping": {
            "dailyQuotaGb": -1.0,
            "quotaNextResetTime": now,
            "dataIngestionStatus": "RespectQuota",
            **(given.get("workspaceCapping") or {}),
        },
        "publicNetworkAccessForIngestion": given.get("publicNetworkAccessForIngestion", "Enabled"),
        "publicNetworkAccessForQuery": given.get("publicNetworkAccessForQuery", "Enabled"),
        "createdDate": before["createdDate"],
        "modifiedDate": now,
    }
    return {
        "properties": properties,
        "location": request.body["location"],
        **({"tags": request.body["tags"]} if request.body.get("tags") is not None else {}),
        "id": id,
        "name": known["name"] if known else request.params["name"],
        "type": _TYPE,
    }


def _removed(cloud: Cloud, body: Json) -> None:
    cloud.store.delete(KEYS, body["id"])
    for id, _ in cloud.store.scan(SEARCHES, f"{body['id']}/"):
        cloud.store.delete(SEARCHES, id)


_WORKSPACES = TrackedType(kind=KIND, type=_TYPE, make=_make, removed=_removed)
ROUTES = _WORKSPACES.routes(assumed="all of it: made from the specification")
delete_in_group = _WORKSPACES.delete_in_group
