"""Pulumi's mocks with the answers that the components need, for unit tests of a program that uses them.

No engine, no Azure and no login is there: a test sees what a program declares, and proves nothing about what
Azure accepts. docs/unit-tests.md shows one to copy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import grpc
import pulumi
from pulumi.runtime import mocks, rpc
from pulumi.runtime import settings as runtime

from components.declared import IN_RESOURCE_MANAGER
from core import arm_ids, clouds, demands, facts, key_uris
from core import resource_types as types
from core.service.question import PreflightAnswer, PreflightQuestion, ServiceAnswer, question_of
from core.service.state import Live

SUBSCRIPTION: Final = "11111111-1111-4111-8111-111111111111"
TENANT: Final = "33333333-3333-4333-8333-333333333333"
DEPLOYER: Final = "44444444-4444-4444-8444-444444444444"
"""The object id of whoever deploys."""
CLIENT: Final = "66666666-6666-4666-8666-666666666666"
PRINCIPAL: Final = "55555555-5555-4555-8555-555555555555"
"""The object id of each account's identity."""
VERSION: Final = "0123456789abcdef0123456789abcdef"
"""The version of each key."""

_IDENTITY: Final = {"principalId": PRINCIPAL, "tenantId": TENANT}
_WITH_IDS: Final = {types.VAULT, types.KEY, types.ACCOUNT, types.USER_ASSIGNED_IDENTITY, types.WORKSPACE}
"""The types whose ids have Azure's form."""


class AbsentError(grpc.RpcError):  # type: ignore[misc]
    """azure-native's answer about a resource that does not exist."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return 'request failed: Status=404 Code="ResourceNotFound" Message="not found"'


def existing_vault(**properties: Any) -> dict[str, Any]:
    """A vault as azure-native describes it; properties of None are left out."""
    told = {"tenantId": TENANT, "enableSoftDelete": True, "enablePurgeProtection": True, **properties}
    return {
        "name": "kv-hub",
        "location": "westeurope",
        "properties": {name: value for name, value in told.items() if value is not None},
    }


class AzureMocks(mocks.Mocks):
    """Answers as azure-native and azure-cmk would for a stack that has nothing yet.

    `made` are the inputs of each resource that the program declared, by its logical name. `vault` is every
    vault that exists elsewhere, and `key` every key there: None for a vault without keys.
    """

    def __init__(self) -> None:
        self.made: dict[str, dict[str, Any]] = {}
        self.vault: dict[str, Any] = existing_vault()
        self.key: dict[str, Any] | None = {
            "kty": demands.KEY_TYPES[0],
            "keySize": float(demands.KEY_SIZE),
            "keyOps": [*demands.KEY_OPERATIONS],
        }
        self.accounts: set[str] = set()

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return self.answer(re.sub(r"/v\d+", "", args.token.partition(":")[2]), args.args), []

    def answer(self, function: str, asked: dict[str, Any]) -> dict[str, Any]:
        """The answer of a function, such as `keyvault:getVault` of any version; empty if there is nothing to
        tell. Raises AbsentError."""
        match function:
            case "authorization:getClientConfig":
                login = {"clientId": CLIENT, "objectId": DEPLOYER}
                return {**login, "subscriptionId": SUBSCRIPTION, "tenantId": TENANT}
            case "index:preflight":
                return {"answer": self._looked_at(question_of(asked["question"])).text}
            case "managedidentity:getUserAssignedIdentity":
                return {"clientId": CLIENT, **_IDENTITY}
            case "cognitiveservices:getAccount" if asked["accountName"] in self.accounts:
                endpoint = f"https://{asked['accountName']}.{clouds.PUBLIC.account_suffix}/"
                identity = {"type": "SystemAssigned", **_IDENTITY}
                return {"identity": identity, "properties": {"endpoint": endpoint}}
            case "cognitiveservices:getAccount":
                raise AbsentError
        return {}

    def _looked_at(self, question: PreflightQuestion) -> PreflightAnswer:
        """What exists of the vault and the key that each service names; nothing is judged."""
        services = {}
        for name, request in question.services.items():
            vault_id, key_id = request.desired.vault.id, request.desired.key.id
            key = {"properties": dict(self.key)} if key_id and self.key is not None else None
            services[name] = ServiceAnswer(Live(vault=self.vault if vault_id or key_id else None, key=key))
        return PreflightAnswer(services)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.made[args.name] = args.inputs
        outputs = dict(args.inputs)
        # A name or an id may be a secret of the program. One that is not known yet is no input.
        given = {name: str(rpc.unwrap_rpc_secret(value)) for name, value in args.inputs.items()}
        if args.typ == types.ACCOUNT:
            self.accounts.add(given["accountName"])
        if "identity" in outputs:
            # Identities go in as a list and come out as a map.
            outputs["identity"] = {"type": outputs["identity"]["type"]}
        if args.typ == types.KEY_VERSION and "keyId" in given:
            key = arm_ids.key_id(given["keyId"])
            uri = key_uris.uri_of(key.parent, clouds.PUBLIC)
            outputs |= {"keyName": key.name, "version": VERSION, "vaultUri": f"{uri}/"}
            outputs["keyUri"] = key_uris.KeyUri(uri, key.name).text
            outputs["keyUriWithVersion"] = key_uris.KeyUri(uri, key.name, VERSION).text
        if args.typ == types.RESOURCE_GROUP:
            outputs["name"] = args.inputs["resourceGroupName"]
        if args.typ not in _WITH_IDS:
            return f"{args.name}-id", outputs
        type, word = IN_RESOURCE_MANAGER[args.typ]
        outputs["name"] = args.inputs.get(word)
        group = arm_ids.group_id(SUBSCRIPTION, given.get("resourceGroupName", "unknown"))
        name, vault = given.get(word, "unknown"), given.get("vaultName", "unknown")
        if args.typ == types.KEY:
            return facts.key_id(arm_ids.child(group, arm_ids.VAULT, vault), name), outputs
        return arm_ids.child(group, type, name), outputs


def declared(program: Callable[[], object], azure: AzureMocks | None = None) -> dict[str, dict[str, Any]]:
    """Runs a program to its end, and returns the inputs of each resource that it declared, by its logical
    name. Raises what the program raises, such as the refusal of its arguments."""
    azure = azure or AzureMocks()
    saved, root = runtime.SETTINGS, runtime.get_root_resource()
    try:
        mocks.set_mocks(azure)
        pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
    finally:
        runtime.configure(saved)
        runtime.set_root_resource(root)  # type: ignore[arg-type]
    return azure.made
