"""Azure's refusals in its own words, from refusals.json, which says what was observed, reported or assumed.

Owns: status, code and text of an answer. Does not own: the cases for it, which each service decides.
"""

from collections.abc import Callable, Mapping
from functools import cache

from localazure import facts
from localazure.web import Json, ServiceError


def refused(name: str, /, *, details: Mapping[str, Json] | None = None, **values: object) -> ServiceError:
    """The refusal of a name, its text filled in; the code is the name where the row has no other.

    `details` go into the error object besides.
    """
    row = _rows()[name]
    extra = {"innererror": {"code": row["inner"]}} if "inner" in row else details
    text, gateway = row["text"].format(**values), row.get("gateway", False)
    return ServiceError(row["status"], row.get("code", name), text, gateway=gateway, extra=extra)


def absent(refusal: str) -> Callable[[str], ServiceError]:
    """The 404 of a type for the name of an absent resource."""
    return lambda name: refused(refusal, name=name)


@cache
def _rows() -> dict[str, Json]:
    rows: dict[str, Json] = facts.read("refusals.json")["refusals"]
    return rows
