"""The clients of `operate` ask again for a token that the login host does not give for now."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
)

from core.login import Login
from operate.login import token_credential
from provider import credential
from provider.azure_client import LOGIN_RETRIES, AzureClient, OneAtATime


def answer(status: int, **headers: str) -> HttpResponseError:
    response: Any = SimpleNamespace(status_code=status, reason="", headers=headers, text=lambda: "{}")
    return HttpResponseError(response=response)


class LoginHost:
    """Gives a token after so many refusals. `asked` counts."""

    def __init__(self, *refusals: AzureError) -> None:
        self.refusals, self.asked = [*refusals], 0

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        self.asked += 1
        if self.refusals:
            raise self.refusals.pop(0)
        return AccessToken("token", 0)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of each pause, which takes no time."""
    found: list[float] = []
    monkeypatch.setattr("provider.azure_client.time.sleep", found.append)
    return found


def test_what_may_pass_is_asked_again(pauses: list[float]) -> None:
    """No answer, 5xx and 429, whose Retry-After counts."""
    host = LoginHost(ServiceRequestError("reset"), answer(503), answer(429, **{"Retry-After": "7"}))
    assert OneAtATime(host, 3).get_token("scope").token == "token"
    assert pauses == [0.8, 1.6, 7.0]


@pytest.mark.parametrize(
    ("retries", "refusal", "asked"),
    [
        (3, answer(401), 1),
        (3, ClientAuthenticationError("AADSTS7000215"), 1),
        (0, answer(503), 1),
        (2, answer(503), 3),
    ],
)
def test_what_stays_is_raised(retries: int, refusal: AzureError, asked: int, pauses: list[float]) -> None:
    """A wrong secret at once; an outage after as many tries. The provider's own waits see each refusal."""
    host = LoginHost(*[refusal] * 5)
    with pytest.raises(AzureError) as found:
        OneAtATime(host, retries).get_token("scope")
    assert (found.value, host.asked, len(pauses)) == (refusal, asked, asked - 1)


def test_the_clients_of_operate_ask_again(monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    """The queries and the use of an account's data; a client that sends nothing again by itself does not."""
    host = LoginHost()
    monkeypatch.setattr(credential, "credential", lambda *_, **__: host)
    for asks in (token_credential(Login()), AzureClient(Login(), retries=6).credential):
        host.refusals = [answer(503)] * LOGIN_RETRIES
        assert asks.get_token("scope").token == "token"
    host.refusals = [answer(503)]
    with pytest.raises(HttpResponseError):
        AzureClient(Login()).credential.get_token("scope")
