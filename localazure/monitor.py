"""Microsoft.Insights/diagnosticSettings at any resource, and the records that they deliver.

Owns: the settings, and the records of a workspace. Nothing is copied: a workspace's records are the
resource's own events of the time in which a setting named that workspace.
"""

from collections.abc import Iterator, Mapping, Sequence

from localazure import destinations, facts, workspaces
from localazure.arm_type import ArmType
from localazure.cloud import Cloud, iso
from localazure.refusals import absent, refused
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response, ServiceError

_KIND = "diagnosticSetting"
_DELIVERY = "diagnosticSetting.delivery"
_TYPE = "Microsoft.Insights/diagnosticSettings"
_TYPED_SINCE = "2021"
_FACTS = facts.read("logs.json")
_CATEGORIES: Mapping[str, list[str]] = _FACTS["categories"]
"""Whether other cases of a name are taken was never observed; refusing is the safe side, since nothing would
be delivered."""
_GROUPS = ("allLogs", "audit")
_ABSENT = dict.fromkeys(("type", "location", "kind", "tags", "identity"))
_SINKS: Sequence[str] = _FACTS["sinks"]


def delivered(cloud: Cloud, workspace_id: str) -> list[Json]:
    """The records a workspace has got, oldest first: each an event with its category and resource."""
    found: dict[tuple[str, str, str], Json] = {}
    for _, delivery in cloud.store.scan(_DELIVERY, f"{workspace_id}|"):
        for record in _records(cloud, delivery):
            found[record["category"], record["resourceId"], repr(record)] = record
    return sorted(found.values(), key=lambda record: str(record["time"]))


def _records(cloud: Cloud, delivery: Json) -> Iterator[Json]:
    for stream, category in _FACTS["streams"].items():
        if not {category, "allLogs", "audit"} & set(delivery["categories"]):
            continue
        for event in cloud.store.events(stream, delivery["resource"]):
            over = delivery["until"] is not None and event["time"] >= delivery["until"]
            if delivery["since"] <= event["time"] and not over:
                yield {**event, "category": category, "resourceId": delivery["resource"]}


def _make(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given = request.properties
    workspace = given.get("workspaceId")
    if workspace and cloud.store.get(workspaces.KIND, workspace) is None:
        raise ServiceError(400, "BadRequest", f"Resource {workspace} could not be found.")
    if not any(given.get(sink) for sink in _SINKS):
        raise refused("NoDataSink", sinks=", ".join(_SINKS))
    destinations.require_usable(
        cloud,
        _location_of(cloud, request.scope),
        given.get("storageAccountId"),
        given.get("eventHubAuthorizationRuleId"),
    )
    properties = {
        **{name: given.get(name) for name in _FACTS["settable"]},
        "metrics": [_metric(metric) for metric in given.get("metrics") or []],
        "logs": [_log(log) for log in given.get("logs") or []],
    }
    kind = "/providers/microsoft.insights/diagnosticSettings/"
    body = {
        "id": f"{request.scope.lower()}{kind}{id.rpartition('/')[2]}",
        **_ABSENT,
        "properties": properties,
    }
    _require_known_categories(request.scope, body)
    _require_free_sinks(cloud, request.scope, body)
    _end_delivery(cloud, body)
    if cloud.behaviour.diagnostic_settings == "rewritten":
        body = _rewritten(request.scope, body)
    _begin_delivery(cloud, SETTINGS.id_of(request), body)
    return body


def _metric(metric: Json) -> Json:
    """A metric as answers have it: whatever the grain that was asked for, it is a minute."""
    if not metric.get("timeGrain"):
        return metric
    return {**metric, "timeGrain": "PT1M"}


def _log(log: Json) -> Json:
    kept = {"category": log.get("category"), "categoryGroup": log.get("categoryGroup")}
    retention = log.get("retentionPolicy") or {"enabled": False, "days": 0}
    return {**kept, "enabled": bool(log.get("enabled")), "retentionPolicy": retention}


def _require_known_categories(resource: str, body: Json) -> None:
    """Refuses a log category that the resource's type lacks, because it would never deliver anything."""
    type = _type_of(resource)
    for log in body["properties"]["logs"] if type in _CATEGORIES else ():
        category, group = log["category"], log["categoryGroup"]
        if category and category not in _CATEGORIES[type]:
            raise ServiceError(400, "BadRequest", f"Category '{category}' is not supported.")
        if group and group not in _GROUPS:
            raise ServiceError(400, "BadRequest", f"Category group '{group}' is not supported.")


def _require_free_sinks(cloud: Cloud, resource: str, body: Json) -> None:
    """Refuses a second setting that would send a category of a resource where another one sends it.

    Code and text are from public reports; that a category and its group do not meet is assumed.
    """
    for _, other in cloud.store.scan(_KIND, f"{resource}/providers/{_TYPE}/"):
        shared = sorted(_enabled(body) & _enabled(other))
        if other["id"].lower() == body["id"].lower() or not shared:
            continue
        for sink in _SINKS:
            mine, theirs = (str(setting["properties"].get(sink) or "") for setting in (body, other))
            if mine and mine.lower() == theirs.lower():
                raise refused("DataSinkInUse", mine=mine, other=other["name"], category=shared[0])


def _enabled(body: Json) -> set[str]:
    logs = body["properties"]["logs"]
    return {str(log["category"] or log["categoryGroup"]) for log in logs if log["enabled"]}


def _shown(_: Cloud, request: Request, body: Json) -> Json:
    """The setting by api-version: the type is null in the observed ones, and named by later definitions."""
    return {**body, "type": _TYPE} if request.api_version >= _TYPED_SINCE else body


def _rewritten(resource: str, body: Json) -> Json:
    """A setting with every category of its resource's type, the metrics, and the workspace in lower case."""
    sent = body["properties"]
    off = {"enabled": False, "retentionPolicy": {"enabled": False, "days": 0}}
    named = {log["category"] for log in sent["logs"]}
    more = [name for name in _CATEGORIES.get(_type_of(resource), ()) if name not in named]
    properties = {
        **sent,
        "workspaceId": str(sent["workspaceId"]).lower() if sent["workspaceId"] else None,
        "logs": [*sent["logs"], *({"category": name, "categoryGroup": None, **off} for name in more)],
        "metrics": sent["metrics"] or [{"category": "AllMetrics", **off}],
    }
    return {**body, "properties": properties}


def _location_of(cloud: Cloud, resource: str) -> str:
    kind = _FACTS["located"].get(_type_of(resource), "")
    body = cloud.store.get(kind, resource) if kind else None
    return str(body["location"]) if body else ""


def _type_of(resource: str) -> str:
    return "/".join(resource.lower().split("/")[6:8])


def _begin_delivery(cloud: Cloud, id: str, body: Json) -> None:
    properties = body["properties"]
    if properties["workspaceId"]:
        categories = [log["category"] or log["categoryGroup"] for log in properties["logs"] if log["enabled"]]
        delivery = {
            "setting": id.lower(),
            "resource": SETTINGS.scope_of(id),
            "categories": categories,
            "since": iso(cloud.clock.now()),
            "until": None,
        }
        cloud.store.put(_DELIVERY, f"{properties['workspaceId']}|{cloud.new_id()}", delivery)


def _end_delivery(cloud: Cloud, body: Json) -> None:
    for key, delivery in cloud.store.scan(_DELIVERY):
        if delivery["setting"] == body["id"].lower() and delivery["until"] is None:
            cloud.store.put(_DELIVERY, key, {**delivery, "until": iso(cloud.clock.now())})


SETTINGS = ArmType(
    kind=_KIND,
    path=f"{{scope*}}/providers/{_TYPE}/{{name}}",
    make=_make,
    shown=_shown,
    removed=_end_delivery,
    absent=absent("DiagnosticSettingNotFound"),
    created_status=200,
    assumed="answers of api-versions after 2017-05-01-preview, every refusal",
)
TYPES = (SETTINGS,)
_CATEGORY = f"{_TYPE}Categories"


def _list_categories(cloud: Cloud, request: Request) -> Response:
    """The categories of logs and metrics that a resource has."""
    resource = request.scope
    logs = [(name, "Logs") for name in _CATEGORIES.get(_type_of(resource), ())]
    rows = [
        {
            "id": f"{resource}/providers/microsoft.insights/diagnosticSettingsCategories/{name}",
            "type": "microsoft.insights/diagnosticSettingsCategories",
            "name": name,
            "properties": {"categoryType": kind, "categoryGroups": ["allLogs"] if kind == "Logs" else []},
        }
        for name, kind in [*logs, ("AllMetrics", "Metrics")]
    ]
    return Response(200, {"value": rows})


_LIST = f"{{scope*}}/providers/{_CATEGORY}"
ROUTES = (Route("GET", Host.ARM, _LIST, f"{_CATEGORY}/read", _list_categories, "the groups of a category"),)
