"""Requests to Azure, each recorded with its answer, and what may be shown of them.

No shown exchange has a token, a secret, a real id or a real name: only listed headers are shown, and ids are
replaced, each by the same one throughout.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from core.clouds import Cloud
from operate.errors import OperateError
from provider.azure_client import pipeline

SHOWN_HEADERS = (
    "azure-asyncoperation",
    "location",
    "retry-after",
    "etag",
    "x-ms-failure-cause",
    "x-ms-ratelimit-remaining-subscription-reads",
    "x-ms-ratelimit-remaining-subscription-writes",
)
_HIDDEN = frozenset({"n", "e", "x", "y", "key1", "key2", "systemData", "callRateLimit", "password", "value"})
"""Members of a body whose content is not shown: public keys, shared keys, who wrote it."""
_HEX = re.compile(r"(?<![0-9a-f-])[0-9a-f-]{32,36}(?![0-9a-f-])", re.IGNORECASE)
"""GUIDs, and what has as many digits without dashes: key versions, ids of resources inside."""
_PERSONAL = (
    (re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*"), "TOKEN"),
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "somebody@contoso.example"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"), "192.0.2.1"),
    # What signs an operation's address.
    (re.compile(r"&(?:t|c|s|h)=[^&\"\s]*"), ""),
)


class ProbeClock(Protocol):
    """Seconds, and waiting for them; a test gives the cloud's."""

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class SystemProbeClock:
    """The machine's clock, which never goes back."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True)
class Exchange:
    """A request and its answer; header names are lower case. `seconds` is how long it took."""

    method: str
    url: str
    sent: Any
    status: int
    headers: Mapping[str, str]
    body: Any
    seconds: float

    @property
    def ok(self) -> bool:
        return self.status < 300

    @property
    def error(self) -> tuple[str, str]:
        """The code and the message of a refusal, or of an operation that failed."""
        found = self.body.get("error") if isinstance(self.body, dict) else None
        found = found if isinstance(found, dict) else {}
        return str(found.get("code") or ""), str(found.get("message") or "")


class UnreachableError(OperateError):
    """Azure could not be asked; the message says why."""


class Conversation:
    """Sends requests with the login's tokens, and keeps each exchange in `exchanges`."""

    def __init__(self, cloud: Cloud, credential: TokenCredential, clock: ProbeClock, **options: Any) -> None:
        self.cloud, self.clock = cloud, clock
        self.exchanges: list[Exchange] = []
        self._own_hosts: set[str] = set()
        self._clients = {
            scope: pipeline(cloud, credential, scope, **options)
            for scope in (cloud.arm_scope, cloud.vault_scope, cloud.hsm_scope, cloud.account_scope)
        }

    def may_ask(self, endpoint: str) -> None:
        """Lets a token go to the endpoint of an account that was made here."""
        host = urlsplit(endpoint).hostname or ""
        if host.endswith(f".{self.cloud.account_suffix}"):
            self._own_hosts.add(host)

    def send(self, method: str, target: str, body: Any = None) -> Exchange:
        """Sends a request to a path of Resource Manager, or a URL. Raises UnreachableError."""
        url = target if target.startswith("https://") else self.cloud.resource_manager + target
        began = self.clock.now()
        try:
            response = self._clients[self._scope(url)].send_request(HttpRequest(method, url, json=body))
            content = response.text()
        except AzureError as error:
            first = str(error).split("\n", 1)[0]
            raise UnreachableError(f"{method} {url.partition('?')[0]}: {first}") from error
        headers = {name.lower(): value for name, value in response.headers.items()}
        took = self.clock.now() - began
        found = Exchange(method, url, body, response.status_code, headers, _decoded(content), took)
        self.exchanges.append(found)
        return found

    def _scope(self, url: str) -> str:
        if scope := self.cloud.token_scope(url):
            return scope
        if urlsplit(url).scheme == "https" and urlsplit(url).hostname in self._own_hosts:
            return self.cloud.account_scope
        raise UnreachableError(f"{url.partition('?')[0]} is no endpoint of the {self.cloud.name} cloud")


@dataclass
class Sanitizer:
    """Replaces what identifies somebody or something; `names` are further words to replace."""

    names: Mapping[str, str] = field(default_factory=dict)
    _ids: dict[str, str] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """A text without tokens, ids and names."""
        for pattern, instead in _PERSONAL:
            text = pattern.sub(instead, text)
        for name, instead in self.names.items():
            text = re.sub(re.escape(name), instead, text, flags=re.IGNORECASE)
        return _HEX.sub(lambda found: self._same(found[0]), text)

    def value(self, value: Any) -> Any:
        """A JSON value without them."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if isinstance(value, dict):
            return {
                self.text(name): "HIDDEN" if _is_hidden(name, one) else self.value(one)
                for name, one in value.items()
            }
        return value

    def exchange(self, exchange: Exchange) -> dict[str, Any]:
        """What is shown of an exchange."""
        shown = {name: exchange.headers[name] for name in SHOWN_HEADERS if name in exchange.headers}
        return {
            "method": exchange.method,
            "url": self.text(exchange.url),
            "sent": self.value(exchange.sent),
            "status": exchange.status,
            "headers": {name: self.text(value) for name, value in shown.items()},
            "body": self.value(exchange.body),
        }

    def _same(self, id: str) -> str:
        form = "00000000-0000-4000-8000-{:012d}" if "-" in id else "{:032d}"
        return self._ids.setdefault(id.lower(), form.format(len(self._ids) + 1))


def _is_hidden(name: str, value: Any) -> bool:
    # `value` is also what ARM calls the rows of a list.
    return name in _HIDDEN and not (name == "value" and isinstance(value, list))


def _decoded(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
