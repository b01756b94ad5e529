"""Writes the fixes of problems into the text of a stack's file: nothing else of the file changes.

PyYAML tells where each value begins and ends in the text, so comments, order and quotes stay.
"""

from collections.abc import Sequence
from typing import NamedTuple

import yaml

from core import yaml_documents
from core.environment import NAMESPACE
from core.service.problem import Problem
from settings.parse import full_key


class _Entry(NamedTuple):
    """An entry of an object, or of a list, whose entries have no `key`; `number` counts them."""

    parent: yaml.CollectionNode
    number: int
    key: yaml.Node | None
    value: yaml.Node

    @property
    def first(self) -> yaml.Node:
        """What it begins with."""
        return self.key or self.value


def corrected(text: str, problems: Sequence[Problem]) -> str:
    """The text with the first problem corrected whose fix changes it; the places of others may be others
    then. The text itself if there is none."""
    for problem in problems:
        if problem.fix is not None:
            path = f"config.{full_key(problem.path)}{problem.fix.item}"
            written = _written(text, path, problem.fix.value, problem.fix.name)
            if written != text:
                return written
    return text


def _written(text: str, path: str, value: object, name: str) -> str:
    entry = _entry(yaml.compose(text, yaml.SafeLoader), path)
    if name and entry and entry.key:
        if "." not in name:
            if entry.key.value.startswith(NAMESPACE):
                name = full_key(name)
            return _replaced(text, entry.key, name)
        own = yaml_documents.of_yaml(yaml.serialize(entry.value))
        return _put(_without(text, entry), f"config.{name}", own)
    if value is not None:
        return _put(text, path, value)
    return _without(text, entry) if entry else text


def _entry(node: yaml.Node | None, path: str) -> _Entry | None:
    """The entry at a path; a key may have dots itself."""
    if not isinstance(node, yaml.CollectionNode):
        return None
    for index, (key, value) in enumerate(_pairs(node)):
        own = key.value if key else f"[{index}]"
        if own == path:
            return _Entry(node, index, key, value)
        if path.startswith((f"{own}.", f"{own}[")):
            found = _entry(value, path.removeprefix(own).removeprefix("."))
            if found:
                return found
    return None


def _pairs(node: yaml.CollectionNode) -> list[tuple[yaml.Node | None, yaml.Node]]:
    """The keys and values of an object, or the values of a list, which have no keys."""
    if isinstance(node, yaml.MappingNode):
        return list(node.value)
    return [(None, value) for value in node.value]


def _put(text: str, path: str, value: object) -> str:
    """With a value at a path, whether there is one yet or not."""
    entry = _entry(yaml.compose(text, yaml.SafeLoader), path)
    if entry:
        return _replaced(text, entry.value, _inline(value))
    above, _, name = path.rpartition(".")
    parent = _entry(yaml.compose(text, yaml.SafeLoader), above)
    if parent is None or not isinstance(parent.value, yaml.MappingNode) or not parent.value.value:
        return _put(text, above, {name: value}) if above else text
    added, last = f"{name}: {_inline(value)}", parent.value.value[-1][1]
    if parent.value.flow_style:
        end = _end(text, last)
        return f"{text[:end]}, {added}{text[end:]}"
    end = _end_of_line(text, _end(text, last))
    indent = " " * parent.value.start_mark.column
    return f"{text[:end].rstrip()}\n{indent}{added}\n{text[end:]}"


def _without(text: str, entry: _Entry) -> str:
    start, entries = entry.first.start_mark.index, _pairs(entry.parent)
    line = text.rfind("\n", 0, start) + 1
    before = text[line:start].strip()
    is_alone = not before or (before == "-" and entry.key is None)
    if not entry.parent.flow_style and is_alone:
        return text[:line] + text[_end_of_line(text, _end(text, entry.value)) :]
    if entry.number + 1 < len(entries):
        key, value = entries[entry.number + 1]
        return text[:start] + text[(key or value).start_mark.index :]
    if entry.number:
        _, value = entries[entry.number - 1]
        start = _end(text, value)
    return text[:start] + text[_end(text, entry.value) :]


def _replaced(text: str, node: yaml.Node, by: str) -> str:
    start = node.start_mark.index
    space = " " if text[start - 1 : start] == ":" else ""
    return text[:start] + space + by + text[_end(text, node) :]


def _end(text: str, node: yaml.Node) -> int:
    """Where a value ends. PyYAML lets a block reach up to what follows it, comments included."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        _, last = _pairs(node)[-1]
        return _end(text, last)
    start = node.start_mark.index
    return start + len(text[start : node.end_mark.index].rstrip())


def _end_of_line(text: str, at: int) -> int:
    """Where the line after the one of a place begins."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _inline(value: object) -> str:
    """A value on one line, in the form that it has inside a list."""
    return yaml.safe_dump([value], default_flow_style=True, width=10**6, allow_unicode=True).strip()[1:-1]
