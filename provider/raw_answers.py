"""Answers that come without a model: how an operation goes on, a failure, or the lack of any answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from provider.azure_calls import Progress
from provider.failure import ServiceError

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError


def progress_from(response: Any) -> Progress:
    """One answer of an operation's URL; 202 without a status means that it is still running."""
    body = _json(response)
    status = body.get("status") or ("InProgress" if response.status_code == 202 else "Succeeded")
    error = body.get("error") or {}
    failure = None
    if error:
        failure = ServiceError(
            200,
            str(error.get("code") or status),
            str(error.get("message") or ""),
            "the operation ended",
            _inner_code(error),
            _correlation(response.headers),
        )
    return Progress(str(status), retry_after_from(response.headers), failure)


def failure_from(error: AzureError, doing: str) -> ServiceError:
    """An error of the clients as a failure: status 0 without an answer, 401 for a login that was refused."""
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError  # noqa: PLC0415

    cause, login = _cause(error), isinstance(error, ClientAuthenticationError)
    response: Any = cause.response if isinstance(cause, HttpResponseError) else None
    if response is None:
        refused = isinstance(cause, ClientAuthenticationError)
        return ServiceError(401 if refused else 0, type(cause).__name__, _first_line(str(cause)), doing)
    body = _json(response)
    found = body.get("error", body)
    if isinstance(found, str):
        # The login endpoint's shape: {"error": "invalid_client", "error_description": "AADSTS..."}.
        code, text, inner = found, str(body.get("error_description") or ""), ""
    else:
        code, text, inner = str(found.get("code") or ""), str(found.get("message") or ""), _inner_code(found)
    status = int(response.status_code)
    return ServiceError(
        401 if login and 400 <= status < 500 and status not in (408, 429) else status,
        code or type(cause).__name__,
        text or _first_line(str(cause.message or cause)),
        doing,
        inner,
        _correlation(response.headers),
        retry_after_from(response.headers),
    )


def _cause(error: AzureError) -> AzureError:
    """What a login failed of: azure-identity wraps the lost connection, or the answer, that it was.

    That a way to log in is not there at all (no `az`, no managed identity) is left as it is, and final.
    """
    from azure.core.exceptions import (  # noqa: PLC0415
        AzureError,
        ClientAuthenticationError,
        HttpResponseError,
        ServiceRequestError,
        ServiceResponseError,
    )

    if isinstance(error, ClientAuthenticationError):
        from azure.identity import CredentialUnavailableError  # noqa: PLC0415

        if isinstance(error, CredentialUnavailableError):
            return error
    found: BaseException | None = error
    while found is not None:
        answered = isinstance(found, HttpResponseError) and found.response is not None
        if isinstance(found, AzureError) and (
            answered or isinstance(found, (ServiceRequestError, ServiceResponseError))
        ):
            return found
        found = found.__cause__ or found.__context__
    return error


def retry_after_from(headers: Mapping[str, str]) -> float | None:
    """The seconds of Retry-After; Azure sends numbers there, never dates."""
    value = headers.get("Retry-After") or ""
    return float(value) if re.fullmatch(r"\d+(\.\d+)?", value) else None


def _json(response: Any) -> dict[str, Any]:
    try:
        body = json.loads(response.text() if callable(response.text) else response.text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _inner_code(error: Mapping[str, Any]) -> str:
    inner = error.get("innererror") or {}
    return str(inner.get("code") or "") if isinstance(inner, dict) else ""


def _correlation(headers: Mapping[str, str]) -> str:
    return headers.get("x-ms-correlation-request-id") or headers.get("x-ms-request-id") or ""


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
