"""The crash matrix: which updates are killed, at which requests, and how that must end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.lifecycle.life import Life, Request
from tests.support.cloud import documents
from tests.support.crash import Moment, killed_at, repair
from tests.support.judge import Judge
from tests.support.managed_hsm import HSM, HsmJudge, make_running_hsm

GROUP = "/subscriptions/{s}/resourceGroups/{g}"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/{{v}}"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/{{a}}"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/{{w}}"
SETTING = "/providers/Microsoft.Insights/diagnosticSettings/{d}"

ROLE = "/keys/{k}/providers/Microsoft.Authorization/roleAssignments/{r}"
"""On an HSM's own host."""

WRITES = (
    ("arm", "PUT"),
    ("arm", "PATCH"),
    ("arm", "DELETE"),
    *((host, method) for host in ("vault", "hsm") for method in ("PUT", "PATCH", "POST", "DELETE")),
)
FAILURES: tuple[dict[str, Any], ...] = (
    {"status": 500, "code": "InternalServerError"},
    {"status": 503, "after": True},
    {"status": 429, "code": "TooManyRequests", "retry_after": 0, "times": 3},
    {"wire": "drop"},
    {"wire": "drop", "after": True},
)
"""How a request may fail once, as the local Azure is asked for it."""


@dataclass(frozen=True)
class Change:
    """An update that is killed: what an earlier one has set, what it sets, the command, every request that it
    writes with, and how many versions the key has afterwards."""

    name: str
    moments: tuple[Moment, ...]
    settings: dict[str, Any]
    words: tuple[str, ...] = ("up", "--yes", "--skip-preview")
    versions: int = 1
    begins_with: dict[str, Any] = field(default_factory=dict)
    begins_standing: bool = True
    begins_revoked: bool = False
    ends_standing: bool = True
    ends_revoked: bool = False
    ends_with_account: str = ""


CHANGES = (
    Change(
        "up",
        (
            Moment("group", "PUT", GROUP),
            Moment("workspace", "PUT", WORKSPACE),
            Moment("vault", "PUT", VAULT),
            Moment("account", "PUT", ACCOUNT),
            Moment("key", "PUT", f"{VAULT}/keys/{{k}}"),
            Moment("first grant", "PUT", f"{VAULT}/accessPolicies/replace"),
            Moment("second grant", "PUT", f"{VAULT}/accessPolicies/replace", call=2),
            Moment("audit of the vault", "PUT", VAULT + SETTING),
            Moment("audit of the account", "PUT", ACCOUNT + SETTING),
            Moment("key version", "GET", f"{VAULT}/keys/{{k}}"),
            Moment("binding", "PATCH", ACCOUNT),
        ),
        {},
        begins_standing=False,
    ),
    Change(
        "rotation",
        (
            Moment("mark", "PATCH", "/keys/{k}/{v}", host="vault"),
            Moment("rotation", "POST", "/keys/{k}/rotate", host="vault"),
            Moment("binding", "PATCH", ACCOUNT),
        ),
        {"key": {"generation": 2}},
        versions=2,
    ),
    Change(
        "tags",
        (
            Moment("group", "PUT", GROUP),
            Moment("workspace", "PUT", WORKSPACE),
            Moment("vault", "PUT", VAULT),
            Moment("account", "PUT", ACCOUNT),
            Moment("binding", "PATCH", ACCOUNT),
        ),
        {"tags": {"environment": "dev", "owner": "another"}},
    ),
    Change(
        "refresh",
        (
            Moment("vault", "GET", VAULT),
            Moment("account", "GET", ACCOUNT),
            Moment("binding", "GET", ACCOUNT, call=2),
        ),
        {},
        words=("refresh", "--yes", "--skip-preview"),
    ),
    Change(
        "revocation",
        (Moment("grant", "PUT", f"{VAULT}/accessPolicies/remove"),),
        {"access": "revoked"},
        ends_revoked=True,
    ),
    Change(
        "restoration",
        (Moment("grant", "PUT", f"{VAULT}/accessPolicies/replace"),),
        {"access": "granted"},
        begins_revoked=True,
    ),
    Change(
        "replacement",
        (
            Moment("old grant", "PUT", f"{VAULT}/accessPolicies/remove"),
            Moment("old account", "DELETE", ACCOUNT),
            Moment("new account", "PUT", ACCOUNT),
            Moment("new grant", "PUT", f"{VAULT}/accessPolicies/replace"),
            Moment("binding", "PATCH", ACCOUNT),
        ),
        {"accountName": "lang-second"},
        begins_with={"replaceAccount": "lang-contoso-dev"},
        ends_with_account="lang-second",
    ),
    Change(
        "destroy",
        (
            Moment("audit of the account", "DELETE", ACCOUNT + SETTING),
            Moment("audit of the vault", "DELETE", VAULT + SETTING),
            Moment("account", "DELETE", ACCOUNT),
            Moment("grant", "PUT", f"{VAULT}/accessPolicies/remove"),
            Moment("vault", "DELETE", VAULT),
            Moment("workspace", "DELETE", WORKSPACE),
            Moment("group", "DELETE", GROUP),
        ),
        {},
        words=("destroy", "--yes", "--skip-preview"),
        ends_standing=False,
    ),
)


_KEY_IN_HSM = {"id": f"{HSM}/keys/cmk"}
HSM_CHANGES = (
    Change(
        "up",
        (
            Moment("group", "PUT", GROUP),
            Moment("workspace", "PUT", WORKSPACE),
            Moment("account", "PUT", ACCOUNT),
            Moment("role", "PUT", ROLE, host="hsm"),
            Moment("audit of the account", "PUT", ACCOUNT + SETTING),
            Moment("key version", "GET", "/keys/{k}", host="hsm"),
            Moment("binding", "PATCH", ACCOUNT),
        ),
        {},
        begins_standing=False,
    ),
    Change(
        "rotation",
        (
            Moment("mark", "PATCH", "/keys/{k}/{v}", host="hsm"),
            Moment("rotation", "POST", "/keys/{k}/rotate", host="hsm"),
            Moment("binding", "PATCH", ACCOUNT),
        ),
        {"key": {**_KEY_IN_HSM, "generation": 2}},
        versions=2,
    ),
    Change(
        "refresh",
        (
            Moment("account", "GET", ACCOUNT),
            Moment("key version", "GET", "/keys/{k}", host="hsm"),
            Moment("role", "GET", ROLE.removesuffix("/{r}"), host="hsm"),
        ),
        {},
        words=("refresh", "--yes", "--skip-preview"),
    ),
    Change(
        "revocation",
        (Moment("role", "DELETE", ROLE, host="hsm"),),
        {"access": "revoked"},
        ends_revoked=True,
    ),
    Change(
        "restoration",
        (Moment("role", "PUT", ROLE, host="hsm"),),
        {"access": "granted"},
        begins_revoked=True,
    ),
    Change(
        "replacement",
        (
            Moment("old role", "DELETE", ROLE, host="hsm"),
            Moment("old account", "DELETE", ACCOUNT),
            Moment("new account", "PUT", ACCOUNT),
            Moment("new role", "PUT", ROLE, host="hsm"),
            Moment("binding", "PATCH", ACCOUNT),
        ),
        {"accountName": "lang-second"},
        begins_with={"replaceAccount": "lang-contoso-dev"},
        ends_with_account="lang-second",
    ),
    Change(
        "destroy",
        (
            Moment("account", "DELETE", ACCOUNT),
            Moment("role", "DELETE", ROLE, host="hsm"),
            Moment("workspace", "DELETE", WORKSPACE),
            Moment("group", "DELETE", GROUP),
        ),
        {},
        words=("destroy", "--yes", "--skip-preview"),
        ends_standing=False,
    ),
)
"""What is another matter where the key is in a managed HSM: nothing of it is the stack's but a role."""


@dataclass(frozen=True)
class Matrix:
    """The changes of a stack whose key is in one place: its settings, what is made before it, its judge."""

    place: str
    changes: tuple[Change, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    prepare: Callable[[Judge], None] = lambda _: None
    judge: type[Judge] = Judge

    def __str__(self) -> str:
        return self.place


IN_VAULT = Matrix("vault", CHANGES)
IN_HSM = Matrix(
    "managed HSM", HSM_CHANGES, {"vault": None, "key": _KEY_IN_HSM}, make_running_hsm, judge=HsmJudge
)
MATRICES = (IN_VAULT, IN_HSM)


@dataclass(frozen=True)
class Again:
    """A change, and the requests at which it is killed one after another, until it is let be."""

    change: Change
    moments: tuple[Moment, ...]


def _again(matrix: Matrix, name: str, *names: str) -> Again:
    change = next(change for change in matrix.changes if change.name == name)
    by_name = {moment.name: moment for moment in change.moments}
    moments = (replace(by_name[m.removeprefix("before ")], answered="before " not in m) for m in names)
    return Again(change, tuple(moments))


AGAIN_AND_AGAIN = (
    _again(IN_VAULT, "up", "group", "before vault", "account", "first grant", "binding"),
    _again(IN_VAULT, "rotation", "rotation", "before binding", "binding"),
    _again(IN_VAULT, "tags", "vault", "account"),
    _again(IN_VAULT, "destroy", "account", "before vault", "vault"),
)
"""What every run of the tests goes through; the whole matrix takes an hour."""

AGAIN_IN_HSM = (
    _again(IN_HSM, "up", "before role", "role", "binding"),
    _again(IN_HSM, "rotation", "mark", "rotation"),
    _again(IN_HSM, "revocation", "role"),
)


@dataclass(frozen=True)
class Case:
    """One kill: of the engine with all it has started (`whole`), or of it alone."""

    change: Change
    moment: Moment
    whole: bool

    def __str__(self) -> str:
        return f"{self.change.name}, {'machine' if self.whole else 'engine'} killed {self.moment}"


def counted(matrix: Matrix) -> Iterator[Request]:
    """What is counted while the stack is first made: every write, and those that the matrix kills at."""
    yield from ((host, method, "") for host, method in WRITES)
    yield from sorted({(moment.host, moment.method, moment.path) for moment in matrix.changes[0].moments})


def unnamed(life: Life) -> list[str]:
    """The kinds of writes of which the first `up` makes more than the matrix knows."""
    found = []
    for host, method in WRITES:
        known = sum(
            calls
            for (at, verb, path), calls in life.made_with.items()
            if (at, verb) == (host, method) and path
        )
        if known != life.made_with[host, method, ""]:
            found.append(f"{method} to {host}: {life.made_with[host, method, '']} made, {known} known")
    return found


def cases(matrix: Matrix) -> Iterator[Case]:
    """The whole matrix: each change at each of its requests, before and after it, both kinds of kill."""
    for change in matrix.changes:
        for moment in change.moments:
            for answered in (False, True):
                for whole in (True, False):
                    yield Case(change, replace(moment, answered=answered), whole)


def begin(life: Life, change: Change) -> None:
    """Goes back to where a change begins, and sets what it changes."""
    (life.standing if change.begins_standing else life.nothing).restore()
    if change.begins_revoked:
        life.stack.configure(access="revoked")
        revoked = life.stack.deploy()
        assert revoked.ok, revoked.output
    if change.begins_with:
        life.stack.configure(**change.begins_with)
        begun = life.stack.deploy()
        assert begun.ok, begun.output
    life.stack.configure(**change.settings)


def run(life: Life, case: Case) -> tuple[str, ...]:
    """Kills, repairs, runs the same command once, and judges; the commands that this took.

    Raises AssertionError where one run of the command does not converge, or where the cloud tells of a lapse.
    """
    begin(life, case.change)
    stored = life.judge.ciphertext()
    assert killed_at(life.azure, life.stack, [case.moment], *case.change.words, whole=case.whole), (
        f"{case}: the request was never made"
    )
    commands = repair(life.stack)
    again = life.stack.pulumi(*case.change.words)
    assert again.ok, f"{case}, after {commands}:\n{again.output}"
    judge(life, case.change, stored, str(case))
    return (*commands, f"pulumi {case.change.words[0]}")


def judge(life: Life, change: Change, stored: list[Any], what: str) -> None:
    """That a change has converged, by the cloud's records; `stored` is the ciphertext from before it."""
    if not change.ends_standing:
        recorded = [resource["urn"] for resource in life.stack.resources()]
        left = [kind for kind in ("account", "vault", "workspace") if documents(life.azure, kind)]
        wrong = [*recorded, *left, *life.judge.groups(), *life.judge.lapses()]
        assert wrong == [], f"{what}: {wrong}"
        return
    calm = life.stack.deploy("--expect-no-changes")
    assert calm.ok, f"{what}: the next up changes something\n{calm.output}"
    account = replace(life.judge, account_name=change.ends_with_account)
    wrong = account.verdicts(versions=change.versions, granted=not change.ends_revoked)
    assert wrong == [], f"{what}: {wrong}"
    assert account.refusals() == [], f"{what}: {account.refusals()}"
    if stored and not change.ends_with_account:
        assert life.judge.ciphertext() == stored, f"{what}: the data was encrypted anew"
        assert life.judge.reads_data() is not change.ends_revoked, f"{what}: whether the data can be read"
