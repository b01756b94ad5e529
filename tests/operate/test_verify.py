"""The proof holds only for what it says, and names everything that does not."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any
from unittest.mock import MagicMock

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

from core.facts import Encryption, Network
from core.login import Login
from operate import verify
from operate.__main__ import main
from operate.azure import UnansweredError

VERSION = "0123456789abcdef0123456789abcdef"
VAULT = "https://kv-contoso.vault.azure.net"
KEY = f"{VAULT}/keys/cmk-contoso/{VERSION}"
OUTPUTS = {"accountId": "/a", "endpoint": "https://e", "vaultId": "/v", "keyUriWithVersion": KEY}
BOUND = Encryption("Microsoft.KeyVault", f"{VAULT}/", "cmk-contoso", VERSION)


def failed(encryption: Encryption) -> list[str]:
    return [check.claim for check in verify.binding(encryption, KEY) if not check.holds]


@pytest.mark.parametrize(
    ("encryption", "claims"),
    [
        (BOUND, []),
        (
            Encryption(
                "Microsoft.KeyVault", "https://KV-contoso.vault.azure.net:443", "CMK-contoso", VERSION
            ),
            [],
        ),
        (Encryption(), ["keySource", "keyVaultUri", "keyName", "keyVersion"]),
        (Encryption("Microsoft.KeyVault", VAULT, "cmk-contoso", "f" * 32), ["keyVersion"]),
        (Encryption("Microsoft.CognitiveServices", VAULT, "cmk-contoso", VERSION), ["keySource"]),
    ],
)
def test_each_fact_of_the_binding_is_compared(encryption: Encryption, claims: list[str]) -> None:
    """Slash, port and capitals are no difference; an account on Microsoft-managed keys or on another version
    is never called proven."""
    assert failed(encryption) == claims


@pytest.mark.parametrize(("version", "fails"), [("", []), (VERSION, ["keyVersion"])])
def test_an_account_that_follows_its_key_names_no_version(version: str, fails: list[str]) -> None:
    """One that is bound to a version does not follow it."""
    live = Encryption("Microsoft.KeyVault", VAULT, "cmk-contoso", version)
    checks = verify.binding(live, f"{VAULT}/keys/cmk-contoso")
    assert [one.claim for one in checks if not one.holds] == fails


def test_a_failed_check_says_what_was_found_and_expected() -> None:
    """A reader sees both sides; nothing found is said in words."""
    text = str(verify.Check("keySource", "Microsoft.KeyVault", ""))
    assert "FAILED" in text
    assert "found nothing, expected Microsoft.KeyVault" in text


def proven(monkeypatch: pytest.MonkeyPatch, *words: str, service: dict[str, str] = OUTPUTS) -> bool:
    """Whether `operate verify` of a stack with these outputs ends well."""
    monkeypatch.setattr(verify, "outputs", lambda _: service)
    monkeypatch.setattr("operate.login.of_stack", lambda *_: Login())
    return main(["verify", "--stack", "dev", *words]) == 0


@pytest.mark.parametrize(("found", "holds"), [("x", True), ("y", False)])
def test_one_failed_check_fails_the_proof(
    found: str, holds: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verdict is that of all checks, and each is printed."""
    checks = [verify.Check("a", "x", found), verify.Check("b", "x", "x")]
    monkeypatch.setattr(verify, "_checks", lambda *_, **__: iter(checks))
    assert proven(monkeypatch) is holds
    assert [*map(str, checks)] == capsys.readouterr().out.splitlines()[1:]


def test_the_checks_as_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its account and whether it holds; one that nobody could try holds neither way."""
    checks = [verify.Check("a", "x", "x"), verify.Check("b", "x", "no way there", kept_out=True)]
    monkeypatch.setattr(verify, "_checks", lambda *_, **__: iter(checks))
    several = {"services": {"one": OUTPUTS, "two": {"accountId": "/b"}}}
    words = ("--write-project", "--if-reached", "--json")
    assert not proven(monkeypatch, *words, service=several)  # type: ignore[arg-type]
    first, second, third = json.loads(capsys.readouterr().out)
    assert (first["account"], first["claim"], first["holds"]) == (OUTPUTS["accountId"], "a", True)
    assert (second["claim"], second["holds"], second["found"]) == ("b", None, "no way there")
    assert (third["account"], third["holds"]) == ("/b", False)
    assert proven(monkeypatch, *words)


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
        ({}, "no output accountId, endpoint, vaultId, keyUriWithVersion: run `pulumi up`"),
        ({"accountId": "/a", "endpoint": "https://e"}, "/a is on Microsoft-managed keys"),
        ({"accountId": "/a", "endpoint": "https://e", "vaultId": "/v"}, "/a is on Microsoft-managed keys"),
        (OUTPUTS, ""),
    ],
)
def test_there_is_a_reason_where_nothing_can_be_proven(service: dict[str, str], words: str) -> None:
    """A stack that was never deployed; a service that is to be on Microsoft-managed keys, which another
    `pulumi up` would not change."""
    reason = verify.unprovable(service)
    assert words in reason
    assert bool(words) is bool(reason)


class FakeProjects(verify.Projects):
    """A Language endpoint that gives one answer after another; an int is a status, with a text."""

    def __init__(self, *answers: tuple[int, str]) -> None:
        self._answers = iter(answers)

    def list_projects(self) -> None:
        status, text = next(self._answers)
        if status == 200:
            return
        error = HttpResponseError(text)
        error.status_code = status
        raise error


@pytest.mark.parametrize(
    ("answers", "holds"),
    [
        ([(403, "the key cannot be used")], True),
        ([(200, ""), (403, "the key cannot be used")], True),
        ([(200, ""), (200, ""), (403, "the key cannot be used")], True),
        ([(200, ""), (200, "")], False),
        ([(403, "Access denied due to Virtual Network/Firewall rules.")], False),
        ([(403, "Public access is disabled. Please configure private endpoint.")], False),
        ([(401, "lacks the required data action")], False),
        ([(403, "Principal does not have access to API/Operation (PermissionDenied).")], False),
        ([(500, "busy")], False),
    ],
)
def test_revoked_data_is_refused_for_the_key_and_for_nothing_else(
    answers: list[tuple[int, str]],
    holds: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Data that is still read at the deadline, and a refusal of the caller or network, prove nothing. Whoever
    waits is told once what for and how long, and who may not call, which role is missing."""
    monkeypatch.setattr(verify, "_PAUSE_SECONDS", 0.001)
    clock = iter(range(100))
    monkeypatch.setattr("operate.verify.time.monotonic", lambda: next(clock))
    check = verify.refused(FakeProjects(*answers), len(answers))
    assert check.holds is holds
    assert ("Cognitive Services Language Reader" in check.found) is (
        "data action" in answers[-1][1] or "PermissionDenied" in answers[-1][1]
    )
    waits = answers[0][0] == 200
    assert capsys.readouterr().err.count("waiting up to") == waits


def test_waiting_for_two_hours_takes_few_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The data is read each five seconds at first and each minute in the end, so that two hours count little
    against the service's limit of calls, and a refusal is noticed within a minute."""
    now = 0.0
    reads: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    def answer(*_: object) -> tuple[str, str]:
        reads.append(now)
        return "", "200"

    monkeypatch.setattr("operate.verify.time.monotonic", lambda: now)
    monkeypatch.setattr("operate.verify.time.sleep", sleep)
    monkeypatch.setattr(verify, "_answer", answer)
    assert not verify.refused(FakeProjects(), 7200).holds
    pauses = [after - before for before, after in pairwise(reads)]
    assert pauses[:5] == pytest.approx([5.0] * 5)
    assert max(pauses) == pytest.approx(60.0)
    assert 7200 - 60 <= reads[-1] < 7200
    assert len(reads) < 160


def writing(refusal: Exception) -> Any:
    """The projects of an account that answers a write with this."""
    return MagicMock(endpoint="https://e", **{"write.side_effect": refusal})


CLOSED = Network(public_access="Disabled")
NO_WAY = ServiceRequestError("Name or service not known")
PRIVATE = "Public access is disabled. Please configure private endpoint."
FIREWALL = "Access denied due to Virtual Network/Firewall rules."


@pytest.mark.parametrize(
    ("refusal", "network", "says"),
    [
        (HttpResponseError(PRIVATE), CLOSED, "does not reach https://e: public access is disabled; private"),
        (HttpResponseError(FIREWALL), Network(default_action="Deny", ip_rules=("20.1.1.1",)), "20.1.1.1"),
        (NO_WAY, Network(), "every address may connect (Name or service not known)"),
        (HttpResponseError("lacks the required data action"), CLOSED, "lacks the required data action"),
    ],
)
def test_what_keeps_a_project_from_being_written_is_named(
    refusal: Exception, network: Network, says: str
) -> None:
    """With what to do. The rules alone do not tell, for a private endpoint passes them."""
    check = verify.project(writing(refusal), network)
    assert not check.holds
    assert says in str(check)
    assert ("service's callers with the role" in str(check)) is ("data action" in says)
    assert ("on a runner beside its private endpoint" in str(check)) is ("data action" not in says)


@pytest.mark.parametrize(
    ("reads", "claim"), [([200, 404], "project written"), ([200] * 70, "still there after")]
)
@pytest.mark.parametrize(
    ("endpoint", "scope"),
    [
        ("https://lang-a.cognitiveservices.azure.com/", "https://cognitiveservices.azure.com/.default"),
        ("https://lang-a.cognitiveservices.azure.us/", "https://cognitiveservices.azure.us/.default"),
        ("https://LANG-A.cognitiveservices.azure.cn", "https://cognitiveservices.azure.cn/.default"),
    ],
)
def test_the_project_of_the_proof_is_written_read_and_deleted(
    endpoint: str, scope: str, reads: list[int], claim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the official client does it, with a token of the account's own cloud; that the project is still
    there after a minute fails the proof."""
    monkeypatch.setattr("operate.verify.time.sleep", lambda _: None)
    answers, sent = iter(reads), []

    def answer(request: Any, **_: Any) -> Any:
        sent.append((request.method, request.url, request.headers.get("Content-Type")))
        status = next(answers) if request.method == "GET" else 200
        body = {"projectName": "customer-managed-key-proof"}
        return MagicMock(status_code=status, **{"json.return_value": body})

    opened = MagicMock(return_value=MagicMock(send_request=answer))
    monkeypatch.setattr(verify, "pipeline", opened)
    check = verify.project(verify.Projects(endpoint, MagicMock()), Network())
    assert opened.call_args.args[2] == scope
    assert claim in f"{check.claim} {check.found}"
    assert check.holds is (404 in reads)
    own = (
        f"{endpoint.rstrip('/')}/language/authoring/analyze-conversations/projects/"
        "customer-managed-key-proof?api-version=2023-04-01"
    )
    assert sent[:4] == [
        ("PATCH", own, "application/merge-patch+json"),
        ("GET", own, None),
        ("DELETE", own, None),
        ("GET", own, None),
    ]


def asked(monkeypatch: pytest.MonkeyPatch, projects: MagicMock, **account: Any) -> None:
    """The cloud answers with an account that is bound, and `projects` are its data."""
    monkeypatch.setattr(verify, "Projects", projects)
    monkeypatch.setattr(verify, "binding", lambda *_: iter(()))
    body = {"id": "/x", "properties": {"enableSoftDelete": True, "enablePurgeProtection": True}, **account}
    monkeypatch.setattr(verify, "LiveAzure", lambda _: MagicMock(**{"get.return_value": body}))


LANGUAGE_ACCOUNT = {**OUTPUTS, "endpoint": "https://lang-a.cognitiveservices.azure.com/"}


def test_a_caller_who_may_only_read_is_told_the_role_that_writes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The role is named, with and without a failure."""
    projects = MagicMock()
    projects.return_value.write.side_effect = HttpResponseError("lacks the required data action x")
    asked(monkeypatch, projects)
    assert not proven(monkeypatch, "--write-project", service=LANGUAGE_ACCOUNT)
    assert proven(monkeypatch, "--write-project", "--if-reached", service=LANGUAGE_ACCOUNT)
    said = capsys.readouterr().out
    assert said.count("callers with the role 'Cognitive Services Language Writer'") == 2


@pytest.mark.parametrize("access", ["granted", "revoked"])
def test_a_kind_without_projects_of_language_is_not_asked_for_one(
    access: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is read or written where the path does not exist; whoever demands the proof does not get it."""
    projects = MagicMock()
    asked(monkeypatch, projects, kind="SpeechServices")
    service = {**LANGUAGE_ACCOUNT, "access": access}
    assert not proven(monkeypatch, "--write-project", service=service)
    assert proven(monkeypatch, "--write-project", "--if-reached", service=service)
    assert capsys.readouterr().out.count("kind SpeechServices has no projects of Language") == 2
    assert projects.return_value.mock_calls == []


@pytest.mark.parametrize(
    ("refusal", "kept_out"),
    [
        (ServiceRequestError("no route"), True),
        (HttpResponseError("Public access is disabled. Please configure private endpoint."), True),
        (HttpResponseError("Principal does not have access to API/Operation (PermissionDenied)."), True),
        (HttpResponseError("The service cannot use the customer-managed key."), False),
    ],
)
def test_a_refusal_fails_the_proof_unless_this_machine_is_kept_out(
    refusal: Exception, kept_out: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever asks only for what this machine reaches is told of a network or a missing role, and nothing has
    failed; any other refusal has."""
    asked(monkeypatch, MagicMock(return_value=writing(refusal)))
    service = LANGUAGE_ACCOUNT
    assert not proven(monkeypatch, "--write-project", service=service)
    said = capsys.readouterr().out
    assert "FAILED  project written and read" in said
    assert ("this machine does not reach" in said) == (kept_out and "PermissionDenied" not in str(refusal))
    assert proven(monkeypatch, "--write-project", "--if-reached", service=service) == kept_out
    assert ("?       project written and read: not tried;" in capsys.readouterr().out) == kept_out
