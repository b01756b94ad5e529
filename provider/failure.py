"""Azure's answers as facts, and the errors that end a call: an unexpected answer, in one shape, or the
provider's own refusal. `core.refusals` says what kind of refusal an answer is, `errors` translates it for a
person."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from core import refusals

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError

    from provider.wire import ResourceState

NOT_SENT = -1
"""The status of a request that this provider itself refused to send."""


@dataclass(frozen=True)
class ServiceError(Exception):
    """An answer or the lack of one. `status` 0 means that no answer came; `retry_after` is in seconds;
    `details` are the errors that it contains, each about a `target`: an ARM id or a name, "" where Azure does
    not say."""

    status: int
    code: str
    text: str
    doing: str = ""
    inner_code: str = ""
    correlation_id: str = ""
    retry_after: float | None = None
    details: tuple[ServiceError, ...] = ()
    target: str = ""

    def __str__(self) -> str:
        return f"{self.status or 'no answer'} {self.code}: {self.text}"

    @property
    def is_absent(self) -> bool:
        """Whether the resource does not exist. A subscription that never used a resource provider has none of
        its resources."""
        return self.status == 404 or self.code == "MissingSubscriptionRegistration"

    @property
    def is_forbidden(self) -> bool:
        """Whether the deploying principal may not do this."""
        return refusals.is_forbidden(self.status, self.code, self.text, self.inner_code)

    @property
    def needs_data_role(self) -> bool:
        """Whether Resource Manager demands a role on a vault's data to read a key
        (pulumi-azure-native#890)."""
        return refusals.NEEDS_DATA_ROLE in self.text

    @property
    def is_unreachable(self) -> bool:
        """Whether the request did not get through: no answer came, or a firewall refused it."""
        return self.status == 0 or refusals.is_firewall(self.code, self.text, self.inner_code)

    @property
    def is_parallel_write(self) -> bool:
        """Whether another write of the same vault is under way."""
        return refusals.is_parallel_write(self.code, self.text)

    @property
    def kind(self) -> refusals.RefusalKind:
        """What to do about it."""
        return refusals.kind(self.status, self.code, self.text, self.inner_code)


class RefusedOperationError(Exception):
    """The request cannot be carried out. The message has every reason, and nothing was written."""


class NoVersionError(RefusedOperationError):
    """No version of the key can be bound; the message says why, and what to do."""


class UnfinishedError(Exception):
    """Azure took the change but its end was not seen; running the same again finishes it. `state` is the
    resource's state until then, if it exists; `secrets` names the outputs that are secret."""

    state: ResourceState | None = None
    secrets: frozenset[str] = frozenset()


class UnknownTypeError(Exception):
    """The provider has no such resource or function."""


@dataclass(frozen=True)
class Accepted:
    """A PATCH that ARM accepted. `operation_url` is None if it was done at once; `retry_after` is in seconds;
    `key_version` is the key version that the answer shows, "" if it shows none."""

    operation_url: str | None
    retry_after: float | None = None
    key_version: str = ""

    @classmethod
    def of(cls, response: Any) -> Accepted:
        """The answer to a PATCH of an account."""
        from core import adapters  # noqa: PLC0415 - the start of the plugin needs no more than the errors

        headers = response.headers
        return cls(
            headers.get("Azure-AsyncOperation") or headers.get("Location"),
            retry_after_from(headers),
            adapters.account(_json(response)).encryption.key_version,
        )

    @property
    def operation_id(self) -> str | None:
        """The operation's id: the last segment of its URL, without the signature that follows."""
        return self.operation_url.partition("?")[0].rpartition("/")[2] if self.operation_url else None


@dataclass(frozen=True)
class Progress:
    """One look at a long-running operation: `status` as Azure writes it (`Updating`, `Succeeded`,
    `Failed`)."""

    status: str
    retry_after: float | None = None
    failure: ServiceError | None = None

    @classmethod
    def of(cls, response: Any) -> Progress:
        """An answer of an operation's URL; 202 without a status means that it is still running."""
        body, headers = _json(response), response.headers
        status = str(body.get("status") or "")
        if not status:
            status = "InProgress" if response.status_code == 202 else "Succeeded"
        failure = None
        if body.get("error"):
            failure = _failure(200, response, "the operation ended", status)
        return cls(status, retry_after_from(headers), failure)

    @property
    def done(self) -> bool:
        return self.status.lower() in refusals.ENDED

    @property
    def succeeded(self) -> bool:
        return self.status.lower() == "succeeded"


def failure_from(error: AzureError, doing: str) -> ServiceError:
    """An error of the clients as a failure: status 0 without an answer, 401 for a login that was refused."""
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError  # noqa: PLC0415

    cause, login = _cause(error), isinstance(error, ClientAuthenticationError)
    response: Any = cause.response if isinstance(cause, HttpResponseError) else None
    if response is None:
        status = 401 if isinstance(cause, ClientAuthenticationError) else 0
        return ServiceError(status, type(cause).__name__, str(cause).strip().partition("\n")[0], doing)
    status = int(response.status_code)
    if login and 400 <= status < 500 and status not in (408, 429):
        status = 401
    return _failure(
        status,
        response,
        doing,
        type(cause).__name__,
        str(cause.message or cause).strip().partition("\n")[0] + _page(response),
    )


def _failure(status: int, response: Any, doing: str, code: str, text: str = "") -> ServiceError:
    """The error in Azure's JSON; `code` and `text` stand in for what it lacks."""
    body, headers = _json(response), response.headers
    found = body.get("error") or body
    if isinstance(found, str):
        # The login endpoint's shape: {"error": "invalid_client", "error_description": "AADSTS..."}.
        found = {"code": found, "message": body.get("error_description")}
    if not isinstance(found, dict):
        found = {}
    inner = found.get("innererror")
    if not isinstance(inner, dict):
        inner = {}
    return ServiceError(
        status,
        str(found.get("code") or code),
        _message(found) or text,
        doing,
        str(inner.get("code") or ""),
        headers.get("x-ms-correlation-request-id") or headers.get("x-ms-request-id") or "",
        retry_after_from(headers),
        tuple(_details(found)),
    )


def _cause(error: AzureError) -> AzureError:
    """The cause of a failed login: azure-identity wraps the lost connection or the answer.

    A login method that is missing altogether (no `az`, no managed identity) stays as it is, and is final.
    """
    from azure.core import exceptions  # noqa: PLC0415
    from azure.identity import CredentialUnavailableError  # noqa: PLC0415

    if isinstance(error, CredentialUnavailableError):
        return error
    found: BaseException | None = error
    while found is not None:
        lost = isinstance(found, (exceptions.ServiceRequestError, exceptions.ServiceResponseError))
        answered = getattr(found, "response", None) is not None
        if isinstance(found, exceptions.AzureError) and (lost or answered):
            return found
        found = found.__cause__ or found.__context__
    return error


def retry_after_from(headers: Mapping[str, str]) -> float | None:
    """The seconds of Retry-After: a number or, as a proxy may send it, a date (RFC 9110, 10.2.3).

    A date counts from the answer's own, for this machine's clock may be off.
    """
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - 3 ms of the plugin's start

    if re.fullmatch(r"\d+(\.\d+)?", value := headers.get("Retry-After") or ""):
        return float(value)
    try:
        now = parsedate_to_datetime(headers["Date"]) if headers.get("Date") else datetime.now(UTC)
        return max((parsedate_to_datetime(value) - now).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def _text(response: Any) -> str:
    try:
        return str(response.text() if callable(response.text) else response.text)
    except ValueError:
        return ""


def _json(response: Any) -> dict[str, Any]:
    try:
        body = json.loads(_text(response))
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _page(response: Any) -> str:
    """The text of an answer that is not Azure's JSON: the beginning of a proxy's page, without its markup."""
    text = "" if _json(response) else _text(response)
    words = " ".join(re.sub(r"(?s)<(script|style).*?</\1>|<[^>]*>", " ", text).split())
    return f": {words[:300]}" if words else ""


def _inside(error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """An error's `details`: each is an error (Azure REST guidelines)."""
    details = error.get("details")
    if not isinstance(details, list):
        return []
    return [detail for detail in details if isinstance(detail, dict)]


def _message(error: Mapping[str, Any]) -> str:
    """The error's message, and the messages of its `details` that add to it."""
    text = str(error.get("message") or "")
    for detail in _inside(error):
        code, more = str(detail.get("code") or ""), _message(detail)
        if more and more not in text:
            text = f"{text} ({code}: {more})" if code else f"{text} ({more})"
    return text.strip()


def _details(error: Mapping[str, Any]) -> Iterator[ServiceError]:
    """The innermost of an error's details."""
    for one in _inside(error):
        code, text, target = (str(one.get(word) or "") for word in ("code", "message", "target"))
        yield from [*_details(one)] or [ServiceError(200, code, text, target=target)]
