"""Microsoft.Insights/eventtypes/management: who wrote what through Resource Manager, and how it ended.

Owns: one event of each write, deletion and action, refused ones, too, and the list of them. Azure tells the
start of an operation, too; here each has one event, at its end. Source, read on 2026-11-30: the
specification of 2015-04-01 with its example GetActivityLogsFiltered, and for `$filter` and its 90 days
learn.microsoft.com/rest/api/monitor/activity-logs/list and turbot's tailpipe-plugin-azure, which quotes
Azure's refusal.
"""

import re

from localazure.cloud import Cloud, iso, iso_of
from localazure.paging import page
from localazure.refusals import refused
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response

STREAM = "activity"
DAYS = 90
"""How long Azure keeps an event; the list refuses an earlier start."""
_FILTER = re.compile(
    r"eventTimestamp ge '(?P<since>[^']+)' and eventTimestamp le '(?P<until>[^']+)'"
    r"(?: and (?P<name>resourceGroupName|resourceProvider|resourceUri) eq '(?P<value>[^']+)')?"
)
_FIELDS = {
    "resourceGroupName": lambda event: event["resourceGroupName"],
    "resourceProvider": lambda event: event["resourceProviderName"]["value"],
    "resourceUri": lambda event: event["resourceId"],
}
_OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"


def record(cloud: Cloud, request: Request, route: Route, status: int) -> None:
    """Records a request that was answered with this status, unless it only reads."""
    if request.method != "GET" and not route.permission.endswith("/read"):
        event = _event(cloud, request, route.permission, status)
        cloud.store.append(STREAM, event["subscriptionId"], event)


def _event(cloud: Cloud, request: Request, action: str, status: int) -> Json:
    resource = "/" + request.path.strip("/")
    resource = resource if request.method != "POST" else resource.rpartition("/")[0]
    parts = resource.split("/")
    event_id, now = cloud.new_id(), iso(cloud.clock.now())
    result = "Succeeded" if status < 300 else "Failed"
    return {
        "authorization": {"action": action, "scope": resource},
        "caller": request.object_id,
        "claims": {_OBJECT_ID: request.object_id},
        "correlationId": request.correlation_id,
        "eventDataId": event_id,
        "eventName": _word("EndRequest"),
        "category": _word("Administrative"),
        "id": f"{resource}/events/{event_id}/ticks/{int(cloud.clock.now() * 10**7)}",
        "level": "Informational" if status < 300 else "Error",
        "resourceGroupName": parts[4] if len(parts) > 4 and parts[3].lower() == "resourcegroups" else "",
        "resourceProviderName": _word(action.partition("/")[0]),
        "resourceId": resource,
        "operationId": request.correlation_id,
        "operationName": _word(action),
        "properties": {},
        "status": _word(result),
        "subStatus": _word(str(status)),
        "eventTimestamp": now,
        "submissionTimestamp": now,
        "subscriptionId": parts[2] if len(parts) > 2 and parts[1].lower() == "subscriptions" else "",
    }


def _word(text: str) -> Json:
    return {"value": text, "localizedValue": text}


def _list(cloud: Cloud, request: Request) -> Response:
    """The events of a subscription that a filter asks for, oldest first. Raises ServiceError 400."""
    asked = _FILTER.fullmatch(request.query.get("$filter", "").strip())
    if asked is None:
        raise refused("ActivityFilter")
    try:
        since, until = (iso_of(asked[name]) for name in ("since", "until"))
    except ValueError as error:
        raise refused("ActivityTime", problem=error) from None
    if since < iso(cloud.clock.now() - DAYS * 86400):
        raise refused("ActivityStart", days=DAYS)
    found = [
        event
        for event in cloud.store.events(STREAM, request.params["subscription"])
        if since <= event["eventTimestamp"] <= until
        and (asked["name"] is None or _FIELDS[asked["name"]](event).lower() == asked["value"].lower())
    ]
    place = "{eventTimestamp} {eventDataId}"
    return Response(200, page(request, found, lambda event: place.format(**event), lambda event: event))


_ASSUMED = "one event of an operation, at its end; of its claims the object id alone; pages and their order"
_VALUES = "/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values"
_READ = "Microsoft.Insights/eventtypes/values/read"
ROUTES = (Route("GET", Host.ARM, _VALUES, _READ, _list, _ASSUMED),)
