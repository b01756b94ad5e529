"""The revocation drill: measured on the local Azure, never where it may not be, and always given back."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError
from pulumi.automation import CommandResult

from localazure import seed
from operate import drill
from operate.drill import (
    DrillError,
    as_tag,
    calls,
    drilled,
    from_tags,
    require_allowed,
    require_alone,
    require_harmless,
)
from operate.errors import DeclinedError, OperateError
from operate.evidence.model import Drill
from operate.revoke import NoAccessError, ServiceAccess, access
from provider.azure_client import Principal
from tests.consistency.world import KEY, NEEDED, VAULT, World, entry
from tests.support.front import token

ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
PROJECTS = "language/authoring/analyze-conversations/projects?api-version=2023-04-01"


@dataclass
class DoorClient:
    """Azure as the drill's client has it; `fails` are calls that fail, `before` is done before each call."""

    world: World
    calls: list[tuple[str, str]] = field(default_factory=list)
    fails: list[str] = field(default_factory=list)
    answered_at: float = 1.0

    def json(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> Any:
        self.calls.append((method, url))
        if self.fails and self.fails[0] in f"{method} {url}":
            self.fails.pop(0)
            raise ServiceRequestError("the connection was lost")
        path, _, query = url.partition("?")
        return self.world.arm(method, path, body, api=query.partition("=")[2])

    def principal(self) -> Principal:
        return Principal(seed.DEPLOYER.object_id)


@dataclass
class DoorProjects:
    """The data of the account, which is bound."""

    world: World

    def list_projects(self) -> None:
        url = f"https://lang-bound.cognitiveservices.azure.com/{PROJECTS}"
        reply = self.world.door.send("GET", url, bearer=token(audience="https://cognitiveservices.azure.com"))
        if reply.status >= 300:
            error = HttpResponseError(f"{reply.status}: {reply.body}")
            error.status_code = reply.status
            raise error


def made(rbac: bool) -> tuple[World, ServiceAccess]:
    """An account under a key, and the access that a stack's outputs would name."""
    world = World(rbac=rbac)
    world.bind_first()
    principal = world.principals[0]
    grant = f"{VAULT}/accessPolicy/{principal}"
    if rbac:
        world.assign(principal, ENCRYPTION_USER, KEY)
        (grant,) = (one["id"] for one in world.assignments if one["properties"]["principalId"] == principal)
    else:
        world.policies(entry(principal, NEEDED))
    outputs = {
        "accountId": world.accounts[0]["id"],
        "principalId": principal,
        "vaultId": VAULT,
        "keyUriWithVersion": world.key_uri,
        "grantId": grant,
        "endpoint": "https://lang-bound.cognitiveservices.azure.com/",
        "kind": "TextAnalytics",
    }
    return world, access(outputs)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operate.drill.time.sleep", lambda _: None)


def run(world: World, own: ServiceAccess, client: DoorClient | None = None, projects: Any = None) -> Drill:
    return drilled(client or DoorClient(world), projects or DoorProjects(world), own, seconds=30)  # type: ignore[arg-type]


def grants(world: World) -> Any:
    """All that gives anybody access to the key."""
    policies = world.arm("GET", VAULT, api="2026-02-01")["properties"]["accessPolicies"]
    kept = ("roleDefinitionId", "principalId", "scope", "principalType")
    roles = [(one["id"], *(one["properties"][name] for name in kept)) for one in world.assignments]
    return sorted(map(repr, policies)), sorted(roles)


@pytest.mark.parametrize("rbac", [False, True], ids=["access policies", "Azure RBAC"])
def test_access_is_taken_measured_and_given_back_as_it_was(rbac: bool) -> None:
    """The data is refused and readable again, with the time of both; every grant is what it was before."""
    world, own = made(rbac)
    before = grants(world)
    seen: list[str] = []

    class Watching(DoorProjects):
        def list_projects(self) -> None:
            try:
                super().list_projects()
            except HttpResponseError as error:
                seen.append(str(error.status_code))
                raise
            seen.append("200")

    found = run(world, own, projects=Watching(world))
    assert found.refused_after is not None
    assert found.readable_after is not None
    assert found.by == seed.DEPLOYER.object_id
    assert seen == ["200", "403", "200"]
    assert grants(world) == before


def test_a_drill_that_does_not_cut_the_data_off_is_told() -> None:
    """Another grant lets the service on: not refused in time, and access is back."""
    world, own = made(rbac=True)
    world.assign(own.principal_id, ENCRYPTION_USER, VAULT)
    before = grants(world)
    found = drilled(DoorClient(world), DoorProjects(world), own, seconds=0)  # type: ignore[arg-type]
    assert (found.refused_after, found.readable_after) == (None, 0.0)
    assert grants(world) == before


@pytest.mark.parametrize("rbac", [False, True], ids=["access policies", "Azure RBAC"])
@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM", "SIGHUP", "no answer"])
def test_an_interrupted_drill_gives_access_back(rbac: bool, how: str) -> None:
    """Whoever ends it in the middle, and where the data's own answer fails."""
    world, own = made(rbac)
    before = grants(world)

    class Ended(DoorProjects):
        asked = 0

        def list_projects(self) -> None:
            self.asked += 1
            if self.asked > 1:
                assert grants(world) != before, "access is not taken yet"
                if how.startswith("SIG"):
                    os.kill(os.getpid(), signal.Signals[how])
                raise ServiceRequestError("gone") if how == "no answer" else KeyboardInterrupt
            super().list_projects()

    handlers = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with pytest.raises(ServiceRequestError if how == "no answer" else KeyboardInterrupt):
        run(world, own, projects=Ended(world))
    assert grants(world) == before
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == handlers


@dataclass
class QuickAzure:
    """An account with one access policy, and its data; all in memory."""

    entries: list[dict[str, Any]]
    answered_at: float = 1.0

    def json(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> Any:
        assert (method, body is None) in (("GET", True), ("PUT", False))
        if body is not None:
            self.entries = [] if "/remove?" in url else [*body["properties"]["accessPolicies"]]
        return {"properties": {"accessPolicies": self.entries}}

    def principal(self) -> Principal:
        return Principal("p")

    def list_projects(self) -> None:
        if not self.entries:
            error = HttpResponseError("the key cannot be used")
            error.status_code = 403
            raise error


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
def test_access_is_back_whichever_line_is_interrupted(times: int) -> None:
    """Ctrl-C at each line of the drill in turn, and a second one at the line after it."""
    _, own = made(rbac=False)
    before: list[dict[str, Any]] = [{"objectId": own.principal_id, "permissions": {"keys": ["get"]}}]
    point, line, sent = 0, 0, times

    def traced(frame: FrameType, event: str, _: object) -> Any:
        nonlocal line, sent
        if frame.f_code.co_filename != drill.__file__:
            return None
        if event == "line":
            line += 1
            if point < line <= point + times:
                sent += 1
                os.kill(os.getpid(), signal.SIGINT)
        return traced

    known = sys.gettrace()
    while sent == times:
        azure, line, sent = QuickAzure(before), 0, 0
        try:
            sys.settrace(traced)
            drilled(azure, azure, own, seconds=30)  # type: ignore[arg-type]
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(known)
        assert azure.entries == before, f"interrupted at line {point} of those that run"
        point += 1
    assert point > 40


def test_a_login_that_may_not_take_access_away_gets_no_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may not give it back either: that is not told as access that is missing, nor tried for minutes."""
    _, own = made(rbac=False)
    slept: list[float] = []
    monkeypatch.setattr("operate.drill.time.sleep", slept.append)

    class Refusing(QuickAzure):
        def json(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> Any:
            if method == "PUT":
                error = HttpResponseError("AuthorizationFailed")
                error.status_code = 403
                raise error
            return super().json(method, url, body)

    azure = Refusing([{"objectId": own.principal_id, "permissions": {"keys": ["get"]}}])
    with pytest.raises(HttpResponseError, match="AuthorizationFailed"):
        drilled(azure, azure, own, seconds=30)  # type: ignore[arg-type]
    assert sum(slept) == 0


def test_no_drill_of_an_identity_that_another_account_uses(capsys: pytest.CaptureFixture[str]) -> None:
    """It would lose its key, too; data of it may even be deleted. The service's own account is no other."""
    _, own = made(rbac=False)

    class Listed:
        def pages(self, _: str) -> list[dict[str, Any]]:
            users = {"/i": {"principalId": own.principal_id.upper(), "clientId": "c"}}
            return [{"id": id, "identity": {"userAssignedIdentities": users}} for id in ids]

    ids = [own.account_id.upper()]
    require_alone(Listed(), own)  # type: ignore[arg-type]
    assert "one in another subscription would lose its key, too" in capsys.readouterr().err
    ids.append(f"{own.account_id}-translator")
    with pytest.raises(NoAccessError, match="-translator, which would lose the key, too"):
        require_alone(Listed(), own)  # type: ignore[arg-type]


def run_of_dev(monkeypatch: pytest.MonkeyPatch, **given: Callable[..., Any]) -> int:
    """The command on a stack of one service, with these functions in place of the drill's own."""
    _, own = made(rbac=False)
    for name, what in {
        "outputs": lambda _: {},
        "services": lambda *_: {"claims": {}},
        "granted": lambda _: own,
        "require_allowed": lambda _: None,
        "require_alone": lambda *_: None,
        "AzureClient": lambda *_, **__: None,
        "Projects": lambda *_: None,
        **given,
    }.items():
        monkeypatch.setattr(drill, name, what)
    monkeypatch.setattr("operate.drill.login.of_stack", lambda *_: None)
    monkeypatch.setattr("operate.drill.login.token_credential", lambda *_: None)
    return drill.run(argparse.Namespace(stack="dev", service=None, minutes=1, json=False))


@pytest.mark.parametrize("gate", ["require_allowed", "require_harmless", "require_alone"])
def test_nothing_is_taken_away_where_a_drill_is_refused(gate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its stack's configuration, by what Azure would delete, or by another account's identity."""
    drills: list[object] = []

    def refuse(*_: object) -> None:
        raise NoAccessError(gate)

    with pytest.raises(NoAccessError, match=gate):
        run_of_dev(monkeypatch, drilled=lambda *one, **_: drills.append(one), **{gate: refuse})
    assert drills == []


def test_a_drill_after_which_access_is_missing_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the evidence does not show the one before it as the last."""
    recorded: list[tuple[str, Drill]] = []
    failed = Drill("", datetime(2030, 1, 1, tzinfo=UTC), 3.0, None, "p")

    def fail(*_: object, **__: object) -> Drill:
        raise DrillError("ACCESS WAS NOT GIVEN BACK", failed)

    with pytest.raises(DrillError):
        run_of_dev(monkeypatch, drilled=fail, record=lambda *one: recorded.append(one))
    assert recorded == [("dev", replace(failed, service="claims"))]


def test_giving_back_is_tried_again_and_else_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A lost connection does not end it; where it stays lost, the command that gives access back is the
    error, and it was printed before access was taken."""
    world, own = made(rbac=False)
    before = grants(world)
    assert run(world, own, DoorClient(world, fails=["accessPolicies/add"] * 3)).readable_after is not None
    assert grants(world) == before
    capsys.readouterr()
    with pytest.raises(DrillError, match="ACCESS WAS NOT GIVEN BACK") as raised:
        run(world, own, DoorClient(world, fails=["accessPolicies/add"] * 6))
    command = "az keyvault set-policy --name kv-contoso --resource-group rg"
    assert command in str(raised.value)
    assert command in capsys.readouterr().err
    assert raised.value.exit_code == 1


def test_an_answer_that_was_lost_while_access_was_taken_gives_it_back() -> None:
    """Whether Azure had done it is not known, so it is given back."""
    world, own = made(rbac=True)
    before = grants(world)
    client = DoorClient(world, fails=["DELETE"])
    with pytest.raises(ServiceRequestError):
        run(world, own, client)
    assert client.calls[-1][0] == "PUT"
    assert grants(world) == before


def test_data_that_cannot_be_read_is_not_drilled() -> None:
    """Nothing is taken away where nothing could be seen to come back."""
    world, own = made(rbac=False)
    world.policies()
    client = DoorClient(world)
    with pytest.raises((DeclinedError, NoAccessError)):
        run(world, own, client)
    assert {method for method, _ in client.calls} == {"GET"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"kind": "TextTranslation"}, "for good"), ({"endpoint": ""}, "no endpoint")],
)
def test_no_drill_where_data_would_be_lost_or_nobody_could_see(changes: dict[str, str], words: str) -> None:
    """Whatever the stack allows."""
    _, own = made(rbac=False)
    with pytest.raises(NoAccessError, match=words):
        require_harmless(replace(own, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(("said", "allowed"), [("allowed\n", True), ("", False), ("no", False)])
def test_only_a_stack_that_allows_it_is_drilled(
    said: str, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it is refused with the setting that allows it."""
    monkeypatch.setattr(drill, "pulumi", lambda *_, **__: CommandResult(said, "", 0 if said else 1))
    if allowed:
        require_allowed("dev")
        return
    with pytest.raises(DeclinedError, match="pulumi config set operate:drill allowed --stack dev"):
        require_allowed("dev")


def test_the_evidence_finds_what_a_drill_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each service of the stack has its tag, within the 256 characters that Pulumi Cloud allows."""
    world, own = made(rbac=False)
    found = run(world, own)
    tags: dict[str, str] = {"pulumi:project": "x"}

    def set_tag(*words: str) -> CommandResult:
        tags[words[3]] = words[4]
        return CommandResult("", "", 0)

    monkeypatch.setattr(drill, "pulumi", set_tag)
    for name in ("", "claims"):
        drill.record("dev", replace(found, service=name))
    assert [one.service for one in from_tags(tags)] == ["", "claims"]
    assert replace(next(from_tags(tags)), service="") == found
    assert all(len(text) < 256 and len(name) < 40 for name, text in tags.items())
    monkeypatch.setattr(drill, "pulumi", lambda *_: CommandResult("", "no rights", 1))
    with pytest.raises(OperateError, match=r"not recorded .*refused after"):
        drill.record("dev", found)


def test_a_managed_hsm_is_asked_for_its_own_role() -> None:
    """At the HSM's own address, which takes a role and a principal and nothing else."""
    hsm = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/managedHSMs/hsm-contoso"
    own = access(
        {
            "accountId": "/a",
            "principalId": "p",
            "vaultId": hsm,
            "keyUriWithVersion": f"https://hsm-contoso.managedhsm.azure.net/keys/cmk/{'0' * 32}",
            "grantId": f"{hsm}/keys/cmk/providers/Microsoft.Authorization/roleAssignments/aaaa",
        }
    )

    class Hsm:
        def json(self, method: str, url: str) -> Any:
            assert method == "GET"
            host = urlsplit(url).hostname
            assert host == "hsm-contoso.managedhsm.azure.net"
            return {"properties": {"roleDefinitionId": "r", "principalId": "p", "scope": "/keys/cmk"}}

    take, give = calls(Hsm(), own)  # type: ignore[arg-type]
    path = "/keys/cmk/providers/Microsoft.Authorization/roleAssignments/aaaa?api-version=7.4"
    assert take == ("DELETE", f"https://hsm-contoso.managedhsm.azure.net{path}", None)
    assert give[2] == {"properties": {"roleDefinitionId": "r", "principalId": "p"}}


def test_the_tag_has_null_for_what_did_not_happen() -> None:
    """So that nobody takes a drill that failed for one of no seconds."""
    world, own = made(rbac=False)
    assert as_tag(replace(run(world, own), refused_after=None))["refusedAfter"] is None
