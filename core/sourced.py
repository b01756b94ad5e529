"""A fact about Azure with its source: what docs/azure-facts.md is made of.

Each module of `core` that states what Azure does or documents has a constant `FACTS`, beside the data that
the fact explains. What only a docstring says is in no table.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum


class Standing(Enum):
    """How a fact is known: seen in Azure's answers, said by its documentation, or neither."""

    OBSERVED = "observed"
    DOCUMENTED = "documented"
    ASSUMED = "assumed"


@dataclass(frozen=True)
class Fact:
    """`text` is one sentence about Azure; `source` is an address without `https://`, or an issue as
    `OWNER/REPOSITORY#NUMBER`; `read` is the day on which somebody read it there; `switch` names the switch of
    the local Azure by which it may be otherwise.
    """

    text: str
    source: str
    read: date
    standing: Standing = Standing.DOCUMENTED
    switch: str = ""
