"""Bodies that no client should send: whatever they are, the service answers for itself and goes on."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, ClassVar

import pytest

from tests.localazure.definitions import FILE
from tests.localazure.driver import ACCOUNT, PROJECTS, WEST, Case, facts
from tests.support.front import SUBSCRIPTION

WHOLE = {**WEST, "kind": "TextAnalytics", "sku": {"name": "S"}}
CHECK = f"{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/checkDomainAvailability"
OF_ACCOUNTS = (("PUT", f"{ACCOUNT}2"), ("PATCH", ACCOUNT))
OTHERS = (("POST", CHECK), ("PATCH", f"{PROJECTS}/orders"))
PATHS = dict.fromkeys(
    json.loads(FILE.read_text())["types"]["Microsoft.CognitiveServices/accounts"], OF_ACCOUNTS
)
PATHS |= dict.fromkeys(
    ("projectName", "projectKind", "language", "metadata", "subdomainName", "type"), OTHERS
)


def body_of(path: str, value: Any) -> Any:
    """A body with a value at a dotted path, where `*` is the item of a list."""
    for name in reversed(path.split(".")):
        value = [value] if name == "*" else {name: value}
    return value


@pytest.mark.parametrize("value", [None, -1, "Microsoft.KeyVault", [None], {"": []}], ids=str)
def test_no_body_is_too_strange_to_be_answered(value: Any) -> None:
    """Never a 500, neither to the body nor when account and endpoint are read afterwards: a value that does
    not belong there, at each property that a definition has."""
    case = Case()
    case.do("account")
    for path, calls in PATHS.items():
        case.cloud.clock.advance(10)
        sent = body_of(path, value)
        asked = [(method, url, {**WHOLE, **sent} if method == "PUT" else sent) for method, url in calls]
        for one in (*asked, ("GET", ACCOUNT, None), ("GET", PROJECTS, None)):
            reply = case.ask(*one)
            assert reply.status < 500, (one, reply)


STRANGE: tuple[Any, ...] = (None, -1, "Microsoft.KeyVault", [None], {"": []}, True, ["x"], [{}])


class FailedError(Exception):
    """A body that the service could not judge."""


class Searching(Case):
    """Sends each body also with each of its parts in turn replaced by something strange, once in a run."""

    sent: ClassVar[set[str]] = set()

    def ask(self, method: str, url: str, body: Any = None, **others: Any) -> Any:
        call = f"{method} {url} {body}"
        places = [] if call in self.sent else [*_places(body)]
        self.sent.add(call)
        for place in places:
            for value in STRANGE:
                reply = super().ask(method, url, _replaced(body, place, value), **others)
                if reply.status == 500:
                    raise FailedError(method, url, place, value)
        return super().ask(method, url, body, **others)


def _places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        yield (*above, key)
        yield from _places(item, (*above, key))


def _replaced(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    changed = owner = copy.deepcopy(body)
    for key in place[:-1]:
        owner = owner[key]
    owner[place[-1]] = value
    return changed


@pytest.mark.long
@pytest.mark.parametrize(
    ("steps", "behave"),
    [
        pytest.param(steps, behave, id=name)
        for name, steps, behave in facts()
        # A rule that is not known here is an error of this cloud.
        if not any(step.get("status") == "500" for step in steps)
    ],
)
def test_no_part_of_a_right_body_can_make_the_service_fail(steps: Any, behave: Any) -> None:
    """Never a 500 along any fact. What was accepted may change the answers that follow, so that those of the
    fact itself do not count. What the search finds becomes a row of facts/strange.yaml."""
    case = Searching()
    case.cloud.behave(**behave)
    for step in steps:
        with suppress(AssertionError, LookupError):
            case.play([step])
