"""A thing that is wrong with what is asked for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `path` is the argument that has to change, such as `network.access`, in the
    words of the package's schema and of a stack's file."""

    path: str
    text: str
