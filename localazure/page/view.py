"""Which part of its lists the page shows: what its reader searched for, and how far they turned the pages.

Owns: the query of the page's address. Does not own: what is in the lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import parse_qs, urlencode

T = TypeVar("T")
PAGE = 50
LISTS = ("accounts", "vaults", "unwrap", "operations", "audit")
"""The lists that have pages, by the ids of their sections."""


@dataclass(frozen=True)
class Part(Generic[T]):
    """The rows of one page of a list: `found` rows match the search, of `total`."""

    name: str
    rows: Sequence[T]
    found: int
    total: int
    page: int

    @property
    def first(self) -> int:
        """How many rows come before these."""
        return (self.page - 1) * PAGE

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.found // PAGE)

    @property
    def is_whole(self) -> bool:
        """Whether one page holds all that is found."""
        return self.found <= PAGE


@dataclass(frozen=True)
class View:
    """`find` is the search text, lower case, empty for everything; `pages` are counted from 1."""

    find: str = ""
    pages: Mapping[str, int] = field(default_factory=dict)

    def page(self, name: str, found: int) -> int:
        """The page of a list to show: the last one where there are no more so many."""
        return max(1, min(self.pages.get(name, 1), -(-found // PAGE)))

    def part(self, name: str, rows: Sequence[T], words: Callable[[T], Iterable[object]]) -> Part[T]:
        """The page of a list whose rows are found by these words."""
        found = rows if not self.find else [row for row in rows if self.finds(words(row))]
        page = self.page(name, len(found))
        shown = found[(page - 1) * PAGE : page * PAGE]
        return Part(name, shown, len(found), len(rows), page)

    def finds(self, words: Iterable[object]) -> bool:
        """Whether one of these words has in it what is searched for."""
        return any(self.find in str(word).lower() for word in words)

    def address(self, name: str, page: int) -> str:
        """Where another page of a list is."""
        pages = {**self.pages, name: page}
        query = {"find": self.find, **{word: pages[word] for word in LISTS if pages.get(word, 1) > 1}}
        return f"/?{urlencode({word: value for word, value in query.items() if value})}#{name}"


def view_of(query: str) -> View:
    """The view that a page's address asks for; what makes no sense in it counts as absent."""
    sent = {name: values[0] for name, values in parse_qs(query).items()}
    numbers = {name: sent[name] for name in LISTS if sent.get(name, "").isdecimal()}
    pages = {name: int(number) for name, number in numbers.items() if len(number) < 7 and int(number) > 1}
    return View(sent.get("find", "").strip().lower()[:100], pages)
