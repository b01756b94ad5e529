"""azure-native's client of ARM: retries, long-running operations, registration, error texts.

Follows azcore's order of places for an operation's status, and azure-native's list of retried answers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urljoin

from localazure.standin import errors
from localazure.standin.answer import Answer
from localazure.standin.azure import MANAGEMENT, Azure, NoAnswerError
from localazure.standin.paths import fill
from localazure.standin.table import FACTS, GROUP
from localazure.standin.values import UNKNOWN, RefusedError, Value

RETRIED: Final = frozenset({408, 429, 500, 502, 503, 504})
RETRIES: Final = 3
FAILED: Final = frozenset({"failed", "canceled", "cancelled"})
DONE: Final = "succeeded"
ABSENT: Final[frozenset[str]] = frozenset(FACTS["absent"])
"""The codes of a 404 that azure-native takes for an absent resource, so that a proxy's 404 is none
(provider/pkg/azure/azure.go, as pulumi-azure-native#4841 quotes it on 2026-09-22). Any other fails a read,
and so a refresh: among them Key Vault's own KeyNotFound."""
DEFAULT_TIMEOUT_SECONDS: Final = 7200.0
GROUP_VERSION: Final = "2020-10-01"


@dataclass(frozen=True)
class Delays:
    """Seconds. The real provider polls every 10 s (writes) or 30 s (deletes), retries after 20 s doubling to
    120 s, and follows every Retry-After; locally all of these are cut to the caps."""

    poll: float = 0.05
    retry: float = 0.1
    longest_retry: float = 2.0


class AzureError(RefusedError):
    """An answer that is not a success; the text is azure-native's."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(errors.of_plugin(answer))


class OperationError(RefusedError):
    """Azure accepted a request, and its operation then failed, or could not be followed."""


class OperationTimedOutError(OperationError):
    """The time for a call was over before the operation was."""


class StoppedError(RefusedError):
    """The engine asked to stop."""


class Arm:
    """One provider instance's requests; `stop` ends every wait of it.

    `location` is the stack's default, empty where it has none. `pins_keys`: whether a key of a type that pins
    an API version is made by that version.
    """

    def __init__(
        self,
        azure: Azure,
        subscription_id: str,
        delays: Delays,
        *,
        location: str = "",
        pins_keys: Callable[[], bool] = lambda: False,
    ) -> None:
        self.azure, self.subscription_id, self.delays = azure, subscription_id, delays
        self.location, self.pins_keys = location, pins_keys
        self._stopped = asyncio.Event()
        self._locations: dict[str, str] = {}

    def stop(self) -> None:
        self._stopped.set()

    async def location_for(self, group: Value) -> Value | None:
        """The location of a resource that names none: the stack's, else its group's; None without either."""
        if self.location or group is UNKNOWN:
            return self.location or UNKNOWN
        if not isinstance(group, str) or not group:
            return None
        if group.lower() not in self._locations:
            id = fill(GROUP, {"resourceGroupName": group}, self.subscription_id)
            try:
                found = await self.read(id, GROUP_VERSION)
            except (AzureError, NoAnswerError):
                return None
            if not found or not found.get("location"):
                return None
            self._locations[group.lower()] = str(found["location"])
        return self._locations[group.lower()]

    async def read(self, id: str, api_version: str) -> Any | None:
        """The resource, None if it does not exist (a 404 of `ABSENT`). Raises AzureError otherwise."""
        answer = await self.send("GET", url_of(id, api_version))
        if answer.status == 404 and errors.code_of(answer) in ABSENT:
            return None
        return succeeded(answer).body

    async def write(
        self, method: str, id: str, api_version: str, body: Any, *, long: bool, within: float = 0.0
    ) -> Any:
        """PUT or PATCH, followed to its end; returns the resource's body, or the write's answer.

        Raises AzureError if Azure refuses it, OperationError if it fails after that.
        """
        url = url_of(id, api_version)
        answer = succeeded(await self._registered(method, url, body, id))
        if long or answer.status == 202:
            return await self._in_time(self._finished(method, url, answer), within)
        return answer.body

    async def delete(self, id: str, api_version: str, *, long: bool, within: float = 0.0) -> None:
        """DELETE; an absent resource counts as deleted."""
        url = url_of(id, api_version)
        answer = await self.send("DELETE", url)
        if answer.status != 404 and succeeded(answer) and long:
            await self._in_time(self._finished("DELETE", url, answer), within)

    async def send(self, method: str, url: str, body: Any = None) -> Answer:
        """One request; a refusal that may pass by itself is tried again, at most three times."""
        for attempt in range(RETRIES + 1):
            last, pause = attempt == RETRIES, self.delays.retry * 2**attempt
            try:
                found = await self.azure.send(method, url, body)
                answer = replace(found, request=f"{method} {url.partition('?')[0]}")
            except NoAnswerError:
                if last:
                    raise
            else:
                if last or not _passing(answer):
                    return answer
                pause = _retry_after(answer, pause)
            await self.wait(min(pause, self.delays.longest_retry))
        raise AssertionError("unreachable")

    async def wait(self, seconds: float) -> None:
        """Waits, unless the engine asks to stop: then raises StoppedError."""
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            return
        raise StoppedError("the operation was cancelled")

    async def _in_time(self, finished: Awaitable[Any], within: float) -> Any:
        """Follows an accepted request: every fault from here on is the operation's failure."""
        try:
            async with asyncio.timeout(within or DEFAULT_TIMEOUT_SECONDS):
                return await finished
        except TimeoutError as error:
            raise OperationTimedOutError("operation timed out") from error
        except (AzureError, NoAnswerError, StoppedError) as error:
            raise OperationError(str(error)) from error

    async def _registered(self, method: str, url: str, body: Any, id: str) -> Answer:
        """The answer to a write; an unregistered resource provider is registered first, as azcore does."""
        answer = await self.send(method, url, body)
        if answer.status != 409 or errors.code_of(answer) != "MissingSubscriptionRegistration":
            return answer
        namespace = id.lower().rsplit("/providers/", 1)[1].split("/")[0]
        provider = f"/subscriptions/{self.subscription_id}/providers/{namespace}"
        succeeded(await self.send("POST", url_of(f"{provider}/register", "2016-09-01")))
        while ((await self.read(provider, "2016-09-01")) or {}).get("registrationState") != "Registered":
            await self.wait(self.delays.poll)
        return await self.send(method, url, body)

    async def _finished(self, method: str, url: str, answer: Answer) -> Any:
        operation = answer.headers.get("azure-asyncoperation") or answer.headers.get("operation-location")
        location = answer.headers.get("location")
        if operation:
            await self._by_operation(_link(url, operation), answer)
            return None if method == "DELETE" else succeeded(await self.send("GET", url)).body
        if location and answer.status == 202:
            return await self._by_location(_link(url, location), answer)
        if method == "DELETE":
            if answer.status == 202:
                raise OperationError("response is missing polling URL")
            return None
        return await self._by_state(url, answer)

    async def _by_operation(self, url: str, answer: Answer) -> None:
        while True:
            await self._pause(answer)
            answer = succeeded(await self.send("GET", url))
            status = str((answer.body or {}).get("status", ""))
            if not status:
                raise OperationError("the response did not contain a status")
            if status.lower() == DONE:
                return
            if status.lower() in FAILED:
                raise OperationError(errors.of_plugin(answer))

    async def _by_location(self, url: str, answer: Answer) -> Any:
        while True:
            await self._pause(answer)
            answer = succeeded(await self.send("GET", url))
            if answer.status != 202:
                return answer.body
            url = _link(url, answer.headers.get("location") or url)

    async def _by_state(self, url: str, answer: Answer) -> Any:
        while True:
            state = _state(answer)
            if state.lower() in FAILED:
                raise OperationError(errors.of_plugin(answer))
            if state.lower() == DONE:
                return answer.body
            await self._pause(answer)
            answer = succeeded(await self.send("GET", url))

    async def _pause(self, answer: Answer) -> None:
        await self.wait(min(_retry_after(answer, self.delays.poll), self.delays.poll))


def url_of(id: str, api_version: str) -> str:
    """The URL of a resource at one API version."""
    return f"{MANAGEMENT}/{id.lstrip('/')}?api-version={api_version}"


def succeeded(answer: Answer) -> Answer:
    """The answer itself; AzureError unless it is a success."""
    if not 200 <= answer.status < 300:
        raise AzureError(answer)
    return answer


def _link(url: str, link: str) -> str:
    """The next address to poll, made absolute, and with the request's api-version if it has none."""
    absolute = urljoin(url, link)
    if "api-version=" in absolute.lower():
        return absolute
    return f"{absolute}{'&' if '?' in absolute else '?'}{url.partition('?')[2].split('&')[0]}"


def _state(answer: Answer) -> str:
    """The state of provisioning that a body names. A resource whose body names none is done, unless it was
    only created."""
    body = answer.body if isinstance(answer.body, dict) else {}
    properties = body.get("properties")
    if isinstance(properties, dict) and properties.get("provisioningState"):
        return str(properties["provisioningState"])
    if answer.status == 201:
        return "InProgress"
    return "Succeeded"


def _passing(answer: Answer) -> bool:
    return answer.status in RETRIED or (
        answer.status == 409 and errors.code_of(answer) == "AnotherOperationInProgress"
    )


def _retry_after(answer: Answer, default: float) -> float:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.replace(".", "", 1).isdigit() else default
