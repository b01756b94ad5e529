"""Documents that others write, read within limits: a file of a few hundred bytes may stand for gigabytes, or
for more levels than Python can walk. This module reads JSON, `yaml_documents` YAML.
"""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, cast

LONGEST_JSON: Final = 200_000_000
"""Characters. A preview with its refresh has some 140,000 for a service."""
DEEPEST: Final = 100
"""Levels of objects and lists. Functions that walk a document call themselves once or twice for each level,
and Python ends at 1,000 calls."""
TOO_DEEP: Final = f"found more than {DEEPEST} levels of objects and lists"


_NOUNS: Final = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}


class DocumentError(ValueError):
    """A document that cannot be read; the message gives the cause in one line."""


def of_json(text: str) -> Any:
    """The content of a JSON document. Raises DocumentError, also for a name that stands twice in an object,
    of which different readers take different values."""
    require_length(text, LONGEST_JSON)
    try:
        content = json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise DocumentError(TOO_DEEP) from None
    except ValueError as problem:
        raise DocumentError(f"not JSON: {problem}") from None
    level, depth = [content], 0
    while level := [inner for outer in level for inner in _inside(outer)]:
        depth += 1
        if depth > DEEPEST:
            raise DocumentError(TOO_DEEP)
    return content


def require_length(text: str, longest: int) -> None:
    """Raises DocumentError for a text of more characters."""
    if len(text) > longest:
        raise DocumentError(f"found {len(text):,} characters, expected at most {longest:,}")


def require_shape(content: object, shape: Any, place: str = "") -> None:
    """Raises DocumentError, with the place, where a document is not built as its readers take it.

    A shape is a type, a list with the shape of each element, or an object with the shapes of what it may
    have, by the name "*" that of each value. What an object has not, or has as null, fits.
    """
    nested = shape if isinstance(shape, type) else type(shape)
    if not isinstance(content, nested):
        where = f"{place}: " if place else ""
        raise DocumentError(f"{where}found {_noun(type(content))}, expected {_noun(nested)}")
    if isinstance(shape, list):
        for number, element in enumerate(cast("list[object]", content)):
            require_shape(element, shape[0], f"{place}[{number}]")
    elif isinstance(shape, dict):
        for name, value in cast("dict[str, object]", content).items():
            inner = shape.get(name, shape.get("*"))
            if inner is not None and value is not None:
                require_shape(value, inner, f"{place}.{name}".lstrip("."))


def repeated(names: Iterable[object]) -> object:
    """The first name that stands more than once; None if each stands once."""
    return next((name for name, count in Counter(names).items() if count > 1), None)


def _noun(of: type) -> str:
    return _NOUNS.get(of, "a number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError(f'"{repeated(name for name, _ in pairs)}" stands twice in an object')
    return content


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
