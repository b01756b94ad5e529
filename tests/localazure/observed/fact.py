"""What was observed of Azure, as rows: the files beside this one say what each request is answered.

A file has `names`, which stand for a text as `<name>`, `bodies`, `steps` that lead to a fact, and `facts`:

- `fact` names it; `source` is where it was seen, if not in recorded traffic.
- `ask: METHOD URL -> STATUS`, with `send`: a body, the name of one, or `[name, what is laid over it]`. In a
  URL `{azure-asyncoperation}`, `{location}` and `{nextLink}` stand for the last such header, or link
  that was answered. `who: nobody` sends no token.
- `given` are the steps before it, by name or whole; `behave` sets the cloud.
- `has` are exact values at dotted paths (`a.0.b`, where `*` is the only value there is), `like` patterns of
  them, `lacks` paths that are not there, `keys` the names at a path in their order, `whole` is the body.
- `headers` are patterns, null for one that is absent. `kept` and `moved` compare a path with the first answer
  that has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from localazure import seed
from localazure.directory import Principal
from tests.support.front import ARM, SUBSCRIPTION, Door, Reply, token

GROUP = f"{SUBSCRIPTION}/resourceGroups/net"
VAULTS = "https://vault.azure.net"
_NAMES = {
    "group": GROUP,
    "subscription": SUBSCRIPTION,
    "tenant": seed.TENANT_ID,
    "deployer": seed.DEPLOYER.object_id,
    "reader": seed.READER.object_id,
    "reader client": seed.READER.client_id,
    "guid": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z",
    "absent": "was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
}
_WHO = {"nobody": None, "reader": seed.READER, "deployer": seed.DEPLOYER}
_LEADING = ("azure-asyncoperation", "location")


@dataclass(frozen=True)
class Step:
    """A request; its URL may have placeholders for what was answered before it."""

    method: str
    path: str
    send: Any = None
    who: Principal | None = seed.DEPLOYER


@dataclass(frozen=True)
class Fact:
    """One row; its fields are those of the file."""

    name: str
    step: Step
    status: int
    given: tuple[Step, ...] = ()
    behave: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    has: Mapping[str, Any] = field(default_factory=dict)
    like: Mapping[str, str] = field(default_factory=dict)
    lacks: Sequence[str] = ()
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    kept: Sequence[str] = ()
    moved: Sequence[str] = ()
    message: str = ""
    whole: Any = ...


def facts_in(text: str) -> list[Fact]:
    """The facts of a file. Raises TypeError for a word that no fact has."""
    document = yaml.safe_load(text)
    document = document if isinstance(document, dict) else {"facts": document}
    names = {**_NAMES, **document.get("names", {})}
    bodies = _named(document.get("bodies", {}), names)
    steps = {name: _step(row, bodies) for name, row in _named(document.get("steps", {}), names).items()}
    return [_fact(_named(row, names), steps, bodies) for row in document["facts"]]


def all_facts() -> list[Fact]:
    files = sorted(Path(__file__).parent.glob("*.yaml"))
    return [fact for file in files for fact in facts_in(file.read_text())]


def _fact(row: dict[str, Any], steps: Mapping[str, Step], bodies: Mapping[str, Any]) -> Fact:
    request, _, status = row.pop("ask").rpartition(" -> ")
    row.pop("source", None)
    given = [steps[one] if isinstance(one, str) else _step(one, bodies) for one in row.pop("given", ())]
    asked = {"ask": request, "send": row.pop("send", None), "who": row.pop("who", "deployer")}
    return Fact(row.pop("fact"), _step(asked, bodies), int(status), tuple(given), **row)


def _step(row: Mapping[str, Any], bodies: Mapping[str, Any]) -> Step:
    method, _, path = row["ask"].partition(" ")
    sent = row.get("send")
    name, more = sent if isinstance(sent, list) else (sent, {})
    if isinstance(name, str):
        base = bodies[name]
        sent = {**base, **more}
        if "properties" in base:
            sent["properties"] = {**base["properties"], **more.get("properties", {})}
    return Step(method, path, sent, _WHO[row.get("who", "deployer")])


def _named(value: Any, names: Mapping[str, str]) -> Any:
    """A value of a file with its names filled in."""
    if isinstance(value, dict):
        return {_named(key, names): _named(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_named(one, names) for one in value]
    while isinstance(value, str) and (found := re.search(r"<([a-z ]+)>", value)):
        value = value.replace(found[0], names[found[1]])
    return value


def scene() -> Door:
    """A cloud with the resource group `net` in West Europe, where a slow machine loses no time."""
    door = Door()
    door.group("net")
    return door


def play(door: Door, steps: Iterable[Step]) -> list[Reply]:
    """The answers to requests that follow each other, of which all but the last succeed."""
    replies: list[Reply] = []
    seen: dict[str, str] = {}
    for step in steps:
        assert not replies or replies[-1].status < 300, replies[-1]
        path = step.path
        for name, value in seen.items():
            path = path.replace(f"{{{name}}}", value)
        reply = send(door, step.method, path, step.send, step.who)
        replies.append(reply)
        seen |= {name: reply.headers[name] for name in _LEADING if name in reply.headers}
        seen |= {name: reply.body[name] for name in ("nextLink",) if reply.body and name in reply.body}
    return replies


def send(
    door: Door, method: str, path: str, body: Any = None, who: Principal | None = seed.DEPLOYER
) -> Reply:
    """Sends a request with the token for its host; None sends none."""
    audience = VAULTS if path.startswith("https://") and ".vault." in path else f"{ARM}/"
    return door.send(method, path, body, bearer=token(who, audience) if who else "")


def check(fact: Fact) -> None:
    """Asserts every part of a fact."""
    door = scene()
    door.cloud.behave(**fact.behave)
    *before, reply = play(door, (*fact.given, fact.step))
    assert reply.status == fact.status, reply
    for name, header in fact.headers.items():
        found = reply.headers.get(name)
        assert found is None if header is None else re.fullmatch(header, found or ""), (name, found)
    assert {path: at(reply.body, path) for path in fact.has} == fact.has
    for path, pattern in fact.like.items():
        assert re.fullmatch(pattern, str(at(reply.body, path))), (path, at(reply.body, path))
    for path in fact.lacks:
        with pytest.raises((KeyError, IndexError, TypeError)):
            at(reply.body, path)
    assert {path: list(at(reply.body, path)) for path in fact.keys} == fact.keys
    for path in (*fact.kept, *fact.moved):
        (first, *_) = [value for one in before for value in _there(one.body, path)]
        assert (first == at(reply.body, path)) is (path in fact.kept), path
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


def _there(body: Any, path: str) -> list[Any]:
    try:
        return [at(body, path)]
    except (KeyError, IndexError, TypeError):
        return []


def vault_body(*permissions: str, **properties: Any) -> dict[str, Any]:
    """A vault's PUT; the deployer has the permissions on its keys."""
    entry = {"tenantId": seed.TENANT_ID, "objectId": seed.DEPLOYER.object_id}
    policies = [{**entry, "permissions": {"keys": list(permissions)}}] if permissions else []
    fixed = {"tenantId": seed.TENANT_ID, "sku": {"family": "A", "name": "standard"}}
    return {"location": "westeurope", "properties": {**fixed, "accessPolicies": policies, **properties}}
