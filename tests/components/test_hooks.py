"""A hook of ours never waits for a thread of the SDK: registrations hold them, and the engine answers a
registration when its hooks have answered."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime import mocks
from pulumi.runtime._callbacks import _CallbackServicer
from pulumi.runtime.proto import resource_pb2, resource_pb2_grpc
from pulumi.runtime.settings import SETTINGS

from components import azure_failures
from components.azure_failures import explaining_hooks, waiting_hooks
from components.resources.account_write import KeyLostError, key_guard
from components.sdk.hooks import KNOWN_LATER, serve_hooks
from core.arm_ids import subscription_of
from core.resource_types import ACCOUNT
from core.service.account import AccountBefore
from tests.components.test_account_write import account
from tests.support.recording import FakeAzure

LIMIT_SECONDS = 20.0
URN = f"urn:pulumi:test::p::{ACCOUNT}::lang-claims"
SENT = {**account("v1"), "resourceGroupName": "g"}
SUBSCRIPTION = subscription_of(SENT["id"])


def failed_create(*errors: str) -> pulumi.ErrorHookArgs:
    """What the engine tells of a create that failed, the newest error first."""
    return pulumi.ErrorHookArgs(
        urn=URN, id="", name="lang-claims", type=ACCOUNT, failed_operation="create", errors=[*errors]
    )


FAILED = failed_create("odd")


class Azure(FakeAzure):
    """One account, bound to version v1 of its key; a read of it fails where `refuses`."""

    refuses = False

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
        self.asked.append(args)
        if self.refuses:
            return {"resources": [{"failed": "AADSTS7000215"}]}, []
        return {"resources": [{"found": account("v1")}]}, []


class Monitor(mocks.MockMonitor, resource_pb2_grpc.ResourceMonitorStub):
    """The engine's monitor: the SDK registers hooks only with its stub."""

    def GetDeploymentInfo(self, request: Any) -> Any:
        features = [
            resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
            resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
        ]
        return resource_pb2.DeploymentInfo(supportedFeatures=features)

    def RegisterResourceHook(self, request: Any) -> Any:
        return empty_pb2.Empty()

    RegisterErrorHook = RegisterResourceHook


def answer_of(make: Callable[[], Any], about: Any, azure: FakeAzure | None = None) -> Any:
    """What a hook answers while each thread of the SDK's executor is held."""

    async def scenario() -> Any:
        azure_ = azure or Azure()
        mocks.set_mocks(azure_, preview=False, monitor=Monitor(azure_))
        loop, let_go = asyncio.get_running_loop(), threading.Event()
        loop.set_default_executor(ThreadPoolExecutor(1))
        hook = make()
        await hook._registered
        loop.run_in_executor(None, let_go.wait)
        try:
            answer: Any = hook(about)
            return await asyncio.wait_for(answer, LIMIT_SECONDS) if isinstance(answer, Coroutine) else answer
        finally:
            let_go.set()
            # The servers of this loop would be waited for by the next program, in another loop.
            await _CallbackServicer.shutdown()  # type: ignore[no-untyped-call]
            _CallbackServicer._servicers.clear()

    return asyncio.run(scenario())


def guard(azure: FakeAzure, **sent: Any) -> None:
    """The last look before an update with the inputs `sent`."""
    about = pulumi.ResourceHookArgs(
        URN, SENT["id"], "lang-claims", ACCOUNT, new_inputs={**SENT, **sent}, old_outputs=account("v1")
    )

    def make() -> Any:
        return (
            key_guard("claims-account", "lang-claims", SUBSCRIPTION, before=AccountBefore()).before_update
            or []
        )[0]

    answer_of(make, about, azure)


def test_the_account_is_read_before_a_write() -> None:
    """A write that keeps the key passes, one that takes it away fails with its reason. Nothing is written
    where nobody can tell which key the account has: the words are Azure's."""
    azure = Azure()
    guard(azure)
    with pytest.raises(KeyLostError, match="would write it without a key"):
        guard(azure, properties={})
    guard(azure, resourceGroupName=KNOWN_LATER)
    asked = [(one.token, [dict(resource) for resource in one.args["resources"]]) for one in azure.asked]
    assert asked == [("azure-cmk:index:getResources", [{"id": SENT["id"]}])] * 3
    azure.refuses = True
    with pytest.raises(pulumi.RunError, match="AADSTS7000215"):
        guard(azure)


@pytest.mark.parametrize(
    "make",
    [lambda: explaining_hooks("claims")[0], lambda: waiting_hooks("claims", "account")[0]],
    ids=["explaining", "waiting"],
)
def test_a_failure_is_explained(make: Callable[[], Any]) -> None:
    """What hooks do about the error of a resource takes no thread either."""
    assert answer_of(make, FAILED) is False


NO_ACCESS = 'Status=400 Code="BadRequest" Message="KeyVaultProperties is invalid"'
BUSY = 'Status=409 Code="AccountProvisioningStateInvalid" Message="in state Updating"'


@pytest.mark.parametrize(
    ("errors", "hopeless", "waits"),
    [
        ([NO_ACCESS], "", True),
        ([NO_ACCESS], "the account may call no vault", False),
        ([BUSY], "", True),
        ([BUSY] * 10, "", False),
        ([f"1 error occurred:\n\t* {BUSY}\n\n"], "", False),
    ],
    ids=["no access yet", "hopeless", "another change", "another change without end", "is there"],
)
def test_only_what_waiting_can_cure_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, errors: list[str], hopeless: str, waits: bool
) -> None:
    """Not what was read as a cause that stays, nor a resource that is there already, nor for ever; a person
    is told until when."""
    told: list[str] = []

    async def sleep(_: float) -> None:
        """No test waits."""

    monkeypatch.setattr(azure_failures, "asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(pulumi.log, "info", told.append)
    answer = answer_of(
        lambda: waiting_hooks("claims", "account", hopeless=hopeless)[0], failed_create(*errors)
    )
    assert answer is waits
    assert [bool(re.search(r"waiting for .* until \d\d:\d\d UTC", text)) for text in told] == [True] * waits


def test_all_hooks_of_a_program_have_one_server() -> None:
    """Each is registered in a task of its own, and finds the server that the preflight has started."""

    async def scenario() -> int:
        azure = Azure()
        mocks.set_mocks(azure, preview=False, monitor=Monitor(azure))
        SETTINGS.callbacks = None
        serve_hooks()
        hooks = [explaining_hooks(name)[0] for name in ("claims", "triage")]
        await asyncio.gather(*(hook._registered for hook in hooks))
        servers = len(_CallbackServicer._servicers)
        await _CallbackServicer.shutdown()  # type: ignore[no-untyped-call]
        _CallbackServicer._servicers.clear()
        return servers

    assert asyncio.run(scenario()) == 1


@pytest.mark.parametrize(
    ("preview", "before", "hooks"),
    [
        (True, AccountBefore(), 0),
        (True, AccountBefore(live=account("v1")), 1),
        (True, AccountBefore(recorded=account("v1")), 1),
        (False, AccountBefore(), 1),
    ],
)
def test_an_account_that_a_preview_does_not_find_has_nothing_to_lose(
    preview: bool, before: AccountBefore, hooks: int
) -> None:
    """A hook costs a preview of many services a tenth of its time. Each update has it."""

    async def scenario() -> int:
        azure = Azure()
        mocks.set_mocks(azure, preview=preview, monitor=Monitor(azure))
        serve_hooks()
        found: list[Any] = [
            *(key_guard("claims-account", "lang-claims", SUBSCRIPTION, before=before).before_create or ())
        ]
        await asyncio.gather(*(hook._registered for hook in found))
        await _CallbackServicer.shutdown()  # type: ignore[no-untyped-call]
        _CallbackServicer._servicers.clear()
        return len(found)

    assert asyncio.run(scenario()) == hooks
