"""The documentation of the settings, made from the same declarations that check them.

Owns: the table for people and the JSON schema for editors. `python -m settings` writes both
into docs/, and the table into README.md.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from settings.model import ServiceSettings

_INTRODUCTION = """\
# Settings

Made by `python -m settings` from settings/model.py, which checks them; do not edit.

Each is a key of the stack's configuration, such as `language-cmk:location` in Pulumi.dev.yaml. A stack of
several services has `language-cmk:services`, a list with a `name` each; everything else said at the top holds
for all of them, and a service that says the same setting wins. What is wrong is reported all at once, before
anything is made.

"""
_HEAD = "| setting | values | default | what it does |\n|---|---|---|---|\n"
_BEGIN, _END = "<!-- settings: made by python -m settings -->\n", "<!-- /settings -->"


def page() -> str:
    """docs/settings.md."""
    return f"{_INTRODUCTION}{table()}"


def table() -> str:
    """Every setting as a row of Markdown, by its path."""
    return _HEAD + "".join(f"{row}\n" for row in _rows(ServiceSettings, ""))


def with_table(readme: str) -> str:
    """A document with the table between its marks made anew. Raises ValueError without the marks."""
    head, mark, rest = readme.partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    if not mark or not end:
        raise ValueError(f"the document has no {_BEGIN.strip()} followed by {_END}")
    return f"{head}{_BEGIN}{table()}{_END}{tail}"


def schema() -> dict[str, Any]:
    """JSON schema of a Pulumi.<stack>.yaml, for editors."""
    whole = ServiceSettings.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
    definitions = whole.pop("$defs")
    settings: dict[str, Any] = whole["properties"]
    service = {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": settings,
    }
    keys = {f"language-cmk:{name}": described for name, described in settings.items()}
    keys["language-cmk:services"] = {
        "type": "array",
        "minItems": 1,
        "items": {"$ref": "#/$defs/Service"},
        "description": "Several services, which share the settings said at the top.",
    }
    config = {
        "type": "object",
        "properties": keys,
        "patternProperties": {"^(?!language-cmk:)": {}},
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A stack of encrypted Language services",
        "type": "object",
        "properties": {"config": config},
        "$defs": {**definitions, "Service": service},
    }


def _rows(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        path = prefix + (field.alias or name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _rows(field.annotation, f"{path}.")
            continue
        default = "required" if field.is_required() else _default(field)
        yield f"| `{path}` | {_values(field.annotation)} | {default} | {field.description} |"


def _default(field: FieldInfo) -> str:
    if field.default is None or field.default in ([], {}):
        return ""
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def _values(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in (Union, types.UnionType):
        return _values(next(option for option in arguments if option is not type(None)))
    if origin is Annotated:
        return _values(arguments[0])
    if origin is list:
        return f"list of {_values(arguments[0])}"
    return {bool: "`true`, `false`", int: "whole number", str: "text"}.get(annotation, "names and texts")
