"""Answers without a model, in the shapes that Azure and what stands before it send."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from core.refusals import RefusalKind
from provider.failure import Progress, failure_from, retry_after_from


class Answer:
    """An HTTP answer as the clients give it."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self.status_code, self.reason, self.headers = status, "Bad Request", headers or {}
        self.request = None
        self._text = body if isinstance(body, str) else json.dumps(body)

    def text(self) -> str:
        return self._text

    def body(self) -> bytes:
        return self._text.encode()


DENIED = {
    "code": "InvalidRequest",
    "message": "The request was not valid.",
    "details": [
        {
            "code": "KeyVault",
            "message": "KeyVaultProperties is invalid",
            "details": [{"message": "inner words"}],
        },
        "no error",
        {"code": "Repeated", "message": "The request was not valid."},
    ],
}
WHOLE = "The request was not valid. (KeyVault: KeyVaultProperties is invalid (inner words))"


def test_the_details_of_an_error_are_kept() -> None:
    """What only an error's details say counts as well: in an answer and at an operation's end."""
    failure = failure_from(HttpResponseError(response=Answer(400, {"error": DENIED})), "binding")
    ended = Progress.of(Answer(200, {"status": "Failed", "error": DENIED})).failure
    assert ended is not None
    for found in (failure, ended):
        assert (found.code, found.text) == ("InvalidRequest", WHOLE)
        assert found.kind is RefusalKind.PROPAGATING


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ({"error": None}, "HttpResponseError", "Operation returned an invalid status 'Bad Request'"),
        ({"error": ["odd"]}, "HttpResponseError", "Operation returned an invalid status 'Bad Request'"),
        ({"code": "X", "message": "words"}, "X", "words"),
        ({"error": "invalid_client", "error_description": "AADSTS1"}, "invalid_client", "AADSTS1"),
        ("", "HttpResponseError", "Operation returned an invalid status 'Bad Request'"),
        (
            "<html><style>p {color: red}</style>\n<p>Blocked by the proxy.</p>\n<b>Ask IT</b></html>",
            "HttpResponseError",
            "Operation returned an invalid status 'Bad Request': Blocked by the proxy. Ask IT",
        ),
    ],
)
def test_an_answer_of_another_shape_is_an_error_all_the_same(body: Any, code: str, text: str) -> None:
    """No shape of an answer hides that it was one, with its status."""
    failure = failure_from(HttpResponseError(response=Answer(400, body)), "reading")
    assert (failure.status, failure.code, failure.text) == (400, code, text)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17.0),
        ({"Retry-After": "0.5"}, 0.5),
        (
            {"Retry-After": "Wed, 21 Oct 2026 07:28:30 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"},
            30.0,
        ),
        ({"Retry-After": "Wed, 21 Oct 2026 07:27:00 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_a_number_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    """A date counts from the answer's own, whatever this machine's clock says; nonsense is ignored."""
    assert retry_after_from(headers) == seconds
