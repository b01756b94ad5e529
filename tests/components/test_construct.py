"""What a caller in another language says of a component reaches the resources that it is about.

The package runs as the engine starts it, and gets Construct requests as the engine makes them of programs in
TypeScript, Go, C#, Java and YAML. The engine's monitor is a double that keeps every registration.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import (
    engine_pb2_grpc,
    errors_pb2,
    provider_pb2,
    provider_pb2_grpc,
    resource_pb2_grpc,
    status_pb2,
)

from components.testing import TENANT, AbsentError
from core import resource_types as types
from tests.support.recording import OTHER_SUBSCRIPTION, FakeAzure, RecordingMonitor, Registered
from tests.support.stack import ROOT

PROJECT, STACK, NAME = "payments", "prod-eu", "claims"
STACK_URN = f"urn:pulumi:{STACK}::{PROJECT}::pulumi:pulumi:Stack::{PROJECT}-{STACK}"
ELSEWHERE = f"urn:pulumi:{STACK}::{PROJECT}::random:index/randomId:RandomId::elsewhere"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_KIND = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT_KIND = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
HUB = f"/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.KeyVault/vaults/kv-hub"
# Not the key, which stays in its vault whatever is deleted.
HOLDS_DATA = {types.RESOURCE_GROUP, types.VAULT, types.ACCOUNT, types.BINDING, types.DIAGNOSTIC_SETTING}


class Monitor(RecordingMonitor):
    """The engine's monitor as far as a component asks it, of stack `prod-eu`."""

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        parents = "" if parent in ("", STACK_URN) else f"{parent.split('::')[2]}$"
        return f"urn:pulumi:{STACK}::{PROJECT}::{parents}{type_}::{name}"

    def RegisterResourceHook(self, request: Any) -> Any:
        return empty_pb2.Empty()

    RegisterErrorHook = RegisterResourceHook


class Served(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """One address for the monitors of all tests, of which one is asked at a time."""

    monitor: Monitor

    def __init__(self) -> None:
        self.logged: list[str] = []

    def __getattribute__(self, name: str) -> Any:
        if not name[0].isupper():
            return super().__getattribute__(name)
        if name == "Log":
            return self._log
        return lambda request, context: self._answer(name, request, context)

    def _log(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.logged.append(request.message)
        return empty_pb2.Empty()

    def _answer(self, name: str, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return getattr(self.monitor, name)(request)
        except AbsentError as error:
            return context.abort(error.code(), error.details())


@dataclass
class Caller:
    """A program in another language, as the engine speaks for it."""

    stub: Any
    served: Served
    address: str

    def construct(
        self,
        args: Mapping[str, Any],
        *,
        component: str = "EncryptedAIServicesAccount",
        known: tuple[str, ...] = (),
        azure: Any = None,
        **said: Any,
    ) -> tuple[Monitor, Any]:
        """Sends a request; `said` are its fields beside the arguments, `known` the URNs of providers that the
        program made, `azure` the providers that are asked. Raises grpc.RpcError."""
        self.served.monitor = Monitor(azure or FakeAzure())
        for urn in known:
            self.served.monitor.resources[urn] = Monitor.ResourceRegistration(urn, "an-id", {})
        inputs = struct_pb2.Struct()
        inputs.update(args)
        request = provider_pb2.ConstructRequest(
            project=PROJECT,
            stack=STACK,
            organization="organization",
            monitorEndpoint=self.address,
            type=f"language-cmk:index:{component}",
            name=NAME,
            parent=STACK_URN,
            inputs=inputs,
            accepts_output_values=True,
            **said,
        )
        return self.served.monitor, self.stub.Construct(request, timeout=120)

    def service(self, args: Mapping[str, Any] | None = None, **said: Any) -> Monitor:
        """A service with all its parts."""
        return self.construct({"location": "westeurope", **(args or {})}, **said)[0]


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    served = Served()
    server = grpc.server(ThreadPoolExecutor(8))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(served, server)
    engine_pb2_grpc.add_EngineServicer_to_server(served, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    command = [sys.executable, "-u", str(ROOT / "components"), address]
    with subprocess.Popen(command, cwd="/", stdout=subprocess.PIPE, text=True) as plugin:
        assert plugin.stdout is not None
        port = int(plugin.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Caller(provider_pb2_grpc.ResourceProviderStub(channel), served, address)
        plugin.kill()
    server.stop(None)


def children(monitor: Monitor) -> list[Registered]:
    """The resources that hold data, give access or record something: all but components and providers."""
    return [one for one in monitor.registered if one.request.custom and ":providers:" not in one.type]


def types_with(monitor: Monitor, field: str) -> set[str]:
    """The types of resources in whose registrations a field is set."""
    return {one.type for one in children(monitor) if getattr(one.request, field)}


def refused(call: Any) -> dict[str, str]:
    """What is wrong with a request's arguments, by their paths."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    failure: Any = caught.value
    assert failure.code() is grpc.StatusCode.INVALID_ARGUMENT, failure.details()
    assert "Traceback" not in failure.details()
    assert ".py" not in failure.details()
    packed = dict(failure.trailing_metadata())["grpc-status-details-bin"]
    (detail,) = status_pb2.Status.FromString(packed).details
    problems = errors_pb2.InputPropertiesError()
    detail.Unpack(problems)
    return {one.property_path: one.reason for one in problems.errors}


def test_what_the_caller_did_not_set_is_protected(caller: Caller) -> None:
    """No field, no word: the component's own default, which is not the `false` of a plain resource."""
    assert types_with(caller.service(), "protect") >= HOLDS_DATA
    assert types_with(caller.service(protect=True), "protect") >= HOLDS_DATA


def test_what_the_caller_turned_off_is_off(caller: Caller) -> None:
    """`protect: false` of theirs, and the policy pack is told that it is meant."""
    monitor = caller.service(protect=False)
    assert types_with(monitor, "protect") == set()
    assert monitor.one(":EncryptedAIServicesAccount").inputs["protect"] is False


def test_options_that_reach_every_child(caller: Caller) -> None:
    """dependsOn, deletedWith, retainOnDelete and time-outs, which the engine ignores of a component."""
    limits = provider_pb2.ConstructRequest.CustomTimeouts(create="9m", update="8m", delete="7m")
    monitor = caller.service(
        dependencies=[ELSEWHERE], deletedWith=ELSEWHERE, retainOnDelete=True, customTimeouts=limits
    )
    for child in children(monitor):
        assert ELSEWHERE in child.request.dependencies, child.name
        assert child.request.retainOnDelete, child.name
        own = child.type == types.BINDING or child.name.endswith("-access")
        assert (child.request.deletedWith == ELSEWHERE) is not own, child.name
        assert child.request.customTimeouts.create == "9m", child.name
        assert child.request.customTimeouts.delete == "7m", child.name


def test_nothing_reaches_a_child_that_was_not_said(caller: Caller) -> None:
    """Defaults of a request's fields are no options."""
    for child in children(caller.service()):
        assert child.request.retainOnDelete is (child.type == types.KEY), child.name
        assert not child.request.HasField("customTimeouts"), child.name
        assert ELSEWHERE not in child.request.dependencies, child.name


def test_changes_of_a_component_are_not_ignored(caller: Caller) -> None:
    """Pulumi would drop the option: it is refused, with what to do."""
    assert list(refused(lambda: caller.service(ignoreChanges=["tags"]))) == ["ignoreChanges"]


def test_hooks_stay_with_the_component_and_the_accounts_own_hook_stays(caller: Caller) -> None:
    """A hook of the caller's runs for the component, as for any; the account keeps the one that guards its
    key."""
    binding = provider_pb2.ConstructRequest.ResourceHooksBinding(before_update=["theirs"])
    monitor = caller.service(resource_hooks=binding)
    assert list(monitor.one(":EncryptedAIServicesAccount").request.hooks.before_update) == ["theirs"]
    account = monitor.one(types.ACCOUNT).request.hooks
    assert list(account.before_update) == list(account.before_create) == ["lang-claims keeps its key"]


def test_wrong_arguments_are_told_by_their_paths(caller: Caller) -> None:
    """All at once, in the words of the package, and nothing is registered."""
    wrong = {"netwrk": {}, "accessModel": "acl", "key": {"generation": "two", "pin": "latest"}}
    problems = refused(lambda: caller.service(wrong))
    assert set(problems) == {"netwrk", "accessModel", "key.generation", "key.pin"}
    assert caller.served.monitor.registered == []


def test_what_exists_is_told_by_its_path(caller: Caller) -> None:
    """What only Azure's answers show is a problem of an argument, too."""
    problems = refused(lambda: caller.service({"vault": {"id": HUB}, "accessModel": "rbac"}))
    assert "accessModel: accessPolicy" in problems["accessModel"]


def secret(value: Any) -> dict[str, Any]:
    """A secret as it is sent."""
    return {SIGNATURE: SECRET_KIND, "value": value}


def test_secrets_stay_secret(caller: Caller) -> None:
    """A secret argument is secret in each resource that it becomes part of, a group of arguments that is
    secret is neither lost nor shown, and no output of the component shows it."""
    args = {"tags": secret({"owner": "NOT-FOR-THE-STATE"}), "vault": secret({"id": HUB})}
    monitor, answer = caller.construct({"location": "westeurope", **args})
    tagged = [one.request.object["tags"] for one in children(monitor) if "tags" in one.request.object]
    assert [one[SIGNATURE] for one in tagged] == [SECRET_KIND] * len(tagged) != []
    vault_id = monitor.one(types.BINDING).request.object["vaultId"]
    assert (vault_id[SIGNATURE], vault_id["value"]) == (SECRET_KIND, HUB)
    assert "NOT-FOR-THE-STATE" not in str(answer.state)
    assert answer.state["vaultId"][SIGNATURE] == SECRET_KIND
    assert "NOT-FOR-THE-STATE" not in str(monitor.one(":EncryptedAIServicesAccount").request.object)


GROUP = {"resourceGroupName": "rg", "location": "westeurope"}


@pytest.mark.parametrize(
    ("component", "args", "holds_data"),
    [
        ("KeyVault", {**GROUP, "tenantId": TENANT}, types.VAULT),
        ("EncryptionKey", {"vaultId": HUB}, types.KEY),
    ],
)
def test_each_part_protects_what_it_makes(
    caller: Caller, component: str, args: dict[str, Any], holds_data: str
) -> None:
    """Unless the caller says otherwise."""
    monitor, _ = caller.construct(args, component=component)
    assert holds_data in types_with(monitor, "protect")
    monitor, _ = caller.construct(args, component=component, protect=False)
    assert types_with(monitor, "protect") == set()


def test_a_preview_takes_what_is_not_known_yet(caller: Caller) -> None:
    """A value of a resource that the same program makes; but not a whole group of arguments, for what is made
    depends on it."""
    later = {SIGNATURE: OUTPUT_KIND}
    monitor = caller.service({"audit": {"workspaceId": later}, "tags": {"owner": later}}, dryRun=True)
    assert types.ACCOUNT in {one.type for one in children(monitor)}
    assert types.WORKSPACE not in {one.type for one in children(monitor)}
    assert list(refused(lambda: caller.service({"audit": later}, dryRun=True))) == ["audit"]


def test_what_the_sdk_says_of_each_resource_is_left_out(caller: Caller) -> None:
    """Neither debug messages nor the lines that made it, which are a third of a state: as in the program."""
    caller.served.logged.clear()
    made = caller.service().registered
    assert made
    assert [one for one in caller.served.logged if one.startswith("registering resource")] == []
    traced = [one for one in made if one.request.stackTrace.frames or one.request.HasField("sourcePosition")]
    assert [one.name for one in traced] == []
