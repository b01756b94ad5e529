"""Azure over HTTPS: requests with tokens of one login, answers as JSON. The provider and `operate` make their
calls here.

A token goes to the chosen cloud's own hosts only, each with the scope of its host. Redirects are not
followed. Proxies and certificate authorities are those of the environment (HTTPS_PROXY, REQUESTS_CA_BUNDLE).
azure-core is imported inside the functions: a preview without known ids never needs it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from core.clouds import Cloud
from core.login import Login
from core.refusals import RefusalKind
from core.stubs import import_when_used
from provider import credential as credentials
from provider.failure import failure_from

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.core.credentials import AccessToken, TokenCredential
    from azure.core.rest import HttpResponse

Json = Mapping[str, Any]


class ForeignHostError(Exception):
    """A request was about to leave for another host than the chosen cloud's, or the one that was asked."""


@dataclass(frozen=True)
class Principal:
    """Who is logged in: GUIDs, "" where the token does not say."""

    object_id: str = ""
    tenant_id: str = ""
    client_id: str = ""


_IMPORTS = threading.Lock()
LOGIN_RETRIES = 3
"""How often a client that sends a request again by itself asks for a token again."""
_FIRST_PAUSE_SECONDS = 0.8
"""Before a login is asked again; twice as long each time, as azure-core pauses (RetryPolicy, 1.41)."""
_LONGEST_PAUSE_SECONDS = 60.0
"""A login host that names a longer one gets no second request from this run."""


def import_packages() -> None:
    """Imports azure-core and azure-identity when the first request needs them, in one thread at a time:
    azure-core's modules import each other, and a thread that begins from another end sees one half made."""
    with _IMPORTS:
        # azure-identity imports it for each login, and uses it for that by a certificate alone.
        import_when_used("cryptography.x509")
        from azure import identity  # noqa: F401, PLC0415
        from azure.core import PipelineClient, exceptions, rest  # noqa: F401, PLC0415


class AzureClient:
    """Azure for one login; safe from several threads.

    `retries`: how often a request is sent again by itself; with any, so is a login, LOGIN_RETRIES times.
    `read_timeout`: seconds without a byte before a request counts as lost. `policies`, `transport` and
    `credential` are a test's. `answered_at`: the `Date` of the last answer, in seconds since 1970; 0 before
    the first.
    """

    def __init__(
        self,
        login: Login,
        *,
        retries: int = 0,
        read_timeout: float = 60.0,
        credential: TokenCredential | None = None,
        policies: Sequence[Any] = (),
        transport: Any = None,
    ) -> None:
        self.login = login
        self.answered_at = 0.0
        self._retries, self._policies = retries, policies
        self._timeouts = {"connection_timeout": 10.0, "read_timeout": read_timeout}
        self._transport = {"transport": transport} if transport else self._timeouts
        self._credential = OneAtATime(credential) if credential else None
        self._pipelines: dict[str, PipelineClient[Any, Any]] = {}
        self._lock = threading.Lock()

    @property
    def cloud(self) -> Cloud:
        return self.login.cloud

    @property
    def credential(self) -> OneAtATime:
        """The login's credential, made when it is first needed."""
        with self._lock:
            if self._credential is None:
                made = credentials.credential(self.login, **self._timeouts)
                self._credential = OneAtATime(made, LOGIN_RETRIES if self._retries else 0)
            return self._credential

    def close(self) -> None:
        """Closes the connections, each of which keeps a list of certificate authorities of about a megabyte;
        later requests fail."""
        with self._lock:
            for made in self._pipelines.values():
                made.close()
            if self._credential:
                self._credential.close()

    def principal(self) -> Principal:
        """Who is logged in, from the claims of the token for Resource Manager (`oid`, `tid`, `appid`)."""
        claims = credentials.claims(self.credential, self.cloud.arm_scope)
        return Principal(*(claims.get(name, "") for name in ("oid", "tid", "appid")))

    def send(self, method: str, target: str, body: Json | None = None) -> HttpResponse:
        """The answer to one request; `target` is a URL, or a path of Resource Manager.

        Raises ForeignHostError, and AzureError, also for an answer other than a success.
        """
        from azure.core.exceptions import HttpResponseError  # noqa: PLC0415
        from azure.core.rest import HttpRequest  # noqa: PLC0415

        url = self._url(target)
        scope = self.cloud.token_scope(url)
        if not scope:
            there = url.partition("?")[0]
            raise ForeignHostError(f"{there} is not an endpoint of the {self.cloud.name} cloud")
        response: HttpResponse = self._pipeline(scope).send_request(HttpRequest(method, url, json=body))
        self.note_date(response.headers)
        if response.status_code >= 300:
            raise HttpResponseError(response=response)
        return response

    def note_date(self, headers: Mapping[str, str]) -> None:
        """Takes `answered_at` from the headers of an answer, if they say when it was given."""
        with suppress(ValueError, TypeError):
            self.answered_at = parsedate_to_datetime(headers.get("Date") or "").timestamp()

    def json(self, method: str, target: str, body: Json | None = None) -> Json:
        """The object that `send` brings; empty for an answer without content. Raises what `send` raises."""
        from azure.core.exceptions import HttpResponseError  # noqa: PLC0415

        response = self.send(method, target, body)
        with suppress(ValueError):
            found = response.json() if response.content else {}
            if isinstance(found, dict):
                return found
        raise HttpResponseError("the answer is no JSON object", response=response)

    def pages(self, target: str) -> list[Json]:
        """The items of all pages of a list, whose first page is at `target`. Raises what `send` raises."""
        found: list[Json] = []
        link = first = self._url(target)
        while link:
            page = self.json("GET", self.linked(link, first))
            found += page.get("value") or ()
            link = page.get("nextLink") or page.get("@odata.nextLink") or ""
        return found

    def linked(self, url: str, of: str) -> str:
        """An address that an answer of `of` gave. Raises ForeignHostError for another service than that,
        which is Resource Manager or one vault: a token would go with the request."""
        host, is_manager = urlsplit(of).hostname, self.cloud.is_resource_manager
        if urlsplit(url).hostname != host and not (is_manager(url) and is_manager(of)):
            raise ForeignHostError(f"an answer links to {url.partition('?')[0]}, which is not {host}")
        return url

    def _url(self, target: str) -> str:
        return target if "://" in target else f"{self.cloud.resource_manager}{target}"

    def _pipeline(self, scope: str) -> PipelineClient[Any, Any]:
        made_for = self.credential
        with self._lock:
            if scope not in self._pipelines:
                self._pipelines[scope] = pipeline(
                    self.cloud, made_for, scope, self._retries, self._policies, **self._transport
                )
            return self._pipelines[scope]


class OneAtATime:
    """A credential that asks for one token at a time: the second caller finds the first one's token in the
    cache, so that thirty bindings that begin together log in once. It asks up to `retries` times more if the
    login host does not answer, answers 5xx, or throttles for a minute at most; azure-core's own retries leave
    out a login."""

    def __init__(self, credential: TokenCredential, retries: int = 0) -> None:
        self._credential, self._retries = credential, retries
        self._lock = threading.Lock()

    def close(self) -> None:
        """Closes the credential's connections, if it keeps any."""
        close = getattr(self._credential, "close", None)
        if close:
            close()

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """The token, or the error of the last attempt."""
        from azure.core.exceptions import AzureError  # noqa: PLC0415

        with self._lock:
            for tried in range(self._retries):
                try:
                    return self._credential.get_token(*scopes, **options)
                except AzureError as error:
                    failure = failure_from(error, "logging in")
                    pause = failure.retry_after or _FIRST_PAUSE_SECONDS * 2**tried
                    may_pass = failure.kind in (RefusalKind.TRANSIENT, RefusalKind.THROTTLED)
                    if not may_pass or pause > _LONGEST_PAUSE_SECONDS:
                        raise
                    time.sleep(pause)
            return self._credential.get_token(*scopes, **options)


def pipeline(
    cloud: Cloud,
    credential: TokenCredential,
    scope: str,
    retries: int = 6,
    watchers: Sequence[Any] = (),
    **transport: Any,
) -> PipelineClient[Any, Any]:
    """The pipeline that sends requests with tokens for a scope, each up to `retries` times more. Its log has
    no token, and no part of a query but the API version. Unlike a management client, it registers no missing
    resource provider, because a question must not write."""
    from azure.core import PipelineClient  # noqa: PLC0415
    from azure.core.pipeline import policies  # noqa: PLC0415

    from provider.transport import transport as sender  # noqa: PLC0415 - it imports azure-core

    logging = policies.HttpLoggingPolicy()
    logging.allowed_query_params.add("api-version")
    chain: list[Any] = [
        policies.RequestIdPolicy(),
        policies.UserAgentPolicy("language-cmk"),
        *((policies.RetryPolicy(retry_total=retries),) if retries else ()),
        *watchers,
        policies.BearerTokenCredentialPolicy(credential, scope),
        logging,
    ]
    options = transport if "transport" in transport else {"transport": sender(**transport)}
    return PipelineClient(cloud.resource_manager, policies=chain, **options)
