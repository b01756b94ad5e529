"""Microsoft.OperationalInsights/workspaces, to which diagnostic settings deliver their records."""

from localazure import definitions, operations
from localazure.arm_type import GROUP, ArmType
from localazure.cloud import Cloud, iso
from localazure.locations import REGIONS
from localazure.web import Host, Json, Request

KIND = "workspace"
SEARCHES, KEYS = "savedSearch", "workspace.keys"
"""The store's kinds of the resources that belong to a workspace and are deleted with it."""
_TYPE = "Microsoft.OperationalInsights/workspaces"


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given = request.properties
    now = iso(cloud.clock.now())
    before = known["properties"] if known else {"customerId": cloud.new_id(), "createdDate": now}
    operation = known.get("operation") if known else operations.begin(cloud, {"workspace": id}).id
    shown = definitions.completed(_TYPE, {})
    sent = {name: value for name, value in given.items() if name in shown}
    properties = definitions.completed(_TYPE, sent)
    properties["sku"] = {"name": properties["sku"].get("name"), "lastSkuUpdate": before["createdDate"]}
    properties["workspaceCapping"]["quotaNextResetTime"] = now
    properties |= {
        "customerId": before["customerId"],
        "provisioningState": "Succeeded",
        "createdDate": before["createdDate"],
        "modifiedDate": now,
    }
    return {
        "operation": operation,
        "properties": properties,
        "location": request.body["location"],
        **request.tags,
    }


def _removed(cloud: Cloud, body: Json) -> None:
    cloud.store.delete(KEYS, body["id"])
    for id, _ in cloud.store.scan(SEARCHES, f"{body['id']}/"):
        cloud.store.delete(SEARCHES, id)


def _shown(cloud: Cloud, request: Request, body: Json) -> Json:
    """A new one is Creating, until somebody has looked at it and its time has come."""
    look = operations.poll if request.method == "GET" else operations.find
    operation = look(cloud, str(body.get("operation")))
    if operation is None or operation.over(cloud.clock.now()):
        return body
    return {**body, "properties": {**body["properties"], "provisioningState": "Creating"}}


def _created(request: Request, id: str) -> dict[str, str]:
    return {"Location": f"https://{Host.ARM}{id}?api-version={request.api_version}"}


WORKSPACES = ArmType(
    kind=KIND,
    path=f"{GROUP}/providers/{_TYPE}/{{workspace}}",
    make=_make,
    regions=REGIONS,
    tracked=True,
    shown=_shown,
    removed=_removed,
    created_headers=_created,
)
