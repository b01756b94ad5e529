"""What the local Azure's own database says that a command has done to accounts and keys, past any API.

Owns: never unbound and never destroyed, as judged from one command to the next. What somebody does between
two commands is no command's doing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.judge import KEY_VAULT

_ENDS = ("DELETE", "purge")
_ACCOUNT, _REST = ("account.deleted", "account"), ("account.project", "vault.key")
_STORED = "SELECT kind, id, body FROM documents WHERE kind IN (?, ?, ?, ?) ORDER BY kind DESC"


@dataclass(frozen=True)
class Record:
    """A moment: how many events there were; the accounts, soft-deleted ones too, by their own id, which no
    second account of the same name has; what is stored of their data; and the versions of keys."""

    events: int
    accounts: dict[str, str]
    data: dict[str, Any]
    keys: frozenset[str]

    @classmethod
    def of(cls, database: Path) -> Record:
        """The moment now."""
        with closing(sqlite3.connect(database, timeout=30)) as cloud:
            stored = [
                (kind, id, json.loads(body)) for kind, id, body in cloud.execute(_STORED, (*_ACCOUNT, *_REST))
            ]
            (events,) = cloud.execute("SELECT COALESCE(MAX(seq), 0) FROM events").fetchone()
        accounts = {body["id"].lower(): body["internal_id"] for kind, _, body in stored if kind in _ACCOUNT}
        return cls(
            events,
            {own: id for id, own in accounts.items()},
            {
                f"{accounts.get(id.partition('/projects/')[0])}/{id.rpartition('/')[2]}": body
                for kind, id, body in stored
                if kind == "account.project"
            },
            frozenset(
                f"{id}/{version['version']}"
                for kind, id, body in stored
                if kind == "vault.key"
                for version in body["versions"]
            ),
        )

    def lapses(self, database: Path, named: Collection[str]) -> list[str]:
        """What has happened since to what was there, and none of the settings `named` by a refusal allows."""
        now = Record.of(database)
        found = [f"the key version {one} is gone" for one in sorted(self.keys - now.keys)]
        if "replaceAccount" not in named:
            found += [
                f"the data {one} is gone or another"
                for one in self.data
                if now.data.get(one) != self.data[one]
            ]
            found += [
                f"the account {self.accounts[one]} is gone"
                for one in self.accounts
                if one not in now.accounts
            ]
        return found + self._unbound(database, named)

    def _unbound(self, database: Path, named: Collection[str]) -> list[str]:
        with closing(sqlite3.connect(database, timeout=30)) as cloud:
            rows = cloud.execute("SELECT seq, id, body FROM events WHERE stream = 'encryption' ORDER BY seq")
            states = [(seq, id, json.loads(body)) for seq, id, body in rows]
        source: dict[str, str] = {}
        found = []
        for seq, id, state in states:
            ends = state["why"] in _ENDS
            if seq > self.events and ends and "replaceAccount" not in named:
                found.append(f"the account {id} was deleted: {state}")
            falls = source.get(id) == KEY_VAULT != state["keySource"] and not ends
            if seq > self.events and falls and not {"unbindAccount"} & {*named}:
                found.append(f"the account {id} was off its key: {state}")
            source[id] = "" if ends else state["keySource"]
        return found
