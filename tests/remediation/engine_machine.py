"""A life of a protected stack on the real engine in which every refusal is followed to its end.

Owns: what may happen, and what must hold once the way out has been gone, judged by the local Azure.
machine.py has the same in this process; this one has the engine's own flags, kills, commands and policies.

Four files of 75 steps take about 80 commands each, and a command 1.8 s of processor time, of which the
engine takes 0.8 s and its processes and the local Azure the rest: five minutes on two cores.

It found that an account was written before its identity had access, where a refresh had recorded that the
account has none and somebody then assigned one; that an account in the place of another held up the rotation
of the same update, after it had been made, and was not protected as long as its setting stayed; and that a
rotation told people to bind an account back by an update that does not see where it is bound, and to a
generation that their settings no longer had.

Under the pack from the first update to the last way out, it found that the pack refused for good what only
the state said: of an identity that was made anew, of a key whose newest version had expired, which could not
even be rotated, and of the parts of an account's encryption that a refresh shows. It also found a grant that
nobody could take over, since an update was killed behind it while the state had another one under its name;
and that a change of the access model asked people to give access by hand that their settings revoke. It found
that a higher generation makes no version of a key that the account is only about to get, as was printed, and
that nothing was said of how an account that was unbound gets revoked. In a vault of others it found that the
account's own key was taken for somebody else's once a refresh had taken it out of the state.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.lifecycle import outsider
from tests.lifecycle.crashes import FAILURES, WRITES
from tests.remediation.engine_world import SERVICE, EngineWorld
from tests.remediation.following import Way
from tests.remediation.world import API, DRIFTS, Place
from tests.support.cloud import documents
from tests.support.crash import Bookmark, Moment
from tests.support.front import SUBSCRIPTION
from tests.support.judge import Judge

CHANGES: tuple[dict[str, Any], ...] = (
    {"tags": {"owner": "platform"}},
    {"tags": {"owner": "security"}},
    {"audit": {"newWorkspace": False}},
    {"audit": {"newWorkspace": True}},
    {"access": "revoked"},
    {"access": "granted"},
    {"location": "northeurope"},
    {"resourceGroupName": "rg-second"},
    {"kind": "AIServices", "sku": "S0"},
    {"accountName": "lang-second"},
    {"accountName": "lang-claims"},
    {"identity": "userAssigned"},
    {"identity": "systemAssigned"},
    {"accessModel": "rbac"},
    {"accessModel": "accessPolicy"},
    {"vault": {"name": "kv-second", "keyOperators": ["deployer"]}},
    {"vault": {}},
    {"vault": {"keyOperators": ["deployer"]}},
    {"encryption": "microsoftManaged"},
    {"name": "desk"},
)
"""What a settings file may say next; some of it is refused."""
FLAGS: tuple[tuple[str, ...], ...] = (
    ("--skip-preview",),
    ("--skip-preview", "--refresh"),
    ("--policy-pack", "policies"),
    ("--skip-preview", "--target", "account"),
    ("--skip-preview", "--target", "binding"),
    ("--skip-preview", "--exclude", "account"),
    ("--skip-preview", "--exclude", "binding"),
    ("--skip-preview", "--exclude", "access"),
    ("--skip-preview", "--replace", "binding"),
    ("--skip-preview", "--target-replace", "key-version"),
)
DAYS = 541
"""Past the 540 days after which the key's policy makes a version."""
MEDDLERS = (
    outsider.bind_elsewhere,
    outsider.disable_an_old_version,
    outsider.delete_a_diagnostic_setting,
)
_DELETED_ACCOUNTS = f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/deletedAccounts"
_ANOTHER = "the data was encrypted anew, or is gone"
REQUESTS = tuple((host, method) for host, method in WRITES if host != "hsm")
"""Whose answers may be lost: nothing here is in a managed HSM."""
MOST_AT_ONCE = 2
_REFUSED_FLAGS = (
    "unable to replace resource",
    "but was not specified in --target list",
    "could not be found in the stack",
)
"""What the engine says of a flag by itself: who replaces what is protected, leaves out what the update takes
away, or names what a refresh has taken out, does without the flag."""
EVENTS = st.one_of(
    *[st.tuples(st.just("declares"), st.sampled_from(CHANGES))] * 3,
    st.tuples(st.just("declares_a_key"), st.sampled_from(["cmk-claims", "second"])),
    st.tuples(st.just("declares_a_rotation")),
    st.tuples(st.just("time_passes")),
    *[st.tuples(st.just("drifts"), st.sampled_from([*DRIFTS]))] * 2,
    st.tuples(st.just("meddles"), st.sampled_from(MEDDLERS)),
    *[
        st.tuples(
            st.just("will_fail"),
            st.sampled_from([*REQUESTS, ("arm", "GET"), ("vault", "GET")]),
            st.integers(1, 6),
            st.sampled_from(FAILURES),
        )
    ]
    * 2,
)
COMMANDS = st.one_of(
    *[st.tuples(st.just("updates"), st.sampled_from(FLAGS))] * 4,
    *[st.tuples(st.just("is_killed"), st.integers(1, 3), st.booleans())] * 2,
    st.tuples(st.just("reads_falsely"), st.sampled_from(["accounts/{a}", "vaults/{v}", ""])),
    st.tuples(st.just("logs_in_wrongly")),
    st.tuples(st.just("refreshes")),
    st.tuples(st.just("is_destroyed")),
)
"""Methods of the machine with what they are given; some more often than others."""


class FailedLifeError(BaseException):
    """What did not hold, and the life until then. No Exception: Hypothesis would live it once more."""


class EngineRefusals(RuleBasedStateMachine):
    """One life. `world` and `standing` are given by the test.

    A step is one thing that happens: a setting is declared, something drifts, a request is made to fail,
    time passes, or the engine runs a command; what is then done to follow a refusal counts as none. At most
    MOST_AT_ONCE events meet in the next command.
    """

    world: ClassVar[EngineWorld]
    standing: ClassVar[Bookmark]
    steps: ClassVar[Counter[str]] = Counter()
    happened: ClassVar[Counter[str]] = Counter()
    """How often a way was gone, by its steps."""

    @initialize(
        life=st.integers(0, 255), refreshes=st.booleans(), packed=st.sampled_from([False, False, True])
    )
    def stands(self, life: int, refreshes: bool, packed: bool) -> None:
        """A project that asks for a refresh before each update, or not; and whose updates, those that follow
        a refusal too, are all under the policy pack, or not."""
        assume(life)  # Hypothesis begins each run with the simplest life, whatever the seed
        world = self.world
        world.azure.control("/faults", method="DELETE")
        self.standing.restore()
        world.stack.ask_for_refreshes(refreshes)
        world.settings, world.judge.account_name = world.first_settings(), ""
        world.flags = ("--policy-pack", "policies") if packed else ()
        world.named.clear()
        world.login = {}
        self.last = dict(world.settings)
        self.pending: list[str] = []
        self.lived: list[tuple[Any, ...]] = []
        self.refreshing = refreshes
        self.generation = 1
        self.drifted = self.faulty = False
        self.rotated, self.stored = world.judge.rotations(), world.judge.ciphertext()

    @precondition(lambda self: len(self.pending) < MOST_AT_ONCE)
    @rule(event=EVENTS)
    def happens(self, event: tuple[Any, ...]) -> None:
        """Before anybody updates: no command of the engine."""
        self._live(event)

    @precondition(lambda self: self.pending)
    @rule(command=COMMANDS)
    def runs(self, command: tuple[Any, ...]) -> None:
        self._live(command)

    def _live(self, step: tuple[Any, ...]) -> None:
        """Raises FailedLifeError."""
        self.lived.append(step)
        with self._told():
            getattr(self, step[0])(*step[1:])

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # whatever fails, the life that led there is what a reader needs
            words = [
                f"{name} {' '.join(getattr(one, '__name__', str(one)) for one in given)}"
                for name, *given in self.lived
            ]
            first = f"mode {self.world.mode}, refreshes: {self.refreshing}, flags: {self.world.flags}"
            life = "\n  ".join([first, *words])
            raise FailedLifeError(f"{error}\nThe life:\n  {life}") from error

    # What happens.

    def declares(self, change: dict[str, Any]) -> None:
        self._count(str(change))
        self.world.declare(change)

    def declares_a_key(self, name: str) -> None:
        self.declares({"key": {**self.world.settings.get("key", {}), "name": name}})

    def declares_a_rotation(self) -> None:
        self.generation += 1
        self.declares({"key": {**self.world.settings.get("key", {}), "generation": self.generation}})

    def time_passes(self) -> None:
        """Not after a drift: what is soft-deleted is purged by then. An account that was replaced is, too,
        and no later command is to blame for it: the local Azure purges when somebody looks."""
        if not self.drifted:
            self._count("time")
            judge = self.world.judge
            assert judge.ciphertext() == self.stored, _ANOTHER
            self.world.azure.control("/clock", {"advance": DAYS * 86_400})
            judge.arm("GET", _DELETED_ACCOUNTS, API["accounts"])
            self.stored = judge.ciphertext()

    def drifts(self, drift: Callable[[Place], None]) -> None:
        if self.may_drift and self.world.mode in DRIFTS[drift]:
            self._count(drift.__name__)
            self.drifted = True
            drift(self.world)

    def meddles(self, meddle: Callable[[Judge], None]) -> None:
        """With what no data hangs on. In Azure RBAC no other key is granted, and nothing happens."""
        if self.may_drift:
            self._count(meddle.__name__)
            with suppress(RuntimeError):
                meddle(self.world.judge)

    def will_fail(self, request: tuple[str, str], call: int, failure: dict[str, Any]) -> None:
        """A request of the next command."""
        if not self.faulty and not self.drifted:
            host, method = request
            self._count(f"{method} at {host} fails")
            self.faulty = True
            self.world.azure.control("/faults", {"host": host, "method": method, "call": call, **failure})

    @property
    def may_drift(self) -> bool:
        return not self.drifted and not self.faulty and self.last.get("access") != "revoked"

    # The engine.

    def updates(self, flags: tuple[str, ...]) -> None:
        """With flags, whose last word stands for a resource of the service."""
        urns = {str(one["urn"]).rpartition("::claims-")[2]: str(one["urn"]) for one in self.world.resources()}
        if flags[0] == "--skip-preview" and len(flags) == 3:
            flags = (*flags[:2], urns[flags[2]]) if flags[2] in urns else flags[:1]
        self._count(f"up {flags[-2:][0]}", pending=False)
        revokes = self._revokes and flags in (("--skip-preview",), ("--skip-preview", "--refresh"))
        packed = self.world.flags if self.world.flags != flags else ()
        said = self.world.run("up", "--yes", *flags, *packed)
        assert not revokes or not self.world.judge.reads_data(), f"revoked, and readable after: {said}"
        if any(words in said for words in _REFUSED_FLAGS):
            said = self.world.up()
        self._follow(said, whole=not {"--target", "--exclude", "--target-replace"} & {*flags})

    @property
    def _revokes(self) -> bool:
        """Whether the next update takes the access away, whatever else it refuses."""
        world, was = self.world, self.last.get("access")
        names_it = world.settings["name"] == SERVICE and not {"encryption", "kind"} & {*world.settings}
        revoked = world.settings.get("access") == "revoked" != was
        return revoked and names_it and not self.drifted and not self.faulty

    def is_killed(self, call: int, answered: bool) -> None:
        """An update, at a write."""
        self._count("kill", pending=False)
        moments = [
            Moment("write", method, host=host, call=call, answered=answered) for host, method in REQUESTS
        ]
        self.world.killed(moments)
        self._follow(self.world.up())

    def reads_falsely(self, kind: str) -> None:
        """One read says that a resource is not there, and a refresh believes it."""
        self._count(f"false 404 of {kind}", pending=False)
        service = "CognitiveServices" if kind.startswith("accounts") else "KeyVault"
        path = "/subscriptions/{s}/resourceGroups/{g}" + (
            f"/providers/Microsoft.{service}/{kind}" if kind else ""
        )
        fault = {"host": "arm", "method": "GET", "path": path, "status": 404, "code": "ResourceNotFound"}
        self.world.azure.control("/faults", {**fault, "call": 1, "times": 1})
        self.world.run("refresh", "--yes")
        self._follow(self.world.up())

    def logs_in_wrongly(self) -> None:
        """azure-cmk, by a secret in the configuration that only the next update has right. Of azure-native a
        refresh fails before anything of this project is asked, and docs/runbooks/crash-recovery.md has the
        way."""
        self._count("another secret", pending=False)
        world, env = self.world, self.world.stack.env
        names = {"clientId": "CLIENT_ID", "tenantId": "TENANT_ID", "subscriptionId": "SUBSCRIPTION_ID"}
        login = {f"azure-cmk:{name}": env[f"ARM_{word}"] for name, word in names.items()}
        secret = "azure-cmk:clientSecret"
        world.login = {**login, secret: "another"}
        world.up()
        world.login = {**login, secret: env["AZURE_CLIENT_SECRET"]}
        self._follow(world.up())

    def refreshes(self) -> None:
        self._count("refresh", pending=False)
        self.world.run("refresh", "--yes")

    def is_destroyed(self) -> None:
        """What is protected is not destroyed, whatever else fails; nor are the audit settings of it."""
        self._count("destroy", pending=False)
        before = self._audited()
        assert self.world.run("destroy", "--yes", "--skip-preview")
        assert self._audited() == before, "what is audited is audited no longer"

    def _audited(self) -> list[str]:
        """The ids of the live diagnostic settings."""
        return [str(one["id"]) for one in documents(self.world.azure, "diagnosticSetting")]

    # What must hold, beyond what is judged at each command (EngineWorld).

    def _follow(self, said: str, *, whole: bool = True) -> None:
        world = self.world
        world.azure.control("/faults", method="DELETE")
        self.faulty = False

        def back() -> None:
            world.settings.clear()
            world.settings.update(self.last)

        way = Way(world, back, named=world.named)
        if said:
            way.follow(said)
        type(self).happened.update(way.steps)
        if "unbindAccount" in way.named:
            # On purpose, as the refusal says; the settings then go back to the customer's key.
            for name in ("encryption", "unbindAccount"):
                world.settings.pop(name, None)
            way.follow()
        self.rotated += sum(step.startswith("rotate ") for step in way.steps)
        name = world.account_id.rpartition("/")[2]
        if "replaceAccount" in way.named and name != (world.judge.account_name or "lang-claims"):
            world.judge.account_name = name
            world.judge.write_data()
            self.stored = world.judge.ciphertext()
        if "replaceAccount" in way.named:
            assert world.up() == ""  # as the update warns: Pulumi replaces nothing that it protects
        for name in ("softDeleted", "replaceAccount"):
            world.settings.pop(name, None)
        if said or whole:
            self.last, self.pending = dict(world.settings), []
            self.drifted = False
            world.named.clear()
            self._is_as_declared(way)
        judge = world.judge
        assert judge.ciphertext() == self.stored, _ANOTHER
        self.generation = max(self.generation, int(world.settings.get("key", {}).get("generation", 0)))
        assert judge.rotations() - self.rotated < self.generation, "a generation made two versions"

    def _is_as_declared(self, way: Way) -> None:
        """After an update of everything that succeeded."""
        judge, revoked = self.world.judge, self.last.get("access") == "revoked"
        assert judge.account_id == self.world.account_id, f"{way.steps}: another account, which nobody named"
        assert judge.reads_data() is not revoked, f"{way.steps}: readable is {revoked}"
        assert judge.bound_version(), f"{way.steps}: not bound"

    def _count(self, step: str, *, pending: bool = True) -> None:
        type(self).steps[step] += 1
        if pending:
            self.pending.append(step)

    def teardown(self) -> None:
        """Whatever has happened: access is given back, and two updates converge."""
        if not hasattr(self, "pending") or sys.exc_info()[0] is not None:
            return
        with self._told():
            if self.world.settings.get("access") == "revoked":
                self.world.settings["access"] = "granted"
            for _ in range(2):  # What waits for the account's access is written by the second.
                self._follow(self.world.up())
            settled = self.world.run("up", "--yes", "--skip-preview", "--expect-no-changes")
            assert not settled, settled
