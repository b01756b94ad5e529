"""Queries of the live cloud. Nothing here writes to it.

Each answer is evidence in the form that Azure sent it, for a named API version. Its SHA-256 is recorded, so
that a later query shows whether the answer has changed.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar, cast
from urllib.parse import quote

from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.monitor.query import LogsQueryClient, LogsQueryResult

from core.api_versions import KEYS, SUBSCRIPTIONS
from core.login import Login
from operate.errors import OperateError
from operate.source import Source, source_of
from provider.azure_client import AzureClient, ForeignHostError
from provider.failure import failure_from

Json = Mapping[str, Any]
T = TypeVar("T")


class UnansweredError(OperateError):
    """Azure did not answer a query; the message gives the reason in one line."""

    def __init__(self, why: str) -> None:
        super().__init__(" ".join(why.split()))


@dataclass(frozen=True)
class SentQuery:
    """One query and the SHA-256 of its answer (canonical JSON). `answer` is "ok", or why there was none;
    `date` is what the answer's Date header says, None without one."""

    question: str
    answer: str
    sha256: str
    date: datetime | None


class LiveAzure:
    """The live cloud. Each query is sent once; a repeated one gets the recorded answer.

    The methods that ask raise UnansweredError.
    """

    def __init__(self, login: Login) -> None:
        self._client = AzureClient(login, retries=6)
        self._login = login
        self._known: dict[str, tuple[Any, SentQuery]] = {}

    @property
    def queries(self) -> tuple[SentQuery, ...]:
        """Every query so far, sorted by its text."""
        return tuple(self._known[question][1] for question in sorted(self._known))

    def source(self) -> Source:
        """Where the answers come from. Raises UnansweredError."""
        try:
            return _answered(lambda: source_of(self._login))
        except OperateError as error:
            raise UnansweredError(str(error)) from error

    def now(self) -> datetime:
        """The cloud's own time, in whole seconds of UTC: the first answer's Date. Raises UnansweredError."""
        self.get("/subscriptions", SUBSCRIPTIONS)
        return self.answered[0]

    @property
    def answered(self) -> tuple[datetime, datetime]:
        """When the first and the last answer were given, by their Date headers. Raises UnansweredError."""
        dates = [query.date for query in self.queries if query.date]
        if not dates:
            raise UnansweredError("no answer has a Date header, so nobody can tell when it was given")
        return min(dates), max(dates)

    def get(self, path: str, api_version: str) -> Json:
        """One resource of Resource Manager."""
        target = f"{path}?api-version={api_version}"
        return self._once(f"GET {target}", lambda: self._client.json("GET", target))

    def list(self, path: str, api_version: str, wanted: str = "") -> Sequence[Json]:
        """All pages of a list of Resource Manager; `wanted` is its `$filter`."""
        target = f"{path}?api-version={api_version}" + (wanted and f"&$filter={quote(wanted)}")
        return self._once(f"LIST {target}", lambda: self._client.pages(target))

    def query(self, customer_id: str, text: str, since: datetime, until: datetime) -> Sequence[Json]:
        """The rows of a workspace's answer to a query, by column."""

        def rows() -> list[Json]:
            client = LogsQueryClient(self._client.credential, endpoint=self._client.cloud.log_analytics)
            answer = client.query_workspace(
                customer_id,
                text,
                timespan=(since, until),
                raw_response_hook=lambda sent: self._client.note_date(sent.http_response.headers),
            )
            if not isinstance(answer, LogsQueryResult):
                raise UnansweredError(f"the workspace answered in part only: {answer.partial_error}")
            table = answer.tables[0]
            return [dict(zip(table.columns, row, strict=True)) for row in table.rows]

        span = f"{since.isoformat()}/{until.isoformat()}"
        return self._once(f"QUERY workspace {customer_id} {span}: {text}", rows)

    def subscriptions(self) -> Sequence[str]:
        """The ids of the subscriptions that this login sees, lower case."""
        return [str(body["subscriptionId"]).lower() for body in self.list("/subscriptions", SUBSCRIPTIONS)]

    def get_in_vault(self, uri: str, path: str) -> Json:
        """One answer of a vault's or a managed HSM's own API."""
        return self.get(f"{uri}{path}", KEYS)

    def sign(self, key_id: str, body: Json) -> Json:
        """The answer of a key version to a request to sign."""
        target = f"{key_id}/sign?api-version={KEYS}"
        return _answered(lambda: self._client.json("POST", target, body))

    def members(self, group_id: str) -> tuple[str, ...]:
        """The object ids of a group's members, and of those of the groups in it."""
        target = f"{self._login.cloud.graph}/v1.0/groups/{group_id}/transitiveMembers?$select=id"
        listed = self._once(f"LIST {target}", lambda: self._client.pages(target))
        return tuple(sorted(str(one["id"]) for one in listed))

    def list_in_vault(self, uri: str, path: str) -> Sequence[Json]:
        """All pages of a list of a vault's or a managed HSM's own API."""
        return self.list(f"{uri}{path}", KEYS)

    def _once(self, question: str, ask: Callable[[], T]) -> T:
        if question not in self._known:
            found: T | UnansweredError
            self._client.answered_at = 0.0
            try:
                found = _answered(ask)
                answer, content = "ok", found
            except UnansweredError as error:
                found, answer, content = error, str(error), None
            text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
            seconds = self._client.answered_at
            date = datetime.fromtimestamp(seconds, UTC) if seconds else None
            sent = SentQuery(question, answer, hashlib.sha256(text.encode()).hexdigest(), date)
            self._known[question] = found, sent
        known, _ = self._known[question]
        if isinstance(known, UnansweredError):
            raise known
        return cast("T", known)


def _answered(ask: Callable[[], T]) -> T:
    """Sends a query; every failure of the clients becomes an UnansweredError."""
    try:
        return ask()
    except AzureError as error:
        failure = failure_from(error, "")
        said = failure.text.partition("\n")[0]
        if isinstance(error, ClientAuthenticationError):
            raise UnansweredError(f"the login was refused: {said.partition(' Trace ID:')[0]}") from error
        status = f"{failure.status} " if failure.status else ""
        raise UnansweredError(f"{status}{failure.code}: {said}") from error
    except ForeignHostError as error:
        raise UnansweredError(str(error)) from error
