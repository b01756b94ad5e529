"""The live cloud through Azure's official clients; nothing here writes.

Owns: the login, the endpoints of each cloud, and the record of what was asked: one SHA-256 for each answer,
so that an auditor who asks again can tell whether it is the same. ARM is asked through its client's pipeline
and not through one client per service, because the answers are evidence as they came, in a version that is
named.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar, cast

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.pipeline import policies
from azure.core.rest import HttpRequest
from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import KeyClient
from azure.mgmt.core import ARMPipelineClient
from azure.monitor.query import LogsQueryClient, LogsQueryResult

from operate.errors import OperateError
from operate.evidence.ask import SUBSCRIPTIONS, Json, UnansweredError

T = TypeVar("T")


@dataclass(frozen=True)
class Endpoints:
    """Where one of Azure's clouds is. Source: azure-core's AzureClouds; Log Analytics' documentation."""

    resource_manager: str
    authority: str
    logs: str
    vault_suffix: str


CLOUDS: Mapping[str, Endpoints] = {
    "public": Endpoints(
        "https://management.azure.com",
        "https://login.microsoftonline.com",
        "https://api.loganalytics.io",
        ".vault.azure.net",
    ),
    "usgovernment": Endpoints(
        "https://management.usgovcloudapi.net",
        "https://login.microsoftonline.us",
        "https://api.loganalytics.us",
        ".vault.usgovcloudapi.net",
    ),
    "china": Endpoints(
        "https://management.chinacloudapi.cn",
        "https://login.chinacloudapi.cn",
        "https://api.loganalytics.azure.cn",
        ".vault.azure.cn",
    ),
}


_ALSO_CALLED = {
    "": "public",
    "azurecloud": "public",
    "azurepubliccloud": "public",
    "usgov": "usgovernment",
    "azureusgovernment": "usgovernment",
    "azureusgovernmentcloud": "usgovernment",
    "azurechinacloud": "china",
}
"""Other words for a cloud that azure-native takes in ARM_ENVIRONMENT."""


@dataclass(frozen=True)
class Asked:
    """One question and the SHA-256 of its answer, canonical JSON; `answer` is "ok" or why there was none."""

    question: str
    answer: str
    sha256: str


class Live:
    """Implements ask.Azure. A question that was asked is not asked again. Raises OperateError for an unknown
    cloud."""

    def __init__(self, cloud: str = "public") -> None:
        word = cloud.strip().lower()
        name = _ALSO_CALLED.get(word, word)
        if name not in CLOUDS:
            raise OperateError(f"the cloud {cloud!r} is not known; expected {', '.join(CLOUDS)}")
        self._cloud = CLOUDS[name]
        self._credential: TokenCredential = DefaultAzureCredential(authority=self._cloud.authority)
        self._arm = _pipeline(self._cloud.resource_manager, self._credential)
        self._known: dict[str, Any] = {}
        self._asked: dict[str, Asked] = {}
        self._now: datetime | None = None

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Every question so far, in order of its text."""
        return tuple(self._asked[question] for question in sorted(self._asked))

    def now(self) -> datetime:
        """The cloud's own time, in whole seconds of UTC. Raises UnansweredError."""
        if self._now is None:
            response = _told(lambda: self._send(f"/subscriptions?api-version={SUBSCRIPTIONS}"))
            self._now = parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
        return self._now

    def get(self, path: str, api_version: str) -> Json:
        target = f"{path}?api-version={api_version}"
        found: Json = self._once(f"GET {target}", lambda: self._send(target).json())
        return found

    def list(self, path: str, api_version: str) -> Sequence[Json]:
        target = f"{path}?api-version={api_version}"

        def pages() -> list[Json]:
            found: list[Json] = []
            link = target
            while link:
                page = self._send(link).json()
                found += page["value"]
                link = page.get("nextLink") or ""
            return found

        listed: list[Json] = self._once(f"LIST {target}", pages)
        return listed

    def query(
        self, customer_id: str, text: str, since: datetime, until: datetime
    ) -> Sequence[Mapping[str, Any]]:
        def rows() -> list[dict[str, Any]]:
            client = LogsQueryClient(self._credential, endpoint=self._cloud.logs)
            answer = client.query_workspace(customer_id, text, timespan=(since, until))
            if not isinstance(answer, LogsQueryResult):
                raise UnansweredError(None, f"the workspace answered in part only: {answer.partial_error}")
            table = answer.tables[0]
            return [dict(zip(table.columns, row, strict=True)) for row in table.rows]

        span = f"{since.isoformat()}/{until.isoformat()}"
        found: list[dict[str, Any]] = self._once(f"QUERY workspace {customer_id} {span}: {text}", rows)
        return found

    def deleted_keys(self, vault_uri: str) -> Sequence[Json]:
        def rows() -> list[dict[str, Any]]:
            if not vault_uri.lower().endswith(self._cloud.vault_suffix):
                raise UnansweredError(None, f"{vault_uri} is no vault of this cloud")
            listed = KeyClient(vault_uri, self._credential).list_deleted_keys()
            return [
                {"name": k.name, "deletedDate": k.deleted_date, "scheduledPurgeDate": k.scheduled_purge_date}
                for k in listed
            ]

        found: list[dict[str, Any]] = self._once(f"LIST {vault_uri}/deletedkeys", rows)
        return found

    def _send(self, target: str) -> Any:
        url = target if target.startswith("https://") else self._cloud.resource_manager + target
        # The next page's address comes from an answer, and the token goes with it.
        if not url.startswith(f"{self._cloud.resource_manager}/"):
            raise UnansweredError(None, f"an answer names {url.partition('?')[0]}, which is not ARM")
        response = self._arm.send_request(HttpRequest("GET", url))
        response.raise_for_status()
        return response

    def _once(self, question: str, ask: Callable[[], T]) -> T:
        if question not in self._known:
            try:
                self._known[question] = _told(ask)
                answer, content = "ok", self._known[question]
            except UnansweredError as error:
                self._known[question] = error
                answer, content = str(error), None
            text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
            self._asked[question] = Asked(question, answer, hashlib.sha256(text.encode()).hexdigest())
        found = self._known[question]
        if isinstance(found, UnansweredError):
            raise found
        return cast("T", found)


def _told(ask: Callable[[], T]) -> T:
    """Asks, with every failure of the clients made UnansweredError."""
    try:
        return ask()
    except HttpResponseError as error:
        code = error.error.code if error.error else ""
        message = (error.error.message if error.error else "") or error.message
        first = str(message).split("\n", 1)[0]
        raise UnansweredError(error.status_code, f"{error.status_code} {code or ''}: {first}") from error
    except AzureError as error:
        raise UnansweredError(None, f"{type(error).__name__}: {error}".split("\n")[0]) from error


def _pipeline(resource_manager: str, credential: TokenCredential) -> ARMPipelineClient[Any, Any]:
    chain: list[Any] = [
        policies.RequestIdPolicy(),
        policies.UserAgentPolicy("language-cmk-evidence"),
        policies.RetryPolicy(retry_total=4),
        policies.BearerTokenCredentialPolicy(credential, f"{resource_manager}/.default"),
    ]
    return ARMPipelineClient(resource_manager, policies=chain)
