"""The input and output of a handler: requests, responses, and Azure's errors.

Nothing here knows a socket; `server.py` turns HTTP into these and back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from localazure.national_clouds import public_host

Json = Any


class Host(StrEnum):
    """The endpoint that a request is for, by its Host header."""

    ARM = "management.azure.com"
    LOGIN = "login.microsoftonline.com"
    VAULT = "*.vault.azure.net"
    HSM = "*.managedhsm.azure.net"
    LANGUAGE = "*.cognitiveservices.azure.com"
    LOGS = "api.loganalytics.io"
    GRAPH = "graph.microsoft.com"


LOGIN = f"https://{Host.LOGIN}"
ACCOUNT_NAMES = ("openai.azure.com", "services.ai.azure.com")
"""An account with a subdomain also answers under these names."""
ARM_REGIONS = str(Host.ARM)
"""ARM also answers in each region: `westeurope.management.azure.com`."""


@lru_cache(maxsize=1024)
def host_of(authority: str) -> tuple[Host, str] | None:
    """The endpoint and the first label of a name; None if no endpoint has it."""
    name = public_host(authority).lower().rstrip(".")
    label, _, rest = name.partition(".")
    if label and rest == ARM_REGIONS:
        return Host.ARM, label
    if label and rest in ACCOUNT_NAMES:
        return Host.LANGUAGE, label
    for host in Host:
        if name == host or (host.startswith("*.") and label and rest == host[2:]):
            return host, label
    return None


@dataclass(frozen=True)
class Caller:
    """A principal whose token was verified: its Microsoft Entra object, application and tenant."""

    object_id: str
    client_id: str
    tenant_id: str


@dataclass(frozen=True)
class Request:
    """One HTTP request, decoded.

    `label` is the first label of the host (`contoso` of `contoso.vault.azure.net`), lower case.
    `path` is as the client sent it; `params` are the template's fields, unescaped, in the client's case.
    Header and query names are lower case. `body` is the decoded JSON, None without one; `content`
    is the body as it came, which only a form (at the login host) needs.
    `caller` is None where a request may come without a token: the login host, and the Language endpoint
    when it carries `Ocp-Apim-Subscription-Key` instead, which its handlers then check.
    """

    method: str
    host: Host
    path: str
    label: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json = None
    content: bytes = b""
    caller: Caller | None = None
    correlation_id: str = ""

    @property
    def given(self) -> dict[str, Json]:
        """The body where it is an object, an empty one otherwise."""
        return self.body if isinstance(self.body, dict) else {}

    @property
    def properties(self) -> dict[str, Json]:
        """The `properties` of an ARM body; empty where it has none, or something else in their place."""
        found = self.given.get("properties")
        return found if isinstance(found, dict) else {}

    @property
    def scope(self) -> str:
        """The scope at the start of an ARM path, `/` where it has none."""
        return "/" + self.params.get("scope", "").strip("/")

    @property
    def tags(self) -> dict[str, Json]:
        """The tags of a body, as the part of an answer that they are: absent where none were sent."""
        tags = self.given.get("tags")
        return {} if tags is None else {"tags": tags}

    @property
    def object_id(self) -> str:
        """The caller's, empty without one; `client_id` and `tenant_id` likewise."""
        return self.caller.object_id if self.caller else ""

    @property
    def client_id(self) -> str:
        return self.caller.client_id if self.caller else ""

    @property
    def tenant_id(self) -> str:
        return self.caller.tenant_id if self.caller else ""

    @property
    def api_version(self) -> str:
        return self.query.get("api-version", "")

    def polled_at(self, path: str) -> str:
        """The address of a path of ARM, with the api-version of this request."""
        return f"https://{Host.ARM}{path}?api-version={self.api_version}"


@dataclass(frozen=True)
class Response:
    """One HTTP response; a `body` of None is an empty one, `bytes` go out as they are, the rest as JSON.

    It goes out `seconds` (real ones) after it was made.
    """

    status: int
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0


_JSON = "application/json; charset=utf-8"


class ServiceError(Exception):
    """An error as Azure answers it: `{"error": {"code", "message", ...}}`.

    A request that ends in one has changed no document; the events it appended stay (Store.transaction).

    `gateway` marks ARM's own errors (header `x-ms-failure-cause: gateway`), which a resource
    provider's errors do not carry. `extra` is merged into the error object (`innererror`, `target`). `text`
    goes out in place of the object, where it is set.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        gateway: bool = False,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Json] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.gateway = gateway
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})
        self.text: str | None = None

    def response(self) -> Response:
        headers = dict(self.headers)
        if self.gateway:
            headers["x-ms-failure-cause"] = "gateway"
        if self.text is not None:
            return Response(self.status, self.text.encode(), {**headers, "content-type": _JSON})
        error = {"code": self.code, "message": self.message, **self.extra}
        return Response(self.status, {"error": error}, headers)


def bad_request(message: str) -> ServiceError:
    """The 400 of a resource provider that has no code of its own for it."""
    return ServiceError(400, "BadRequest", message)
