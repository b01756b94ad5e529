"""Microsoft.Insights/actionGroups and scheduledQueryRules: receivers, and the rules that alert them.

The bodies are kept and echoed with ARM's defaults. No query runs and no alert is sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from localazure import alert_queries
from localazure.arm_type import GROUP, ArmType, Make
from localazure.cloud import Cloud
from localazure.locations import REGIONS
from localazure.shapes import an_object, objects
from localazure.web import Json, Request, ServiceError

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
    return _body(request, {**kept, **receivers})


def _make_rule(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given = _properties(request, ("criteria", "scopes"))
    sent = {name: value for name, value in given.items() if value is not None}
    alert_queries.check(cloud, sent)
    properties = {**_RULE_DEFAULTS, **sent, "createdWithApiVersion": request.api_version}
    if known:
        properties["createdWithApiVersion"] = known["properties"]["createdWithApiVersion"]
    body = _body(request, properties)
    kept = {name: request.body[name] for name in ("kind", "identity") if request.body.get(name) is not None}
    return {**body, **kept, "etag": f'"{cloud.new_id()}"'}


def _properties(request: Request, required: tuple[str, ...]) -> dict[str, Any]:
    given = an_object(request.body.get("properties"), "properties")
    if missing := [name for name in required if not given.get(name)]:
        # The text is assumed.
        raise ServiceError(400, "BadRequest", f"properties.{', properties.'.join(missing)} has to be set.")
    return given


def _body(request: Request, properties: Json) -> Json:
    tags = request.body.get("tags") or {}
    return {"location": request.body["location"], "tags": tags, "properties": properties}


def _type(kind: str, name: str, make: Make, regions: Collection[str]) -> ArmType:
    path = f"{GROUP}/providers/Microsoft.Insights/{name}/{{name}}"
    return ArmType(kind, path, make, regions=regions, tracked=True)


TYPES = (
    _type("actionGroup", "actionGroups", _make_group, ("global", *REGIONS)),
    _type("scheduledQueryRule", "scheduledQueryRules", _make_rule, REGIONS),
)
