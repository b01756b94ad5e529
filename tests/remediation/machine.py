"""A life in which every refusal is followed to its end: settings, flags, drift and faults in any order.

Owns: what may happen, and what must hold once the way out has been gone. The components, both providers and
the cloud are as they are, on the engine in this process.

`python -m tests.remediation.undo` takes mends out of the product, one by one, and lives until a life fails:
mends.py has them by what had been wrong.

It found by itself that a key operator whose access policy lacked something could not be given it; that a
preview said of revoked access to one key what it had read of another; that an account was written although
its version had expired, which Azure refuses for as long as anybody waits; and that an account was replaced by
one that could not be bound to such a version. In a vault of others it found that the way back of a vault that
is made here was printed, and that an account which had left its key kept its access; and elsewhere that a
deleted account was recovered which could not be bound, and that a proof was waited for half an hour which an
expired version could not give.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, ClassVar

import pulumi
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from core.resource_types import ACCOUNT
from localazure import faults, seed
from tests.remediation.following import Way
from tests.remediation.world import (
    DRIFTS,
    EXISTING_VAULT,
    MODES,
    NETWORKS,
    SHARED_VAULT_ID,
    Place,
    Transformation,
    World,
    account_deleted,
    bound_by_others,
    bound_version_expires,
    close_vault,
    forbid,
    forget_account,
    identity_anew,
    identity_off,
    make_networks,
    make_shared_key,
    narrow_grant,
    permit,
    permitted,
    take_grant,
    unbound,
    vault_deleted,
)
from tests.support.engine import Flags

SOMEBODY = seed.READER.object_id
"""Who has more at the vault than a key operator gets, by hand."""
PERMISSIONS = {"keys": ["get", "delete"], "secrets": ["get", "list"], "certificates": ["get"]}
SETTINGS: tuple[dict[str, Any], ...] = (
    {"location": "northeurope"},
    {"resource_group_name": "rg-second"},
    {"kind": "AIServices", "sku": "S0"},
    {"account_name": "lang-second"},
    {"identity": "userAssigned"},
    {"identity": "systemAssigned"},
    {"access_model": "rbac"},
    {"access_model": "accessPolicy"},
    {"vault": {"name": "kv-second"}},
)
"""Changes that a guard may refuse."""
KEYS = ("cmk-claims", "second")
HELD, FREE = "lang-second", "lang-third"
"""Names of accounts: one that was deleted holds the first."""
ACCESS = (take_grant, narrow_grant, close_vault, identity_off, identity_anew, bound_version_expires)
"""Drift that takes the data out of reach, and is repaired."""
WRONG_KEYS = {"absent": None, "too large": {"keySize": 3072}, "no wrapKey": {"keyOps": ["sign"]}}
"""Keys that a first deployment may name, as somebody has made them."""
REFUSED = (take_grant, narrow_grant, close_vault, identity_off, account_deleted, vault_deleted)
"""What somebody may have done for a reason: no update makes it good before it has been told."""
FAULTS: tuple[dict[str, Any], ...] = (
    {"failing_operations": "CapacityExceeded"},
    {"missing_grant": "fails_later"},
    {"missing_grant": "properties_invalid"},
    {"read_lag_seconds": 30.0},
    {"read_lag_seconds": 30.0, "lagging_reads": "every_other"},
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


TOLD = (
    *(
        Flags(targets=frozenset(names))
        for names in (["account"], ["binding"], ["account", "binding"], ["account", "key-version", "binding"])
    ),
    *(Flags(excludes=frozenset([name])) for name in ("account", "binding")),
    Flags(replaces=frozenset(["binding"])),
)
"""By --target, --exclude and --replace."""
FORGOTTEN = (("-account", "-binding", "-grant", "-audit"), ("-binding",), ("-key-version",))
"""Ends of names."""
ACCOUNT_PATH = "/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.CognitiveServices/accounts/{a}"


def ignoring(path: str) -> Transformation:
    """A stack transformation by which the account ignores changes of a path."""

    def transform(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ != ACCOUNT:
            return None
        more = pulumi.ResourceOptions(ignore_changes=[path])
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, more))

    return transform


def with_cost_centre(
    args: pulumi.ResourceTransformationArgs,
) -> pulumi.ResourceTransformationResult | None:
    """A stack transformation that adds a tag to the account."""
    if args.type_ != ACCOUNT:
        return None
    tags = pulumi.Output.from_input(args.props.get("tags")).apply(lambda own: {**(own or {}), "cost": "1"})
    return pulumi.ResourceTransformationResult({**args.props, "tags": tags}, args.opts)


MEDDLERS = (ignoring("properties"), ignoring("properties.encryption"), with_cost_centre)
_OWNER = st.sampled_from(["platform", "security"])
EVENTS = st.one_of(
    st.tuples(st.just("tags"), _OWNER),
    st.tuples(st.just("other_keys"), st.lists(st.sampled_from(KEYS), min_size=1, max_size=3)),
    st.tuples(st.just("key_operators"), st.sampled_from([[], ["deployer"], [SOMEBODY]])),
    st.tuples(st.just("rotation"), st.sampled_from(({}, {"tags": {"owner": "rotating"}}))),
    st.tuples(st.just("rotation_by_a_new_operator"), st.sampled_from([60.0, 300.0])),
    st.tuples(st.just("access"), st.booleans()),
    st.tuples(st.just("revocation_beside"), st.sampled_from(SETTINGS)),
    st.tuples(st.just("leaves_its_key")),
    st.tuples(st.just("another_account"), st.sampled_from([HELD, FREE])),
    *[st.tuples(st.just("setting"), st.sampled_from(SETTINGS))] * 2,
    *[st.tuples(st.just("drifts"), st.sampled_from([*DRIFTS, bound_by_others]), st.none() | _OWNER)] * 2,
    *[st.tuples(st.just("drifts"), st.sampled_from(ACCESS), _OWNER)] * 2,
    st.tuples(st.just("private_endpoints"), st.lists(st.sampled_from(SUBNETS), min_size=1, max_size=3)),
    st.tuples(st.just("fault"), st.sampled_from(FAULTS), _OWNER),
    *[
        st.tuples(
            st.just("cut_off"), st.sampled_from(CUT_OFF), st.integers(1, 6), st.booleans(), st.booleans()
        )
    ]
    * 2,
    st.tuples(st.just("told"), st.sampled_from(TOLD), _OWNER),
    st.tuples(st.just("reads_falsely"), st.integers(1, 6), _OWNER),
    st.tuples(st.just("state_forgets"), st.sampled_from(FORGOTTEN)),
    st.tuples(st.just("older_azure_native"), st.sampled_from(["2024-10-01", "2025-06-01"])),
    st.tuples(st.just("meddles"), st.sampled_from(MEDDLERS), _OWNER),
    st.tuples(st.just("flags"), st.booleans(), st.booleans()),
)
"""Methods of the machine with what they are given; some more often than others. Of several rules Hypothesis
would take some four times as often as others."""
ALONE: tuple[tuple[Any, ...], ...] = (
    *(("told", flags, "night") for flags in TOLD),
    *(("reads_falsely", times, "night") for times in range(1, 7)),
    *(("state_forgets", names) for names in FORGOTTEN),
    ("older_azure_native", "2024-10-01"),
    *(("meddles", one, "night") for one in MEDDLERS),
    *(("fault", fault, "night") for fault in FAULTS),
    *(("rotation", change) for change in ({}, {"tags": {"owner": "night"}})),
    *(("drifts", bound_by_others, owner) for owner in (None, "night")),
    *(("setting", change) for change in SETTINGS),
    *(
        ("cut_off", change, write, arrives, True)
        for change in CUT_OFF[2:3]
        for write in range(1, 5)
        for arrives in (False, True)
    ),
)
"""What is lived by itself, in each mode."""
ANYTIME = ("tags", "other_keys", "key_operators", "access", "fault", "flags")
"""Also while access is revoked."""


class Life:
    """A stack that stands, perhaps after a first update that named a wrong key, and what happens to it."""

    refusals: ClassVar[int] = 0
    """How many updates were refused or failed, and followed to their end."""

    def __init__(
        self,
        mode: str,
        *,
        refreshes: bool = False,
        before_refresh: bool = False,
        wrong_key: str | None = None,
    ) -> None:
        self.world = World(mode, refreshes)
        self.world.engine.before_refresh = before_refresh
        self.revoked = self.unbound = False
        self.generation = 1
        if mode == EXISTING_VAULT and wrong_key:
            self._begins_with(wrong_key)
        assert self.world.up() == ""
        make_networks(self.world)
        forget_account(self.world, HELD)
        permit(self.world, SOMEBODY, PERMISSIONS)
        self.data = self.world.account
        self.seen = len(self.world.history())

    def _begins_with(self, key: str) -> None:
        """Nothing is made half-way for a key that the service would not take."""
        world, id = self.world, f"{SHARED_VAULT_ID}/keys/wrong"
        if properties := WRONG_KEYS[key]:
            make_shared_key(world, id, **properties)
        before = dict(world.settings)
        world.settings = {"key": {"id": id}}
        assert world.up(), f"a key that is {key} was taken"
        assert world.engine.operations == [], f"{world.engine.operations} before a key that is {key} is told"
        world.settings = before

    def happens(self, event: tuple[Any, ...]) -> None:
        """Access is given back first where the event is one of an account that has it."""
        name, *given = event
        has_access = name not in ANYTIME and not (name == "cut_off" and "access" in given[0])
        if self.revoked and has_access:
            self.access(False)
        getattr(self, name)(*given)

    def tags(self, owner: str) -> None:
        self.changes({"tags": {"owner": owner}})

    def other_keys(self, names: list[str]) -> None:
        """One after the other, and perhaps back."""
        for name in names:
            self.changes({"key": {**self.world.settings.get("key", {}), "name": name}})

    def key_operators(self, operators: list[str]) -> None:
        self.changes({"vault": {**self.world.settings.get("vault", {}), "key_operators": operators}})

    def rotation(self, change: dict[str, Any]) -> None:
        """By itself, or beside another change."""
        self.generation += 1
        versions = len(self.world.versions())
        key = {**self.world.settings.get("key", {}), "generation": self.generation}
        way = self.changes({**change, "key": key})
        assert "put back" in way.steps or len(self.world.versions()) > versions, f"{way.steps}: not rotated"

    def access(self, revoked: bool) -> None:
        self.revoked = revoked
        self.changes({"access": "revoked" if revoked else "granted"})

    def revocation_beside(self, change: dict[str, Any]) -> None:
        """The data is out of reach after the first update, whatever else it refuses."""
        world, before = self.world, dict(self.world.settings)
        world.declare({**change, "access": "revoked"})
        said = world.up()
        assert not world.readable, f"revoked beside {change}, and readable: {said}"
        world.settings.clear()
        world.settings.update(before)
        self.revoked = True
        self.changes({"access": "revoked"})

    def leaves_its_key(self) -> None:
        """And comes back to it."""
        self.changes({"encryption": "microsoftManaged"})

    def another_account(self, name: str) -> None:
        """The old one goes only where the new one can be made."""
        self.changes({"account_name": name})

    def rotation_by_a_new_operator(self, delay: float) -> None:
        """Whose grant takes its time to count: no update fails for that."""
        cloud = self.world.wire.door.cloud
        before = cloud.behaviour.grant_delay_seconds
        self.key_operators([])
        if permitted(self.world, seed.DEPLOYER.object_id):
            forbid(self.world, seed.DEPLOYER.object_id)  # what somebody gave the deployer on the way
        self.world.settings["vault"] = {**self.world.settings["vault"], "key_operators": ["deployer"]}
        self.generation += 1
        self.world.set("key.generation", self.generation)
        cloud.behave(grant_delay_seconds=delay)
        said = self.world.up()
        cloud.behave(grant_delay_seconds=before)
        assert not said, f"a grant that counts after {delay:.0f} s is not waited for: {said}"
        self.changes({})

    def setting(self, change: dict[str, Any]) -> None:
        self.changes(change)

    def drifts(self, drift: Callable[[Place], None], at_once: str | None) -> None:
        """By itself, or beside a change of the account (`at_once`, its owner)."""
        if self.world.mode not in DRIFTS.get(drift, MODES):
            return
        drift(self.world)
        assert drift not in REFUSED or self.world.up(), f"{drift.__name__} was made good unasked"
        self.unbound = drift is unbound
        self.changes({"tags": {"owner": at_once}} if at_once else {}, disturbed=True)

    def private_endpoints(self, subnets: list[str]) -> None:
        """They are made, moved and, where a subnet is mistyped, left alone, as World judges."""
        before = self.world.settings.get("network")
        for one in subnets:
            self.changes({"network": {"access": "private", "subnet_id": f"{NETWORKS}/{one}"}})
        self.changes({"network": before or {"access": "open"}})

    def fault(self, fault: dict[str, Any], owner: str) -> None:
        """One update of the account fails, or Azure says another way what it refuses."""
        cloud = self.world.wire.door.cloud
        before = {name: getattr(cloud.behaviour, name) for name in fault}
        self.world.settings["tags"] = {"owner": owner, "fault": "one"}
        cloud.behave(**fault)
        self.world.up()
        cloud.behave(**before)
        self.changes({}, disturbed=True)

    def cut_off(self, change: dict[str, Any], write: int, arrives: bool, stays: bool) -> None:
        """The connection breaks in an update at a `write`, before or after Azure has it (`arrives`), or the
        engine is killed there (`stays`)."""
        self.revoked = change.get("access", "granted") == "revoked"
        before = dict(self.world.settings)
        self.world.declare(change)
        self.world.up_cut_off(write, arrives=arrives, stays=stays)
        self.world.settings.clear()
        self.world.settings.update(before)
        self.changes(change, disturbed=True)

    def told(self, flags: Flags, owner: str) -> None:
        """An update of some resources alone, or one that replaces the binding, makes a change of tags. What
        that left out is made by the next one."""
        self.world.settings["tags"] = {"owner": owner, "told": "some"}
        self.world.up(flags)
        self.changes({}, disturbed=True)

    def reads_falsely(self, times: int, owner: str) -> None:
        """The first reads of an update do not find the account."""
        fault = {"host": "arm", "method": "GET", "path": ACCOUNT_PATH, "times": times}
        cloud = self.world.wire.door.cloud
        faults.add_fault(cloud, {**fault, "status": 404, "code": "ResourceNotFound"})
        self.world.settings["tags"] = {"owner": owner, "read": "falsely"}
        self.world.up()
        faults.clear_faults(cloud)
        self.changes({}, disturbed=True)

    def state_forgets(self, names: tuple[str, ...]) -> None:
        """Somebody takes resources out of the state. What exists is taken over as it is."""
        state = self.world.engine.state
        for urn in [urn for urn in state if urn.endswith(names)]:
            del state[urn]
        self.changes({}, disturbed=True)

    def older_azure_native(self, version: str) -> None:
        """The state was written by an azure-native of another API version."""
        for held in self.world.engine.state.values():
            if held.type == ACCOUNT:
                held.inputs["azureApiVersion"] = held.outputs["azureApiVersion"] = version
        self.changes({"tags": {"owner": version}}, disturbed=True)

    def meddles(self, meddle: Transformation, owner: str) -> None:
        """The program changes the account past its component: what takes the key out of an update is refused
        before anything is written, and a refresh is all that it takes."""
        self.world.transformation = meddle
        self.changes({"tags": {"owner": owner, "meddled": "with"}}, disturbed=True)
        self.world.transformation = None
        self.changes({}, disturbed=True)

    def flags(self, refreshes: bool, before_refresh: bool) -> None:
        """Updates with --refresh or without, and an engine that reads its state before or after that."""
        self.world.refreshes, self.world.engine.before_refresh = refreshes, before_refresh

    def changes(self, change: dict[str, Any], *, disturbed: bool = False) -> Way:
        """Declares a change, and follows what is printed until the stack has converged. What is refused where
        nothing else has happened (`disturbed`) is refused before anything is written."""
        world, before = self.world, dict(self.world.settings)
        world.declare(change)

        def back() -> None:
            world.settings.clear()
            world.settings.update(before)

        way = Way(world, back)
        said = world.up()
        made = world.engine.operations if said and not (disturbed or self.revoked) else []
        assert made == [], f"{change} has made {made} before it was refused: {said}"
        assert disturbed or "cannot create already existing" not in said, (
            f"{change} makes again what is there: {said}"
        )
        if said:
            way.follow(said)
        Life.refusals += bool(way.steps)
        unbinds = "unbindAccount" in way.named
        if unbinds:
            self._goes_back_to_the_key(way)
        self.settles(way)
        if unbinds or self.unbound:
            self.seen, self.unbound = len(world.history()), False
        self.holds(way)
        return way

    def _goes_back_to_the_key(self, way: Way) -> None:
        """After an account was unbound on purpose, as the refusal says. What allowed it may go first, and
        what is for its key."""
        world = self.world
        bound: dict[str, Any] = {
            name: given for name, given in world.settings.items() if name in ("vault", "key")
        }
        for name in ("unbind_account", *bound):
            world.settings.pop(name, None)
        if world.settings.get("encryption") == "microsoftManaged":
            said = world.up()
            assert not said, f"an account that is off its key was refused to be: {said}"
        world.settings.pop("encryption", None)
        world.settings.update(bound)
        way.follow()

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

    def ends(self) -> None:
        """Of a service in a vault of others nothing is left there when it is destroyed."""
        if self.world.mode == EXISTING_VAULT:
            self._leaves_no_access()

    def _leaves_no_access(self) -> None:
        account = self.world.account
        assert account is not None
        user = (account.identity or {})["principalId"]
        self.world.engine.destroy()
        assert not permitted(self.world, user), "a destroyed service has access to the vault of others"
        self._leaves_somebody_what_they_have()


class Refusals(RuleBasedStateMachine):
    """Lives that Hypothesis draws."""

    @initialize(
        seed_of_life=st.integers(0, 255),
        mode=st.sampled_from([*MODES]),
        refreshes=st.booleans(),
        before_refresh=st.booleans(),
        rotated=st.booleans(),
        wrong_key=st.none() | st.sampled_from([*WRONG_KEYS]),
    )
    def stands(self, *, seed_of_life: int, mode: str, rotated: bool, **flags: Any) -> None:
        """Perhaps with a second version of the key."""
        assume(seed_of_life)  # Hypothesis begins each run with the simplest life, whatever the seed
        self.life = Life(mode, **flags)
        if rotated:
            self.life.world.rotate("cmk-claims")
            self.life.changes({})

    @rule(event=EVENTS)
    def happens(self, event: tuple[Any, ...]) -> None:
        self.life.happens(event)

    def teardown(self) -> None:
        if hasattr(self, "life") and sys.exc_info()[0] is None:
            self.life.ends()
