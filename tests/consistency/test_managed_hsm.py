"""One question, one answer, of a key in a managed HSM: core, the policy pack and the review agree."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from core import adapters, demands, rights
from core.resource_types import Kind
from core.rights import Access
from review import preview
from review.moment import Moment, When
from tests.consistency.hsm_world import CRYPTO_USER, ENCRYPTION_USER, HSM, HSM_KEY, HsmWorld
from tests.consistency.world import GROUP
from tests.policies.asking import ACCOUNT, BINDING, ROLE, Pack, Thing, verdict
from tests.review.build import state, step

HSM_ROLE = "azure-cmk:index:ManagedHsmRoleAssignment"
OTHER = "99999999-0000-4000-8000-000000000009"
NONE, NARROWER, FULL = Access.NONE, Access.NARROWER, Access.FULL


@dataclass(frozen=True)
class Row:
    """A situation: what is arranged, the level of access, and the demands that do not hold."""

    name: str
    arrange: Callable[[HsmWorld], object]
    access: Access
    unmet: frozenset[str] = frozenset()
    location: str = ""
    hsm: dict[str, Any] = field(default_factory=dict)


def _local(role: str, scope: str = "/keys/cmk-contoso") -> Callable[[HsmWorld], object]:
    return lambda world: world.grant_each(role, scope)


def _granted(then: Callable[[HsmWorld], object]) -> Callable[[HsmWorld], object]:
    def arrange(world: HsmWorld) -> None:
        world.grant_each(ENCRYPTION_USER, "/keys/cmk-contoso")
        then(world)

    return arrange


def _another(name: str, **more: Any) -> Callable[[HsmWorld], object]:
    def arrange(world: HsmWorld) -> None:
        world.grant_each(ENCRYPTION_USER, "/keys")
        world.key_uri = world.make_hsm_key(name, **more)

    return arrange


def _disabled(world: HsmWorld) -> None:
    world.hsm("PATCH", "/keys/cmk-contoso", {"attributes": {"enabled": False}})


EXACT = _local(ENCRYPTION_USER)
ROWS = (
    Row("no role", lambda world: None, NONE),
    Row("the role at the key", EXACT, FULL),
    Row("the role at all keys", _local(ENCRYPTION_USER, "/keys"), FULL),
    Row("the role at the HSM", _local(ENCRYPTION_USER, ""), FULL),
    Row("the role at another key", _local(ENCRYPTION_USER, "/keys/other"), NONE),
    Row("Crypto User", _local(CRYPTO_USER), FULL),
    Row("Crypto Auditor", _local("2c18b078-7c48-4d3a-af88-5a3a1b3f82b3"), NARROWER),
    Row("Crypto Officer", _local("515eb02d-2335-4d2d-92f2-b1cbdf9c3778", "/keys"), NONE),
    Row("Administrator", _local("a290e904-7015-4bba-90c8-60543313cdb4", ""), NONE),
    Row("the role for somebody else", lambda world: world.grant(OTHER, ENCRYPTION_USER, "/keys"), NONE),
    Row(
        "the vault's role, by Resource Manager at the HSM",
        lambda world: world.assign_each("e147488a-f6f5-4113-8e2d-b22465e65bf6", HSM),
        NONE,
    ),
    Row(
        "all of Key Vault, by Resource Manager at the group",
        lambda world: world.assign_each("00482a5a-887f-4fb3-b363-3b7fe8e74483", GROUP),
        NONE,
    ),
    Row("a disabled version", _granted(_disabled), FULL, frozenset({"key-usable"})),
    Row("a key of 3072 bits", _another("big", key_size=3072), FULL, frozenset({"key-type"})),
    Row(
        "a key that cannot unwrap",
        _another("wrap", key_ops=["wrapKey"]),
        FULL,
        frozenset({"key-operations"}),
    ),
    Row(
        "a deleted key",
        _granted(lambda world: world.hsm("DELETE", "/keys/cmk-contoso")),
        FULL,
        frozenset({"key-exists"}),
    ),
    Row("another region", EXACT, FULL, frozenset({"same-region"}), location="northeurope"),
    Row(
        "no purge protection",
        EXACT,
        FULL,
        frozenset({"purge-protection"}),
        hsm={"enablePurgeProtection": None},
    ),
)


@pytest.fixture(params=ROWS, ids=lambda row: row.name)
def arranged(request: pytest.FixtureRequest) -> tuple[Row, HsmWorld]:
    """A situation and the cloud in which it was arranged."""
    row: Row = request.param
    world = HsmWorld(location=row.location, vault_settings=dict(row.hsm))
    if not row.unmet & {"same-region", "purge-protection"}:
        world.bind_first()
    row.arrange(world)
    return row, world


def core_says(world: HsmWorld) -> tuple[Access, set[str]]:
    """The level of access, and the demands that do not hold."""
    vault, account = adapters.vault(world.vault_json or {}), adapters.account(world.account_json)
    given = [adapters.role_assignment(one) for one in world.local_assignments]
    unmet = [
        demands.region(account.location, vault.location),
        demands.tenant(account.tenant_id or "", vault.tenant_id),
        demands.activated(vault.activated),
        demands.soft_delete(vault.soft_delete, vault.purge_protection),
        demands.purge_protection(vault.purge_protection),
    ]
    found = {one.demand for one in unmet if one}
    if (key := world.key_json) is None:
        found.add("key-exists")
    else:
        version = adapters.key_version(key)
        of_key = [demands.key_type(version.type, version.size), demands.key_operations(version.operations)]
        of_key += demands.key_usable(version, world.door.cloud.clock.now())
        found |= {one.demand for one in of_key if one}
    return rights.on_key(vault, world.principal, HSM_KEY, given).level, found


def grants(world: HsmWorld) -> list[tuple[str, dict[str, Any]]]:
    """Every role assignment with the type of resource that makes it."""
    local = [(HSM_ROLE, dict(one["properties"])) for one in world.local_assignments]
    return local + [(ROLE, {"id": one["id"], **one["properties"]}) for one in world.assignments]


def pack_says(world: HsmWorld) -> str:
    """The verdict of grant-present over a stack that holds all of it."""
    account = world.account_json
    binding = {"accountId": account["id"], "keyUriWithVersion": world.key_uri}
    things = [
        Thing("account", ACCOUNT, account),
        Thing("binding", BINDING, binding, property_dependencies={"accountId": ["account"]}),
        *(Thing(f"role-{number}", type, props) for number, (type, props) in enumerate(grants(world))),
    ]
    return verdict(Pack().ask_stack(things), "grant-present")


def review_says(world: HsmWorld) -> Access:
    """The level in a preview that changes nothing."""
    account = world.account_json
    binding = {"accountId": account["id"], "keyUriWithVersion": world.key_uri}
    held = [
        (ACCOUNT, "a", state({"identity": {"type": "SystemAssigned"}}, account, id=account["id"])),
        (BINDING, "b", state(binding, {**binding, "principalId": world.principal}, id=account["id"])),
        *(
            (type, f"r{number}", state(props, props, id=f"r{number}"))
            for number, (type, props) in enumerate(grants(world))
        ),
    ]
    steps = [step("same", token, name, facts, {**facts, "outputs": {}}) for token, name, facts in held]
    document = {"steps": steps, "changeSummary": {}, "diagnostics": [], "config": {}, "duration": 1}
    found = Moment(preview.read(json.dumps(document)).resources, When.LIVE)
    (owner,) = found.stack.of(Kind.ACCOUNT)
    protection = found.of(owner.urn)
    assert protection is not None
    return protection.access


def test_every_part_says_what_the_cloud_does(arranged: tuple[Row, HsmWorld]) -> None:
    """The level of access, and the demands that do not hold, are those of the row; the service takes the key
    just where nothing stands against it; data can be read with full access and not without any. A vault of
    the HSM's name, in which both accounts may do everything, counts for nothing."""
    row, world = arranged
    said, unmet = core_says(world)
    assert said is row.access
    assert unmet == set(row.unmet)
    assert review_says(world) is row.access
    if "key-exists" not in unmet:
        assert pack_says(world) == ("pass" if row.access is FULL else "violation")
    assert world.bindable() is (said is FULL and not unmet)
    if said is FULL and not unmet:
        assert world.readable()
    if said is NONE:
        assert not world.readable()
