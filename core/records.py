"""Records as text, on the way from one process to another: a record becomes a JSON object of its fields."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def text_of(record: object) -> str:
    """A record as text. Its fields are plain values, lists, sets, records, and mappings by text; anything
    else, such as the SDK's mark of a value that is not known yet, becomes null."""
    return json.dumps(record, default=_plain)


def record_from(form: type[T], text: str) -> T:
    """The record of a class that `text_of` wrote. Raises ValueError, TypeError or KeyError for other text."""
    found: T = _formed(form, json.loads(text))
    return found


def _plain(value: object) -> object:
    if is_dataclass(value):
        return {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(value, frozenset):
        return sorted(value)
    return None


def _formed(form: Any, value: Any) -> Any:
    """A value of JSON as its field declares it."""
    if isinstance(form, type) and is_dataclass(form):
        forms = get_type_hints(form)
        return form(**{name: _formed(forms[name], inner) for name, inner in value.items()})
    origin, inner_forms = get_origin(form), get_args(form)
    if origin in (Union, UnionType):
        # None or one other form: that is all that the records have.
        return None if value is None else _formed(inner_forms[0], value)
    if origin in (tuple, frozenset):
        return origin(_formed(inner_forms[0], inner) for inner in value)
    if origin is Mapping:
        return {name: _formed(inner_forms[1], inner) for name, inner in value.items()}
    return value
