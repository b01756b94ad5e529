"""Each setting that may be changed, changed: in place, only what it is about, and never an unbound moment.

Changes whose effects are apart are made in one update of the engine in this process; an update that does more
than its cases say fails, so that each also shows that the one before it had left nothing to do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from localazure import seed
from tests.localazure.driver import GROUP, WEST, Case
from tests.remediation.world import KEY_VAULT, NETWORKS, World, make_networks
from tests.support.engine import Held
from tests.support.in_process import Wire

SOMEBODY = "3f8c2d10-5a6b-4c7d-8e9f-0a1b2c3d4e5f"
SUBNET = f"{NETWORKS}/vnet/subnets/endpoints"
ZONE = f"{GROUP}/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-central"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-central"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-storage"
PRIVATE = {"access": "private", "subnet_id": SUBNET, "private_dns_zone_ids": [ZONE]}
OF_OTHERS = (
    {"ask": f"PUT {VAULT}", "send": ["vault", {"properties": {"enablePurgeProtection": True}}]},
    {"ask": f"PUT {IDENTITY} with west"},
    {"ask": f"PUT {ZONE}", "send": {"location": "global"}},
    {"ask": f"PUT {WORKSPACE}", "send": {**WEST, "properties": {}}},
)

REBOUND = {"binding": "update keyUriWithVersion"}
WRITTEN = {"account": "update properties", "vault": "update properties"}
# Settings, as the program has them, that change in one update, and what that does to each resource, by its
# name without the service's. Read as one life, in this order: a rotation needs the vault's data plane, which
# the network then closes.
CHANGES: tuple[tuple[Mapping[str, Any], Mapping[str, str]], ...] = (
    (
        {
            "tags": {"owner": "somebody"},
            "vault": {"key_operators": ["deployer", SOMEBODY]},
            # Azure takes these when the key is made, and so does the program.
            "key": {"generation": 1, "expires_after_days": 300, "rotates_after_days": 100},
        },
        {
            **dict.fromkeys(("group", "workspace", "vault", "account"), "update tags"),
            f"operator-{SOMEBODY}-access": "create",
        },
    ),
    ({"key": {"generation": 2}}, {"key-version": "update generation", **REBOUND}),
    (
        {"other_identity_ids": [IDENTITY], "key": {"generation": 2, "pin": "the first"}},
        {"key-version": "update pin", "account": "update identity", "binding": "update keyUriWithVersion"},
    ),
    (
        {
            "network": {
                "access": "selected",
                "allowed_ip_ranges": ["20.50.0.0/16"],
                "allowed_subnet_ids": [SUBNET],
            },
            "audit": {"new_workspace": False},
        },
        {**WRITTEN, **dict.fromkeys(("account-audit", "vault-audit", "workspace"), "delete")},
    ),
    (
        {
            "key": {"generation": 2, "name": "second"},
            "network": PRIVATE,
            "audit": {"workspace_id": WORKSPACE},
        },
        {
            **WRITTEN,
            # Tags and expiry, which a key that exists keeps, are what the settings say by now.
            "key": "replace keyName properties tags",
            "key-version": "replace keyId pin",
            "binding": "update keyUriWithVersion",
            **dict.fromkeys(("account-audit", "vault-audit"), "create"),
            **dict.fromkeys(("account-endpoint", "vault-endpoint", "vault-dns"), "create"),
        },
    ),
    (
        {"vault": {"id": VAULT}, "key": {"generation": 2}, "network": PRIVATE},
        {
            # The new grant is there before the account is bound anew, and the old one goes after that.
            "key": "replace keyName resourceGroupName vaultName",
            "access": "replace resourceGroupName vaultName",
            "key-version": "replace keyId",
            "binding": "update keyUriWithVersion vaultId",
            # In a vault that stays, the access has to be removed once the account is gone.
            "access-cleanup": "create",
            **dict.fromkeys(("vault", "vault-audit", "vault-dns", "vault-endpoint"), "delete"),
            **dict.fromkeys(
                (f"operator-{SOMEBODY}-access", f"operator-{seed.DEPLOYER.object_id}-access"), "delete"
            ),
        },
    ),
    (
        {"vault": None, "key": {"generation": 2, "id": f"{VAULT}/keys/cmk-claims"}},
        # Out of the state, and left in the vault. The service itself shows that it is protected.
        {"key": "delete"},
    ),
)


AT_FIRST = {
    "audit": {"new_workspace": True},
    "vault": {"key_operators": ["deployer"]},
    "key": {"generation": 1},
}


def test_settings_change_in_place_and_only_what_they_are_about() -> None:
    """One life through every change: each update does what its cases say and no more, the account is the same
    one, and from its binding on it is under a key of the customer's that it can use."""
    azure = Case()
    azure.do(*OF_OTHERS)
    world = World("access policies", settings=AT_FIRST, wire=Wire(azure), refreshes=True)
    # The second one may state the key in the account's inputs.
    assert [world.up(), world.up()] == ["", ""]
    make_networks(world)
    account, [first] = world.account, world.versions()
    for said, expected in CHANGES:
        before = dict(world.engine.state)
        world.declare(json.loads(json.dumps(said).replace("the first", first)))
        world.engine.up(world.program, refresh=True)
        assert effects(before, world) == expected, said
    assert world.up() == ""
    assert world.engine.operations == []
    assert world.account.internal_id == account.internal_id
    [audit] = [body for _, body in world.wire.door.cloud.store.scan("diagnosticSetting", "")]
    assert (audit["name"], audit["properties"]["workspaceId"]) == ("claims-audit", WORKSPACE)
    history = world.history()
    assert [state for state in history if not state["readable"]] == []
    assert {state["keySource"] for state in history[1:]} == {KEY_VAULT}


def effects(before: Mapping[str, Held], world: World) -> dict[str, str]:
    """What an update did to each of the service's resources, none of which is updated with another of its
    type."""
    found = {}
    updates = [one.split(" ", 2)[1:] for one in world.engine.operations if one.startswith("update ")]
    for urn in {**before, **world.engine.state}:
        old, new = before.get(urn), world.engine.state.get(urn)
        name = urn.rpartition("::")[2].removeprefix("claims-")
        if old is None or new is None:
            found[name] = "create" if new else "delete"
        elif old.id != new.id:
            inputs = sorted({*old.inputs, *new.inputs})
            changed = [one for one in inputs if old.inputs.get(one) != new.inputs.get(one)]
            found[name] = " ".join(["replace", *changed])
        for [paths] in [rest for type, *rest in updates if old and new and type == new.type]:
            tops = {re.split(r"[.\[]", path)[0] for path in paths.strip("()").split(", ")}
            found[name] = " ".join(["update", *sorted(tops)])
    assert len(updates) == sum(one.startswith("update ") for one in found.values())
    return found
