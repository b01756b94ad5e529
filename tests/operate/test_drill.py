"""The revocation drill: measured on the local Azure, never where it may not be, and always given back."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError
from pulumi.automation import CommandResult

from core.login import Login
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
from operate.revoke import NoAccessError
from operate.verify import Projects
from provider.azure_client import Principal
from tests.consistency.hsm_world import CRYPTO_USER, HsmWorld
from tests.consistency.world import NEEDED, entry
from tests.operate.scenes import HSM_ROLE, POLICY, ROLE, bound, grants
from tests.support.in_process import Credential, Transport, Wire, in_process_client

OWN = bound()[1]
FOUND = Drill("", datetime(2030, 1, 1, tzinfo=UTC), 3.0, 4.0, "p")


def refusal(status: int, text: str = "the key cannot be used") -> HttpResponseError:
    error = HttpResponseError(text)
    error.status_code = status
    return error


LOST = ServiceRequestError("the connection was lost")


@dataclass
class QuickAzure:
    """Azure as the drill's client has it, and the data of the account: in memory, with one access policy.
    `fails` are the errors of the next calls of a name: `read`, `remove`, `add`, `data`. What a lost answer
    was about is done all the same."""

    entries: list[dict[str, Any]] = field(default_factory=lambda: [entry(OWN.principal_id, NEEDED)])
    fails: Mapping[str, list[Exception]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    another_grant: bool = False
    before: Callable[[str], None] = lambda _: None
    answered_at: float = 1.0

    def json(self, _: str, url: str, body: Mapping[str, Any] | None = None) -> Any:
        name = url.partition("/accessPolicies/")[2].partition("?")[0] or "read"
        failed = self._asked(name)
        if body is not None and (failed is None or failed is LOST):
            self.entries = [] if name == "remove" else [*body["properties"]["accessPolicies"]]
        if failed:
            raise failed
        return {"properties": {"accessPolicies": self.entries}}

    def principal(self) -> Principal:
        return Principal("p")

    def list_projects(self) -> None:
        failed = self._asked("data")
        if failed or not (self.entries or self.another_grant):
            raise failed or refusal(403)

    def _asked(self, name: str) -> Exception | None:
        self.asked.append(name)
        self.before(name)
        return self.fails[name].pop(0) if self.fails.get(name) else None


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses, none of which is made."""
    found: list[float] = []
    monkeypatch.setattr("operate.drill.time.sleep", found.append)
    return found


def run(azure: QuickAzure, seconds: float = 30) -> Drill:
    return drilled(azure, azure, OWN, seconds=seconds)  # type: ignore[arg-type]


@pytest.mark.parametrize("grant", [POLICY, ROLE, HSM_ROLE])
def test_access_is_taken_measured_and_given_back_as_it_was(grant: str) -> None:
    """The data is refused and readable again, with the time of both; every grant is what it was before."""
    world, outputs = bound(grant)
    before, wire = grants(world), Wire(world.door)
    projects = Projects(outputs.endpoint, Credential(), transport=Transport(wire))
    found = drilled(in_process_client(Login(), wire), projects, outputs, seconds=30)
    assert found.refused_after is not None
    assert found.readable_after is not None
    assert found.by == seed.DEPLOYER.object_id
    assert grants(world) == before


def test_a_drill_that_does_not_cut_the_data_off_is_told() -> None:
    """Another grant lets the service on: not refused in time, and access is back."""
    azure = QuickAzure(another_grant=True)
    found = run(azure, seconds=0)
    assert (found.refused_after, found.readable_after) == (None, 0.0)
    assert azure == replace(QuickAzure(another_grant=True), asked=azure.asked)


@pytest.mark.parametrize(
    ("how", "at"), [("SIGTERM", "data"), ("SIGHUP", "data"), ("no answer", "data"), ("SIGINT", "add")]
)
def test_an_interrupted_drill_gives_access_back(how: str, at: str) -> None:
    """Whoever ends it in the middle or while access is given back, and where the data's own answer fails."""

    def end(name: str) -> None:
        if name == at and not azure.entries:
            if how == "no answer":
                raise LOST
            os.kill(os.getpid(), signal.Signals[how])

    azure = QuickAzure(before=end)
    handlers = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with pytest.raises(ServiceRequestError if how == "no answer" else KeyboardInterrupt):
        run(azure)
    assert azure.entries == QuickAzure().entries
    assert "add" in azure.asked
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == handlers


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
def test_access_is_back_whichever_line_is_interrupted(times: int) -> None:
    """Ctrl-C at each line of the drill in turn, and a second one at the line after it."""
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
        azure, line, sent = QuickAzure(), 0, 0
        try:
            sys.settrace(traced)
            run(azure)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(known)
        assert azure.entries == QuickAzure().entries, f"interrupted at line {point} of those that run"
        point += 1
    assert point > 25


def test_a_login_that_may_not_take_access_away_gets_no_alarm(slept: list[float]) -> None:
    """It may not give it back either: that is not told as access that is missing, nor tried for minutes."""
    azure = QuickAzure(fails={"remove": [refusal(403)], "add": [refusal(403)] * 9})
    with pytest.raises(HttpResponseError):
        run(azure)
    assert azure.entries == QuickAzure().entries
    assert sum(slept) == 0


def test_giving_back_is_tried_again_and_else_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A lost connection does not end it; where it stays lost, the command that gives access back is the
    error, and it was printed before access was taken."""
    failed = refusal(500)
    assert run(QuickAzure(fails={"add": [failed] * 3})).readable_after is not None
    capsys.readouterr()
    with pytest.raises(DrillError, match="ACCESS WAS NOT GIVEN BACK") as raised:
        run(QuickAzure(fails={"add": [failed] * 6}))
    command = "az keyvault set-policy --name kv-contoso --resource-group rg"
    assert command in str(raised.value)
    assert command in capsys.readouterr().err
    assert raised.value.exit_code == 1


def test_an_answer_that_was_lost_while_access_was_taken_gives_it_back() -> None:
    """Whether Azure had done it is not known, so it is given back."""
    azure = QuickAzure(fails={"remove": [LOST]})
    with pytest.raises(ServiceRequestError):
        run(azure)
    assert azure.entries == QuickAzure().entries


THROUGH_AN_APPLICATION = {"objectId": OWN.principal_id, "applicationId": "a"}


@pytest.mark.parametrize(
    "azure",
    [
        QuickAzure([]),
        QuickAzure([THROUGH_AN_APPLICATION]),
        QuickAzure(fails={"data": [refusal(500)]}),
    ],
)
def test_data_that_cannot_be_read_is_not_drilled(azure: QuickAzure) -> None:
    """Nothing is taken away where nothing could be seen to come back, nor what serves an application."""
    with pytest.raises((DeclinedError, NoAccessError)):
        run(azure)
    assert {*azure.asked} <= {"read", "data"}


def test_no_drill_of_an_identity_that_another_account_uses(capsys: pytest.CaptureFixture[str]) -> None:
    """It would lose its key, too; data of it may even be deleted. The service's own account is no other."""

    class Listed:
        def pages(self, _: str) -> list[dict[str, Any]]:
            users = {"/i": {"principalId": OWN.principal_id.upper(), "clientId": "c"}}
            return [{"id": id, "identity": {"userAssignedIdentities": users}} for id in ids]

    ids = [OWN.account_id.upper()]
    require_alone(Listed(), OWN)  # type: ignore[arg-type]
    assert "one in another subscription would lose its key, too" in capsys.readouterr().err
    ids.append(f"{OWN.account_id}-translator")
    with pytest.raises(NoAccessError, match="-translator, which would lose the key, too"):
        require_alone(Listed(), OWN)  # type: ignore[arg-type]


def run_of_dev(monkeypatch: pytest.MonkeyPatch, **given: Callable[..., Any]) -> int:
    """The command on a stack of one service, with these functions in place of the drill's own."""
    for name, what in {
        "outputs": lambda _: {},
        "services": lambda *_: {"claims": OWN},
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
    failed = replace(FOUND, readable_after=None)

    def fail(*_: object, **__: object) -> Drill:
        raise DrillError("ACCESS WAS NOT GIVEN BACK", failed)

    with pytest.raises(DrillError):
        run_of_dev(monkeypatch, drilled=fail, record=lambda *one: recorded.append(one))
    assert recorded == [("dev", replace(failed, service="claims"))]


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"kind": "TextTranslation"}, "for good"), ({"endpoint": ""}, "no endpoint")],
)
def test_no_drill_where_data_would_be_lost_or_nobody_could_see(changes: dict[str, str], words: str) -> None:
    """Whatever the stack allows."""
    with pytest.raises(NoAccessError, match=words):
        require_harmless(replace(OWN, **changes))


def test_only_a_stack_that_allows_it_is_drilled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it is refused with the setting that allows it."""
    for said in ("", "no"):
        monkeypatch.setattr(drill, "pulumi", lambda *_, text=said, **__: CommandResult(text, "", 1))
        with pytest.raises(DeclinedError, match="pulumi config set operate:drill allowed --stack dev"):
            require_allowed("dev")
    monkeypatch.setattr(drill, "pulumi", lambda *_, **__: CommandResult("allowed\n", "", 0))
    require_allowed("dev")


def test_the_evidence_finds_what_a_drill_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each service of the stack has its tag, within the 256 characters that Pulumi Cloud allows; null is what
    did not happen, so that nobody takes it for no seconds."""
    tags: dict[str, str] = {"pulumi:project": "x"}

    def set_tag(*words: str) -> CommandResult:
        tags[words[3]] = words[4]
        return CommandResult("", "", 0)

    monkeypatch.setattr(drill, "pulumi", set_tag)
    drills = [FOUND, replace(FOUND, service="claims", refused_after=None)]
    for one in drills:
        drill.record("dev", one)
    assert list(from_tags(tags)) == drills
    assert as_tag(drills[1])["refusedAfter"] is None
    assert all(len(text) < 256 and len(name) < 40 for name, text in tags.items())
    monkeypatch.setattr(drill, "pulumi", lambda *_: CommandResult("", "no rights", 1))
    with pytest.raises(OperateError, match=r"not recorded .*refused after"):
        drill.record("dev", FOUND)


def test_of_a_managed_hsm_the_only_role_at_the_key_is_taken() -> None:
    """One further up is let be. The HSM takes a role and a principal and nothing else. Where the identity has
    two roles at the key, taking one away would show nothing."""
    world, own = bound(HSM_ROLE)
    assert isinstance(world, HsmWorld)
    client = in_process_client(Login(), Wire(world.door))
    world.grant(own.principal_id, CRYPTO_USER, "")
    take, (_, url, body) = calls(client, own)
    assert take == ("DELETE", url, None)
    assert body is not None
    assert set(body["properties"]) == {"roleDefinitionId", "principalId"}
    world.grant(own.principal_id, CRYPTO_USER, "/keys/cmk-contoso")
    with pytest.raises(NoAccessError, match=r"has 2 .*keep one"):
        calls(client, own)
    for one in world.local_assignments:
        if one["properties"]["principalId"] == own.principal_id:
            world.hsm("DELETE", one["id"])
    with pytest.raises(NoAccessError, match=r"has 0 roles .*run `pulumi up`"):
        calls(client, own)
