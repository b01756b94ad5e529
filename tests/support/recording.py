"""Runs components without an engine and keeps every request they make.

Owns: a double of the engine's monitor and of Azure's answers, enough for the shape of a program: what is
registered, with which inputs, options and dependencies. It proves nothing about what Azure accepts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.runtime import mocks, rpc

from components.arguments.inputs import read
from components.arguments.service_args import EncryptedAIServicesAccountArgs
from components.service import EncryptedAIServicesAccount
from components.testing import DEPLOYER, PRINCIPAL, TENANT, AbsentError, AzureMocks
from core import adapters, arm_ids
from core.facts import Deleted, KeyVersion, RoleAssignment
from core.login import Login
from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER
from core.service.question import question_of
from provider import service_preflight
from provider.azure import Azure, retrying
from provider.azure_client import Principal
from provider.failure import ServiceError
from provider.resource import Call
from provider.waiting import Waiter
from tests.provider.rig import FakeClock
from tests.support.program import run_program

OTHER_SUBSCRIPTION = "22222222-2222-4222-8222-222222222222"


def service(azure: FakeAzure | None = None, /, **said: Any) -> RecordingMonitor:
    """A program that makes the service `language` with arguments `said`."""
    args: Any = {"location": "westeurope", **said}
    return run(lambda: EncryptedAIServicesAccount("language", args), azure=azure)


def service_inputs(name: str = "language", **args: Any) -> EncryptedAIServicesAccountArgs:
    """The arguments of a service in their form, in westeurope unless said otherwise."""
    return read(EncryptedAIServicesAccountArgs, name, {"location": "westeurope", **args})


EXISTING_KEY = "own"
_USABLE = {"kty": "RSA", "keySize": 2048.0, "keyOps": ["wrapKey", "unwrapKey"]}
_KEY = ("keyVaultUri", "keyName", "keyVersion")


class FakeAzure(AzureMocks):
    """Answers as azure-native and azure-cmk would, as far as the components read it.

    `state` is what the stack holds before the run, by URN, and its accounts exist as it has them, bound where
    it has a binding; `vault` and `key` are existing ones. The vault has EXISTING_KEY besides.
    """

    def __init__(self) -> None:
        super().__init__()
        self.key = None
        self.state: dict[str, Any] = {}
        self.deleted: dict[str, list[Deleted]] = {}
        self.report: dict[str, Any] = {}
        self.hsm: dict[str, Any] = {}
        self.asked: list[mocks.MockCallArgs] = []
        self.read: list[str] = []
        """The ids of the resources that were read, as often as each was."""

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        self.asked.append(args)
        own: dict[str, dict[str, Any]] = {
            "pulumi:pulumi:readStackResourceOutputs": {"outputs": self.state},
            "azure-cmk:index:checkDeployment": self.report,
        }
        if args.token == "azure-cmk:index:preflight":
            return {"answer": asyncio.run(self._preflight(args.args["question"]))}, []
        if args.token == "azure-native:cognitiveservices:getAccount":
            return self._account(str(args.args["accountName"])), []
        return (own[args.token], []) if args.token in own else super().call(args)

    def found(self, id: str) -> dict[str, Any] | None:
        """A resource as Resource Manager describes it; None if it does not exist."""
        name = arm_ids.name_of(id)
        if arm_ids.parse(id).type == arm_ids.ACCOUNT:
            try:
                return self._account(name)
            except AbsentError:
                return None
        if arm_ids.parse(id).type == arm_ids.VAULT:
            return self.vault
        if arm_ids.parse(id).type == arm_ids.KEY and name == EXISTING_KEY:
            return {"properties": dict(self.key or _USABLE)}
        if arm_ids.parse(id).type == arm_ids.KEY and self.key is not None:
            return {"properties": dict(self.key)}
        return None

    async def _preflight(self, question: str) -> str:
        """azure-cmk's own answer, from what is here."""
        waiter = Waiter(FakeClock())
        azure = retrying(_Reads(self), waiter)
        call = Call("", azure, Login(), waiter, warn=_silent, inform=_silent)
        return (await service_preflight.answer(call, question_of(question))).text

    def _account(self, name: str) -> dict[str, Any]:
        """An account that the state has or this run made. Raises AbsentError for any other."""
        recorded = {
            str(one["outputs"].get("name")): (urn.rsplit("::", 1)[1], one["outputs"])
            for urn, one in self.state.items()
            if ":cognitiveservices:Account::" in urn and one["outputs"]
        }
        if name not in self.accounts.union(recorded):
            raise AbsentError
        own = {"type": "SystemAssigned", "principalId": PRINCIPAL, "tenantId": TENANT}
        logical, account = recorded.get(name, ("", {}))
        properties = {
            "endpoint": "https://account.cognitiveservices.azure.com/",
            **self._encryption(logical.removesuffix("-account"), str(account.get("id"))),
            **(account.get("properties") or {}),
        }
        return {"identity": own, **account, "properties": properties}

    def _encryption(self, service: str, account_id: str) -> dict[str, Any]:
        """The encryption of the account that a binding in the state is of."""
        named = {urn.rsplit("::", 1)[1]: one["outputs"] or {} for urn, one in self.state.items()}
        bound_id = (named.get(f"{service}-binding") or {}).get("accountId", account_id)
        if f"{service}-binding" not in named or bound_id != account_id:
            return {}
        vault = named.get(f"{service}-vault") or {"name": f"kv-{service}"}
        key = {
            "keyVaultUri": f"https://{vault['name']}.vault.azure.net",
            "keyName": f"cmk-{service}",
            **{name: value for name, value in named[f"{service}-binding"].items() if name in _KEY},
        }
        return {"encryption": {"keySource": "Microsoft.KeyVault", "keyVaultProperties": key}}


class _Reads(Azure):
    """The part of Azure that azure-cmk reads before a run."""

    answered_at = 0.0

    def __init__(self, told: FakeAzure) -> None:
        self._told = told

    async def principal(self) -> Principal:
        return Principal(DEPLOYER, TENANT)

    async def ask(self, method: str, path: str, api_version: str, body: Any = None) -> Mapping[str, Any]:
        self._told.read.append(path)
        if arm_ids.in_managed_hsm(path):
            return dict(self._part_of_hsm("hsm"))
        if (found := self._told.found(path)) is None:
            raise ServiceError(404, "ResourceNotFound", path)
        return found

    async def key_version(self, key: arm_ids.ArmId, version: str | None) -> KeyVersion | None:
        return adapters.key_version(self._part_of_hsm("version"))

    async def own_role_assignments(self, scope: str, principal_id: str) -> list[RoleAssignment]:
        role = HSM_CRYPTO_SERVICE_ENCRYPTION_USER
        id = self._part_of_hsm("assignmentId")
        return [RoleAssignment(scope, principal_id, role.id, id=id)] if id else []

    async def deleted_vaults(self, subscription: str) -> list[Deleted]:
        return self._soft_deleted("vaults")

    async def deleted_accounts(self, subscription: str) -> list[Deleted]:
        return self._soft_deleted("accounts")

    def _soft_deleted(self, what: str) -> list[Deleted]:
        return self._told.deleted.get(what, [])

    def _part_of_hsm(self, part: str) -> Any:
        """A part of the managed HSM, its key or its roles."""
        if part in self._told.hsm.get("unread", ()):
            raise ServiceError(403, "Forbidden", self._told.hsm["unread"][part])
        if part not in self._told.hsm and part != "assignmentId":
            raise ServiceError(404, "NotFound", part)
        return self._told.hsm.get(part)


async def _silent(message: str) -> None:
    del message


@dataclass(frozen=True)
class Registered:
    """One registration as the engine would see it."""

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]
    request: Any
    outputs: Mapping[str, Any]

    @property
    def needs(self) -> frozenset[str]:
        """The URNs that the engine makes before this one, and deletes after it."""
        return frozenset(self.request.dependencies)


class RecordingMonitor(mocks.MockMonitor):
    """Keeps each request whole: parent, dependencies, protect, ignoreChanges, aliases, deletedWith."""

    def __init__(self, azure: AzureMocks) -> None:
        super().__init__(azure)
        self.registered: list[Registered] = []

    def RegisterResource(self, request: Any) -> Any:
        response = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if request.type != "pulumi:pulumi:Stack":
            inputs = rpc.deserialize_properties(request.object)
            outputs = {**rpc.deserialize_properties(response.object), "id": response.id}
            self.registered.append(
                Registered(response.urn, request.type, request.name, inputs, request, outputs)
            )
        return response

    def of(self, type: str) -> list[Registered]:
        """What was registered with a type token, or with a suffix of one such as `:Vault`."""
        return [found for found in self.registered if found.type.endswith(type)]

    def one(self, type: str) -> Registered:
        """The only one of its type."""
        found = self.of(type)
        assert len(found) == 1, f"{len(found)} of {type} among {[other.type for other in self.registered]}"
        return found[0]


def run(
    program: Callable[[], Any],
    *,
    preview: bool = False,
    azure: AzureMocks | None = None,
    monitor: RecordingMonitor | None = None,
) -> RecordingMonitor:
    """Runs a program to its end as a stack of its own, and returns what it asked of the engine. Who looks at
    what a program did before it failed gives the `monitor`. A second look at Azure comes at once."""
    monitor = monitor or RecordingMonitor(azure or FakeAzure())
    run_program(program, monitor, project="language-cmk", stack="test", preview=preview)
    return monitor
