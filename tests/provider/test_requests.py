"""How the provider's client asks, what it makes of answers of every shape, and how it explains a refusal.
What each call sends, the local Azure judges (test_at_azure.py, test_faults.py, the lives of
tests/remediation)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from azure.core.exceptions import HttpResponseError
from requests.utils import get_environ_proxies

from core.arm_ids import account_id, key_id, vault_id
from core.refusals import RefusalKind
from localazure.front import Raw
from provider import azure_client
from provider.azure import Azure, _in_thread
from provider.errors import _DEPLOYER, ROWS, ErrorContext, translate
from provider.failure import NOT_SENT, Progress, ServiceError, failure_from, retry_after_from
from provider.transport import transport
from tests.provider.canned import Canned
from tests.provider.fake_azure import ACCOUNT_ID, GROUP, PRINCIPAL, SUBSCRIPTION

ACCOUNT = account_id(ACCOUNT_ID)
HSM = vault_id(f"{GROUP}/Microsoft.KeyVault/managedHSMs/contoso-hsm")
HSM_KEY = key_id(f"{HSM.text}/keys/cmk")
ROLES = "keys/cmk/providers/Microsoft.Authorization/roleAssignments"


async def test_a_role_of_an_hsm_has_one_name_for_a_key_and_an_identity() -> None:
    """Given twice, it is one assignment."""
    cloud = Canned({"name": "n", "properties": {"scope": "/keys/cmk", "principalId": PRINCIPAL}})
    for _ in range(2):
        await Azure(cloud.client()).assign_hsm_role(HSM_KEY.text, PRINCIPAL)
    made, again = cloud.asked
    assert again == made
    assert made[0].startswith(f"PUT https://contoso-hsm.managedhsm.azure.net/{ROLES}/")


async def test_a_second_request_waits_until_the_first_has_imported() -> None:
    """azure-core's modules import each other: a thread that begins from another end may see one half made."""
    azure_client.import_packages()
    with azure_client._IMPORTS:
        asked = asyncio.ensure_future(_in_thread(lambda: "an answer", "asking"))
        done, _ = await asyncio.wait({asked}, timeout=0.5)
        assert not done
    assert await asked == "an answer"


def test_a_transport_asks_the_environment_once_for_each_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each host by its own proxy, and all by the same authorities; a request's own wishes count."""
    looked: list[str] = []

    def proxies(url: str, no_proxy: str | None = None) -> dict[str, str]:
        looked.append(url)
        return get_environ_proxies(url, no_proxy)

    monkeypatch.setattr("requests.sessions.get_environ_proxies", proxies)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:8080")
    monkeypatch.setenv("NO_PROXY", ".vault.azure.net")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/own.pem")
    ask = transport().session.merge_environment_settings
    arm, vault = "https://management.azure.com/a?b=c", "https://kv.vault.azure.net/keys"
    for _ in range(2):
        settings = ask(arm, {}, None, True, None)
        assert (settings["proxies"]["https"], settings["verify"]) == ("http://proxy:8080", "/own.pem")
        assert ask(vault, {}, None, True, None)["proxies"] == {}
    assert looked == [arm, vault]
    assert ask("https://management.azure.com/other", {}, None, True, None) == settings
    assert ask(arm, {}, None, "/other.pem", None)["verify"] == "/other.pem"
    assert ask(arm, {"https": "http://mine"}, None, True, None)["proxies"]["https"] == "http://mine"


@pytest.mark.parametrize(("status", "told"), [(403, True), (500, False)])
async def test_roles_that_may_not_be_listed_are_not_taken_for_none(status: int, told: bool) -> None:
    """A grant of the whole HSM may be behind them: it counts as one whose role was not read."""
    refused = {"error": {"code": "AccessDenied", "message": "Not authorized"}}
    cloud = Canned()

    def answer(raw: Raw) -> Any:
        at_key = "/keys/cmk/" in raw.path
        cloud.status = 200 if at_key else status
        return {"value": []} if at_key else refused

    cloud.answer = answer
    asked = Azure(cloud.client()).role_assignments(HSM_KEY.text, PRINCIPAL)
    if not told:
        with pytest.raises(ServiceError, match="AccessDenied"):
            await asked
        return
    unread = await asked
    assert [one.scope for one in unread] == [f"{HSM.text}/keys", HSM.text]
    assert {one.role for one in unread} == {None}


@pytest.mark.parametrize(
    ("status", "answer"),
    [(200, "<html>Sign in to the proxy</html>"), (200, "[]"), (200, '"text"'), (302, "{}")],
)
async def test_an_answer_that_is_no_json_object_is_an_error(status: int, answer: str) -> None:
    """As a proxy gives one: its words are told, and no half-read fact comes of it. Nor does a token follow a
    redirect."""
    cloud = Canned(answer, status)
    with pytest.raises(ServiceError) as failed:
        await Azure(cloud.client()).account(ACCOUNT)
    assert (failed.value.status, len(cloud.asked)) == (status, 1)
    assert ("JSON" in failed.value.text) == (status == 200)


async def test_the_time_is_that_of_the_last_answer_that_says_one() -> None:
    """A proxy may leave the date out, or write another."""
    cloud = Canned()
    azure = Azure(cloud.client())
    for headers, seconds in (({}, 0.0), (cloud.headers, 1795863600.0), ({"Date": "soon"}, 1795863600.0)):
        cloud.headers = headers
        await azure.account(ACCOUNT)
        assert azure.answered_at == seconds


async def test_a_subscription_that_never_used_a_provider_has_nothing_of_it() -> None:
    """Neither an account nor a deleted one; and asking registers nothing."""
    code = "MissingSubscriptionRegistration"
    error = {"error": {"code": code, "message": "The subscription is not registered."}}
    cloud = Canned(error, status=409)
    azure = Azure(cloud.client())
    assert await azure.account(ACCOUNT) is None
    assert await azure.deleted_vaults(SUBSCRIPTION) == []
    assert all(asked.startswith("GET ") for asked, _ in cloud.asked)


def answer(status: int, body: Any) -> Any:
    """An HTTP answer as the clients give it."""
    text = body if isinstance(body, str) else json.dumps(body)
    how = {"status_code": status, "reason": "Bad Request", "headers": {}, "request": None}
    return SimpleNamespace(**how, text=lambda: text, body=text.encode)


INNER = [{"message": "inner words"}]
DENIED = {
    "code": "InvalidRequest",
    "message": "The request was not valid.",
    "details": [
        {"code": "KeyVault", "message": "KeyVaultProperties is invalid", "details": INNER},
        "no error",
        {"code": "Repeated", "message": "The request was not valid."},
    ],
}
WHOLE = "The request was not valid. (KeyVault: KeyVaultProperties is invalid (inner words))"


def test_the_details_of_an_error_are_kept() -> None:
    """What only an error's details say counts as well: in an answer and at an operation's end."""
    failure = failure_from(HttpResponseError(response=answer(400, {"error": DENIED})), "binding")
    ended = Progress.of(answer(200, {"status": "Failed", "error": DENIED})).failure
    assert ended is not None
    for found in (failure, ended):
        assert (found.code, found.text) == ("InvalidRequest", WHOLE)
        assert found.kind is RefusalKind.PROPAGATING


STATUS = "Operation returned an invalid status 'Bad Request'"
PAGE = "<html><style>p {color: red}</style>\n<p>Blocked by the proxy.</p>\n<b>Ask IT</b></html>"


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ({"error": None}, "HttpResponseError", STATUS),
        ({"error": ["odd"]}, "HttpResponseError", STATUS),
        ({"code": "X", "message": "words"}, "X", "words"),
        ({"error": "invalid_client", "error_description": "AADSTS1"}, "invalid_client", "AADSTS1"),
        ("", "HttpResponseError", STATUS),
        (PAGE, "HttpResponseError", f"{STATUS}: Blocked by the proxy. Ask IT"),
    ],
)
def test_an_answer_of_another_shape_is_an_error_all_the_same(body: Any, code: str, text: str) -> None:
    """No shape of an answer hides that it was one, with its status."""
    failure = failure_from(HttpResponseError(response=answer(400, body)), "reading")
    assert (failure.status, failure.code, failure.text) == (400, code, text)


NOW = {"Date": "Wed, 21 Oct 2026 07:28:00 GMT"}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT", **NOW}, 30.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:27:00 GMT", **NOW}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_a_number_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    """A date counts from the answer's own, whatever this machine's clock says; nonsense is ignored."""
    assert retry_after_from(headers) == seconds


CONTEXT = ErrorContext("VAULT-ID", "contoso-keys", "language-key", "PRINCIPAL")
CASES = [
    (by, ServiceError(status, code, case["text"], "changing", inner, "corr-1"), *case["is"])
    for by, cases in yaml.safe_load(Path(__file__).with_name("answers.yaml").read_text("utf-8")).items()
    for case in cases
    for status, code, inner in [case["answer"]]
]


@pytest.mark.parametrize(("by", "failure", "kind", "cause", "fix"), CASES)
def test_a_known_answer_is_explained(by: str, failure: ServiceError, kind: str, cause: str, fix: str) -> None:
    """Cause and fix come first; the service's code, text and correlation id stay in the message. A rotation
    asks the vault as the deployer: no command of the fix is about the account's identity then."""
    vault = (
        HSM.text.replace("contoso-hsm", "contoso-keys") if "managedHsm" in failure.text else CONTEXT.vault_id
    )
    message = translate(failure, replace(CONTEXT, by_deployer=by == "deployer", vault_id=vault))
    assert cause in message.partition("\n")[0]
    assert fix in message
    for kept in (failure.code, failure.inner_code, failure.text, "corr-1", "changing"):
        assert kept in message
    assert by == "service" or "PRINCIPAL" not in message
    assert failure.kind is RefusalKind[kind]


def test_every_row_of_the_table_is_reached() -> None:
    """No row is hidden by one before it: each is what some real text finds first."""
    service = [failure for by, failure, *_ in CASES if by == "service"]
    assert {row.cause for row in ROWS} == {translate(one, CONTEXT).partition("\n")[0] for one in service}
    assert len(_DEPLOYER) == len(CASES) - len(service)


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        # Nothing is invented about an answer that nobody knows, and nothing is taken from it.
        (
            ServiceError(418, "Teapot", "short\nand stout", "pouring", "Tea", "corr-2"),
            "pouring: Azure answered 418 Teapot (Tea): short\nand stout [correlation id corr-2]",
        ),
        (
            ServiceError(0, "ServiceRequestError", "refused", "reading"),
            "reading: no answer (ServiceRequestError: refused)",
        ),
        # A request that the provider held back, since its host is not the cloud's, is no answer.
        (
            ServiceError(NOT_SENT, "ForeignHostError", "https://x is no endpoint", "polling"),
            "polling: not sent: https://x is no endpoint",
        ),
    ],
)
def test_what_has_no_row_passes_through_whole(failure: ServiceError, message: str) -> None:
    """An unknown answer and what was never sent, which are final, and none at all, which is not."""
    assert translate(failure) == message
    assert (failure.kind is RefusalKind.FINAL) == (failure.status != 0)
