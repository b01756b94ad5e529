"""Microsoft.OperationalInsights/workspaces: where diagnostic settings deliver their records."""

from __future__ import annotations

from localazure import operations
from localazure.arm_type import GROUP, ArmType
from localazure.cloud import Cloud, iso
from localazure.locations import REGIONS
from localazure.shapes import an_object
from localazure.web import Host, Json, Request

KIND = "workspace"
SEARCHES, KEYS = "savedSearch", "workspace.keys"
"""The store's kinds of what belongs to a workspace and goes with it."""
_TYPE = "Microsoft.OperationalInsights/workspaces"


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    sent = an_object(request.body.get("properties"), "properties")
    given = {name: value for name, value in sent.items() if value is not None}
    now = iso(cloud.clock.now())
    before = known["properties"] if known else {"customerId": cloud.new_id(), "createdDate": now}
    operation = known.get("operation") if known else operations.begin(cloud, {"workspace": id}).id
    sku = an_object(given.get("sku"), "properties.sku")
    properties = {
        "customerId": before["customerId"],
        "provisioningState": "Succeeded",
        "sku": {"name": sku.get("name", "PerGB2018"), "lastSkuUpdate": before["createdDate"]},
        "retentionInDays": given.get("retentionInDays", 30),
        "features": {
            "legacy": 0,
            "searchVersion": 1,
            "enableLogAccessUsingOnlyResourcePermissions": True,
            **an_object(given.get("features"), "properties.features"),
        },
        "workspaceCapping": {
            "dailyQuotaGb": -1.0,
            "quotaNextResetTime": now,
            "dataIngestionStatus": "RespectQuota",
            **an_object(given.get("workspaceCapping"), "properties.workspaceCapping"),
        },
        "publicNetworkAccessForIngestion": given.get("publicNetworkAccessForIngestion", "Enabled"),
        "publicNetworkAccessForQuery": given.get("publicNetworkAccessForQuery", "Enabled"),
        "createdDate": before["createdDate"],
        "modifiedDate": now,
    }
    return {
        "operation": operation,
        "properties": properties,
        "location": request.body["location"],
        **({"tags": request.body["tags"]} if request.body.get("tags") is not None else {}),
    }


def _removed(cloud: Cloud, body: Json) -> None:
    cloud.store.delete(KEYS, body["id"])
    for id, _ in cloud.store.scan(SEARCHES, f"{body['id']}/"):
        cloud.store.delete(SEARCHES, id)


def _shown(cloud: Cloud, request: Request, body: Json) -> Json:
    """A new one is Creating, until somebody has looked at it and its time has come."""
    look = operations.poll if request.method == "GET" else operations.find
    operation = look(cloud, str(body.get("operation")))
    shown = {name: value for name, value in body.items() if name != "operation"}
    if operation is None or operation.over(cloud.clock.now()):
        return shown
    return {**shown, "properties": {**shown["properties"], "provisioningState": "Creating"}}


def _created(request: Request, id: str) -> dict[str, str]:
    return {"Location": f"https://{Host.ARM}{id}?api-version={request.api_version}"}


WORKSPACES = ArmType(
    kind=KIND,
    path=f"{GROUP}/providers/{_TYPE}/{{name}}",
    make=_make,
    regions=REGIONS,
    tracked=True,
    shown=_shown,
    removed=_removed,
    created_headers=_created,
)
