"""The evidence as JSON: the same bytes for the same cloud at the same time.

Owns: the document's shape and version. Everything is in a fixed order, times are UTC in whole seconds, and
what could not be read is `{"notChecked": WHY}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from operate.evidence.finding import Finding, Severity
from operate.evidence.model import Account, Facts, NotChecked, Service
from operate.evidence.rotation import rows
from operate.evidence.use import bound_since
from operate.evidence.views import access, control, use_by_identity

SCHEMA = "language-cmk/evidence/1"
"""Changed when a reader of an older one would misread this."""


def document(facts: Facts, found: Sequence[Finding], version: str) -> dict[str, Any]:
    """The whole document. `version` is the tool's."""
    counts = {s.word: sum(finding.severity is s for finding in found) for s in Severity}
    shown: dict[str, Any] = _plain(
        {
            "schema": SCHEMA,
            "tool": {"name": "language-cmk", "version": version},
            "taken": facts.taken,
            "subject": facts.subject,
            "summary": {"services": len(facts.services), "findings": counts},
            "findings": [{**_fields(f), "severity": f.severity.word} for f in found],
            "rotation": rows(facts.services, facts.taken),
            "services": [_service(service, facts) for service in facts.services],
            "softDeleted": facts.deleted,
            "policyResults": facts.policies,
            "knownIdentities": dict(facts.names),
        }
    )
    return shown


def text(shown: Mapping[str, Any]) -> str:
    """The document as a file."""
    return json.dumps(shown, indent=2, ensure_ascii=False) + "\n"


def _service(service: Service, facts: Facts) -> dict[str, Any]:
    shown = {"name": service.name, **_fields(service)}
    if isinstance(service.account, Account) and service.account.binding.is_customer_managed:
        shown["boundSince"] = bound_since(service.account, service.key, service.use)
        shown["whoCanUnwrap"] = access(service)
        shown["whoCouldGrantAccess"] = control(service)
        shown["keyUseByIdentity"] = use_by_identity(service)
    return shown


def _fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _plain(value: Any) -> Any:
    if isinstance(value, NotChecked):
        return {"notChecked": value.why}
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Enum):
        return value.name.lower()
    if is_dataclass(value):
        return _plain(_fields(value))
    if isinstance(value, Mapping):
        return {_camel(str(name)): _plain(found) for name, found in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
