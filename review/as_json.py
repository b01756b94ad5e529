"""The review for machines: the fields of report.Review and of its parts, in camel case, and the values that
follow from them.

    {"version": 2, "digest", "severity", "exitCode", "incomplete", "totals": {verdict: count},
     "headline": {"severity", "text": [words or {"value"}]}, "stack", "rows", "unchanged", ...}

A verdict is its name, severity and words. A value is text, null when there is none, {"unknown": true} or
{"secret": true}.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

from core.values import Mark
from review import document, printers
from review.printers import Shown, of_verdict
from review.report import Review, as_data
from review.verdict import Verdict, VerdictSeverity


def render(review: Review) -> str:
    """One JSON document in ASCII, so that no terminal and no runner interprets a part of it as a command."""
    found = {
        "version": 2,
        "digest": review.digest,
        "exitCode": review.severity.exit_code,
        "incomplete": review.incomplete,
        "totals": review.totals,
        "headline": {"severity": document.sign(review), "text": document.headline(review)},
        **_data(review),
    }
    return json.dumps(_data(found), indent=2).replace("##", "#\\u0023") + "\n"


def _data(value: Any) -> Any:
    match value:
        case Verdict():
            words = printers.line_in_plain(of_verdict(value))
            return {"name": value.name, "severity": _data(value.severity), "words": words}
        case Shown():
            return {"value": as_data(value.value)}
        case Mark():
            return as_data(value)
        case VerdictSeverity():
            return value.name.lower()
        case date():
            return value.isoformat()
        case Mapping():
            return {key: _data(one) for key, one in value.items()}
        case tuple():
            return [_data(one) for one in value]
    if not is_dataclass(value):
        return value
    names = [field.name for field in fields(value)] + ["severity"] * hasattr(value, "severity")
    return {_camel(name): _data(getattr(value, name)) for name in names}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))
