"""How a table says what a rule on the whole stack says of a right stack in which some things are changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

UPDATE: Final = ("update",)
PREVIEW: Final = ("preview",)
BOTH: Final = (*UPDATE, *PREVIEW)
UPDATE_WITH_ROLES: Final = ("update with roles",)
PREVIEW_WITH_ROLES: Final = ("preview with roles",)
ROLES: Final = (*UPDATE_WITH_ROLES, *PREVIEW_WITH_ROLES)
TWO: Final = (*BOTH, *ROLES)
ONE: Final = ("update of one phase", "preview of one phase")
EVERY: Final = (*TWO, *ONE)
WRITE: Final = ("preview of a write",)
SERVICE: Final = "language-cmk:index:EncryptedAIServicesAccount"


@dataclass(frozen=True)
class Row:
    """`on` are names of right stacks (editing.STACKS), `edits` as editing.edited takes them. `says` is the
    verdict of the rule, `words` stand in what it says. `config` and `level` are the rule's; `omits` as for a
    run. `alone`: the engine shows the stack without a program."""

    claim: str
    on: tuple[str, ...]
    says: str
    edits: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    level: str = ""
    omits: Mapping[str, Sequence[str]] = field(default_factory=dict)
    alone: bool = False


def each(
    claim: str, on: tuple[str, ...], cases: Sequence[tuple[Mapping[str, Any], str]], **more: Any
) -> list[Row]:
    """A row for each of some edits and what the rule says of them."""
    return [Row(claim, on, says, edits, **more) for edits, says in cases]


def values(
    claim: str, on: tuple[str, ...], what: str, cases: Sequence[tuple[Any, str]], **more: Any
) -> list[Row]:
    """A row for each value of one property or option."""
    return [Row(claim, on, says, {what: value}, **more) for value, says in cases]
