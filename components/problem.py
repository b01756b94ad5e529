"""What is wrong with a service, said by the path of the setting that has to change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, at a path such as `network.access`."""

    path: str
    text: str
