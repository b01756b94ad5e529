"""A life in which every refusal is followed to its end: settings, flags, drift and faults in any order.

Owns: what may happen, and what must hold once the way out has been gone. The components, both providers and
the cloud are as they are, on the engine in this process.

`python -m tests.ways_out.undo` takes mends out of the product and lives until a life fails. A few lives of
seed 0 notice when a refusal holds up a revocation, when access that somebody took away is given back unasked,
when what would be lost is not refused, and when what somebody has in the vault is narrowed. In an earlier
form the machine also noticed when the account is written without access (not within 40 lives of seed 0), when
an older version is bound in the place of one that has expired, when an identity that was turned off is not
reported, when no subnet is looked up before an endpoint is made in it, and when a first generation makes no
version.

It found by itself that a key operator whose access policy lacked something could not be given it; that a
preview said of revoked access to one key what it had read of another; that an account was written although
its version had expired, which Azure refuses for as long as anybody waits; and that an account was replaced by
one that could not be bound to such a version.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from localazure import seed
from tests.ways_out.following import Way
from tests.ways_out.world import (
    DRIFTS,
    MODES,
    NETWORKS,
    Place,
    World,
    account_deleted,
    identity_off,
    make_networks,
    permit,
    permitted,
    take_grant,
    unbound,
    vault_deleted,
)

SOMEBODY = seed.READER.object_id
"""Who has more at the vault than a key operator gets, by hand."""
PERMISSIONS = {"keys": ["get", "delete"], "secrets": ["get", "list"], "certificates": ["get"]}
MICROSOFT_MANAGED = {"encryption": "microsoftManaged"}
SETTINGS: tuple[dict[str, Any], ...] = (
    {"location": "northeurope"},
    {"resource_group_name": "rg-second"},
    {"kind": "AIServices", "sku": "S0"},
    {"account_name": "lang-second"},
    {"account_name": "lang-claims"},
    {"identity": "userAssigned"},
    {"identity": "systemAssigned"},
    {"access_model": "rbac"},
    {"access_model": "accessPolicy"},
    {"vault": {"name": "kv-second"}},
    MICROSOFT_MANAGED,
)
"""Changes that a guard may refuse."""
REFUSED = (take_grant, identity_off, account_deleted, vault_deleted)
"""What somebody may have done for a reason: no update makes it good before it has been told."""
FAULTS: tuple[dict[str, Any], ...] = (
    {"failing_operations": "CapacityExceeded"},
    {"missing_grant": "fails_later"},
    {"missing_grant": "properties_invalid"},
)
"""How Azure behaves while one update runs."""

SUBNETS = ("vnet/subnets/endpoints", "vnet/subnets/others", "hub/subnets/endpoints", "vnet/subnets/endpionts")
"""The last one is mistyped."""
CUT_OFF: tuple[dict[str, Any], ...] = (
    {"access": "revoked"},
    {"access": "granted"},
    {"tags": {"owner": "night"}},
    {"key": {"name": "third"}},
    {"audit": {"new_workspace": True}},
    {"vault": {"key_operators": ["deployer"]}},
    {"vault": {"key_operators": [SOMEBODY]}},
)
"""Changes that an update may be cut off in."""


class Refusals(RuleBasedStateMachine):
    """A stack that stands, and what happens to it."""

    refusals: ClassVar[int] = 0
    """How many updates were refused or failed, and followed to their end."""

    @initialize(mode=st.sampled_from([*MODES]), refreshes=st.booleans(), before_refresh=st.booleans())
    def stands(self, mode: str, refreshes: bool, before_refresh: bool) -> None:
        self.world = World(mode, refreshes)
        self.world.engine.before_refresh = before_refresh
        self.revoked = self.unbound = False
        self.generation = 1
        assert self.world.up() == ""
        make_networks(self.world)
        permit(self.world, SOMEBODY, PERMISSIONS)
        self.data = self.world.account
        self.seen = len(self.world.history())

    @rule(owner=st.sampled_from(["platform", "security"]))
    def tags(self, owner: str) -> None:
        self.changes({"tags": {"owner": owner}})

    @rule(name=st.sampled_from(["cmk-claims", "second"]))
    def another_key(self, name: str) -> None:
        self.changes({"key": {**self.world.settings.get("key", {}), "name": name}})

    @rule(operators=st.sampled_from([[], ["deployer"], [SOMEBODY]]))
    def key_operators(self, operators: list[str]) -> None:
        self.changes({"vault": {**self.world.settings.get("vault", {}), "key_operators": operators}})

    @precondition(lambda self: not self.revoked)
    @rule()
    def rotation(self) -> None:
        self.generation += 1
        versions = len(self.world.versions())
        way = self.changes({"key": {**self.world.settings.get("key", {}), "generation": self.generation}})
        assert "put back" in way.steps or len(self.world.versions()) > versions, f"{way.steps}: not rotated"

    @rule(revoked=st.booleans())
    def access(self, revoked: bool) -> None:
        self.revoked = revoked
        self.changes({"access": "revoked" if revoked else "granted"})

    @precondition(lambda self: not self.revoked)
    @rule(change=st.sampled_from([one for one in SETTINGS if one is not MICROSOFT_MANAGED]))
    def revocation_beside(self, change: dict[str, Any]) -> None:
        """The data is out of reach after the first update, whatever else it refuses."""
        world, before = self.world, dict(self.world.settings)
        world.settings.update(change, access="revoked")
        said = world.up()
        assert not world.readable, f"revoked beside {change}, and readable: {said}"
        world.settings.clear()
        world.settings.update(before)
        self.revoked = True
        self.changes({"access": "revoked"})

    @precondition(lambda self: not self.revoked)
    @rule(change=st.sampled_from(SETTINGS))
    def setting(self, change: dict[str, Any]) -> None:
        self.changes(change)

    @precondition(lambda self: not self.revoked)
    @rule(drift=st.sampled_from([*DRIFTS]), at_once=st.none() | st.sampled_from(["platform", "security"]))
    def drifts(self, drift: Callable[[Place], None], at_once: str | None) -> None:
        """By itself, or beside a change of the account."""
        if self.world.mode not in DRIFTS[drift]:
            return
        drift(self.world)
        assert drift not in REFUSED or self.world.up(), f"{drift.__name__} was made good unasked"
        self.unbound = drift is unbound
        self.changes({"tags": {"owner": at_once}} if at_once else {})

    @precondition(lambda self: not self.revoked)
    @rule(subnets=st.lists(st.sampled_from(SUBNETS), min_size=1, max_size=3))
    def private_endpoints(self, subnets: list[str]) -> None:
        """They are made, moved and, where a subnet is mistyped, left alone, as World judges."""
        before = self.world.settings.get("network")
        for one in subnets:
            self.changes({"network": {"access": "private", "subnet_id": f"{NETWORKS}/{one}"}})
        self.changes({"network": before or {"access": "open"}})

    @rule(fault=st.sampled_from(FAULTS), owner=st.sampled_from(["platform", "security"]))
    def fault(self, fault: dict[str, Any], owner: str) -> None:
        """One update of the account fails, or Azure says another way what it refuses."""
        cloud = self.world.wire.door.cloud
        before = {name: getattr(cloud.behaviour, name) for name in fault}
        self.world.settings["tags"] = {"owner": owner, "fault": "one"}
        cloud.behave(**fault)
        self.world.up()
        cloud.behave(**before)
        self.changes({})

    @rule(
        change=st.sampled_from(CUT_OFF),
        write=st.integers(1, 6),
        arrives=st.booleans(),
        stays=st.booleans(),
    )
    def cut_off(self, change: dict[str, Any], write: int, *, arrives: bool, stays: bool) -> None:
        """The connection breaks in an update, or the engine is killed there."""
        if self.revoked and "access" not in change:
            return
        self.revoked = change.get("access", "granted") == "revoked"
        before = dict(self.world.settings)
        self.world.settings.update(change)
        self.world.up_cut_off(write, arrives=arrives, stays=stays)
        self.world.settings.clear()
        self.world.settings.update(before)
        self.changes(change)

    @rule(refreshes=st.booleans(), before_refresh=st.booleans())
    def flags(self, *, refreshes: bool, before_refresh: bool) -> None:
        """Updates with --refresh or without, and an engine that reads its state before or after that."""
        self.world.refreshes, self.world.engine.before_refresh = refreshes, before_refresh

    def changes(self, change: dict[str, Any]) -> Way:
        """Declares a change, and follows what is printed until the stack has converged."""
        world, before = self.world, dict(self.world.settings)
        world.settings.update(change)

        def back() -> None:
            world.settings.clear()
            world.settings.update(before)

        way = Way(world, back)
        way.follow()
        type(self).refusals += bool(way.steps)
        unbinds = "unbindAccount" in way.named
        if unbinds:
            # On purpose, as the refusal says; the settings then go back to the customer's key.
            for name in ("encryption", "unbind_account"):
                world.settings.pop(name, None)
            way.follow()
        self.settles(way)
        if unbinds or self.unbound:
            self.seen, self.unbound = len(world.history()), False
        self.holds(way)
        return way

    def settles(self, way: Way) -> None:
        """What brought something back is taken out, and after what waited for one update nothing is left."""
        for name in ("soft_deleted", "replace_account"):
            self.world.settings.pop(name, None)
        if self.world.settings.get("access") == "granted":
            self.revoked = False
        for _ in range(2):
            way.follow()
        assert self.world.up() == ""
        assert self.world.engine.operations == [], (
            f"{way.steps}: an update that changes nothing does each time"
        )

    def holds(self, way: Way) -> None:
        """No data is lost that was not named, and it is under the customer's key."""
        world, account = self.world, self.world.account
        assert account is not None, way.steps
        if "replaceAccount" in way.named:
            self.data, self.seen = account, 0
        assert self.data is not None
        assert account.internal_id == self.data.internal_id, (
            f"{way.steps}: another account, which nobody named"
        )
        assert world.is_bound, f"{way.steps}: unbound"
        assert world.readable is not self.revoked, f"{way.steps}: readable is {world.readable}"
        bound = [state["keySource"] == "Microsoft.KeyVault" for state in world.history()]
        first = max(self.seen, bound.index(True))
        assert world.unbound_moments(first) == [], way.steps
        self.seen = len(bound)
        self._leaves_somebody_what_they_have()
        self._no_older_version_is_bound()

    def _leaves_somebody_what_they_have(self) -> None:
        """Whether the settings name them as a key operator, or no longer do."""
        kept = permitted(self.world, SOMEBODY)
        for group, names in PERMISSIONS.items():
            assert {*names} <= {*kept.get(group, ())}, f"of {group}, somebody has {kept.get(group)} left"

    def _no_older_version_is_bound(self) -> None:
        """Of any key, at any time."""
        ages: dict[str, int] = {}
        versions = self.world.versions()
        for state in self.world.history():
            key, _, version = (state["keyUri"] or "").rpartition("/")
            age = versions.get(version, 0)
            assert age >= ages.get(key, 0), f"an older version of {key} was bound: {state}"
            ages[key] = age

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.close()
