"""Runs components without an engine and keeps every request they make.

Owns: a double of the engine's monitor and of Azure's answers, enough for the shape of a program: what is
registered, with which inputs, options and dependencies. It proves nothing about what Azure accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from pulumi.runtime import mocks, rpc

from components.arguments.inputs import read
from components.arguments.service_args import EncryptedAIServicesAccountArgs
from components.preflight import run as preflight
from components.service import EncryptedAIServicesAccount
from components.testing import PRINCIPAL, TENANT, AbsentError, AzureMocks
from core import arm_ids
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
        self.deleted: dict[str, Any] = {}
        self.report: dict[str, Any] = {}
        self.hsm: dict[str, Any] = {}
        self.asked: list[mocks.MockCallArgs] = []

    @property
    def read(self) -> list[str]:
        """The ids of the resources that were read, as often as each was."""
        calls = [one.args["resources"] for one in self.asked if one.token.endswith(":getResources")]
        return [str(resource["id"]) for resources in calls for resource in resources]

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        self.asked.append(args)
        own: dict[str, dict[str, Any]] = {
            "pulumi:pulumi:readStackResourceOutputs": {"outputs": self.state},
            "azure-cmk:index:getDeleted": self.deleted,
            "azure-cmk:index:checkDeployment": self.report,
            "azure-cmk:index:getManagedHsmKey": self.hsm,
        }
        if args.token == "azure-native:cognitiveservices:getAccount":
            return self._account(str(args.args["accountName"])), []
        return (own[args.token], []) if args.token in own else super().call(args)

    def found(self, id: str) -> dict[str, Any] | None:
        name = arm_ids.name_of(id)
        if arm_ids.parse(id).type == arm_ids.ACCOUNT:
            try:
                return self._account(name)
            except AbsentError:
                return None
        if arm_ids.parse(id).type == arm_ids.KEY and name == EXISTING_KEY:
            return {"properties": dict(self.key or _USABLE)}
        return super().found(id)

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
    with patch.object(preflight, "SECOND_LOOK_SECONDS", 0):
        run_program(program, monitor, project="language-cmk", stack="test", preview=preview)
    return monitor
