"""What the engine prints into a file or a pipe, each fact once. In a terminal it draws its own table instead.

Owns: the choice of lines to leave out: those that only report a beginning or no change, and those that
another command of the same run has printed already.
"""

import re
from collections.abc import Iterable, Iterator

_ROW = re.compile(r"(?: \S{1,2} |   ) ?(?P<type>[\w-]+(?::[\w/.-]+){2}) (?P<name>\S+) (?P<said>.*)")
"""A step of the engine: its sign, the resource's type and name, and how far it is."""
_WAITING = ("@ ", "Loading policy packs")
_BEGUN = re.compile(r"(?:|refresh|\w+ing(?: \([\d.]+m?s\))?(?: \[diff: .*\])?|refresh \([\d.]+m?s\)) ?")
_STACK = "pulumi:pulumi:Stack"
_BLOCKS = ("Policies:", "Diagnostics:")
_DONE_NEXT = (
    "The resources in the stack have been deleted, but",
    "If you want to remove the stack completely, ",
)
"""What a destruction advises; `down` does it by its next command."""
_OF_AZURE_ALONE = "    not checked: whether the terms of kind "
"""Here every kind's terms are accepted, unless somebody sets it otherwise."""


class Condensed:
    """The lines of one run, which may be several commands of the engine."""

    def __init__(self) -> None:
        self._blocks: set[str] = set()

    def lines(self, printed: Iterable[str]) -> Iterator[str]:
        said, block, was_empty = set[str](), list[str](), True
        for line in printed:
            if line.startswith(_OF_AZURE_ALONE):
                continue
            if block or line.rstrip() in _BLOCKS:
                block.append(line)
                if line.strip():
                    continue
                yield from self._new(block)
                block = []
            elif not _only_progress(line) and not (_ROW.match(line) and line in said):
                said.add(line)
                if line.strip() or not was_empty:
                    yield line
                was_empty = not line.strip()
        yield from self._new(block)

    def _new(self, block: list[str]) -> list[str]:
        text = "".join(block)
        if text in self._blocks:
            return []
        self._blocks.add(text)
        return block


def _only_progress(line: str) -> bool:
    row = _ROW.fullmatch(line.rstrip("\n"))
    if row is None:
        return line.startswith((*_WAITING, *_DONE_NEXT))
    # Messages about the stack itself come again below the steps, in full.
    return row["type"] == _STACK or _BEGUN.fullmatch(row["said"]) is not None
