"""A life in which every refusal is followed to its end.

Owns: what happens to a stack that stands, and what must hold once the way out has been gone: no data is lost,
the account was never off its key, and what was taken away is given back only when a refusal named it. The
components, both providers and the cloud are as they are, on the engine in this process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from core.resource_types import ACCOUNT
from localazure import faults, seed
from tests.remediation.following import Way
from tests.remediation.world import (
    DRIFTS,
    EXISTING_VAULT,
    MODES,
    NETWORKS,
    SHARED_VAULT_ID,
    Transformation,
    World,
    account_deleted,
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
HELD = "lang-second"
"""The name of an account that was deleted, which holds it."""
WRONG_KEYS = {"absent": None, "too large": {"keySize": 3072}, "no wrapKey": {"keyOps": ["sign"]}}
"""Keys that a first deployment may name, as somebody has made them."""
REFUSED = (
    *(take_grant, narrow_grant, close_vault, identity_off, identity_anew, account_deleted, vault_deleted),
)
"""What somebody may have done for a reason: no update makes it good before it has been told."""
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
        # A permission that is missing may be one that the update gives: no preview can tell.
        vault = self.world.arm("GET", self.world.vault_id)["properties"]
        may = vault.get("enableRbacAuthorization") or permitted(self.world, seed.DEPLOYER.object_id)
        way = self.changes({**change, "key": key}, disturbed=not may)
        assert "put back" in way.steps or len(self.world.versions()) > versions, f"{way.steps}: not rotated"

    def access(self, revoked: bool) -> None:
        self.revoked = revoked
        self.changes({"access": "revoked" if revoked else "granted"})

    def revocation_beside(self, change: dict[str, Any]) -> None:
        """The data is out of reach after the first update, whatever else it refuses."""
        world, before = self.world, dict(self.world.settings)
        name = world.account_id.rpartition("/")[2]
        world.declare({**change, "access": "revoked", "revoke_account": name})
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

    def drifts(self, drift: Callable[[World], None], at_once: str | None) -> None:
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

    def reads_falsely(self, path: str, times: int, owner: str) -> None:
        """The first reads of an update do not find what is there."""
        fault = {"host": "arm", "method": "GET", "path": path, "times": times}
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
        # As `pulumi up` does, which ends with what its preview refuses.
        said = ("" if disturbed else world.preview()) or world.up()
        made = world.engine.operations if said and not (disturbed or self.revoked) else []
        assert made == [], f"{change} has made {made} before it was refused: {said}"
        theirs = "has this access already, from another program or person" in said
        assert disturbed or theirs or "cannot create already existing" not in said, (
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
        """After what waited for one update nothing is left."""
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
        user = (account.identity or {})["principalId"]
        self.world.engine.destroy()
        assert not permitted(self.world, user), "a destroyed service has access to the vault of others"
        self._leaves_somebody_what_they_have()
