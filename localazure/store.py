"""The cloud's memory: JSON documents in SQLite, so that it survives restarts and kill -9."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from localazure.web import Json, ServiceError

T = TypeVar("T")
_SCHEMA = Path(__file__).with_name("store.sql").read_text()
_APPEND = "INSERT INTO events (stream, id, body) VALUES (?, ?, ?)"
KEPT = {"audit": 10_000, "activity": 10_000, "signin": 10_000, "throttled": 10_000, "encryption": 50_000}
"""Of each stream so many events are kept, the latest. An event of the first two takes 1.3 to 1.5 kB, one of
the last 0.4 kB, so the database of a cloud with little in it stays below 60 MB, and a search in it takes a
fifth of a second, while nobody else is answered. With a million events it had 1.1 GB, and a search took
13 s."""
TRIM_EVERY = 1000
SETTINGS = "cloud"
"""The kind of the cloud's own settings, its clock among them, which each request reads many times."""
_TRIM = """
DELETE FROM events WHERE stream = :stream AND seq <= (
    SELECT seq FROM events WHERE stream = :stream ORDER BY seq DESC LIMIT 1 OFFSET :most
)
"""
_REPLACE = """
INSERT INTO replaced (kind, id, body, time) SELECT kind, id, body, ? FROM documents WHERE kind = ? AND id = ?
"""
_FOUND = """
FROM events
WHERE stream = ? AND (? OR EXISTS (SELECT 1 FROM json_each(?) WHERE instr(lower(body), value) > 0))
"""


class Store:
    """Documents by kind and id, and append-only event streams.

    Ids compare without regard to case, as ARM's do; a document keeps whatever case its body has. One
    thread writes: the server runs handlers one after another, each in one `transaction()`. `forgets` says
    that what is written now is undone.
    """

    def __init__(self, path: Path | str = ":memory:") -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        # A committed write survives the death of this process; only a power cut may take the last ones.
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        self._appended: list[tuple[str, str, str]] = []
        self._replacing: tuple[float, frozenset[str]] | None = None
        self._as_of: float | None = None
        self._undone = 0
        self.settings = 0
        """Another number after each write of the cloud's settings, and after each write that was undone."""
        self.forgets = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen, or none do (also when the process is killed half-way).

        A refusal (ServiceError) takes back the documents only: what was tried stays on record, or the
        audit log would hold no key use that was forbidden.
        """
        self._appended = []
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except ServiceError:
            self._take_back("ROLLBACK")
            self._db.executemany(_APPEND, self._appended)
            raise
        except BaseException:
            self._take_back("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def keeping_replaced(self, now: float, seconds: float, kinds: frozenset[str]) -> Iterator[None]:
        """Within it, the store keeps each document of these kinds that a write replaces, for `as_of`, as
        replaced at `now`; it forgets documents replaced more than `seconds` before."""
        self._db.execute("DELETE FROM replaced WHERE time <= ?", (now - seconds,))
        self._replacing = now, kinds
        try:
            yield
        finally:
            self._replacing = None

    @contextmanager
    def as_of(self, moment: float) -> Iterator[None]:
        """Inside a transaction: documents are read as they were at `moment`, as far as that was kept, and
        what is written does not last. A document that was made since then is read as it is."""
        self._as_of = moment
        try:
            with self.undone():
                yield
        finally:
            self._as_of = None

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Inside a transaction: undoes the documents and events that are written within."""
        appended, before = list(self._appended), self._db.total_changes
        self._db.execute("SAVEPOINT undone")
        forgot, self.forgets = self.forgets, True
        try:
            yield
        finally:
            self._appended, self.forgets = appended, forgot
            self._undone += self._db.total_changes - before
            self._take_back("ROLLBACK TO undone")
            self._db.execute("RELEASE undone")

    def _take_back(self, how: str) -> None:
        self._db.execute(how)
        self.settings += 1

    def get(self, kind: str, id: str) -> Json | None:
        if (earlier := self._earlier(kind, id.lower())) is not None:
            return json.loads(earlier)
        row = self._db.execute(
            "SELECT body FROM documents WHERE kind = ? AND id = ?", (kind, id.lower())
        ).fetchone()
        return None if row is None else json.loads(row[0])

    def made(self, kind: str, id: str, make: Callable[[Json], T]) -> T | None:
        """What `make` makes of a document; None without one."""
        body = self.get(kind, id)
        return None if body is None else make(body)

    def put(self, kind: str, id: str, body: Json) -> None:
        self._keep(kind, id)
        self._db.execute(
            "INSERT INTO documents (kind, id, body) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            (kind, id.lower(), json.dumps(body, separators=(",", ":"))),
        )

    def delete(self, kind: str, id: str) -> None:
        self._keep(kind, id)
        self._db.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, id.lower()))

    def move(self, old: str, new: str) -> None:
        """Gives a resource, and all below it, another id, in every document that has the old one."""
        place = re.compile(rf"{re.escape(old)}(?=[/|\"\\]|$)", re.IGNORECASE)
        rows = self._db.execute(
            "SELECT kind, id, body FROM documents WHERE instr(id, ?) OR instr(lower(body), ?)",
            (old.lower(),) * 2,
        ).fetchall()
        for kind, id, body in rows:
            self.delete(kind, id)
            self.put(kind, place.sub(new, id), json.loads(place.sub(new, body)))

    def scan(self, kind: str, prefix: str = "") -> list[tuple[str, Json]]:
        """The (lower-case id, body) pairs of a kind whose id starts with `prefix`, in order of id."""
        start = prefix.lower()
        rows = self._db.execute(
            "SELECT id, body FROM documents WHERE kind = ? AND id >= ? AND id < ? ORDER BY id",
            (kind, start, start + "\U0010ffff"),
        )
        if self._as_of is None:
            return [(id, json.loads(body)) for id, body in rows]
        earlier = self._db.execute(
            "SELECT id, body FROM replaced WHERE kind = ? AND id >= ? AND id < ? AND time > ?"
            " ORDER BY seq DESC",
            (kind, start, start + "\U0010ffff", self._as_of),
        )
        found = {**dict(rows), **dict(earlier)}
        return [(id, json.loads(found[id])) for id in sorted(found)]

    def _keep(self, kind: str, id: str) -> None:
        """Called before each write of a document."""
        if kind == SETTINGS:
            self.settings += 1
        if self._replacing is not None and kind in self._replacing[1]:
            self._db.execute(_REPLACE, (self._replacing[0], kind, id.lower()))

    def _earlier(self, kind: str, id: str) -> str | None:
        """The body that a document had at the moment of `as_of`; None where it has changed no more since."""
        if self._as_of is None:
            return None
        row = self._db.execute(
            "SELECT body FROM replaced WHERE kind = ? AND id = ? AND time > ? ORDER BY seq LIMIT 1",
            (kind, id, self._as_of),
        ).fetchone()
        return None if row is None else str(row[0])

    def append(self, stream: str, id: str, body: Json, *, lasting: bool = True) -> None:
        """Adds an event about `id` to a stream; events are never changed, and forgotten as KEPT says.

        One that is not `lasting` records a change of documents, and goes when a refusal takes that back.
        """
        row = (stream, id.lower(), json.dumps(body, separators=(",", ":")))
        if lasting and self._db.in_transaction:
            self._appended.append(row)
        number = self._db.execute(_APPEND, row).lastrowid or 0
        if number % TRIM_EVERY == 0:
            # All of them: the number of an event counts the others' events, too, so that one stream may never
            # have the number that is due.
            self._db.executemany(_TRIM, [{"stream": name, "most": most} for name, most in KEPT.items()])

    def events(self, stream: str, id: str | None = None) -> list[Json]:
        """The events of a stream, oldest first; of one id when given."""
        if id is None:
            rows = self._db.execute("SELECT body FROM events WHERE stream = ? ORDER BY seq", (stream,))
        else:
            rows = self._db.execute(
                "SELECT body FROM events WHERE stream = ? AND id = ? ORDER BY seq",
                (stream, id.lower()),
            )
        return [json.loads(body) for (body,) in rows]

    def latest(self, stream: str, most: int, *, with_any: Sequence[str] = ()) -> list[Json]:
        """The newest events of a stream, newest first, at most so many.

        Where texts are given, of those only that have one of them in their JSON, in whatever case.
        """
        asked = (stream, not with_any, _lower(with_any), most)
        rows = self._db.execute(f"SELECT body {_FOUND} ORDER BY seq DESC LIMIT ?", asked)
        return [json.loads(body) for (body,) in rows]

    def count(self, stream: str, *, with_any: Sequence[str] = ()) -> int:
        """How many events `latest` would find."""
        asked = (stream, not with_any, _lower(with_any))
        return int(self._db.execute(f"SELECT COUNT(*) {_FOUND}", asked).fetchone()[0])

    @property
    def changes(self) -> int:
        """How many rows this process has written for good: the same number means that nothing changed."""
        return self._db.total_changes - self._undone

    def clear(self) -> None:
        self.settings += 1
        self._db.execute("DELETE FROM documents")
        self._db.execute("DELETE FROM replaced")
        self._db.execute("DELETE FROM events")

    def close(self) -> None:
        self._db.close()


def _lower(texts: Sequence[str]) -> str:
    return json.dumps([text.lower() for text in texts], ensure_ascii=False)
