"""Microsoft.Insights/actionGroups and scheduledQueryRules: receivers, and the rules that alert them.

The bodies are kept and echoed with ARM's defaults. No query runs and no alert is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localazure import alert_queries
from localazure.cloud import Cloud
from localazure.locations import REGIONS
from localazure.shapes import an_object, objects
from localazure.tracked import TrackedType
from localazure.web import Json, Request, ServiceError

_PROVIDER = "Microsoft.Insights"
_RECEIVERS = (
    "armRoleReceivers",
    "automationRunbookReceivers",
    "azureAppPushReceivers",
    "azureFunctionReceivers",
    "emailReceivers",
    "eventHubReceivers",
    "incidentReceivers",
    "itsmReceivers",
    "logicAppReceivers",
    "smsReceivers",
    "voiceReceivers",
    "webhookReceivers",
)
_RULE_DEFAULTS: Mapping[str, Any] = {
    "enabled": True,
    "autoMitigate": True,
    "checkWorkspaceAlertsStorageConfigured": False,
    "skipQueryValidation": False,
    "isLegacyLogAnalyticsRule": False,
    "isWorkspaceAlertsStorageConfigured": False,
}


def _make_group(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given = _properties(request, ("groupShortName",))
    receivers = {name: objects(given.get(name), f"properties.{name}") for name in _RECEIVERS}
    # A receiver is enabled when it is made; the person behind it may then unsubscribe.
    for name in ("emailReceivers", "smsReceivers"):
        receivers[name] = [{"status": "Enabled", **receiver} for receiver in receivers[name]]
    kept = {"groupShortName": given["groupShortName"], "enabled": given.get("enabled", True)}
    return _body(request, id, known, "actionGroups", {**kept, **receivers})


def _make_rule(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given = _properties(request, ("criteria", "scopes"))
    sent = {name: value for name, value in given.items() if value is not None}
    alert_queries.check(cloud, sent)
    properties = {**_RULE_DEFAULTS, **sent, "createdWithApiVersion": request.api_version}
    if known:
        properties["createdWithApiVersion"] = known["properties"]["createdWithApiVersion"]
    body = _body(request, id, known, "scheduledQueryRules", properties)
    kept = {name: request.body[name] for name in ("kind", "identity") if request.body.get(name) is not None}
    return {**body, **kept, "etag": f'"{cloud.new_id()}"'}


def _properties(request: Request, required: tuple[str, ...]) -> dict[str, Any]:
    given = an_object(request.body.get("properties"), "properties")
    if missing := [name for name in required if not given.get(name)]:
        # The text is assumed.
        raise ServiceError(400, "BadRequest", f"properties.{', properties.'.join(missing)} has to be set.")
    return given


def _body(request: Request, id: str, known: Json | None, type: str, properties: Json) -> Json:
    return {
        "id": id,
        "type": f"{_PROVIDER}/{type}",
        "name": known["name"] if known else request.params["name"],
        "location": request.body["location"],
        "tags": request.body.get("tags") or {},
        "properties": properties,
    }


_GROUPS = TrackedType(
    kind="actionGroup",
    type=f"{_PROVIDER}/actionGroups",
    make=_make_group,
    regions=("global", *REGIONS),
)
_RULES = TrackedType(kind="scheduledQueryRule", type=f"{_PROVIDER}/scheduledQueryRules", make=_make_rule)
_ASSUMED = "all of it: made from the specification"
ROUTES = (*_GROUPS.routes(assumed=_ASSUMED), *_RULES.routes(assumed=_ASSUMED))


def delete_in_group(cloud: Cloud, group_id: str) -> None:
    """Removes the action groups and rules of a group that is being deleted."""
    _GROUPS.delete_in_group(cloud, group_id)
    _RULES.delete_in_group(cloud, group_id)
