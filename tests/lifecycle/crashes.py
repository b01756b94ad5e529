"""The crash matrix: which updates are killed, at one of their requests after another, and how that must
end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.azure import RunningAzure
from tests.support.cloud import documents
from tests.support.crash import Bookmark, killed_at, moment, repair
from tests.support.judge import Judge
from tests.support.stack import Stack, done

WRITES = (
    ("arm", "PUT"),
    ("arm", "PATCH"),
    ("arm", "DELETE"),
    *(("vault", method) for method in ("PUT", "PATCH", "POST", "DELETE")),
)
READS = (("arm", "GET"), ("vault", "GET"))


@dataclass(frozen=True)
class Life:
    """A stack that stands, with data in its account, its cloud, and two points to go back to: before anything
    was made, and once all stood."""

    azure: RunningAzure
    stack: Stack
    judge: Judge
    nothing: Bookmark
    standing: Bookmark


@dataclass(frozen=True)
class Change:
    """An update that is killed: what earlier ones have set, what it sets, the command, the kinds of requests
    at which it is killed, and how many versions the key has afterwards where nobody kills it."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    words: tuple[str, ...] = ("up", "--yes", "--skip-preview")
    requests: tuple[tuple[str, str], ...] = WRITES
    versions: int = 1
    before: Mapping[str, Any] = field(default_factory=dict)
    begins_standing: bool = True
    ends_standing: bool = True
    ends_revoked: bool = False

    def __str__(self) -> str:
        return self.name


CHANGES = (
    Change("up", begins_standing=False),
    Change("rotation", {"key": {"generation": 2}}, versions=2),
    Change("tags", {"tags": {"environment": "dev", "owner": "another"}}),
    Change("refresh", words=("refresh", "--yes", "--skip-preview"), requests=READS),
    Change("revocation", {"access": "revoked"}, ends_revoked=True),
    Change("restoration", {"access": "granted"}, before={"access": "revoked"}),
    Change("destroy", words=("destroy", "--yes", "--skip-preview"), ends_standing=False),
)


def begin(life: Life, change: Change) -> None:
    """Goes back to where a change begins, and sets what it changes."""
    (life.standing if change.begins_standing else life.nothing).restore()
    if change.before:
        life.stack.configure(**change.before)
        done(life.stack.deploy())
    life.stack.configure(**change.settings)


def interrupted(life: Life, change: Change, times: int) -> Iterator[list[str]]:
    """Kills a change at the next request that it makes, which the cloud has not begun with, or has answered;
    and what each repair took. Ends where the change ends first."""
    for number in range(times):
        moments = [moment(method, host=host, answered=number % 3 > 0) for host, method in change.requests]
        if not killed_at(life.azure, life.stack, moments, *change.words, whole=number % 2 == 0):
            return
        yield [*repair(life.stack), f"pulumi {change.words[0]}"]


def judge(life: Life, change: Change, stored: list[Any], *, killed: int = 1) -> None:
    """That a change has converged, by the cloud's records; `stored` is the ciphertext from before it. Each
    time that a rotation was killed before its state was kept, the key may have got one version more."""
    if not change.ends_standing:
        recorded = [resource["urn"] for resource in life.stack.resources()]
        left = [kind for kind in ("account", "vault", "workspace") if documents(life.azure, kind)]
        assert [*recorded, *left, *life.judge.groups(), *life.judge.lapses()] == []
        return
    calm = life.stack.deploy("--expect-no-changes")
    assert calm.ok, f"the next up changes something\n{calm.output}"
    most = change.versions + (killed if change.versions > 1 else 0)
    versions = min(max(len(life.judge.versions()), change.versions), most)
    assert life.judge.verdicts(versions=versions, granted=not change.ends_revoked) == []
    assert life.judge.refusals() == []
    if stored:
        assert life.judge.ciphertext() == stored, "the data was encrypted anew"
        assert life.judge.reads_data() is not change.ends_revoked, "whether the data can be read"
