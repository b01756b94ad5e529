"""What Azure Monitor checks of a rule's query before it takes the rule: columns that do not exist.

AzureDiagnostics has some fixed columns; the others, which a suffix for their type marks (`httpStatusCode_d`),
come with the first record that has them. There is no query language here: only names of that shape are looked
for, outside of texts, and not where the query makes them itself or a `datatable` beside the table has them.
Sources: the reference of the table AzureDiagnostics; the refusal's text from users' reports
(Azure/azure-cli-extensions#3002).
"""

from __future__ import annotations

import json
import re

from localazure import workspaces
from localazure.cloud import Cloud
from localazure.monitor import delivered
from localazure.web import Json, ServiceError

_TABLE = "AzureDiagnostics"
_TEXT = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|//[^\n]*")
_COLUMN = re.compile(r"\b[A-Za-z]\w*_[sdbtg]\b")
_TYPED = re.compile(r"\b([A-Za-z]\w*)\s*:\s*(?:string|real|long|int|bool|datetime|guid|dynamic)\b")
_MADE = re.compile(r"\b([A-Za-z]\w*)\s*=(?![=~])")


def check(cloud: Cloud, properties: Json) -> None:
    """Raises 400 for a query over columns that a workspace of the rule has not (`alert_queries`)."""
    if cloud.behaviour.alert_queries != "checked" or properties.get("skipQueryValidation"):
        return
    if _has_records(cloud, properties.get("scopes") or []):
        return
    criteria = properties.get("criteria")
    conditions = (criteria.get("allOf") or []) if isinstance(criteria, dict) else []
    for condition in conditions:
        if missing := _missing(str(condition.get("query") or "")):
            raise _refusal(*missing)


def _missing(query: str) -> tuple[str, str] | None:
    """The operator and the column at which a query fails in a new workspace, None where it does not."""
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


def _refusal(operator: str, column: str) -> ServiceError:
    text = f"'{operator}' operator: Failed to resolve column or scalar expression named '{column}'"
    inner = {"code": "SEM0100", "message": text}
    semantic = {"code": "SemanticError", "message": "A semantic error occurred.", "innererror": inner}
    error = {"message": "The request had some invalid properties", "code": "BadArgumentError"}
    return ServiceError(400, "BadRequest", json.dumps({"error": {**error, "innererror": semantic}}))
