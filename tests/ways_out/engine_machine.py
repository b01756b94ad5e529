"""A life of a protected stack on the real engine in which every refusal is followed to its end.

Owns: what may happen, and what must hold once the way out has been gone, judged by the local Azure.
machine.py has the same in this process, where a step takes milliseconds; this one has the engine's own
flags, kills, commands and policies.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.lives import outsider
from tests.lives.crashes import FAILURES, WRITES
from tests.support.crash import Bookmark, Moment
from tests.support.judge import KEY_VAULT, Judge
from tests.ways_out.engine_world import EngineWorld
from tests.ways_out.following import Way
from tests.ways_out.world import DRIFTS, Place, bound_version_expires, unbound

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


class EngineRefusals(RuleBasedStateMachine):
    """One life. `world` and `standing` are given by the test."""

    world: ClassVar[EngineWorld]
    standing: ClassVar[Bookmark]
    steps: ClassVar[int] = 0
    happened: ClassVar[Counter[str]] = Counter()
    """How often a way was gone, by its steps."""

    @initialize()
    def stands(self) -> None:
        world = self.world
        world.azure.control("/faults", method="DELETE")
        self.standing.restore()
        world.settings, world.judge.account_name = world.first_settings(), ""
        self.last = dict(world.settings)
        self.pending: list[str] = []
        self.generation = 1
        self.drifted = self.unbound = self.destroyed = False
        self.rotated = world.judge.rotations()
        self.stored, self.kept, self.seen = world.judge.ciphertext(), world.keys(), len(world.history())

    # What is declared, and what somebody does, before anybody updates.

    @precondition(lambda self: not self.pending)
    @rule(change=st.sampled_from(CHANGES))
    def declares(self, change: dict[str, Any]) -> None:
        self._says(change)

    @precondition(lambda self: not self.pending)
    @rule()
    def key_gets_old(self) -> None:
        self._count("time")
        self.world.azure.control("/clock", {"advance": DAYS * 86_400})

    # The engine.

    @rule(change=st.sampled_from(CHANGES), flags=st.sampled_from(FLAGS))
    def changes(self, change: dict[str, Any], flags: tuple[str, ...]) -> None:
        self._says(change)
        self._updates(flags)

    @rule(name=st.sampled_from(["cmk-claims", "second"]), flags=st.sampled_from(FLAGS))
    def another_key(self, name: str, flags: tuple[str, ...]) -> None:
        self._says({"key": {**self.world.settings.get("key", {}), "name": name}})
        self._updates(flags)

    @rule(flags=st.sampled_from(FLAGS))
    def rotation(self, flags: tuple[str, ...]) -> None:
        self.generation += 1
        self._says({"key": {**self.world.settings.get("key", {}), "generation": self.generation}})
        self._updates(flags)

    @precondition(lambda self: not self.drifted and self.last.get("access") != "revoked")
    @rule(
        drift=st.sampled_from([one for one in DRIFTS if one is not bound_version_expires]),
        change=st.just({}) | st.sampled_from(CHANGES),
        flags=st.sampled_from(FLAGS),
    )
    def drifts(self, drift: Callable[[Place], None], change: dict[str, Any], flags: tuple[str, ...]) -> None:
        """By itself, or beside a change."""
        if self.world.mode not in DRIFTS[drift]:
            return
        self._says(change)
        self.drifted = True
        self.unbound = drift is unbound
        drift(self.world)
        self._updates(flags)

    @rule(
        change=st.sampled_from(CHANGES),
        request=st.sampled_from([*WRITES, ("arm", "GET"), ("vault", "GET")]),
        call=st.integers(1, 6),
        failure=st.sampled_from(FAILURES),
    )
    def fails(
        self, change: dict[str, Any], request: tuple[str, str], call: int, failure: dict[str, Any]
    ) -> None:
        """A request of an update."""
        self._says(change)
        host, method = request
        self.world.azure.control("/faults", {"host": host, "method": method, "call": call, **failure})
        said = self.world.up()
        self.world.azure.control("/faults", method="DELETE")
        self._follow(said)

    @rule(change=st.sampled_from(CHANGES), call=st.integers(1, 3), answered=st.booleans())
    def is_killed(self, change: dict[str, Any], call: int, *, answered: bool) -> None:
        """An update, at a write."""
        self._says(change)
        moments = [
            Moment("write", method, host=host, call=call, answered=answered) for host, method in WRITES
        ]
        self.world.killed(moments)
        self._follow(self.world.up())

    @precondition(lambda self: not self.drifted and self.last.get("access") != "revoked")
    @rule(
        meddle=st.sampled_from(
            [outsider.bind_elsewhere, outsider.disable_an_old_version, outsider.delete_a_diagnostic_setting]
        ),
        flags=st.sampled_from(FLAGS),
    )
    def meddles(self, meddle: Callable[[Judge], None], flags: tuple[str, ...]) -> None:
        """With what no data hangs on."""
        self._count(meddle.__name__)
        meddle(self.world.judge)
        self._updates(flags)

    @rule(kind=st.sampled_from(["accounts/{a}", "vaults/{v}", ""]))
    def reads_falsely(self, kind: str) -> None:
        """One read says that a resource is not there, and a refresh believes it."""
        self._count(f"false 404 of {kind}")
        service = "CognitiveServices" if kind.startswith("accounts") else "KeyVault"
        path = "/subscriptions/{s}/resourceGroups/{g}" + (
            f"/providers/Microsoft.{service}/{kind}" if kind else ""
        )
        fault = {"host": "arm", "method": "GET", "path": path, "status": 404, "code": "ResourceNotFound"}
        self.world.azure.control("/faults", {**fault, "call": 1, "times": 1})
        self.world.run("refresh", "--yes")
        self.world.azure.control("/faults", method="DELETE")
        self._follow(self.world.up())

    @precondition(lambda self: len(self.pending) == 1)
    @rule()
    def refreshes(self) -> None:
        self._count("refresh")
        self.world.run("refresh", "--yes")

    @precondition(lambda self: not self.destroyed)
    @rule()
    def destroys(self) -> None:
        """What is protected is not destroyed, whatever else fails."""
        self.destroyed = True
        assert self.world.run("destroy", "--yes", "--skip-preview")
        self._nothing_is_lost()

    # What must hold.

    def _follow(self, said: str, *, whole: bool = True) -> None:
        world = self.world

        def back() -> None:
            world.settings.clear()
            world.settings.update(self.last)

        way = Way(world, back)
        if said:
            way.follow(said)
        type(self).happened.update(way.steps)
        if "unbindAccount" in way.named:
            # On purpose, as the refusal says; the settings then go back to the customer's key.
            for name in ("encryption", "unbindAccount"):
                world.settings.pop(name, None)
            self.unbound = True
            way.follow()
        name = world.account_id.rpartition("/")[2]
        if name != (world.judge.account_name or "lang-claims"):
            assert "replaceAccount" in way.named, f"{way.steps}: another account, which nobody named"
            world.judge.account_name = name
            world.judge.write_data()
            self.stored = world.judge.ciphertext()
            # Without data it is bound for the first time.
            states = world.history()
            self.seen = next(n for n, state in enumerate(states) if state["keySource"] == KEY_VAULT)
        for name in ("softDeleted", "replaceAccount"):
            world.settings.pop(name, None)
        if said or whole:
            self.last, self.pending = dict(world.settings), []
            self.drifted = False
            self._is_as_declared(way)
        self._nothing_is_lost()

    def _is_as_declared(self, way: Way) -> None:
        """After an update of everything that succeeded."""
        judge, revoked = self.world.judge, self.last.get("access") == "revoked"
        assert judge.reads_data() is not revoked, f"{way.steps}: readable is {revoked}"
        assert judge.bound_version(), f"{way.steps}: not bound"
        if not revoked:
            self._hears_of_no_lapse()
            self.unbound = False

    def _nothing_is_lost(self) -> None:
        """Nor is the account off its key, unless somebody took it off."""
        judge = self.world.judge
        assert judge.ciphertext() == self.stored, "the data was encrypted anew, or is gone"
        kept = self.world.keys()
        assert not self.kept - kept, "a version of a key is gone"
        self.kept = kept
        assert judge.rotations() - self.rotated < self.generation, "a generation made two versions"
        if not self.drifted:
            self._hears_of_no_lapse()

    def _hears_of_no_lapse(self) -> None:
        states = self.world.history()[self.seen :]
        self.seen += len(states)
        for state in states:
            ended = state["why"] in ("DELETE", "purge")
            assert self.unbound or ended or state["keySource"] == KEY_VAULT, f"unbound: {state}"

    def _updates(self, flags: tuple[str, ...]) -> None:
        """With flags, whose last word stands for a resource of the service."""
        urns = {str(one["urn"]).rpartition("::claims-")[2]: str(one["urn"]) for one in self.world.resources()}
        if flags[0] == "--skip-preview" and len(flags) == 3:
            if flags[2] not in urns:
                return
            flags = (*flags[:2], urns[flags[2]])
        said = self.world.run("up", "--yes", *flags)
        if "--replace" in flags and "unable to replace resource" in said:
            # Who replaces what is protected is refused by the engine, and does without.
            self._nothing_is_lost()
            said = self.world.up()
        self._follow(said, whole=not {"--target", "--exclude", "--target-replace"} & {*flags})

    def _says(self, change: dict[str, Any]) -> None:
        self._count(str(change))
        self.world.settings.update(change)

    def _count(self, step: str) -> None:
        type(self).steps += 1
        self.pending.append(step)

    def teardown(self) -> None:
        """Whatever has happened: access is given back, and two updates converge."""
        if not hasattr(self, "pending") or sys.exc_info()[0] is not None:
            return
        if self.world.settings.get("access") == "revoked":
            self.world.settings["access"] = "granted"
        for _ in range(2):  # What waits for the account's access is written by the second.
            self._follow(self.world.up())
        settled = self.world.run("up", "--yes", "--skip-preview", "--expect-no-changes")
        assert not settled, settled
