"""A service on the engine in this process, what somebody does to it past Pulumi, and its data as the judge.

Owns: the changes, each with the refusal's way back. Does not own: how a refusal is followed (following.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pytest
import requests

from components.service import EncryptedAIServicesAccount
from core.resource_types import ACCOUNT
from localazure import seed
from localazure.authorization import assign_role
from localazure.cognitive import data
from localazure.cognitive import models as stored
from localazure.front import Raw
from tests.support.az import carry_out
from tests.support.engine import ALL, Engine, Flags, UpdateError
from tests.support.front import SUBSCRIPTION
from tests.support.in_process import Wire
from tests.support.providers import Session

API = {
    "accounts": "2025-06-01",
    "vaults": "2026-02-01",
    "userAssignedIdentities": "2023-01-31",
    "virtualNetworks": "2024-05-01",
    "privateEndpoints": "2024-05-01",
    "privateDnsZones": "2024-06-01",
    "roleAssignments": "2022-04-01",
    "resourceGroups": "2024-03-01",
    "locks": "2020-05-01",
}
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-claims/providers"
VAULT_ID = f"{GROUP}/Microsoft.KeyVault/vaults/kv-claims"
SHARED_GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-shared"
SHARED_VAULT_ID = f"{SHARED_GROUP}/providers/Microsoft.KeyVault/vaults/kv-claims"
EXISTING_VAULT = "existing vault"
NETWORKS = f"{GROUP}/Microsoft.Network/virtualNetworks"
IDENTITY_ID = f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/id-claims"
MODES: Mapping[str, Mapping[str, Any]] = {
    "access policies": {},
    "Azure RBAC": {"access_model": "rbac"},
    "user-assigned identity": {"identity": "userAssigned"},
    EXISTING_VAULT: {},
}
OWN_VAULT = tuple(mode for mode in MODES if mode != EXISTING_VAULT)
EVERYDAY = ("access policies", "Azure RBAC")
each_mode = pytest.mark.parametrize(
    "mode", [mode if mode in EVERYDAY else pytest.param(mode, marks=pytest.mark.long) for mode in MODES]
)
"""Of a test: every day in these modes, and in all of them in the long run."""
OTHER_VAULT = f"{GROUP}/Microsoft.KeyVault/vaults/kv-other"
LONG_AGO = 1_700_000_000
"""November 2023."""
KEY_VAULT, MICROSOFT = "Microsoft.KeyVault", "Microsoft.CognitiveServices"
_TAKE_OVER = "(?s:.*?)if this stack made it, run `\\S*python\\S* -m operate recover --stack [A-Za-z]+`"
_UNRECORDED = re.compile(
    r"(?P<name>[\w-]+): (?P<id>/\S+) exists, and this stack does not record it" + _TAKE_OVER
)
_CUT = ("the connection broke", "the machine is gone")
_CUT_OFF = re.compile(
    r"exists already at (?P<id>/[^\s,]+)(?:, tagged .*,)? and this stack does not record it" + _TAKE_OVER
)


Transformation = Callable[[pulumi.ResourceTransformationArgs], pulumi.ResourceTransformationResult | None]


@dataclass
class World:
    """One unprotected service `claims`, as `settings` say. `refreshes`: whether each update does. `pause`:
    how many seconds pass after somebody's request."""

    mode: str
    refreshes: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    wire: Wire = field(default_factory=Wire)
    transformation: Transformation | None = None
    pause: float = 60.0

    def __post_init__(self) -> None:
        self.engine = Engine(self.wire, replaces=True)
        self.session = Session(self.wire)
        if self.mode == EXISTING_VAULT:
            self.declare({"vault": self.settings.get("vault", {})})
            make_shared_vault(self)

    def declare(self, change: Mapping[str, Any]) -> None:
        """Sets settings; an existing vault stays the one that it is."""
        self.settings.update(with_vault(self.mode, change))

    def program(self) -> None:
        if self.transformation:
            pulumi.runtime.register_stack_transformation(self.transformation)
        args: Any = {
            "location": "westeurope",
            "network": {"access": "open"},
            "audit": {"new_workspace": False},
            **MODES[self.mode],
            **self.settings,
        }
        EncryptedAIServicesAccount("claims", args, pulumi.ResourceOptions(protect=False))

    def up(self, flags: Flags = ALL) -> str:
        """An update; what it refused or failed with, "" where it succeeded."""
        before, said = self.endpoints(), ""
        try:
            self.engine.up(self.program, refresh=self.refreshes, flags=flags)
        except UpdateError as error:
            said = str(error)
        if not any(words in said for words in _CUT):
            self._loses_no_endpoint(before)
        return said

    def must_up(self, **change: Any) -> list[str]:
        """What an update with changed settings did, which has to succeed. None takes a setting out."""
        self.declare({name: value for name, value in change.items() if value is not None})
        for name in [name for name, value in change.items() if value is None]:
            del self.settings[name]
        said = self.up()
        assert said == "", said
        return self.engine.operations

    def preview(self) -> str:
        """A preview; what it refused, "" where it succeeded. It writes nothing."""
        state = self.history()
        try:
            self.engine.preview(self.program, refresh=self.refreshes)
        except UpdateError as error:
            return str(error)
        finally:
            assert self.history() == state, "a preview has changed the account"
        return ""

    def up_cut_off(self, write: int, *, arrives: bool, stays: bool) -> str:
        """An update whose connection breaks at its n-th write, before or after Azure has it (`arrives`): for
        that request, or for all that follow, as when the engine is killed (`stays`)."""
        written = 0

        def counted(raw: Raw, *, answered: bool) -> None:
            nonlocal written
            if written > write and stays:
                raise requests.ConnectionError(_CUT[1])
            if raw.method in ("PUT", "PATCH", "DELETE", "POST") and answered is arrives:
                written += 1
                if written == write:
                    written += 1
                    raise requests.ConnectionError(_CUT[0])

        self.wire.before = lambda raw: counted(raw, answered=False)
        self.wire.after = lambda raw: counted(raw, answered=True)
        try:
            return self.up()
        finally:
            self.wire.before = self.wire.after = lambda _: None

    def refresh(self) -> None:
        self.engine.refresh()

    def set(self, name: str, value: Any) -> None:
        name = "key.generation" if name == "generation" else name  # as azure-cmk calls it
        set_part(self.settings, re.sub(r"[A-Z]", lambda found: "_" + found[0].lower(), name), value)

    def recoveries(self, text: str) -> Iterator[tuple[str, Callable[[], object]]]:
        """By `operate recover`."""
        for missing in _UNRECORDED.finditer(text):
            yield self._taken_over("", missing["name"], missing["id"])
        for missing in _CUT_OFF.finditer(text):
            declared = self.engine.declared - {*self.engine.state}
            provider, kind = missing["id"].split("/")[-3:-1]
            module, noun = provider.lower().removeprefix("microsoft."), kind[:-1].lower()
            if kind.lower() == "resourcegroups":
                module, noun = "resources", "resourcegroup"
            for urn in declared:
                type, name = urn.split("::")[2].rpartition("$")[2], urn.split("::")[3]
                of_module, of_kind = type.lower().split(":")[1:]
                if (of_module.partition("/")[0], of_kind) == (module, noun):
                    yield self._taken_over(type, name, missing["id"])

    def _taken_over(self, type: str, name: str, id: str) -> tuple[str, Callable[[], object]]:
        def take_over() -> None:
            # What was deleted a moment ago may still be listed.
            if not self.engine.take_over(type, name, id):
                self.wait()

        return f"import {name}", take_over

    def assign(self, principal: str, role: str) -> None:
        assign_role(self.wire.door.cloud, principal, role, self.vault_id)

    def wait(self) -> None:
        with suppress(RuntimeError):
            self.wire.sleep(60.0)

    @property
    def vault_id(self) -> str:
        return SHARED_VAULT_ID if self.mode == EXISTING_VAULT else VAULT_ID

    @property
    def account_id(self) -> str:
        """Of the account that the state has."""
        found = [held.id for held in self.engine.state.values() if held.type == ACCOUNT]
        return found[0] if found else ""

    def versions(self, name: str = "") -> dict[str, int]:
        """How many of its key are older, by version; of all keys, or of one."""
        keys = self.wire.door.cloud.store.scan("vault.key", "")
        named = (key for _, key in keys if name in ("", key["name"]))
        return {one["version"]: age for key in named for age, one in enumerate(key["versions"])}

    def endpoints(self) -> frozenset[str]:
        """What the live private endpoints connect to."""
        found = self.wire.door.cloud.store.scan("network.privateEndpoint", "")
        made = (document["properties"]["privateLinkServiceConnections"][0] for _, document in found)
        return frozenset(one["properties"]["privateLinkServiceId"] for one in made)

    def _loses_no_endpoint(self, before: frozenset[str]) -> None:
        """Whatever Azure refuses of an update. One that is cut off in a move has taken the former away."""
        if self.settings.get("network", {}).get("access") == "private":
            assert len(self.endpoints()) >= len(before), "an endpoint was taken away, and no other made"

    @property
    def found(self) -> stored.Account | None:
        """The live account as the cloud has it, where there is one."""
        return stored.find(self.wire.door.cloud, self.account_id)

    @property
    def account(self) -> stored.Account:
        """The live account, which has to be there."""
        assert self.found is not None, "there is no account"
        return self.found

    @property
    def readable(self) -> bool:
        """Whether its data can be read now."""
        account = self.found
        return account is not None and data.readable(self.wire.door.cloud, account, "judge")

    @property
    def bound_version(self) -> str:
        """The key version that the account names; "" without one, and on Microsoft's keys."""
        return str((self.account.key_vault_properties or {}).get("keyVersion") or "")

    @property
    def is_bound(self) -> bool:
        account = self.found
        return account is not None and account.key_vault_properties is not None

    def unbound_moments(self, since: int) -> list[str]:
        """Why the account was off the customer's key, of the states after the first `since`."""
        return [
            state["why"]
            for state in self.history()[since:]
            if state["keySource"] != KEY_VAULT and state["why"] not in ("DELETE", "purge")
        ]

    def history(self) -> list[dict[str, Any]]:
        """The states of the account's encryption, oldest first."""
        return self.wire.door.cloud.store.events("encryption", self.account_id)

    def arm(self, method: str, id: str, body: Any = None) -> Any:
        """A request as the deployer, and the pause after it. Raises RuntimeError where it is refused."""
        kind = API[max(API, key=lambda word: id.rfind(f"/{word}"))]
        answer = self.session.send(method, f"https://management.azure.com{id}?api-version={kind}", body)
        if answer.status >= 300:
            raise RuntimeError(f"{method} {id}: {answer.status} {answer.body}")
        self.wire.sleep(self.pause)
        return answer.body

    def rotate(self, key: str) -> None:
        carry_out(self.wire.door, f"az keyvault key rotate --vault-name kv-claims --name {key}")

    def expire(self, key: str, version: str) -> None:
        cloud = self.wire.door.cloud
        with cloud.store.transaction():
            for id, body in cloud.store.scan("vault.key", ""):
                for one in body["versions"] if body["name"] == key else ():
                    if one["version"] == version:
                        one["expires"] = LONG_AGO
                        cloud.store.put("vault.key", id, body)


def standing(mode: str = "access policies", refreshes: bool = False, **settings: Any) -> World:
    """One whose first update has succeeded."""
    world = World(mode, refreshes, settings)
    world.must_up()
    return world


def set_part(settings: dict[str, Any], name: str, value: Any) -> None:
    """Sets one by its name, with a dot where it is a part of another; None takes it out, where it is."""
    key, _, part = name.partition(".")
    if part:
        value = {
            one: given for one, given in {**settings.get(key, {}), part: value}.items() if given is not None
        }
    if value is None:
        settings.pop(key, None)
    else:
        settings[key] = value


def with_vault(mode: str, change: Mapping[str, Any]) -> dict[str, Any]:
    """A change of settings that goes on naming the vault that exists."""
    if mode != EXISTING_VAULT or "vault" not in change:
        return dict(change)
    others = {name: value for name, value in change["vault"].items() if name != "name"}
    return {**change, "vault": {**others, "id": SHARED_VAULT_ID}}


def make_networks(world: World) -> None:
    """Two networks with two subnets each."""
    subnets = [
        {"name": name, "properties": {"addressPrefix": f"10.0.{number}.0/24"}}
        for number, name in enumerate(("endpoints", "others"))
    ]
    for network in ("vnet", "hub"):
        space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}
        body = {"location": "westeurope", "properties": space}
        world.arm("PUT", f"{NETWORKS}/{network}", body)


def make_vault(world: World, id: str, *, roles: bool = False) -> None:
    """Somebody makes one that nobody has access to, under access policies or `roles`."""
    properties = {
        "tenantId": seed.TENANT_ID,
        "sku": {"family": "A", "name": "standard"},
        "enablePurgeProtection": True,
        "enableRbacAuthorization": roles,
        "accessPolicies": [],
    }
    world.arm("PUT", id, {"location": "westeurope", "properties": properties})


def make_shared_vault(world: World) -> None:
    """One of another team's, in a group of its own."""
    world.arm("PUT", SHARED_GROUP, {"location": "westeurope"})
    make_vault(world, SHARED_VAULT_ID)


def make_shared_key(world: World, id: str, **properties: Any) -> None:
    """A key in the vault of another team: as it must be, but for `properties`."""
    wanted = {"kty": "RSA", "keySize": 2048, "keyOps": ["wrapKey", "unwrapKey"], **properties}
    world.arm("PUT", id, {"properties": wanted})


def forget_account(world: World, name: str, **was: Any) -> None:
    """Makes and deletes an account, which holds its name from then on."""
    body = {
        "location": "westeurope",
        "kind": "TextAnalytics",
        "sku": {"name": "S"},
        "properties": {"customSubDomainName": name},
        **was,
    }
    id = f"{GROUP}/Microsoft.CognitiveServices/accounts/{name}"
    world.arm("PUT", id, body)
    world.arm("DELETE", id)


def set_policy(world: World, how: str, object_id: str, permissions: Mapping[str, Any], **more: str) -> None:
    """Adds to, replaces or removes what an access policy of the service's vault gives somebody."""
    entry = {"tenantId": seed.TENANT_ID, "objectId": object_id, "permissions": permissions, **more}
    world.arm("PUT", f"{world.vault_id}/accessPolicies/{how}", {"properties": {"accessPolicies": [entry]}})


def permit(world: World, object_id: str, permissions: Mapping[str, list[str]]) -> None:
    set_policy(world, "add", object_id, permissions)


def forbid(world: World, object_id: str) -> None:
    set_policy(world, "remove", object_id, {})


def permitted(world: World, object_id: str) -> Mapping[str, list[str]]:
    """What somebody has by access policies of the service's vault, lower case."""
    for entry in world.arm("GET", world.vault_id)["properties"]["accessPolicies"]:
        if entry["objectId"] == object_id:
            return {group: [one.lower() for one in names] for group, names in entry["permissions"].items()}
    return {}


def key_users(world: World) -> list[str]:
    """Who uses the key now: the account's user-assigned identity, or its own."""
    identity = world.arm("GET", world.account_id)["identity"]
    users = [one["principalId"] for one in (identity.get("userAssignedIdentities") or {}).values()]
    return users or [identity["principalId"]]


def take_grant(world: World) -> None:
    given = world.arm("GET", f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments")["value"]
    for principal in key_users(world):
        forbid(world, principal)
        for one in given:
            if one["properties"]["principalId"] == principal:
                world.arm("DELETE", one["id"])


def narrow_grant(world: World) -> None:
    """By the permission that opens the data."""
    for principal in key_users(world):
        set_policy(world, "remove", principal, {"keys": ["unwrapKey"]})


def close_vault(world: World) -> None:
    """To the service, too, by the firewall."""
    closed = {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}
    world.arm("PATCH", world.vault_id, {"properties": closed})


def identity_off(world: World) -> None:
    world.arm("PATCH", world.account_id, {"identity": {"type": "None"}})
    world.arm("GET", world.account_id)


def identity_anew(world: World) -> None:
    identity_off(world)
    world.arm("PATCH", world.account_id, {"identity": {"type": "SystemAssigned"}})
    world.arm("GET", world.account_id)


def identity_deleted(world: World) -> None:
    world.arm("DELETE", IDENTITY_ID)


def account_deleted(world: World) -> None:
    world.arm("DELETE", world.account_id)


def vault_deleted(world: World) -> None:
    world.arm("DELETE", world.vault_id)


def unbound(world: World) -> None:
    world.arm("PATCH", world.account_id, {"properties": {"encryption": {"keySource": MICROSOFT}}})
    world.arm("GET", world.account_id)


def bound_by_others(world: World) -> None:
    """Another stack rotates the key and binds the account to the new version."""
    bound = world.arm("GET", world.account_id)["properties"]["encryption"]
    key = bound["keyVaultProperties"]
    world.rotate(key["keyName"])
    uri = world.arm("GET", f"{world.vault_id}/keys/{key['keyName']}")["properties"]["keyUriWithVersion"]
    newer = {**bound, "keyVaultProperties": {**key, "keyVersion": uri.rpartition("/")[2]}}
    world.arm("PATCH", world.account_id, {"properties": {"encryption": newer}})
    world.arm("GET", world.account_id)


def bound_version_expires(world: World) -> None:
    """Somebody ends it early; older versions are still good."""
    bound = world.arm("GET", world.account_id)["properties"]["encryption"]["keyVaultProperties"]
    world.expire(bound["keyName"], bound["keyVersion"])


SYSTEM = ("access policies", "Azure RBAC", EXISTING_VAULT)
EVERY = tuple(MODES)
DRIFTS: Mapping[Callable[[World], None], tuple[str, ...]] = {
    take_grant: EVERY,
    narrow_grant: tuple(mode for mode in EVERY if mode != "Azure RBAC"),
    close_vault: EVERY,
    identity_off: SYSTEM,
    identity_anew: SYSTEM,
    identity_deleted: ("user-assigned identity",),
    # The account of a user-assigned identity cannot come back bound through it.
    account_deleted: SYSTEM,
    vault_deleted: EVERY,
    unbound: SYSTEM,
    bound_version_expires: EVERY,
}
"""What somebody does past Pulumi, and the modes in which it can be done."""


def make_other_vault(world: World) -> None:
    """A vault of somebody else's, with the access model of the service's own."""
    make_vault(world, OTHER_VAULT, roles=world.mode == "Azure RBAC")


def tags(world: World) -> str | None:
    """The tag `owner` of the live account."""
    found: dict[str, str] = world.arm("GET", world.account_id).get("tags") or {}
    return found.get("owner")
