"""Microsoft.Insights/actionGroups and scheduledQueryRules: receivers, and the rules that alert them.

The bodies are kept and echoed with ARM's defaults (`defaults.json`). No query runs and no alert is sent.
But Azure Monitor takes no rule whose query uses columns that do not exist. AzureDiagnostics has some
fixed columns; the others, which a suffix for their type marks (`httpStatusCode_d`), come with the first
record that has them. There is no query language here: the check only looks for names of that shape, and
skips texts, names that the query makes itself, and those of a `datatable` beside the table.
Sources: the reference of the table AzureDiagnostics; the refusal's text from users' reports
(Azure/azure-cli-extensions#3002).
"""

import re

from localazure import definitions, workspaces
from localazure.arm_type import tracked
from localazure.cloud import Cloud
from localazure.locations import REGIONS
from localazure.monitor import delivered
from localazure.refusals import refused
from localazure.web import Json, Request

_GROUPS, _RULES = "Microsoft.Insights/actionGroups", "Microsoft.Insights/scheduledQueryRules"
_LONGEST_SHORT_NAME = 12
_TABLE = "AzureDiagnostics"
_TEXT = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|//[^\n]*")
_COLUMN = re.compile(r"\b[A-Za-z]\w*_[sdbtg]\b")
_TYPED = re.compile(r"\b([A-Za-z]\w*)\s*:\s*(?:string|real|long|int|bool|datetime|guid|dynamic)\b")
_MADE = re.compile(r"\b([A-Za-z]\w*)\s*=(?![=~])")


def _make_group(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    given = definitions.settable(_GROUPS, request.properties)
    if not 0 < len(given.get("groupShortName", "")) <= _LONGEST_SHORT_NAME:
        raise refused("GroupShortName", most=_LONGEST_SHORT_NAME)
    kept = {"groupShortName": given["groupShortName"], **definitions.completed(_GROUPS, given)}
    # A receiver is enabled when it is made; the person behind it may then unsubscribe.
    for name in ("emailReceivers", "smsReceivers"):
        kept[name] = [{"status": "Enabled", **receiver} for receiver in kept[name]]
    return _body(request, kept)


def _make_rule(cloud: Cloud, request: Request, id: str, known: Json | None) -> Json:
    sent = {name: value for name, value in request.properties.items() if value is not None}
    if missing := [name for name in ("criteria", "scopes") if not sent.get(name)]:
        raise refused("AlertProperties", missing=", properties.".join(missing))
    _require_columns(cloud, sent)
    properties = {**definitions.defaults()[_RULES], **sent, "createdWithApiVersion": request.api_version}
    if known:
        properties["createdWithApiVersion"] = known["properties"]["createdWithApiVersion"]
    body = _body(request, properties)
    kept = {name: request.body[name] for name in ("kind", "identity") if request.body.get(name) is not None}
    return {**body, **kept, "etag": cloud.new_etag()}


def _body(request: Request, properties: Json) -> Json:
    tags = request.body.get("tags") or {}
    return {"location": request.body["location"], "tags": tags, "properties": properties}


def _require_columns(cloud: Cloud, properties: Json) -> None:
    """Raises 400 for a query over columns that a workspace of the rule lacks (`alert_queries`)."""
    if cloud.behaviour.alert_queries != "checked" or properties.get("skipQueryValidation"):
        return
    if _has_records(cloud, properties.get("scopes") or []):
        return
    criteria = properties.get("criteria")
    conditions = (criteria.get("allOf") or []) if isinstance(criteria, dict) else []
    for condition in conditions:
        if missing := _missing(str(condition.get("query") or "")):
            operator, column = missing
            raise refused("AlertColumnUnknown", operator=operator, column=column)


def _missing(query: str) -> tuple[str, str] | None:
    """The operator and the column at which a query fails in a new workspace, None if it does not."""
    code = _TEXT.sub('""', query)
    if _TABLE not in code:
        return None
    made = set(_TYPED.findall(code))
    for part in code.split("|"):
        words = part.split()
        operator = words[0] if words else ""
        here = set(_MADE.findall(part))
        for column in _COLUMN.findall(part):
            if column not in made | here:
                return operator, column
        made |= here
    return None


def _has_records(cloud: Cloud, scopes: list[str]) -> bool:
    known = [str(id) for id, _ in cloud.store.scan(workspaces.KIND)]
    chosen = [id for id in known if id in {str(scope).lower() for scope in scopes}] or known
    return any(delivered(cloud, id) for id in chosen)


TYPES = (
    tracked("actionGroup", _GROUPS, _make_group, ("global", *REGIONS)),
    tracked("scheduledQueryRule", _RULES, _make_rule, REGIONS),
)
