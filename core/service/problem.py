"""A thing that is wrong with what is asked for."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Fix(NamedTuple):
    """The only answer to a problem: the argument's right value, or the path or last name that it should have;
    with neither, it goes. `item` is the place in a list that is meant, such as `[2]`."""

    value: object = None
    name: str = ""
    item: str = ""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `path` is the argument that has to change, such as `network.access`, in the
    words of the package's schema and of a stack's file. `fix` is there if there is only one answer."""

    path: str
    text: str
    fix: Fix | None = field(default=None, compare=False)
