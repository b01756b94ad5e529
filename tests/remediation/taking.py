"""Random lives of a service from which somebody takes access away, while reads of Azure are late.

Owns: what is taken, who may give it back (whoever took it; `access: granted` after a revocation, for the
grant alone), and that no update does. Judges by what the cloud has, which is never late. Does not own: what
a refusal prints and where that leads (life.py).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from core.resource_types import KEY_ACCESS_REVOCATION
from core.rights import NEEDED
from core.roles import CRYPTO_SERVICE_ENCRYPTION_USER as ROLE
from core.roles import assignment_name
from localazure import seed
from tests.remediation.world import EXISTING_VAULT, World, forbid, permit, set_policy

SOMEBODY = seed.READER.object_id
"""Who could use the keys of the vault until somebody took that away."""
LAGS: Mapping[str, tuple[Any, ...]] = {
    "read_lag_seconds": (0.0, 5.0, 30.0, 60.0),
    "lagging_reads": ("all", "every_other"),
    "grant_delay_seconds": (0.0, 300.0),
    "same_key_again": ("refused", "taken"),
}
"""How late Azure may be, and whether it takes writes of an account that cannot use its key: each life has a
value of each."""
GETS = {"keys": ["get"]}
MODES = ("access policies", "Azure RBAC", EXISTING_VAULT)
STEPS = 10


class Lock(NamedTuple):
    """One way to take access away, how it is given back by hand, and whether it holds."""

    take: Callable[[World], None]
    give: Callable[[World], None]
    holds: Callable[[World], bool]
    mode: str = ""


def _vault(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.wire.door.cloud.store.get("vault", world.vault_id) or {}
    return found


def _user(world: World) -> str:
    return str((world.account.identity or {}).get("principalId") or "")


def _assignments(world: World) -> list[str]:
    """The ids of what lets the account's identity use the key by a role."""
    kept = world.wire.door.cloud.store.scan("roleAssignment", world.vault_id)
    bodies = [one["body"] for _, one in kept]
    return [one["id"] for one in bodies if one["properties"]["principalId"] == _user(world)]


def _take_grant(world: World) -> None:
    forbid(world, _user(world))
    for id in _assignments(world):
        world.arm("DELETE", id)


def _narrow_grant(world: World) -> None:
    set_policy(world, "remove", _user(world), {"keys": ["unwrapKey"]})


def _give_grant(world: World) -> None:
    """A role by the name that the stack gives it."""
    key = f"{world.vault_id}/keys/cmk-claims"
    if world.mode != "Azure RBAC":
        permit(world, _user(world), {"keys": [*NEEDED]})
        return
    name = assignment_name(key, _user(world), ROLE.id)
    role = {"roleDefinitionId": ROLE.definition_id(seed.SUBSCRIPTION_ID), "principalId": _user(world)}
    world.arm("PUT", f"{key}/providers/Microsoft.Authorization/roleAssignments/{name}", {"properties": role})


def _network(world: World, action: str, bypass: str) -> None:
    rules = {"defaultAction": action, "bypass": bypass}
    world.arm("PATCH", world.vault_id, {"properties": {"networkAcls": rules}})


def _by_roles(world: World, *, on: bool) -> None:
    world.arm("PATCH", world.vault_id, {"properties": {"enableRbacAuthorization": on}})


def _identity(world: World, kind: str) -> None:
    world.arm("PATCH", world.account_id, {"identity": {"type": kind}})
    world.arm("GET", world.account_id)


def _version(world: World, *, enabled: bool) -> None:
    """The version that the account is bound to."""
    cloud, version = world.wire.door.cloud, world.bound_version
    with cloud.store.transaction():
        for id, body in cloud.store.scan("vault.key", world.vault_id):
            for one in body["versions"]:
                if one["version"] == version:
                    one["enabled"] = enabled
                    cloud.store.put("vault.key", id, body)


def _unreadable(world: World) -> bool:
    return not world.readable


def _has_no_entry(world: World) -> bool:
    policies = _vault(world)["properties"]["accessPolicies"]
    return all(one["objectId"] != SOMEBODY for one in policies)


LOCKS: Mapping[str, Lock] = {
    "grant": Lock(_take_grant, _give_grant, _unreadable),
    "part of the grant": Lock(_narrow_grant, _give_grant, _unreadable, mode="access policies"),
    "firewall": Lock(
        lambda world: _network(world, "Deny", "None"),
        lambda world: _network(world, "Allow", "AzureServices"),
        lambda world: _vault(world)["properties"]["networkAcls"].get("bypass") == "None",
    ),
    "model": Lock(
        lambda world: _by_roles(world, on=True),
        lambda world: _by_roles(world, on=False),
        lambda world: _vault(world)["properties"]["enableRbacAuthorization"] is True,
        mode="access policies",
    ),
    "model, from roles": Lock(
        lambda world: _by_roles(world, on=False),
        lambda world: _by_roles(world, on=True),
        lambda world: _vault(world)["properties"]["enableRbacAuthorization"] is False,
        mode="Azure RBAC",
    ),
    "identity": Lock(
        lambda world: _identity(world, "None"), lambda world: _identity(world, "SystemAssigned"), _unreadable
    ),
    "version": Lock(
        lambda world: _version(world, enabled=False),
        lambda world: _version(world, enabled=True),
        _unreadable,
    ),
    "somebody else's": Lock(
        lambda world: forbid(world, SOMEBODY), lambda world: permit(world, SOMEBODY, GETS), _has_no_entry
    ),
}
GRANTS = {"grant", "part of the grant"}
CHANGES: tuple[dict[str, Any], ...] = (
    {"tags": {"owner": "night"}},
    {"tags": {"owner": "day"}},
    {"vault": {"sku": "premium"}},
    {"vault": {"sku": "standard"}},
    {"network": {"access": "closed"}},
    {"network": {"access": "open"}},
)


@dataclass
class Taking:
    """One life, by its seed: what is `taken`, and what happened so far, for whoever reads a failure."""

    chance: random.Random
    taken: set[str] = field(default_factory=set)
    happened: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        pick = self.chance.choice
        self.world = world = World(pick(MODES), settings={"network": {"access": "open"}})
        assert world.up() == ""
        permit(world, SOMEBODY, GETS)
        lags = {name: pick(values) for name, values in LAGS.items()}
        world.wire.door.cloud.behave(**lags)
        world.pause = 0.0
        self.happened.append(f"{world.mode}, {lags}")

    def lives(self, steps: int = STEPS) -> None:
        """Raises AssertionError where something was given back unasked."""
        events = (
            [self.take] * 4 + [self.changes] * 5 + [self.revokes] * 2 + [self.waits, self.gives, self.ups]
        )
        for _ in range(steps):
            self.chance.choice(events)()

    def take(self) -> None:
        fits = [name for name, lock in LOCKS.items() if lock.mode in ("", self.world.mode)]
        name = self.chance.choice(fits)
        if name in self.taken or not (self._has_identity or name in ("firewall", "somebody else's", "model")):
            return
        if name == "identity" and self._is_written:
            return
        self.happened.append(f"somebody takes: {name}")
        LOCKS[name].take(self.world)
        self.taken.add(name)
        self.judge()

    def gives(self) -> None:
        """Whoever took something gives it back; the grant only while access is not revoked."""
        revoked = self.world.settings.get("access") == "revoked"
        found = {name for name in self.taken if name == "identity" or self._has_identity}
        found -= {"identity"} if self._is_written else set()
        if name := self.chance.choice([*sorted(found - (GRANTS if revoked else set())), ""]):
            self.happened.append(f"somebody gives back: {name}")
            LOCKS[name].give(self.world)
            self.taken -= GRANTS if name in GRANTS else {name}
            if name == "identity" and not self._is_revoked:
                self.taken.add("grant")  # which the new identity never had

    def waits(self) -> None:
        seconds = self.chance.choice([1.0, 20.0, 90.0, 900.0])
        self.happened.append(f"{seconds:.0f} s pass")
        self.world.wire.sleep(seconds)

    def changes(self) -> None:
        change = self.chance.choice(CHANGES)
        self.world.declare(change)
        self.happened.append(f"{change}")
        self.ups()

    def revokes(self) -> None:
        """Or gives access back, if it is revoked: the settings ask for the grant, and for nothing else."""
        revoked = self.world.settings.get("access") == "revoked"
        self.world.declare({"access": "granted" if revoked else "revoked"})
        self.happened.append("access: granted" if revoked else "access: revoked")
        if revoked and any(one.type == KEY_ACCESS_REVOCATION for one in self.world.engine.state.values()):
            # An update that read late may have turned a new identity on; it has no access until now.
            self.taken -= GRANTS | ({"identity"} if self._has_identity else set())
        self.ups()

    def ups(self) -> None:
        """An update, with a refresh or without."""
        world = self.world
        world.refreshes = self.chance.random() < 0.5
        world.engine.before_refresh = self.chance.random() < 0.5
        said = world.up()
        self.happened.append(f"up{' --refresh' if world.refreshes else ''}: {said[:120] or 'done'}")
        self.judge()

    def judge(self) -> None:
        """Nothing came back."""
        world = self.world
        story = "\n".join(self.happened)
        for name in sorted(self.taken):
            assert LOCKS[name].holds(world), f"{name} came back:\n{story}"
        locks = self.taken - {"somebody else's"}
        if locks or self._is_revoked:
            assert not world.readable, f"readable under {sorted(locks) or 'access: revoked'}:\n{story}"

    @property
    def _is_revoked(self) -> bool:
        """Whether the settings say so, and an update has carried it out."""
        kept = any(one.type == KEY_ACCESS_REVOCATION for one in self.world.engine.state.values())
        return kept and self.world.settings.get("access") == "revoked"

    @property
    def _is_written(self) -> bool:
        """Whether a write of the account has not ended, so that Azure refuses another one."""
        return self.world.account.state not in ("Succeeded", "Failed")

    @property
    def _has_identity(self) -> bool:
        return bool(_user(self.world))


def lives(first: int, number: int) -> Iterator[Taking]:
    """Lives by a seed."""
    for life in range(number):
        yield Taking(random.Random(f"{first} {life}"))
