"""What the evidence finds of a service is gone once its fix is carried out: the live cloud is asked again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from operate.evidence.collect import collect
from operate.evidence.findings import findings
from tests.operate.evidence.door_azure import DoorAzure
from tests.remediation.following import Way
from tests.remediation.world import VAULT_ID, World, key_users, set_policy, take_grant
from tests.support.az import azure, carry_out, newest_version
from tests.support.front import SUBSCRIPTION
from tests.support.printed import printed
from tests.support.wrong_arguments import snake_case

KEY_URL = "https://kv-claims.vault.azure.net/keys/cmk-claims"
LOGS_GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-logs"
STORAGE_ID = f"{LOGS_GROUP}/providers/Microsoft.Storage/storageAccounts/stlogs"
ROTATES = {
    "lifetimeActions": [{"trigger": {"timeAfterCreate": "P1Y"}, "action": {"type": "Rotate"}}],
    "attributes": {"expiryTime": "P2Y"},
}
LOG_UNREAD = "not-checked: key use"
OPERATED = {"vault": {"keyOperators": ["deployer"]}, "key": {"generation": 1}}


def found(world: World) -> dict[str, str]:
    """The fix of each rule that is broken now."""
    now = datetime.fromtimestamp(int(world.wire.door.cloud.clock.now()) + 1, UTC)
    facts = collect(DoorAzure(world.wire.door), "test", [world.account_id], now=now, days=90)
    facts = replace(facts, asked=facts.subscriptions)
    return {LOG_UNREAD if "key use" in one.text else one.rule: one.fix for one in findings(facts)}


def key(world: World, method: str, path: str = "", body: Any = None) -> None:
    azure(world.wire.door, method, f"{KEY_URL}{path}", body, api="7.4", data=True)


def nothing(_: World) -> None:
    """It is so from the beginning."""


def local_auth_on(world: World) -> None:
    world.arm("PATCH", world.account_id, {"properties": {"disableLocalAuth": False}})
    world.arm("GET", world.account_id)


def narrowed(world: World) -> None:
    (user,) = key_users(world)
    set_policy(world, "replace", user, {"keys": ["get"]})


def expires(world: World) -> None:
    """In a month."""
    version = newest_version(world.wire.door, KEY_URL)
    in_a_month = int(world.wire.door.cloud.clock.now()) + 30 * 86400
    key(world, "PATCH", f"/{version}", {"attributes": {"exp": in_a_month}})


def rotated(world: World) -> None:
    """By somebody, past Pulumi."""
    key(world, "POST", "/rotate")


def rotated_and_bound(world: World) -> None:
    rotated(world)
    assert world.up() == ""


def no_rotation(world: World) -> None:
    key(world, "PUT", "/rotationpolicy", {"lifetimeActions": [], "attributes": {}})


def logs_to_storage(world: World) -> None:
    """By a setting of somebody's own, which the evidence does not read."""
    door = world.wire.door
    door.group("rg-logs")
    body = {"location": "westeurope", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    azure(door, "PUT", STORAGE_ID, body, api="2023-01-01")
    logs = [{"category": "AuditEvent", "enabled": True}]
    setting = f"{VAULT_ID}/providers/Microsoft.Insights/diagnosticSettings/theirs"
    sent = {"properties": {"storageAccountId": STORAGE_ID, "logs": logs}}
    azure(door, "PUT", setting, sent, api="2021-05-01-preview")


CASES: Mapping[str, tuple[Mapping[str, Any], Callable[[World], None]]] = {
    "not-under-customer-key": ({"encryption": "microsoftManaged"}, nothing),
    "local-auth-on": ({}, local_auth_on),
    "account-network-open": ({}, nothing),
    "vault-network-open": ({}, nothing),
    "no-access-to-key": ({}, take_grant),
    "access-too-narrow": ({}, narrowed),
    "bound-version-expires-soon": (OPERATED, expires),
    "bound-version-not-newest": (OPERATED, rotated),
    "old-versions-enabled": (OPERATED, rotated_and_bound),
    "no-rotation-policy": (OPERATED, no_rotation),
    "key-use-not-recorded": ({}, nothing),
    LOG_UNREAD: ({"audit": {"newWorkspace": False}}, logs_to_storage),
}


def carried_out(world: World, fix: str) -> None:
    """What a fix says, as its reader does it."""
    door = world.wire.door
    if "--enabled false" in fix:
        assert carry_out(door, "; ".join(printed(fix))) == 1
        return
    if "`az keyvault key rotation-policy update`" in fix:
        key(world, "PUT", "/rotationpolicy", ROTATES)
        return
    if settings := re.findall(r"set ([a-zA-Z.]+)(?:: (\w+)| to (\w+))", fix):
        for name, value, other in settings:
            world.set(name, {"true": True}.get(value, value or other))
            Way(world).follow()
    elif "raise key.generation" in fix:
        world.set("key.generation", world.settings["key"]["generation"] + 1)
    typed = printed(fix)
    assert "pulumi up" in typed or "pulumi up --refresh" in typed or "set network.access" in fix
    if "pulumi up --refresh" in typed:
        world.refresh()
    Way(world).follow()


@pytest.mark.parametrize("rule", CASES)
def test_what_the_evidence_finds_is_mended(rule: str) -> None:
    """In a project that asks for no refresh, by the setting or the command that is printed."""
    settings, spoil = CASES[rule]
    world = World("access policies", settings=snake_case(settings))
    assert world.up() == ""
    spoil(world)
    fix = found(world)[rule]
    carried_out(world, fix)
    assert rule not in found(world), fix
    assert world.readable or not world.is_bound
