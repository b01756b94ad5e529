"""The proof holds only for what it says, and names everything that does not."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any
from unittest.mock import MagicMock

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

from core import key_uris
from core.facts import Encryption, Network
from core.login import Login
from core.service.outputs import service_outputs
from operate import verify
from operate.__main__ import main
from operate.azure import UnansweredError
from tests.operate.scenes import bound
from tests.support.in_process import Credential, Transport, Wire

VERSION = "0123456789abcdef0123456789abcdef"
VAULT = "https://kv-contoso.vault.azure.net"
KEY = f"{VAULT}/keys/cmk/{VERSION}"
OUTPUTS = {"accountId": "/a", "endpoint": "https://e", "vaultId": "/v", "keyUriWithVersion": KEY}
BOUND = Encryption("Microsoft.KeyVault", f"{VAULT}/", "cmk", VERSION)


@pytest.mark.parametrize(
    ("encryption", "key", "claims"),
    [
        (BOUND, KEY, []),
        (replace(BOUND, key_vault_uri="https://KV-contoso.vault.azure.net:443", key_name="CMK"), KEY, []),
        (Encryption(), KEY, ["keySource", "keyVaultUri", "keyName", "keyVersion"]),
        (replace(BOUND, key_version="f" * 32), KEY, ["keyVersion"]),
        (replace(BOUND, key_source="Microsoft.CognitiveServices"), KEY, ["keySource"]),
        # An account that follows its key names no version; one that is bound to a version does not follow it.
        (replace(BOUND, key_version=""), f"{VAULT}/keys/cmk", []),
        (BOUND, f"{VAULT}/keys/cmk", ["keyVersion"]),
    ],
)
def test_each_fact_of_the_binding_is_compared(encryption: Encryption, key: str, claims: list[str]) -> None:
    """Slash, port and capitals are no difference; an account on Microsoft-managed keys or on another version
    is never called proven. A reader sees what was found and expected."""
    failed = [check for check in verify.binding(encryption, key_uris.parse(key)) if not check.holds]
    assert [check.claim for check in failed] == claims
    assert all(re.search("FAILED .*: found .*, expected ", str(check)) for check in failed)


def proven(monkeypatch: pytest.MonkeyPatch, *words: str, service: Any = OUTPUTS) -> bool:
    """Whether `operate verify` of a stack with these outputs ends well."""
    monkeypatch.setattr(verify, "outputs", lambda _: service)
    monkeypatch.setattr("operate.login.of_stack", lambda *_: Login())
    return main(["verify", "--stack", "dev", *words]) == 0


def test_one_failed_check_fails_the_proof(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verdict is that of all checks, and each is printed; in JSON each with its account and whether it
    holds. One that nobody could try holds neither way."""
    good, kept_out = verify.Check("a", "x", "x"), verify.Check("b", "x", "no way there", kept_out=True)
    checks = [good, kept_out]
    monkeypatch.setattr(verify, "_checks", lambda *_, **__: iter(checks))
    several = {"services": {"one": OUTPUTS, "two": {"accountId": "/b"}}}
    words = ("--write-project", "--if-reached", "--json")
    assert not proven(monkeypatch, *words, service=several)
    told = [(one["account"], one["claim"], one["holds"]) for one in json.loads(capsys.readouterr().out)]
    assert told[:2] == [("/a", "a", True), ("/a", "b", None)]
    assert (told[2][0], told[2][2]) == ("/b", False)
    assert proven(monkeypatch, *words)
    capsys.readouterr()
    checks = [verify.Check("a", "x", ""), good]
    assert not proven(monkeypatch)
    lines = capsys.readouterr().out.splitlines()[1:]
    assert lines == [*map(str, checks)]
    assert "found nothing, expected x" in lines[0]


def test_fails_when_the_cloud_cannot_be_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No answer is a failed proof, not a passed one."""

    def refuse(*_: Any, **__: Any) -> None:
        raise UnansweredError("404 ResourceNotFound: no such account")

    monkeypatch.setattr(verify, "_checks", refuse)
    assert not proven(monkeypatch)
    assert "no such account" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ({}, "no output accountId, endpoint, vaultId, keyUriWithVersion: a program of your own exports"),
        ({"accountId": "/a", "endpoint": "https://e"}, "/a is on Microsoft-managed keys"),
        ({"accountId": "/a", "endpoint": "https://e", "vaultId": "/v"}, "/a is on Microsoft-managed keys"),
        (OUTPUTS, ""),
    ],
)
def test_there_is_a_reason_where_nothing_can_be_proven(service: dict[str, str], words: str) -> None:
    """A stack that was never deployed; a service that is to be on Microsoft-managed keys, which another
    `pulumi up` would not change."""
    reason = verify.unprovable(service_outputs(service))
    assert words in reason
    assert bool(words) is bool(reason)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that has passed, in seconds; only pauses take any."""
    now = [0.0]
    monkeypatch.setattr("operate.verify.time.monotonic", lambda: now[-1])
    monkeypatch.setattr("operate.verify.time.sleep", lambda seconds: now.append(now[-1] + seconds))
    return now


KEY_REFUSED = (403, "the key cannot be used")


@pytest.mark.parametrize(
    ("answers", "holds"),
    [
        ([KEY_REFUSED], True),
        ([(200, ""), (200, ""), KEY_REFUSED], True),
        ([(200, "")] * 13, False),
        ([(403, "Access denied due to Virtual Network/Firewall rules.")], False),
        ([(403, "Public access is disabled. Please configure private endpoint.")], False),
        ([(401, "lacks the required data action")], False),
        ([(403, "Principal does not have access to API/Operation (PermissionDenied).")], False),
        ([(500, "busy")], False),
    ],
)
@pytest.mark.usefixtures("clock")
def test_revoked_data_is_refused_for_the_key_and_for_nothing_else(
    answers: list[tuple[int, str]], holds: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Data that is still read at the deadline, and a refusal of the caller or network, prove nothing. Whoever
    waits is told once what for and how long, and who may not call, which role is missing."""
    left = iter(answers)

    def read() -> None:
        status, text = next(left)
        if status != 200:
            error = HttpResponseError(text)
            error.status_code = status
            raise error

    check = verify.refused(MagicMock(list_projects=read), 60)
    assert check.holds is holds
    assert ("Cognitive Services Language Reader" in check.found) is (
        "data action" in answers[-1][1] or "PermissionDenied" in answers[-1][1]
    )
    assert capsys.readouterr().err.count("waiting up to") == (answers[0][0] == 200)


def test_waiting_for_two_hours_takes_few_reads(clock: list[float]) -> None:
    """The data is read each five seconds at first and each minute in the end, so that two hours count little
    against the service's limit of calls, and a refusal is noticed within a minute."""
    assert not verify.refused(MagicMock(), 7200).holds
    pauses = [after - before for before, after in pairwise(clock)]
    assert pauses[:5] == pytest.approx([5.0] * 5)
    assert max(pauses) == pytest.approx(60.0)
    assert 7200 - 60 <= clock[-1] < 7200
    assert len(clock) < 160


def test_the_project_of_the_proof_is_written_read_and_deleted() -> None:
    """And nothing of it is left."""
    world, outputs = bound()
    wire = Wire(world.door)
    projects = verify.Projects(outputs.endpoint, Credential(), transport=Transport(wire))
    assert verify.project(projects, Network()).holds
    assert [method for method, _ in wire.seen] == ["PATCH", "GET", "DELETE", "GET"]
    assert projects.read() == ""


@pytest.mark.usefixtures("clock")
def test_a_project_that_stays_fails_the_proof() -> None:
    """It is looked for a minute long."""
    check = verify.project(MagicMock(**{"read.return_value": "p"}), Network())
    assert (check.holds, check.found) == (False, "still there after 60 seconds")


@pytest.mark.parametrize("suffix", ["azure.com/", "azure.us/", "azure.cn"])
def test_the_token_is_of_the_accounts_own_cloud(suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the login's."""
    opened = MagicMock()
    monkeypatch.setattr(verify, "pipeline", opened)
    verify.Projects(f"https://LANG-A.cognitiveservices.{suffix}", MagicMock())
    assert opened.call_args.args[2] == f"https://cognitiveservices.{suffix.strip('/')}/.default"


ACCOUNT = {**OUTPUTS, "endpoint": "https://lang-a.cognitiveservices.azure.com/"}
HELD = {"enableSoftDelete": True, "enablePurgeProtection": True}


def asked(monkeypatch: pytest.MonkeyPatch, network: Mapping[str, Any], **account: Any) -> MagicMock:
    """The cloud answers with an account that is bound; gives its data."""
    projects, body = MagicMock(), {"id": "/x", "properties": {**HELD, **network}, **account}
    projects.return_value.endpoint = "https://lang-a"
    monkeypatch.setattr(verify, "Projects", projects)
    monkeypatch.setattr(verify, "binding", lambda *_: iter(()))
    monkeypatch.setattr(verify, "LiveAzure", lambda _: MagicMock(**{"get.return_value": body}))
    data: MagicMock = projects.return_value
    return data


@pytest.mark.parametrize("access", ["granted", "revoked"])
def test_a_kind_without_projects_of_language_is_not_asked_for_one(
    access: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is read or written where the path does not exist; whoever demands the proof does not get it."""
    data = asked(monkeypatch, {}, kind="SpeechServices")
    service = {**ACCOUNT, "access": access}
    assert not proven(monkeypatch, "--write-project", service=service)
    assert proven(monkeypatch, "--write-project", "--if-reached", service=service)
    assert capsys.readouterr().out.count("kind SpeechServices has no projects of Language") == 2
    assert data.mock_calls == []


@pytest.mark.parametrize(("answer", "holds"), [(KEY_REFUSED, True), (None, False)])
def test_the_data_of_a_service_whose_outputs_say_revoked_has_to_be_refused(
    answer: tuple[int, str] | None, holds: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --revoked, which is for access that somebody took away outside Pulumi."""
    data = asked(monkeypatch, {}, kind="TextAnalytics")
    if answer:
        refusal = HttpResponseError(answer[1])
        refusal.status_code = answer[0]
        data.list_projects.side_effect = refusal
    assert proven(monkeypatch, "--minutes", "0", service={**ACCOUNT, "access": "revoked"}) is holds
    assert proven(monkeypatch, service=ACCOUNT)


ONE_ADDRESS = {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "20.1.1.1"}]}}
WRITER = "service's callers with the role 'Cognitive Services Language Writer'"


@pytest.mark.parametrize(
    ("refusal", "network", "says"),
    [
        (
            HttpResponseError("Public access is disabled. Please configure private endpoint."),
            {"publicNetworkAccess": "Disabled"},
            "does not reach https://lang-a: public access is disabled; private",
        ),
        (
            HttpResponseError("Access denied due to Virtual Network/Firewall rules."),
            ONE_ADDRESS,
            "does not reach https://lang-a: (?s:.*)20.1.1.1",
        ),
        (ServiceRequestError("Name not known"), {}, r"every address may connect \(Name not known\)"),
        (HttpResponseError("lacks the required data action x"), ONE_ADDRESS, f"data action x.*{WRITER}"),
        (HttpResponseError("Principal does not have access to API (PermissionDenied)."), {}, WRITER),
        (HttpResponseError("The service cannot use the customer-managed key."), {}, "customer-managed key"),
    ],
)
def test_a_refusal_fails_the_proof_unless_this_machine_is_kept_out(
    refusal: Exception,
    network: dict[str, Any],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What keeps a project from being written is named, with what to do; the rules alone do not tell, for a
    private endpoint passes them. Whoever asks only for what this machine reaches is told of a network or a
    missing role, and nothing has failed; any other refusal has."""
    asked(monkeypatch, network).write.side_effect = refusal
    assert not proven(monkeypatch, "--write-project", service=ACCOUNT)
    said = capsys.readouterr().out
    assert "FAILED  project written and read" in said
    assert re.search(says, said)
    of_network = "data action" not in says and says not in (WRITER, "customer-managed key")
    assert ("on a runner beside its private endpoint" in said) is of_network
    kept_out = says != "customer-managed key"
    assert proven(monkeypatch, "--write-project", "--if-reached", service=ACCOUNT) is kept_out
    said = capsys.readouterr().out
    assert bool(re.search(rf"\?       project written and read: not tried;.*{says}", said)) is kept_out
