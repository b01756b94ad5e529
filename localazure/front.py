"""The front door: one HTTP request in, one HTTP response out, in the order in which Azure checks.

Owns: host, fault, JSON, api-version, token, subscription, route, permission, group and lock, in this order;
the headers that every answer has. Does not own: sockets (server.py) and what a route answers.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import NoReturn
from urllib.parse import parse_qsl

from localazure import activity_log, answers, arm, faults, national_clouds, paging, read_lag, throttling
from localazure.authentication import authenticate
from localazure.cloud import Cloud
from localazure.refusals import refused
from localazure.routes import Route, Router
from localazure.tokens import Signer
from localazure.web import Host, Json, Request, Response, ServiceError, host_of

_log = logging.getLogger("localazure")
_UNSAFE = re.compile(r"[^\x20-\x7e]")
LARGEST = 4 * 1024 * 1024
"""Bytes of a request's body. A larger one is refused, and is not collected (server.py)."""


@dataclass(frozen=True)
class Raw:
    """A request as it came: header names lower case, `path` undecoded, `query` without its `?`. The content
    is empty if it is too large."""

    method: str
    authority: str
    path: str
    query: str
    headers: Mapping[str, str]
    content: bytes
    too_large: bool = False


@dataclass(frozen=True)
class Answer:
    """An HTTP response to send after `seconds`, or the fault of the wire instead (`drop`, `hang`)."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    wire: str = ""
    seconds: float = 0.0

    @classmethod
    def of(cls, response: Response, headers: Mapping[str, str], wire: str = "") -> Answer:
        """A response in its final form, with these headers besides its own."""
        shown, content = dict(headers), b""
        if isinstance(response.body, bytes):
            content = response.body
        elif response.body is not None:
            text = json.dumps(response.body, ensure_ascii=False, separators=(",", ":"))
            content = text.encode("utf-8", "replace")
            shown["content-type"] = "application/json; charset=utf-8"
        # Text that a client sent may be echoed in a header, but must not end it.
        shown |= {name.lower(): _UNSAFE.sub("?", value) for name, value in response.headers.items()}
        if response.status != 204:
            shown["content-length"] = str(len(content))
        return cls(response.status, shown, content, wire, response.seconds)


@dataclass(frozen=True)
class Front:
    """Answers requests to one cloud; not for use by two threads at once. `around_writes` makes, before and
    after each write, the changes that the cloud makes by itself."""

    cloud: Cloud
    router: Router
    signer: Signer
    around_writes: Callable[[Cloud], None] = lambda _: None
    buckets: throttling.Buckets = field(default_factory=dict)

    def answer(self, raw: Raw) -> Answer:
        """The answer to a request; all its writes are one transaction. Never raises."""
        cloud = national_clouds.cloud_of(raw.authority)
        if cloud is None:
            return self._answer_public(raw, None)
        content = cloud.to_public(raw.content.decode("utf-8", "surrogateescape"))
        public = replace(
            raw,
            authority=national_clouds.public_host(raw.authority),
            query=cloud.to_public(raw.query),
            content=content.encode("utf-8", "surrogateescape"),
        )
        answer = self._answer_public(public, cloud)
        text = cloud.from_public(answer.content.decode("utf-8", "surrogateescape"))
        own = text.encode("utf-8", "surrogateescape")
        headers = {name: cloud.from_public(value) for name, value in answer.headers.items()}
        if "content-length" in headers and raw.method != "HEAD":
            headers["content-length"] = str(len(own))
        return replace(answer, headers=headers, content=own)

    def _answer_public(self, raw: Raw, national: national_clouds.NationalCloud | None) -> Answer:
        request_id = self.cloud.new_id()
        correlation_id = raw.headers.get("x-ms-correlation-request-id", request_id)
        fault: faults.Fault | None = None
        try:
            request = _request(raw, correlation_id)
            with self.cloud.store.transaction():
                fault = faults.fault_for(self.cloud, request)
            if fault is not None and not fault.after:
                response = fault.response()
            else:
                response = self._handle(request, raw, national)
        except ServiceError as error:
            response = error.response()
        except Exception:  # noqa: BLE001 - whatever it was, the server goes on
            _log.exception("%s https://%s%s failed: %s", raw.method, raw.authority, raw.path, request_id)
            response = refused("InternalServerError", request=request_id).response()
        if fault is not None:
            response = fault.response()
        headers = _headers(raw, request_id, correlation_id, self.cloud.clock.now())
        answer = Answer.of(response, headers, fault.wire if fault else "")
        return replace(answer, content=b"") if raw.method == "HEAD" else answer

    def _handle(self, request: Request, raw: Raw, national: national_clouds.NationalCloud | None) -> Response:
        with self.cloud.store.transaction():
            found = self.router.find(request.host, request.method, request.path)
            route, params = found or (None, {})
            if request.host is not Host.LOGIN and (route is None or not route.anonymous):
                if request.host is Host.ARM:
                    arm.require_api_version(request)
                request = replace(request, caller=authenticate(self.cloud, request, self.signer))
                if request.host is Host.ARM:
                    arm.require_subscription(self.cloud, request)
            if route is None:
                raise refused("NotImplemented", method=raw.method, host=raw.authority, path=raw.path)
            request = replace(request, params=params, body=_body(raw, route))
            if request.host is not Host.ARM or route.anonymous:
                return self._answered(request, route)
            arm.require_own_region(request, national)
            left = throttling.take(self.cloud, self.buckets, request)
            try:
                arm.require_admitted(self.cloud, request, route)
                answered = self._answered(request, route)
            except ServiceError as error:
                activity_log.record(self.cloud, request, route, error.status)
                raise
            activity_log.record(self.cloud, request, route, answered.status)
            response = answers.as_set(self.cloud.behaviour, answered)
            return replace(response, headers={**response.headers, **left})

    def _answered(self, request: Request, route: Route) -> Response:
        size, writes = self.cloud.behaviour.page_size, request.method != "GET"
        if writes:
            self.around_writes(self.cloud)
        with read_lag.applied(self.cloud, request, route):
            response = route.handler(self.cloud, paging.asked_by_size(request, size))
        if writes:
            self.around_writes(self.cloud)
        return paging.cut(request, response, size)


def _request(raw: Raw, correlation_id: str) -> Request:
    place = host_of(raw.authority.removesuffix(":443"))
    if place is None:
        raise refused("MisdirectedRequest", host=raw.authority, hosts=", ".join(Host))
    if raw.too_large:
        raise refused("RequestEntityTooLarge", most=LARGEST)
    host, label = place
    # Clients put a scope (`//subscriptions/..`) or a key (`//keys/..`) behind a slash. Further on, ARM takes
    # two slashes as one; in a vault an empty segment stands for the current version.
    path = "/" + raw.path.lstrip("/")
    path = path.replace("//", "/") if host is Host.ARM else path
    return Request(
        method=raw.method,
        host=host,
        path=path,
        label=label,
        query={name.lower(): value for name, value in parse_qsl(raw.query, keep_blank_values=True)},
        headers=raw.headers,
        content=raw.content,
        correlation_id=correlation_id,
    )


def _body(raw: Raw, route: Route) -> Json:
    """The decoded JSON of a request. Raises ServiceError 400 for anything else."""
    if route.host is Host.LOGIN or raw.headers.get("content-type", "").startswith("multipart/"):
        return None
    body = None
    if raw.content.strip():
        try:
            body = json.loads(raw.content, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            problem = f"was invalid and could not be deserialized: '{error}'"
            raise _bad_content(route, problem) from None
    if route.host is Host.ARM and not isinstance(body, dict):
        if body is None and route.method not in ("PUT", "PATCH"):
            return None
        found = "is empty" if body is None else "is not a JSON object"
        raise _bad_content(route, found)
    return body


def _no_number(text: str) -> NoReturn:
    """`NaN` and `Infinity` are no JSON, though Python reads and writes them."""
    raise ValueError(f"{text} is no number")


def _bad_content(route: Route, problem: str) -> ServiceError:
    codes = {Host.ARM: "InvalidRequestContent", Host.VAULT: "BadParameter", Host.HSM: "BadParameter"}
    code, at_arm = codes.get(route.host, "InvalidRequest"), route.host is Host.ARM
    return ServiceError(400, code, f"The request content {problem}.", gateway=at_arm)


def _headers(raw: Raw, request_id: str, correlation_id: str, now: float) -> dict[str, str]:
    headers = {
        "date": formatdate(now, usegmt=True),
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": correlation_id,
        "cache-control": "no-cache",
        "strict-transport-security": "max-age=31536000; includeSubDomains",
        "x-content-type-options": "nosniff",
    }
    place = host_of(raw.authority.removesuffix(":443"))
    at_arm = place is not None and place[0] is Host.ARM
    if at_arm:
        headers |= arm.answer_headers(raw.method, request_id, now)
    # ARM's resource provider contract: echoed on request. The other hosts always echo it.
    asked = raw.headers.get("x-ms-client-request-id")
    if asked and (not at_arm or raw.headers.get("x-ms-return-client-request-id", "").lower() == "true"):
        headers["x-ms-client-request-id"] = asked
    return headers
