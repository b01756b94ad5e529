"""Requests to Azure, each recorded with its answer, and what may be shown of them.

No shown exchange has a token, a secret, a real id or a real name: only listed headers are shown, and ids are
replaced, each by the same one throughout.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from core.clouds import Cloud
from provider.azure_client import pipeline

SHOWN_HEADERS = ("azure-asyncoperation", "location", "retry-after", "x-ms-failure-cause")
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


class UnknownError(Exception):
    """A question has no answer; the message says why."""


@dataclass(frozen=True)
class Exchange:
    """A request and its answer; header names are lower case."""

    method: str
    url: str
    sent: Any
    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def ok(self) -> bool:
        return self.status < 300

    @property
    def error(self) -> tuple[str, str]:
        """The code and the message of a refusal, or of an operation that failed."""
        found = self.body.get("error") if isinstance(self.body, dict) else None
        found = found if isinstance(found, dict) else {}
        return str(found.get("code") or ""), str(found.get("message") or "")

    @property
    def state(self) -> str:
        """The state of an operation; "" where the answer is none."""
        return str(self.body.get("status") or "") if isinstance(self.body, dict) else ""

    def must(self, what: str) -> Exchange:
        """Itself. Raises UnknownError where `what` was refused, or failed."""
        if self.ok and self.state != "Failed":
            return self
        raise UnknownError(f"{what} was refused: {': '.join(self.error)}")


class Conversation:
    """Sends requests with the login's tokens, and keeps each exchange in `exchanges`. `now` gives seconds,
    and `sleep` waits for some."""

    def __init__(
        self,
        cloud: Cloud,
        credential: TokenCredential,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        **options: Any,
    ) -> None:
        self.cloud, self.now, self.sleep = cloud, now, sleep
        self.exchanges: list[Exchange] = []
        self._clients = {
            scope: pipeline(cloud, credential, scope, **options)
            for scope in (cloud.arm_scope, cloud.vault_scope, cloud.account_scope)
        }

    def send(self, method: str, target: str, body: Any = None, *, scope: str = "") -> Exchange:
        """Sends a request to a path of Resource Manager, or a URL; with `scope`, with a token for it. Raises
        UnknownError."""
        url = target if target.startswith("https://") else self.cloud.resource_manager + target
        wanted = scope or self.cloud.token_scope(url)
        if not wanted:
            raise UnknownError(f"{url.partition('?')[0]} is no endpoint of the {self.cloud.name} cloud")
        try:
            response = self._clients[wanted].send_request(HttpRequest(method, url, json=body))
            content = response.text()
        except AzureError as error:
            first = str(error).split("\n", 1)[0]
            raise UnknownError(f"{method} {url.partition('?')[0]}: {first}") from error
        headers = {name.lower(): value for name, value in response.headers.items()}
        found = Exchange(method, url, body, response.status_code, headers, _decoded(content))
        self.exchanges.append(found)
        return found


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
        headers = {name: exchange.headers[name] for name in SHOWN_HEADERS if name in exchange.headers}
        shown = {"url": exchange.url, "sent": exchange.sent, "headers": headers, "body": exchange.body}
        return {"method": exchange.method, "status": exchange.status, **self.value(shown)}

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
