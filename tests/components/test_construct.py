"""What a caller in another language says of a component reaches the resources that it is about.

The host reads requests as the engine makes them of programs in TypeScript, Go, C#, Java and YAML. That it
answers the engine: tests/engine and tests/sdks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
from google.protobuf import struct_pb2
from pulumi.provider import server
from pulumi.provider.provider import ConstructResult
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.sync_await import _sync_await

from components.__main__ import COMPONENTS
from components.host import ComponentHost, Package, serve
from components.testing import TENANT
from core import resource_types as types
from tests.support.recording import OTHER_SUBSCRIPTION, RecordingMonitor, Registered, run

ELSEWHERE = "urn:pulumi:test::language-cmk::random:index/randomId:RandomId::elsewhere"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_KIND = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT_KIND = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
SERVICE = "EncryptedAIServicesAccount"
HUB = f"/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.KeyVault/vaults/kv-hub"
PLACE = {"location": "westeurope"}


def construct(
    args: Mapping[str, Any] | None = None, *, component: str = SERVICE, **said: Any
) -> tuple[RecordingMonitor, ConstructResult]:
    """Answers a request; `said` are its fields beside the arguments, which by default are a place."""
    inputs = struct_pb2.Struct()
    inputs.update({**(PLACE if component == SERVICE else {}), **(args or {})})
    type = f"language-cmk:index:{component}"
    request = provider_pb2.ConstructRequest(type=type, name="claims", inputs=inputs, **said)
    made: list[ConstructResult] = []

    def program() -> None:
        given = _sync_await(ComponentHost._construct_inputs(request.inputs, {}))
        options = ComponentHost._construct_options(request)
        made.append(Package(COMPONENTS).construct(request.name, type, given, options))

    return run(program, preview=request.dryRun), made[0]


def children(monitor: RecordingMonitor) -> list[Registered]:
    """The resources that hold data, give access or record something: all but components and providers."""
    return [one for one in monitor.registered if one.request.custom and ":providers:" not in one.type]


def refused(args: Mapping[str, Any], **said: Any) -> dict[str, str]:
    """What is wrong with a request's arguments, by their paths."""
    with pytest.raises(pulumi.InputPropertiesError) as caught:
        construct(args, **said)
    return {one["property_path"]: one["reason"] for one in caught.value.errors or ()}


@pytest.mark.parametrize(
    ("component", "args", "hold_data"),
    [
        # Not the key, which stays in its vault whatever is deleted.
        (
            SERVICE,
            {},
            {types.RESOURCE_GROUP, types.VAULT, types.ACCOUNT, types.BINDING, types.DIAGNOSTIC_SETTING},
        ),
        ("KeyVault", {**PLACE, "resourceGroupName": "rg", "tenantId": TENANT}, {types.VAULT}),
        ("EncryptionKey", {"vaultId": HUB}, {types.KEY}),
    ],
)
@pytest.mark.parametrize("said", [{}, {"protect": True}, {"protect": False}])
def test_what_holds_data_is_protected_unless_the_caller_turned_it_off(
    component: str, args: dict[str, Any], hold_data: set[str], said: dict[str, bool]
) -> None:
    """No field, no word: the component's own default, which is not the `false` of a plain resource."""
    monitor, _ = construct(args, component=component, **said)
    protected = {one.type for one in children(monitor) if one.request.protect}
    assert protected >= hold_data if said.get("protect", True) else protected == set()


def test_options_that_reach_every_child() -> None:
    """dependsOn, deletedWith, retainOnDelete and time-outs, which the engine ignores of a component."""
    limits = provider_pb2.ConstructRequest.CustomTimeouts(create="9m", update="8m", delete="7m")
    monitor, _ = construct(
        dependencies=[ELSEWHERE], deletedWith=ELSEWHERE, retainOnDelete=True, customTimeouts=limits
    )
    for child in children(monitor):
        assert ELSEWHERE in child.request.dependencies, child.name
        assert child.request.retainOnDelete, child.name
        own = child.type == types.BINDING or child.name.endswith("-access")
        assert (child.request.deletedWith == ELSEWHERE) is not own, child.name
        assert child.request.customTimeouts.create == "9m", child.name
        assert child.request.customTimeouts.delete == "7m", child.name


def test_nothing_reaches_a_child_that_was_not_said() -> None:
    """Defaults of a request's fields are no options."""
    for child in children(construct()[0]):
        assert child.request.retainOnDelete is (child.type == types.KEY), child.name
        assert not child.request.HasField("customTimeouts"), child.name
        assert ELSEWHERE not in child.request.dependencies, child.name


def test_changes_of_a_component_are_not_ignored() -> None:
    """Pulumi would drop the option: it is refused, with what to do."""
    with pytest.raises(pulumi.InputPropertyError) as caught:
        construct(ignoreChanges=["tags"])
    assert caught.value.property_path == "ignoreChanges"


def test_what_exists_is_told_by_its_path() -> None:
    """What only Azure's answers show is a problem of an argument, too."""
    problems = refused({"vault": {"id": HUB}, "accessModel": "rbac"})
    assert "accessModel: accessPolicy" in problems["accessModel"]


def secret(value: Any) -> dict[str, Any]:
    """A secret as it is sent."""
    return {SIGNATURE: SECRET_KIND, "value": value}


def test_secrets_stay_secret() -> None:
    """A secret argument is secret in each resource that it becomes part of, a group of arguments that is
    secret is neither lost nor shown, and no output of the component shows it."""
    monitor, answer = construct(
        {"tags": secret({"owner": "NOT-FOR-THE-STATE"}), "vault": secret({"id": HUB})}
    )
    tagged = [one.request.object["tags"] for one in children(monitor) if "tags" in one.request.object]
    assert [one[SIGNATURE] for one in tagged] == [SECRET_KIND] * len(tagged) != []
    vault_id = monitor.one(types.BINDING).request.object["vaultId"]
    assert (vault_id[SIGNATURE], vault_id["value"]) == (SECRET_KIND, HUB)
    assert "NOT-FOR-THE-STATE" not in str(monitor.one(f":{SERVICE}").request.object)
    output: Any = answer.state["vaultId"]
    assert _sync_await(output.is_secret())
    shown = {name: _sync_await(pulumi.Output.from_input(one).future()) for name, one in answer.state.items()}
    assert "NOT-FOR-THE-STATE" not in str(shown)


def test_a_preview_takes_what_is_not_known_yet() -> None:
    """A value of a resource that the same program makes; but not a whole group of arguments, for what is made
    depends on it."""
    later = {SIGNATURE: OUTPUT_KIND}
    monitor, _ = construct({"audit": {"workspaceId": later}, "tags": {"owner": later}}, dryRun=True)
    made = {one.type for one in children(monitor)}
    assert (types.ACCOUNT in made, types.WORKSPACE in made) == (True, False)
    assert list(refused({"audit": later}, dryRun=True)) == ["audit"]


def test_the_sdk_serves_by_this_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own would take what is not set for `false`."""
    served: list[Any] = []
    monkeypatch.setattr(server, "ProviderServicer", server.ProviderServicer)
    monkeypatch.setattr(server, "main", lambda *_: served.append(server.ProviderServicer))
    serve(COMPONENTS)
    assert served == [ComponentHost]
