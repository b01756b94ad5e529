"""Log Analytics' query endpoint: the one question about a vault's audit log that this cloud can answer.

Owns: recognising that question, and its answer, from the records that diagnostic settings delivered.
There is no query language here: any other text is refused by name, so that no query is answered wrongly.
Shape of the answer: the specification of Microsoft.OperationalInsights, data plane, v1.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from localazure import authorization, facts, workspaces
from localazure.arm_type import SPECIFIED
from localazure.cloud import Cloud, iso_of
from localazure.monitor import delivered
from localazure.refusals import refused
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response

_IDENTITY = "identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g"
_KEY_USE = re.compile(
    r'AzureDiagnostics \| where ResourceProvider == "MICROSOFT\.KEYVAULT" and Category == "AuditEvent" '
    r'\| where ResourceId =~ "(?P<vault>[^"]+)" '
    r'\| where OperationName in \((?P<operations>"\w+"(?:, "\w+")*)\) '
    r"\| summarize uses = count\(\), first = min\(TimeGenerated\), last = max\(TimeGenerated\) "
    rf'by day = bin\(TimeGenerated, 1d\), identity = tostring\(column_ifexists\("{_IDENTITY}", ""\)\), '
    r'operation = OperationName, key = tostring\(column_ifexists\("id_s", ""\)\), '
    r'refused = column_ifexists\("httpStatusCode_d", 0\.0\) >= 400 '
    r"\| order by day asc, identity asc, operation asc, key asc, refused asc"
)
_COLUMNS = facts.read("logs.json")["columns"]
_DAY = 10  # `2026-01-31` of a time


def _query(cloud: Cloud, request: Request) -> Response:
    workspace = _workspace(cloud, request)
    text = " ".join(str(request.given.get("query") or "").split())
    question = _KEY_USE.fullmatch(text)
    if question is None:
        raise refused("OtherQuery", query=text)
    since, until = _timespan(request.given.get("timespan"))
    operations = set(re.findall(r"\w+", question["operations"]))
    records = [
        record
        for record in delivered(cloud, workspace)
        if record["category"] == "AuditEvent"
        and record["resourceId"].lower() == question["vault"].lower()
        and record["operation"] in operations
        and since <= record["time"] <= until
    ]
    table = {"name": "PrimaryResult", "columns": _COLUMNS, "rows": _rows(records)}
    return Response(200, {"tables": [table]})


def _rows(records: Iterable[Mapping[str, Any]]) -> list[list[Json]]:
    groups: defaultdict[tuple[Json, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for record in records:
        day = f"{record['time'][:_DAY]}T00:00:00Z"
        what = (record["objectId"] or "", record["operation"], record["keyId"] or "")
        groups[day, *what, record["result"] != "Success"].append(record)
    return [
        [*group, len(found), min(r["time"] for r in found), max(r["time"] for r in found)]
        for group, found in sorted(groups.items())
    ]


def _workspace(cloud: Cloud, request: Request) -> str:
    """The ARM id of the workspace of a customer id. Raises ServiceError 404, or 403 without the right."""
    wanted = request.params["workspace"].lower()
    for id, body in cloud.store.scan(workspaces.KIND):
        if body["properties"]["customerId"].lower() == wanted:
            action = "Microsoft.OperationalInsights/workspaces/query/read"
            if request.caller and not authorization.allows(cloud, request.caller.object_id, action, id):
                raise refused("InsufficientAccessError")
            return str(id)
    raise refused("WorkspaceNotFoundError")


def _timespan(text: object) -> tuple[str, str]:
    """The two ends of `START/END`; all of time if the text is empty. Raises ServiceError 400."""
    if not text:
        return "", "9999"
    try:
        since, until = (iso_of(end) for end in str(text).split("/"))
    except ValueError:
        raise refused("BadArgumentError", timespan=text) from None
    return since, until


_ASSUMED = f"{SPECIFIED}; one query is understood"
ROUTES = (Route("POST", Host.LOGS, "/v1/workspaces/{workspace}/query", "", _query, _ASSUMED),)
