"""The deploy role that is shipped, against the requests that this provider really makes in each mode."""

from __future__ import annotations

import json
import os
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.core.pipeline.policies import SansIOHTTPPolicy

from core.login import login
from localazure.assembly import _ANYWHERE, _TYPES
from localazure.keyvault import access
from provider.arm import Arm
from provider.clients import Clients
from tests.provider.rig import ACCESS, CMK, VERSION, Engine, FailedError, FakeClock, engine, engine_log
from tests.provider.world import World, a_world
from tests.support.azure import RunningAzure
from tests.support.stack import ROOT

pytestmark = pytest.mark.asyncio

DATA_ACTIONS = {
    ("GET", "versions"): access.LIST.data_action,
    ("PATCH", "VERSION"): access.UPDATE.data_action,
    ("POST", "rotate"): access.ROTATE.data_action,
}
"""What a request to a vault needs, by its method and the last part of its path."""


class RecordingClients(Clients):
    """The real clients; `requests` are the method and the URL of each request."""

    def __init__(self, environ: dict[str, str] | None = None) -> None:
        super().__init__(login({}, {**os.environ, **(environ or {})}))
        self.requests: set[tuple[str, str]] = set()

    def _options(self) -> dict[str, Any]:
        class Watch(SansIOHTTPPolicy[Any, Any]):
            def on_request(_, request: Any) -> None:  # noqa: N805 - the clients are `self` here
                self.requests.add((request.http_request.method, request.http_request.url))

        options = super()._options()
        return {**options, "per_call_policies": [*options["per_call_policies"], Watch()]}

    def actions(self, *, data: bool) -> set[str]:
        """The actions that the requests needed: on resources, or on a vault's data."""
        found = set()
        for method, url in self.requests:
            parts = urlsplit(url)
            if (parts.hostname == self.cloud.arm_host) is data:
                continue
            if data:
                last = parts.path.rstrip("/").rpartition("/")[2]
                found.add(DATA_ACTIONS[method, re.sub(r"^[0-9a-f]{32}$", "VERSION", last)])
                continue
            routes = (route for route in (*_TYPES, *_ANYWHERE) if route.method == method)
            found |= {route.permission for route in routes if route.match(parts.path)}
        # A poll of an operation needs no action of its own.
        return found - {""}


def deploy_role() -> dict[str, Any]:
    role = json.loads((ROOT / "docs" / "roles" / "deploy.json").read_text())
    found: dict[str, Any] = role["properties"]["permissions"][0]
    return found


def rbac_world(azure: RunningAzure) -> World:
    """Everything that a binding needs, in a vault under Azure RBAC."""
    world = World(azure)
    world.make_group()
    world.make_vault(enableRbacAuthorization=True, accessPolicies=[])
    world.make_key()
    world.make_account()
    world.assign_encryption_user(world.key_id())
    return world


async def live(pulumi: Engine, world: World, principal: str) -> None:
    """A whole life: access, version, binding, rotation, the binding again, and back to Microsoft's keys."""
    inputs = {"keyId": world.key_id(), "accountId": world.account_id()}
    await pulumi.create(ACCESS, {**inputs, "principalId": principal})
    key, version = await pulumi.create(VERSION, inputs)
    binding = {
        "accountId": world.account_id(),
        "vaultId": world.vault_id(),
        "keyUriWithVersion": version.values["keyUriWithVersion"],
    }
    id, bound = await pulumi.create(CMK, binding)
    await pulumi.create(ACCESS, {**inputs, "principalId": principal})
    rotated = await pulumi.update(VERSION, key, version.values, inputs, {**inputs, "generation": 1})
    news = {**binding, "keyUriWithVersion": rotated.values["keyUriWithVersion"]}
    await pulumi.update(CMK, id, bound.values, binding, news)
    await pulumi.read(CMK, id, news, bound.values)
    await pulumi.delete(CMK, id, bound.values)


@pytest.mark.parametrize("model", ["accessPolicy", "rbac"])
async def test_the_deploy_role_grants_what_each_mode_asks_for(azure: RunningAzure, model: str) -> None:
    """Every request of a whole life needs only actions that the role has."""
    world = rbac_world(azure) if model == "rbac" else a_world(azure)
    if model == "rbac":
        world.assign_role("Key Vault Crypto Officer", world.deployer_object_id())
    principal = world.accounts.accounts.get("language", "contoso-language").identity.principal_id
    clients = RecordingClients()
    async with engine(Arm(clients), FakeClock()) as pulumi:
        await live(pulumi, world, principal)
        await pulumi.invoke("azure-cmk:index:getDeleted", {"subscriptionId": world.subscription})
    role = deploy_role()
    assert clients.actions(data=False) - set(role["actions"]) == set()
    # With access policies, the vault's own permissions count instead.
    assert clients.actions(data=True) == set(role["dataActions"])


@pytest.mark.parametrize(
    ("role", "refused"),
    [
        ("", "keys/read"),
        ("Key Vault Crypto Service Encryption User", "keys/update/action"),
        ("Key Vault Crypto User", "keys/rotate/action"),
    ],
)
async def test_fails_naming_the_data_action_that_is_missing(
    azure: RunningAzure, role: str, refused: str
) -> None:
    """With a role that lacks one of them, the rotation is refused at that step, and names it and the fix."""
    world = rbac_world(azure)
    made = azure.control(
        "/principals",
        {"name": "deployer-2", "roles": [{"role": "Contributor", "scope": world.group_id}]},
    )
    if role:
        world.assign_role(role, made["objectId"])
    clients = RecordingClients({"ARM_CLIENT_ID": made["clientId"], "ARM_CLIENT_SECRET": made["clientSecret"]})
    inputs = {"keyId": world.key_id()}
    async with engine(Arm(clients), FakeClock()) as pulumi:
        key, version = await pulumi.create(VERSION, inputs)
        with pytest.raises(FailedError) as failed:
            await pulumi.update(VERSION, key, version.values, inputs, {**inputs, "generation": 1})
    assert refused in str(failed.value)
    assert '--role "Key Vault Crypto Officer"' in str(failed.value)


@pytest.mark.parametrize(
    "action",
    [
        "Microsoft.CognitiveServices/accounts/read",
        "Microsoft.CognitiveServices/accounts/write",
        "Microsoft.KeyVault/vaults/read",
        "Microsoft.KeyVault/vaults/keys/read",
        "Microsoft.KeyVault/vaults/keys/versions/read",
        "Microsoft.Authorization/roleAssignments/read",
    ],
)
async def test_an_action_that_is_missing_is_named(azure: RunningAzure, action: str) -> None:
    """With one action less, the life is refused at the step that needs it, or goes on and says what it did
    not check; either way the action is named."""
    world = rbac_world(azure)
    world.assign_role("Key Vault Crypto Officer", world.deployer_object_id())
    principal = world.accounts.accounts.get("language", "contoso-language").identity.principal_id
    for route in (*_TYPES, *_ANYWHERE):
        if route.permission == action:
            denied = (
                f"The client 'x' does not have authorization to perform action '{action}' over scope '/y'."
            )
            azure.control(
                "/faults",
                {
                    "host": "arm",
                    "method": route.method,
                    "path": route.template,
                    "times": 0,
                    "status": 403,
                    "code": "AuthorizationFailed",
                    "message": denied,
                },
            )
    refused = ""
    async with engine_log() as (log, address):
        async with engine(Arm(RecordingClients()), FakeClock(), engine_address=address) as pulumi:
            try:
                await live(pulumi, world, principal)
            except FailedError as error:
                refused = str(error)
        said = log.messages(ephemeral=False)
    assert action in refused + "".join(said)


async def test_a_key_that_needs_a_data_role_is_not_readable_without_it(azure: RunningAzure) -> None:
    """Where Resource Manager answers 400 ForbiddenByRbac for keys, a binding says what was not checked and is
    made, and a key version is refused with the role to have."""
    world = rbac_world(azure)
    version = world.versions_through_arm()[0]
    made = azure.control(
        "/principals",
        {"name": "deployer-2", "roles": [{"role": "Contributor", "scope": world.group_id}]},
    )
    azure.control("/behaviour", {"arm_keys_need_data_role": True})
    clients = RecordingClients({"ARM_CLIENT_ID": made["clientId"], "ARM_CLIENT_SECRET": made["clientSecret"]})
    uri = f"https://contoso-keys.vault.azure.net/keys/language-key/{version}"
    binding = {"accountId": world.account_id(), "vaultId": world.vault_id(), "keyUriWithVersion": uri}
    async with engine(Arm(clients), FakeClock()) as pulumi:
        with pytest.raises(FailedError, match=r"even to read a key.*\n.*Key Vault Crypto Officer"):
            await pulumi.create(VERSION, {"keyId": world.key_id()})
        await pulumi.create(CMK, binding)
    assert world.bound_key() == uri


@pytest.mark.parametrize(
    "words",
    [
        "forbidden",
        "access_policy_not_configured",
        "authentication_failure",
        "properties_invalid",
        "fails_later",
    ],
)
async def test_access_that_comes_late_is_waited_for_in_every_wording(azure: RunningAzure, words: str) -> None:
    """However Azure refuses a key that the identity may not use yet, the binding waits and is made."""
    from tests.provider.test_propagation import CloudClock

    world = a_world(azure)
    (version,) = world.versions()
    azure.control("/behaviour", {"grant_delay_seconds": 600, "missing_grant": words})
    world.grant(world.make_account("contoso-late"))
    uri = f"https://contoso-keys.vault.azure.net/keys/language-key/{version}"
    inputs = {
        "accountId": world.account_id("contoso-late"),
        "keyUriWithVersion": uri,
        "vaultId": world.vault_id(),
    }
    async with engine(Arm(RecordingClients()), CloudClock(world)) as pulumi:
        await pulumi.create(CMK, inputs)
    assert world.bound_key("contoso-late") == uri
