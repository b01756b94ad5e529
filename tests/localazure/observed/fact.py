"""What was observed of Azure, as rows: the requests that lead there, a request, and what its answer has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from localazure import seed
from localazure.directory import Principal
from tests.support.front import ARM, SUBSCRIPTION, Door, Reply, token

GROUP = f"{SUBSCRIPTION}/resourceGroups/net"
VAULTS = "https://vault.azure.net"
GATEWAY = {"x-ms-failure-cause": "gateway"}
ABSENT = "was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
GUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"


@dataclass(frozen=True)
class Step:
    """A request that comes first; in a path `{azure-asyncoperation}`, `{location}` and `{nextLink}` stand for
    the last such header, or nextLink, that was answered."""

    method: str
    path: str
    send: Any = None


@dataclass(frozen=True)
class Fact:
    """One line of the observations.

    `given` are the requests before it. `has` are exact values at dotted paths (`a.0.b`, where `*` is the only
    value there is), `like` patterns of them, `lacks` paths that are not there, `keys` the names at a path in
    their order, `whole` is the body.
    `headers` are exact, `matching` patterns, `without` absent ones. `kept` and `moved` compare with the
    answer to the first of `given`. `behave` sets the cloud; `who` None sends no token.
    """

    name: str
    method: str
    path: str
    status: int
    send: Any = None
    given: tuple[Step, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    matching: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    has: Mapping[str, Any] = field(default_factory=dict)
    like: Mapping[str, str] = field(default_factory=dict)
    lacks: tuple[str, ...] = ()
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    message: str = ""
    whole: Any = ...
    behave: Mapping[str, Any] = field(default_factory=dict)
    who: Principal | None = seed.DEPLOYER


def scene() -> Door:
    """A cloud with the resource group `net` in West Europe, where a slow machine loses no time."""
    door = Door()
    door.group("net")
    return door


def answer(door: Door, fact: Fact, before: tuple[Step, ...] = ()) -> tuple[Reply, Reply | None]:
    """The answer to a fact's request, and to the first of what was given; `before` comes before all of it."""
    seen: dict[str, str] = {}
    first: Reply | None = None
    door.cloud.behave(**fact.behave)
    for step in (*before, *fact.given):
        reply = send(door, step.method, _filled(step.path, seen), step.send)
        assert reply.status < 300, (step, reply)
        first = first or (reply if step in fact.given else None)
        seen |= {name: reply.headers[name] for name in _LEADING if name in reply.headers}
        seen |= {name: reply.body[name] for name in ("nextLink",) if reply.body and name in reply.body}
    return send(door, fact.method, _filled(fact.path, seen), fact.send, fact.who), first


def send(
    door: Door, method: str, path: str, body: Any = None, who: Principal | None = seed.DEPLOYER
) -> Reply:
    """Sends a request with the token for its host; None sends none."""
    audience = VAULTS if path.startswith("https://") and ".vault." in path else f"{ARM}/"
    return door.send(method, path, body, bearer=token(who, audience) if who else "")


def check(fact: Fact, before: tuple[Step, ...] = ()) -> None:
    """Asserts every part of a fact, after the steps that go before."""
    reply, first = answer(scene(), fact, before)
    assert reply.status == fact.status, reply
    assert {name: reply.headers.get(name) for name in fact.headers} == fact.headers
    for name, pattern in fact.matching.items():
        assert re.fullmatch(pattern, reply.headers.get(name, "")), (name, reply.headers.get(name))
    assert [name for name in fact.without if name in reply.headers] == []
    assert {path: at(reply.body, path) for path in fact.has} == fact.has
    for path, pattern in fact.like.items():
        assert re.fullmatch(pattern, str(at(reply.body, path))), (path, at(reply.body, path))
    for path in fact.lacks:
        with pytest.raises((KeyError, IndexError, TypeError)):
            at(reply.body, path)
    assert {path: tuple(at(reply.body, path)) for path in fact.keys} == fact.keys
    for path in (*fact.kept, *fact.moved):
        assert first is not None
        assert (at(first.body, path) == at(reply.body, path)) is (path in fact.kept), path
    if fact.message:
        assert reply.message == fact.message
    if fact.whole is not ...:
        assert reply.body == fact.whole


def at(body: Any, path: str) -> Any:
    """The value at a dotted path, the body itself for ""; KeyError where there is none."""
    for part in filter(None, path.split(".")):
        if part == "*":
            (body,) = body.values()
        else:
            body = body[int(part)] if isinstance(body, list) else body[part]
    return body


def vault_body(*permissions: str, **properties: Any) -> dict[str, Any]:
    """A vault's PUT; the deployer has the permissions on its keys."""
    entry = {"tenantId": seed.TENANT_ID, "objectId": seed.DEPLOYER.object_id}
    policies = [{**entry, "permissions": {"keys": list(permissions)}}] if permissions else []
    fixed = {"tenantId": seed.TENANT_ID, "sku": {"family": "A", "name": "standard"}}
    return {"location": "westeurope", "properties": {**fixed, "accessPolicies": policies, **properties}}


_LEADING = ("azure-asyncoperation", "location")


def _filled(path: str, seen: Mapping[str, str]) -> str:
    for name, value in seen.items():
        path = path.replace(f"{{{name}}}", value)
    return path
