"""Faults that a tester asks for: the nth call of a route fails, a service is out, a client is throttled.

Owns: the choice of the fault that a request gets. Faults are kept in the store, so they survive a restart.
"""

import http.client
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from localazure.cloud import Cloud
from localazure.routes import pattern_of
from localazure.web import Host, Request, Response, ServiceError

_KIND = "fault"
HOSTS = {host.name.lower(): host for host in Host}


@dataclass(frozen=True)
class Fault:
    """One fault; empty `host`, `method` or `path` stand for any.

    `path` is a route's template, fields in braces. The fault applies from the `call`th matching request
    on, `times` times (0: until it is taken away). `wire` is `drop` (the connection breaks without an
    answer) or `hang` (no answer ever comes); else the answer is `status`, `code`, `message` (empty: those of
    the status, `TooManyRequests` for 429), with `retry_after` seconds as Retry-After. `after` lets the
    request do its work first: only its answer is lost.
    """

    host: str = ""
    method: str = ""
    path: str = ""
    call: int = 1
    times: int = 1
    status: int = 503
    code: str = ""
    message: str = ""
    retry_after: int | None = None
    wire: str = ""
    after: bool = False

    def __post_init__(self) -> None:
        if self.host and self.host not in HOSTS:
            raise ValueError(f"unknown host {self.host!r}; known are {sorted(HOSTS)}")
        if self.wire not in ("", "drop", "hang"):
            raise ValueError(f"unknown wire fault {self.wire!r}; known are 'drop' and 'hang'")
        if self.call < 1 or self.times < 0 or not 200 <= self.status <= 599:
            raise ValueError("a fault needs call >= 1, times >= 0 and a status of 200 to 599")

    def matches(self, request: Request) -> bool:
        if self.host and HOSTS[self.host] is not request.host:
            return False
        if self.method and self.method.upper() != request.method:
            return False
        return not self.path or pattern_of(self.path).fullmatch(request.path) is not None

    def response(self) -> Response:
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        phrase = http.client.responses.get(self.status, "Fault")
        code, message = self.code or phrase.replace(" ", ""), self.message or f"{phrase}."
        return ServiceError(self.status, code, message, headers=headers).response()


def add_fault(cloud: Cloud, settings: Mapping[str, Any]) -> str:
    """Arms a fault and gives its id. Raises ValueError for settings that make none."""
    if unknown := sorted(set(settings) - {f.name for f in fields(Fault)}):
        raise ValueError(f"unknown fault settings {unknown}; known are {[f.name for f in fields(Fault)]}")
    fault, others = Fault(**settings), cloud.store.scan(_KIND)
    # One more than the last: with equal numbers, chance would decide the order.
    number = 1 + int(others[-1][0].partition("-")[0]) if others else 0
    id = f"{number:06d}-{cloud.new_hex(8)}"
    cloud.store.put(_KIND, id, {"fault": asdict(fault), "calls": 0})
    return id


def list_faults(cloud: Cloud) -> list[dict[str, Any]]:
    """Every armed fault with its id and how many calls it has seen."""
    return [{"id": id, "calls": f["calls"], **f["fault"]} for id, f in cloud.store.scan(_KIND)]


def clear_faults(cloud: Cloud, id: str = "") -> None:
    """Takes away one fault, or all of them."""
    for found, _ in cloud.store.scan(_KIND, id):
        cloud.store.delete(_KIND, found)


def fault_for(cloud: Cloud, request: Request) -> Fault | None:
    """The fault that this request gets; every matching fault counts it as a call."""
    first = None
    for id, stored in cloud.store.scan(_KIND):
        fault = Fault(**stored["fault"])
        if not fault.matches(request):
            continue
        calls = stored["calls"] + 1
        cloud.store.put(_KIND, id, {**stored, "calls": calls})
        due = calls >= fault.call and (not fault.times or calls < fault.call + fault.times)
        if due and first is None:
            first = fault
    return first
