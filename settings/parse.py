"""From a stack's configuration to its settings, or to everything that is wrong with it.

Owns: decoding, defaults shared by several services, and the words of each problem. Pure: no Pulumi engine is
needed.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pulumi
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from components.problem import Problem
from settings.model import ServiceSettings, Settings
from settings.rules import problems_between, problems_of

SERVICES = "services"
_FIELDS: Mapping[str, FieldInfo] = {
    field.alias or name: field for name, field in ServiceSettings.model_fields.items()
}
_KINDS = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "string_type": "text",
    "list_type": "a list",
    "mapping_type": "an object of names and texts",
    "dict_type": "an object of names and texts",
    "model_type": "an object of settings",
    "model_attributes_type": "an object of settings",
}
_SHORTEST_SECRET = 4
# Stands in for a required setting that is missing or wrong, so that the rules on the others can still be
# asked.
_SOUND = {"name": "service", "location": "westeurope"}


class SettingsError(pulumi.RunError):
    """The settings of a stack cannot be used. The message names every problem, and nothing was made or
    changed."""

    def __init__(self, problems: Sequence[Problem], namespace: str) -> None:
        self.problems = tuple(problems)
        count = "1 setting is" if len(problems) == 1 else f"{len(problems)} settings are"
        lines = [f"{count} wrong; nothing was made or changed:"]
        lines += [f"  {namespace}{problem.path}: {problem.text}" for problem in problems]
        super().__init__("\n".join(lines))


def parse(
    config: Mapping[str, object], *, namespace: str = "language-cmk:", secret: frozenset[str] = frozenset()
) -> Settings:
    """The settings in a configuration, whose keys come without their namespace and whose values may still be
    texts.

    Values of `secret` keys appear in no message. Raises SettingsError with every problem.
    """
    raw = {key: _decoded(key, value) for key, value in config.items() if not _is_unsaid(key, value)}
    problems: list[Problem] = []
    services: list[ServiceSettings] = []
    for prefix, own, shared in _services(raw, problems):
        service, found = _service(own, shared, prefix)
        services.append(service)
        problems += found
    if not problems:
        problems += problems_between(services)
    if problems:
        unique = list(dict.fromkeys(problems))
        hidden = frozenset(text for key in secret for text in _texts(raw.get(key)))
        raise SettingsError([_hidden(problem, secret, hidden) for problem in unique], namespace)
    return Settings(services=tuple(services))


def _hidden(problem: Problem, secret: frozenset[str], values: frozenset[str]) -> Problem:
    """A problem without secret values, which that of another setting may name, too."""
    if _top(problem.path) in secret or any(value in problem.text for value in values):
        return Problem(problem.path, "is wrong; its value is secret")
    return problem


def _texts(value: object) -> Iterator[str]:
    """The texts in a value that are long enough to be told from words of a message."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    elif isinstance(value, str) and len(value) >= _SHORTEST_SECRET:
        yield value


def _top(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _decoded(key: str, value: object) -> object:
    """Pulumi hands every value over as text; a text setting stays one, whatever it looks like."""
    takes_text = key in _FIELDS and _takes_text(_FIELDS[key].annotation)
    if not isinstance(value, str) or takes_text:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _is_unsaid(key: str, value: object) -> bool:
    """Whether nothing follows the key of a group or list, as when all below it is commented out: Pulumi hands
    that over as an empty text. An empty text where one is expected was perhaps meant to be another."""
    return value == "" and key in _FIELDS and not _takes_text(_FIELDS[key].annotation)


def _takes_text(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin in (Union, UnionType, Annotated):
        return any(_takes_text(option) for option in get_args(annotation))
    return annotation is str or origin is Literal


def _services(
    raw: Mapping[str, object], problems: list[Problem]
) -> Iterator[tuple[str, Mapping[str, object], Mapping[str, object]]]:
    """Each service's path, its own settings, and those that it shares with the others."""
    shared = {key: value for key, value in raw.items() if key != SERVICES}
    if SERVICES not in raw:
        yield "", shared, {}
        return
    if "name" in shared:
        problems.append(Problem("name", "is for a stack of one service; with services, each has its own"))
        del shared["name"]
    listed = raw[SERVICES]
    if not isinstance(listed, list) or not listed:
        problems.append(Problem(SERVICES, f"found {listed!r}, expected a list with at least one service"))
        return
    for index, own in enumerate(listed):
        if isinstance(own, dict):
            yield f"{SERVICES}[{index}].", own, shared
        else:
            problems.append(
                Problem(f"{SERVICES}[{index}]", f"found {_shown(own)}, expected an object of settings")
            )


def _service(
    own: Mapping[str, object], shared: Mapping[str, object], prefix: str
) -> tuple[ServiceSettings, list[Problem]]:
    merged = _without_nulls(_merged(shared, own))
    problems = []
    try:
        service = ServiceSettings.model_validate(merged)
        wrong: frozenset[str] = frozenset()
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems = [_explained(detail, own, prefix) for detail in details]
        wrong = frozenset(str(detail["loc"][0]) for detail in details)
        sound = {key: value for key, value in merged.items() if key not in wrong}
        service = ServiceSettings.model_validate({**_SOUND, **sound})
    problems += [
        Problem(_place(problem.path, own, prefix), problem.text) for problem in problems_of(service, wrong)
    ]
    return service, problems


def _merged(shared: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    """A service's own settings over the shared ones; of groups, setting by setting."""
    merged = {**shared, **own}
    for key, ours in own.items():
        theirs = shared.get(key)
        if isinstance(theirs, dict) and isinstance(ours, dict):
            merged[key] = {**theirs, **ours}
    return merged


def _without_nulls(merged: Mapping[str, object]) -> dict[str, object]:
    """What is said: of a setting that is null the default holds. A tag that is null stays, for it is none."""
    said = {key: value for key, value in merged.items() if value is not None}
    for key, field in _FIELDS.items():
        group, annotation = said.get(key), field.annotation
        if isinstance(group, dict) and isinstance(annotation, type) and issubclass(annotation, BaseModel):
            said[key] = {name: value for name, value in group.items() if value is not None}
    return said


def _place(path: str, own: Mapping[str, object], prefix: str) -> str:
    """Where the user wrote it: at the service, or among what all services share."""
    top = _top(path)
    return prefix + path if top in own or top == "name" else path


def _explained(detail: Any, own: Mapping[str, object], prefix: str) -> Problem:
    location = list(detail["loc"])
    if len(location) > 1 and location[-1] == "[key]":  # pydantic's mark for the key of a mapping
        location.pop()
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    return Problem(_place(path, own, prefix), _words(detail, location))


def _words(detail: Any, location: list[Any]) -> str:
    kind, found, context = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "missing":
        return f"is required. {_field(location).description}"
    if kind == "extra_forbidden":
        known = _known(location)
        near = difflib.get_close_matches(str(location[-1]), known, n=1)
        return "is unknown" + (
            f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(sorted(known))}"
        )
    if kind == "literal_error":
        return f"found {_shown(found)}, expected {context['expected']}"
    if kind in _KINDS:
        quoted = "; put it in quotes" if kind == "string_type" and isinstance(found, int | float) else ""
        return f"found {_shown(found)}, expected {_KINDS[kind]}{quoted}"
    if kind == "value_error":
        return str(context["error"])
    return f"found {_shown(found)}, expected {detail['msg'].removeprefix('Input should be ')}"


def _shown(found: object) -> str:
    """A value as the file has it."""
    return json.dumps(found) if found is None or isinstance(found, bool) else repr(found)


def _model(location: list[Any]) -> type[BaseModel]:
    model: type[BaseModel] = ServiceSettings
    for part in location[:-1]:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        annotation = fields[part].annotation if part in fields else None
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
    return model


def _known(location: list[Any]) -> list[str]:
    known = [field.alias or name for name, field in _model(location).model_fields.items()]
    return [*known, SERVICES] if len(location) == 1 else known


def _field(location: list[Any]) -> FieldInfo:
    return next(
        field
        for name, field in _model(location).model_fields.items()
        if location[-1] in (field.alias or name, name)
    )
