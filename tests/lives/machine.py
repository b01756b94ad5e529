"""A life of a stack as a state machine: settings, outsiders, time, failures and kills, in any order.

Owns: what may happen, and what must hold after each of it. The engine and the cloud are real; this only keeps
count of what was asked for, and of what an outsider did that the next `up` has not seen yet.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.lives import outsider
from tests.lives.crashes import FAILURES, WRITES
from tests.lives.life import Life
from tests.support.crash import Moment, killed_at, repair
from tests.support.judge import KEY_VAULT
from tests.support.stack import Run

DAYS = 541
"""Past the 540 days after which the key's policy makes a version."""


class StackLife(RuleBasedStateMachine):
    """One life, which begins with a stack that stands and has data. `life` is given by the test."""

    life: ClassVar[Life]
    steps: ClassVar[int] = 0
    runs: ClassVar[Counter[str]] = Counter()
    """How often the engine was run, by what for."""

    def __init__(self) -> None:
        super().__init__()
        self.stack, self.judge = self.life.stack, self.life.judge
        self.life.azure.control("/faults", method="DELETE")
        self.life.standing.restore()
        self.stored = self.judge.ciphertext()
        self.seen = len(self.judge.history())
        self.generation = self.finished = 1
        self.asked: set[int] = set()
        """The generations that an engine was run with, since the last `up` that succeeded."""
        self.rotated = 0
        """How often the key had been rotated after that `up`."""
        self.audited = True
        self.open = True
        self.revoked = False
        self.dirty = False
        """Whether a setting of the account is changed that no `up` has written yet."""
        self.unbound = False
        """Whether an outsider has put the account on Microsoft's keys, and no `up` has bound it again."""
        self.elsewhere = False
        self.taken = False
        """Whether an outsider has taken the grant, which no `up` gives back unasked."""

    # Settings.

    @rule(owner=st.sampled_from(["platform", "security", "finance"]))
    def change_tags(self, owner: str) -> None:
        self.stack.configure(tags={"environment": "dev", "owner": owner})
        self.dirty = True

    @rule()
    def change_audit(self) -> None:
        self.audited = not self.audited
        self.stack.configure(audit={"newWorkspace": self.audited})

    @precondition(lambda self: self.undisturbed and not self.revoked)
    @rule()
    def change_network(self) -> None:
        self.open = not self.open
        self.stack.configure(network={"access": "open" if self.open else "closed"})
        self.up()

    # The provider rotates no key that the account is not on: it could not follow.
    @precondition(lambda self: self.open and self.readable and not (self.unbound or self.elsewhere))
    @rule()
    def raise_generation(self) -> None:
        self.generation += 1
        self.stack.configure(key={"generation": self.generation})

    @precondition(lambda self: not (self.revoked or self.unbound))
    @rule()
    def revoke(self) -> None:
        self.stack.configure(access="revoked")
        self.succeeds(self.deploy("revocation"))
        self.revoked, self.taken = True, False
        assert self.judge.bound_version(), "the binding went with the access"

    @precondition(lambda self: self.revoked)
    @rule()
    def grant_again(self) -> None:
        self.stack.configure(access="granted")
        self.succeeds(self.deploy("restoration"))
        self.revoked = self.taken = False
        if self.dirty:
            # The account waits for one more update, as the service may refuse its PUT until the grant counts.
            self.up()

    # Time, and hands from outside.

    @precondition(lambda self: self.open)
    @rule()
    def let_the_policy_rotate(self) -> None:
        self.life.azure.control("/clock", {"advance": DAYS * 86400})

    @precondition(lambda self: self.readable and not self.rotation_pends)
    @rule()
    def unbind(self) -> None:
        self.unbound, self.elsewhere = True, False
        outsider.unbind(self.judge)

    @precondition(lambda self: self.readable and not self.rotation_pends)
    @rule()
    def bind_elsewhere(self) -> None:
        outsider.bind_elsewhere(self.judge)
        self.unbound, self.elsewhere = False, True

    @precondition(lambda self: self.undisturbed and not self.revoked)
    @rule()
    def take_the_grant(self) -> None:
        outsider.take_the_grant(self.judge)
        self.taken = True

    @precondition(lambda self: self.open and not self.elsewhere)
    @rule()
    def disable_an_old_version(self) -> None:
        outsider.disable_an_old_version(self.judge)

    @rule()
    def delete_a_diagnostic_setting(self) -> None:
        outsider.delete_a_diagnostic_setting(self.judge)

    # The engine.

    @rule()
    def up(self) -> None:
        run = self.deploy("up")
        if self.taken:
            assert not run.ok, f"access that was taken away was given back unasked\n{run.output}"
            assert "removed outside Pulumi" in run.output, run.output
            return
        self.succeeds(run)
        self.hears_of_no_lapse()
        self.converged()
        self.runs["preview"] += 1
        preview = self.stack.preview("--expect-no-changes")
        assert preview.ok, f"right after a successful up:\n{preview.output}"

    @rule(refreshes=st.booleans())
    def look(self, refreshes: bool) -> None:
        self.runs["refresh" if refreshes else "preview"] += 1
        run = self.stack.refresh() if refreshes else self.stack.preview()
        assert run.ok == (refreshes or not self.taken), run.output

    @rule(
        request=st.sampled_from([*WRITES, ("arm", "GET"), ("vault", "GET")]),
        call=st.integers(1, 6),
        failure=st.sampled_from(FAILURES),
    )
    def up_under_a_failure(self, request: tuple[str, str], call: int, failure: dict[str, Any]) -> None:
        host, method = request
        self.life.azure.control("/faults", {"host": host, "method": method, "call": call, **failure})
        self.deploy("up under a failure")
        self.life.azure.control("/faults", method="DELETE")

    @precondition(lambda self: not self.taken)
    @rule(call=st.integers(1, 3), answered=st.booleans(), whole=st.booleans())
    def kill_an_up(self, call: int, answered: bool, whole: bool) -> None:
        moments = [
            Moment("write", method, host=host, call=call, answered=answered) for host, method in WRITES
        ]
        self.ask()
        struck = killed_at(self.life.azure, self.stack, moments, whole=whole)
        self.runs["killed up" if struck else "up"] += 1
        repair(self.stack)

    # What must hold.

    @invariant()
    def the_cloud_tells_of_no_lapse(self) -> None:
        type(self).steps += 1
        self.hears_of_no_lapse()

    @invariant()
    def the_data_is_what_was_written(self) -> None:
        assert self.judge.ciphertext() == self.stored, "the data was encrypted anew"
        if self.open:
            assert self.judge.reads_data() == self.readable

    @invariant()
    def nobody_rotates_twice(self) -> None:
        assert self.rotated <= self.judge.rotations() <= self.rotated + len(self.asked)

    def teardown(self) -> None:
        """Whatever has happened: access that was taken is given back in two steps, and one `up` converges."""
        if sys.exc_info()[0] is not None:
            return
        if self.taken:
            self.revoke()
        if self.revoked:
            self.grant_again()
        self.up()

    # Words for the above.

    def hears_of_no_lapse(self) -> None:
        """What the account's history has told since it was last asked."""
        states = self.judge.history()[self.seen :]
        self.seen += len(states)
        for state in states:
            assert self.unbound or state["keySource"] == KEY_VAULT, f"unbound: {state}"
            assert state["readable"] or not self.readable, f"unreadable: {state}"

    @property
    def readable(self) -> bool:
        """Whether the data can be read: on Microsoft's keys always, else while the grant is there."""
        return self.unbound or not (self.revoked or self.taken)

    @property
    def undisturbed(self) -> bool:
        """Whether the account is bound as the stack left it, with the access that it has."""
        return not (self.unbound or self.elsewhere or self.taken or self.rotation_pends)

    @property
    def rotation_pends(self) -> bool:
        """Whether a generation is asked for that no `up` has brought to its end."""
        return self.generation > self.finished

    def deploy(self, what: str) -> Run:
        self.runs[what] += 1
        self.ask()
        return self.stack.deploy()

    def ask(self) -> None:
        """Notes what the engine is about to be asked for."""
        if self.rotation_pends:
            self.asked.add(self.generation)

    def succeeds(self, run: Run) -> None:
        assert run.ok, run.output

    def converged(self) -> None:
        """What an `up` that succeeded has made good."""
        assert self.judge.strays(audited=self.audited) == []
        if not self.revoked:
            self.unbound = self.elsewhere = self.dirty = False
            assert self.judge.rotations() >= self.rotated + self.rotation_pends
            self.rotated, self.finished = self.judge.rotations(), self.generation
            self.asked.clear()
            assert self.judge.bound_version() == self.judge.versions()[-1]
