"""May an account use this key? What `core.rights` reads of Azure's answers is what really happens.

The local Azure tells the truth: whether the data of a bound account can be read, and whether another account
can be bound. It shares no code with core, whose own cases are in tests/core/test_rights.py. Demands that are
not about access are in test_each_demand.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from core import adapters, rights
from core.rights import Access
from localazure import seed
from tests.consistency import hsm_world
from tests.consistency.hsm_world import HsmWorld
from tests.consistency.world import KEY, NEEDED, VAULT, World, entry
from tests.support.front import SUBSCRIPTION

USES = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
READER_OF_VAULT = "21090545-7ca7-4776-b22c-e363652d74d2"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
LOCAL = hsm_world.ENCRYPTION_USER
UNWRAP = "Microsoft.KeyVault/vaults/keys/unwrap/action"
FULL, NARROWER, NONE, UNKNOWN = Access.FULL, Access.NARROWER, Access.NONE, Access.UNKNOWN
Arrange = Callable[[Any], object]


class Situation(NamedTuple):
    """What is arranged in a vault or in a managed HSM, and how far the identity may then use the key. `rbac`:
    the vault goes by role assignments. Beside the HSM a vault of its name gives both accounts everything."""

    name: str
    arrange: Arrange
    access: Access
    made: Callable[[], World] = World


def rbac() -> World:
    return World(rbac=True)


def policies(keys: list[str], **more: Any) -> Arrange:
    return lambda world: world.policies(*world.each(keys, **more))


def role(role: str, scope: str, **more: Any) -> Arrange:
    return lambda world: world.assign_each(role, scope, **more)


def local(role: str, scope: str = "/keys/cmk-contoso") -> Arrange:
    return lambda world: world.grant_each(role, scope)


def secrets(world: World) -> None:
    world.policies(*(entry(one, [], permissions={"secrets": ["get", "all"]}) for one in world.principals))


def application_beside(world: World) -> None:
    of_application = seed.READER.client_id
    world.policies(*world.each(NEEDED, applicationId=of_application), *world.each(["unwrapKey"]))


def of_another_key(world: World) -> None:
    world.make_key("other")
    world.assign_each(USES, f"{VAULT}/keys/other")


def turned_to_roles(world: World) -> None:
    world.policies(*world.each(NEEDED))
    world.set_model(rbac=True)


def turned_to_policies(world: World) -> None:
    world.assign_each(USES, KEY)
    world.set_model(rbac=False)


CONDITION = "(@Resource[Microsoft.KeyVault/vaults/keys:name] StringEquals 'cmk-contoso')"
conditional = role(USES, KEY, condition=CONDITION, conditionVersion="2.0")


def denied(scope: str, actions: list[str], **more: bool) -> Arrange:
    def arrange(world: World) -> None:
        world.assign_each(USES, KEY)
        world.deny(scope, actions, **more)

    return arrange


SITUATIONS = (
    Situation("exact rights", policies(NEEDED), FULL),
    Situation("wrapKey alone", policies(["wrapKey"]), NARROWER),
    Situation("nothing that is needed", policies(["list", "sign", "decrypt", "encrypt"]), NONE),
    Situation("no entry", policies([]), NONE),
    Situation("rights on secrets", secrets, NONE),
    Situation("an entry for an application", policies(NEEDED, applicationId=seed.READER.client_id), NONE),
    Situation("an application's entry beside a narrower one", application_beside, NARROWER),
    Situation("policies in a vault turned to roles", turned_to_roles, NONE),
    Situation("role at the key", role(USES, KEY), FULL, rbac),
    Situation("role at the subscription", role(USES, SUBSCRIPTION), FULL, rbac),
    Situation("role at another key", of_another_key, NONE, rbac),
    Situation("Administrator at the vault", role(ADMINISTRATOR, VAULT), FULL, rbac),
    Situation("Key Vault Reader at the vault", role(READER_OF_VAULT, VAULT), NARROWER, rbac),
    Situation("Owner at the subscription", role(OWNER, SUBSCRIPTION), NONE, rbac),
    Situation("a role with a condition", conditional, UNKNOWN, rbac),
    Situation("a role in a vault turned to policies", turned_to_policies, NONE, rbac),
    Situation("unwrap denied at the key", denied(KEY, [UNWRAP]), NARROWER, rbac),
    Situation("all of the vault denied", denied(VAULT, ["*"]), NONE, rbac),
    Situation("denied, but not to the account", denied(VAULT, ["*"], spared=True), FULL, rbac),
    Situation("denied on the vault alone", denied(VAULT, ["*"], child_scopes=False), FULL, rbac),
    *(
        Situation(f"{name}, of a managed HSM", arrange, access, HsmWorld)
        for name, arrange, access in (
            ("no role", lambda world: None, NONE),
            ("role at the key", local(LOCAL), FULL),
            ("role at the HSM", local(LOCAL, ""), FULL),
            ("role at another key", local(LOCAL, "/keys/other"), NONE),
            ("Crypto Auditor", local("2c18b078-7c48-4d3a-af88-5a3a1b3f82b3"), NARROWER),
            ("Crypto Officer", local("515eb02d-2335-4d2d-92f2-b1cbdf9c3778", "/keys"), NONE),
            ("the vault's role, by Resource Manager", role(USES, hsm_world.HSM), NONE),
        )
    ),
)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.name)
def test_core_says_what_really_happens(situation: Situation) -> None:
    """With full access the account can be bound and data can be read, with none neither; what a condition
    comes to, nothing that is read tells."""
    world = situation.made()
    world.bind_first()
    situation.arrange(world)
    vault = adapters.vault(world.vault_json)
    found = rights.on_key(vault, world.principal, world.key_id, world.role_assignments, world.denials)
    assert found.level is situation.access
    if situation.access is not UNKNOWN:
        assert world.bindable() is (situation.access is FULL)
    if situation.access in (FULL, NONE):
        assert world.readable() is (situation.access is FULL)
