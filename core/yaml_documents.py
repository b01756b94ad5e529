"""YAML documents that others write, read within limits.

PyYAML has no switch against aliases, so the events of its parser, which builds nothing, are looked at first.
"""

from typing import Any, Final

import yaml

from core.documents import DEEPEST, TOO_DEEP, DocumentError, repeated, require_length

LONGEST_YAML: Final = 250_000
"""Characters. The file of a stack with 500 services has some 150,000; PyYAML takes a second or two for the
worst document of this length."""
_Base: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc, valid-type] # the quick one where it is built in
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        name = repeated(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        if name is not None:
            raise yaml.MarkedYAMLError(
                problem=f'"{name}" stands twice in an object', problem_mark=node.start_mark
            )
        content: dict[Any, Any] = super().construct_mapping(node, deep)
        return content


def of_yaml(text: str) -> Any:
    """The content of a YAML document, in which nothing stands for something else: no alias, no tag, no name
    twice in an object. Raises DocumentError."""
    require_length(text, LONGEST_YAML)
    try:
        _require_plain(text)
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except DocumentError:
        raise
    except yaml.MarkedYAMLError as problem:
        raise DocumentError(f"not YAML: {_with_place(problem, text)}") from None
    except (yaml.YAMLError, ValueError) as problem:
        raise DocumentError(f"not YAML: {' '.join(str(problem).split())}") from None


def _with_place(problem: yaml.MarkedYAMLError, text: str) -> str:
    """What is wrong, where, and the line itself."""
    cause, mark = " ".join(filter(None, (problem.context, problem.problem))), problem.problem_mark
    if mark is None:
        return cause
    line = "".join(text.splitlines()[mark.line : mark.line + 1]).strip()
    return f"{cause} at line {mark.line + 1}, column {mark.column + 1}: {line[:80]}"


def _require_plain(text: str) -> None:
    """Raises DocumentError for an alias, a tag, and too many levels."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        line = f"line {event.start_mark.line + 1}" if event.start_mark else "the document"
        if isinstance(event, yaml.AliasEvent):
            raise DocumentError(f"{line}: found the alias *{event.anchor}, expected the value itself")
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag:
            raise DocumentError(f"{line}: found the tag {event.tag}, expected the value alone")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise DocumentError(f"{line}: {TOO_DEEP}")
