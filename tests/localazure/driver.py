"""The one way to drive a local Azure in this process: `Case` is a cloud that is asked at its front door.

What it is held to are rows: facts/*.yaml say what each request is answered. A file has one document or
more, each with a `source` for its facts, `names` that stand for a value as `<name>`, `bodies`, `steps` that
lead to a fact, and `facts`. facts/shared.yaml has the names, bodies and steps that all know, and tests in
Python, too.

- `fact` is the claim; `source` is where it was seen, if not where its document says; `behave` sets the
  cloud.
- `ask: METHOD URL with BODY by WHO -> STATUS CODE/INNER`, of which all after the URL may be left out: no
  status is any below 300. `send` is a body, or `[name of one, what is laid over it]`. `sent` are headers.
  An address without an api-version gets the newest that tests speak.
- `given` are the steps before it, by name or whole; or `do` are all of them, each with expectations of its
  own.
- `each` makes a fact of every row of names.
- `has` are exact values at dotted paths of the answer (`a.0.b`; `*` is the only value there is, a name
  after a list that of each item, `last` what a text has after its last slash), `other` values that are not
  there, `like` patterns, `lacks` paths that are not there, `keys` the names at a path in their order,
  `sizes` lengths, `holds` items of a list or parts of a text, `whole` the body, `headers` patterns (null:
  absent), `message` the error's text, `says` parts of it, `finds` parts of what a refusal tells beyond
  Azure's own words. `kept` and `moved` compare a path with the first answer that has it.
- `keep: {name: path}` keeps a value of the answer; `{name}` then stands for it. So do
  `{azure-asyncoperation}`, `{location}` and `{nextLink}` for the last such header, or link that was
  answered.
- Steps that are no requests: `wait` seconds on the clock, or until a time, `behave`, `allow: [WHO, ROLE,
  SCOPE]`, `forget` a principal, `events: STREAM` of an id and `documents: KIND` with expectations of what
  is stored, `use: WHO` of the key `k` at a URI as another service of the cloud does, `refused` with a code
  or null, and `repeat: N` of the steps in `do`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from localazure import definitions, seed
from localazure.authorization import assign_role
from localazure.cloud import Cloud
from localazure.directory import Principal, delete_principal, save_principal
from localazure.keyvault import trusted_services
from localazure.national_clouds import public_host
from tests.support.front import ARM, SUBSCRIPTION, Door, Reply, token
from tests.support.slow_clock import BEFORE_RETIREMENTS

FOLDER = Path(__file__).parent / "facts"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
OTHER_GROUP = f"/subscriptions/{seed.OTHER_SUBSCRIPTION_ID}/resourceGroups/rg"
FOREIGN_GROUP = f"/subscriptions/{seed.FOREIGN_SUBSCRIPTION_ID}/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/Contoso-1"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/language"
URI, PROJECTS = (
    "https://contoso-1.vault.azure.net",
    "https://contoso-language.cognitiveservices.azure.com/language/authoring/analyze-conversations/projects",
)
WEST = {"location": "westeurope"}
DAY = 86400
SERVICE = Principal(
    "aaaaaaaa-0000-4000-8000-000000000002",
    "aaaaaaaa-0000-4000-8000-0000000000c2",
    seed.TENANT_ID,
    "service",
    managed_identity=False,
    created=0.0,
)
CALLERS = {
    "deployer": seed.DEPLOYER,
    "reader": seed.READER,
    "foreigner": seed.FOREIGNER,
    "service": SERVICE,
    "nobody": None,
}
_SERVICES = ("vault.azure.net", "managedhsm.azure.net", "cognitiveservices.azure.com", "api.loganalytics.io")
_VERSIONS = {
    "Microsoft.KeyVault": "2024-11-01",
    "Microsoft.CognitiveServices": "2025-06-01",
    "Microsoft.Network": "2024-05-01",
    "Microsoft.Authorization": "2022-04-01",
    "cognitiveservices.azure.com": "2023-04-01",
    "vault.azure.net": "7.6",
    "managedhsm.azure.net": "7.6",
}
_LATER = "2024-03-01"
_NAMES = {
    "group": GROUP,
    "subscription": SUBSCRIPTION,
    "other group": OTHER_GROUP,
    "foreign group": FOREIGN_GROUP,
    "other subscription": OTHER_GROUP.rpartition("/resourceGroups")[0],
    "tenant": seed.TENANT_ID,
    "other tenant": seed.OTHER_TENANT_ID,
    "deployer": seed.DEPLOYER.object_id,
    "deployer client": seed.DEPLOYER.client_id,
    "reader": seed.READER.object_id,
    "reader client": seed.READER.client_id,
    "service": SERVICE.object_id,
    "service client": SERVICE.client_id,
    "foreigner": seed.FOREIGNER.object_id,
}
_NAME, _SEEN = re.compile(r"<([a-z ]+)>"), re.compile(r"\{([A-Za-z][\w -]*)\}")
_ASK = re.compile(
    r"(?P<method>[A-Z]+) (?P<url>.+?)(?: with (?P<send>[\w ]+?))?(?: by (?P<who>\w+))?"
    r"(?: -> (?P<status>\d+)(?: (?P<code>\w+))?(?:/(?P<inner>\w+))?)?"
)
_WORDS = {
    *("ask", "send", "who", "sent", "keep", "headers", "message", "says", "finds", "kept", "moved"),
    *("has", "sizes", "keys", "other", "like", "lacks", "holds", "whole"),
    *("wait", "behave", "allow", "forget", "events", "documents", "use", "of", "refused", "repeat", "do"),
}


class Case(Door):
    """A cloud whose every subscription has the group `rg` in West Europe. The deployer owns two of them and
    may use every key and all data; SERVICE may nothing."""

    def __init__(self) -> None:
        super().__init__(Cloud(seed=1), BEFORE_RETIREMENTS)
        self.replies: list[Reply] = []
        self.seen: dict[str, Any] = {}
        save_principal(self.cloud, SERVICE)
        for group in (GROUP, OTHER_GROUP, FOREIGN_GROUP):
            state = {
                "properties": {"provisioningState": "Succeeded"},
                "type": "Microsoft.Resources/resourceGroups",
            }
            self.cloud.store.put("group", group, {"id": group, "name": "rg", **WEST, **state})

    def ask(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        who: Principal | None = seed.DEPLOYER,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """A request with the token for its host; a path is one at Resource Manager. None sends no token."""
        url = f"{ARM}{url}" if url.startswith("/") else url
        host = public_host(str(urlsplit(url).hostname))
        service = next((one for one in _SERVICES if host.endswith(one)), "")
        if "api-version=" not in url:
            namespace = service or url.rpartition("/providers/")[2].split("/")[0]
            url += f"{'&' if '?' in url else '?'}api-version={_VERSIONS.get(namespace, _LATER)}"
        bearer = token(who, f"https://{service}" if service else f"{ARM}/") if who else ""
        sent = {"x-ms-correlation-request-id": "corr-1", **(headers or {})}
        return self.send(method, url.replace(" ", "%20"), body, bearer=bearer, headers=sent)

    def do(self, *rows: Any) -> Any:
        """Plays steps, by the names that shared.yaml gives them or whole; the body that was answered last."""
        self.play(step for row in rows for step in _shared().one(row))
        return self.replies[-1].body

    def audit(self, id: str = VAULT) -> list[Any]:
        return self.cloud.store.events("audit", id)

    def play(self, steps: Any) -> None:
        """Raises AssertionError where an answer is another than a step expects."""
        for number, step in enumerate(steps, 1):
            try:
                self._play(_filled(step, _SEEN, self.seen))
            except AssertionError as error:
                error.add_note(f"in step {number}: {step.get('method', '')} {step.get('url', '')}".rstrip())
                raise

    def _play(self, step: Any) -> None:
        if "url" in step:
            self._play_request(step)
        elif "events" in step:
            self._expect(step, self.cloud.store.events(step["events"], step.get("of")))
        elif "documents" in step:
            self._expect(
                step, [body for _, body in self.cloud.store.scan(step["documents"], step.get("of", ""))]
            )
        elif "use" in step:
            assert self._used(step["use"], step.get("of", URI)) == step["refused"], step
        elif "repeat" in step:
            for _ in range(step["repeat"]):
                self.play(step["do"])
        elif "wait" in step:
            self._wait(step["wait"])
        elif "forget" in step:
            delete_principal(self.cloud, step["forget"])
        elif "allow" in step:
            assign_role(self.cloud, *step["allow"])
        else:
            self.cloud.behave(**step["behave"])

    def _wait(self, time: float | str) -> None:
        clock = self.cloud.clock
        clock.advance(
            datetime.fromisoformat(time).timestamp() - clock.now() if isinstance(time, str) else time
        )

    def _used(self, object_id: str, uri: str) -> str | None:
        """Wraps and unwraps as another service of the cloud does; the code with which that was refused."""
        user = trusted_services.KeyUser(self.cloud, object_id, f"{uri}/", "k", "", "corr-2")
        try:
            assert user.unwrap(user.wrap(b"data key")) == b"data key"
        except trusted_services.KeyRefused as refused:
            return refused.code
        return None

    def _play_request(self, step: Any) -> None:
        who = CALLERS[step.get("who", "deployer")]
        reply = self.ask(step["method"], step["url"], step["send"], who=who, headers=step.get("sent"))
        told = (step["method"], step["url"], reply)
        if reply.status == 202 or "azure-asyncoperation" in reply.headers or _is_under_way(reply.body):
            assert _may_last(step["method"], step["url"]), told
        assert reply.status == int(step["status"]) if "status" in step else reply.status < 300, told
        if "code" in step:
            assert reply.code == step["code"], told
        if "inner" in step:
            assert reply.body["error"]["innererror"]["code"] == step["inner"], told
        if "message" in step:
            assert reply.message == step["message"]
        for part in _listed(step.get("says", ())):
            assert part in reply.message, told
        for part in _listed(step.get("finds", ())):
            assert part in reply.headers["x-localazure-findings"], reply.headers
        for name, header in step.get("headers", {}).items():
            found = reply.headers.get(name)
            assert found is None if header is None else re.fullmatch(header, found or ""), (name, found)
        self._expect(step, reply.body)
        self.replies.append(reply)
        self.seen |= {
            name: reply.headers[name]
            for name in ("azure-asyncoperation", "location", "operation-location")
            if name in reply.headers
        }
        for link in _there(reply.body, "nextLink"):
            self.seen["nextLink"] = link
        self.seen |= {name: at(reply.body, path) for name, path in step.get("keep", {}).items()}

    def _expect(self, step: Any, body: Any) -> None:
        forms: Mapping[str, Callable[[Any], Any]] = {"has": lambda it: it, "sizes": len, "keys": list}
        for word, form in forms.items():
            for path, expected in step.get(word, {}).items():
                found = form(_value(body, path))
                assert found == expected, f"{word} {path!r}: found {found!r}, expected {expected!r}"
        for path, value in step.get("other", {}).items():
            assert _value(body, path) != value, f"{path!r}: found {value!r}, expected another value"
        for path, pattern in step.get("like", {}).items():
            found = str(_value(body, path))
            assert re.fullmatch(pattern, found), f"{path!r}: found {found!r}, expected a match of {pattern!r}"
        for path in step.get("lacks", ()):
            assert _there(body, path) == [], f"{path!r}: found {_there(body, path)[0]!r}, expected nothing"
        for path, items in step.get("holds", {}).items():
            found = _value(body, path)
            for item in _listed(items):
                assert item in found, f"{path!r}: found {found!r}, expected it to hold {item!r}"
        for path in (*step.get("kept", ()), *step.get("moved", ())):
            (first, *_) = [value for one in self.replies for value in _there(one.body, path)]
            found, is_kept = _value(body, path), path in step.get("kept", ())
            assert (first == found) is is_kept, f"{path!r}: found {found!r} after {first!r}"
        if "whole" in step:
            assert body == step["whole"]


def _is_under_way(body: Any) -> bool:
    under_way = ("Accepted", "Creating", "Updating", "Deleting", "Moving")
    return any(state in under_way for state in _there(body, "properties.provisioningState"))


def _may_last(method: str, url: str) -> bool:
    """Whether the published definitions have a long operation for a write; they know nothing of other types,
    such as those that are soft-deleted."""
    _, below_a_group, below = urlsplit(url).path.lower().rpartition("/providers/")
    begun, types = _long()
    namespace, *rest = below.split("/")
    type = "/".join([namespace, *rest[::2]]) if below_a_group else "microsoft.resources/resourcegroups"
    return method not in ("PUT", "PATCH", "DELETE") or type not in types or method in begun.get(type, ())


@cache
def _long() -> tuple[Mapping[str, Any], frozenset[str]]:
    found = json.loads((Path(definitions.__file__).with_name("definitions.json")).read_text())
    begun = {type.lower(): methods for type, methods in found["long"].items()}
    return begun, frozenset(type.lower() for type in found["types"])


def facts() -> Iterator[tuple[str, tuple[Any, ...], Mapping[str, Any]]]:
    """The facts of all files: the claim, the steps that show it, and how the cloud is set."""
    for file in sorted(FOLDER.glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            for row in document.get("facts", ()):
                for number, names in enumerate(row.get("each", [{}])):
                    known = _shared().with_more(document, names)
                    name = row["fact"] + (f" ({number + 1})" if "each" in row else "")
                    yield name, tuple(known.steps_of(row)), row.get("behave", {})


@cache
def _shared() -> Known:
    return Known(_NAMES, {}, {}).with_more(yaml.safe_load((FOLDER / "shared.yaml").read_text()), {})


@dataclass(frozen=True)
class Known:
    """What the words of a row stand for."""

    names: Mapping[str, Any]
    bodies: Mapping[str, Any]
    steps: Mapping[str, Any]

    def with_more(self, document: Mapping[str, Any], names: Mapping[str, Any]) -> Known:
        return Known(
            {**self.names, **document.get("names", {}), **names},
            {**self.bodies, **document.get("bodies", {})},
            {**self.steps, **document.get("steps", {})},
        )

    def steps_of(self, row: Mapping[str, Any]) -> Iterator[Any]:
        about = ("fact", "source", "each", "given", "behave")
        own = {word: value for word, value in row.items() if word not in about}
        return self._many([*row.get("given", ()), *row.get("do", [own])])

    def one(self, row: Any) -> Iterator[Any]:
        """The steps that a row is, its names filled in. Raises ValueError for a word that no step has."""
        if isinstance(row, list):
            yield from self._many(row)
            return
        if isinstance(row, str):
            name = _NAME.fullmatch(row)
            yield from self.one(self.names[name[1]] if name else self.steps.get(row, {"ask": row}))
            return
        if unknown := set(row) - _WORDS:
            raise ValueError(f"unknown words {sorted(unknown)} in {row}")
        step = {word: filled(value, self.names) for word, value in row.items() if word != "do"}
        if "repeat" in row:
            step["do"] = tuple(self._many(row["do"]))
        if "ask" in step:
            asked = _ASK.fullmatch(step["ask"])
            if asked is None:
                raise ValueError(f"{step['ask']!r} is no request")
            step |= {name: value for name, value in asked.groupdict().items() if value is not None}
            step["send"] = self._body(step.get("send"))
        yield step

    def _many(self, rows: Any) -> Iterator[Any]:
        for row in rows:
            yield from self.one(row)

    def _body(self, sent: Any) -> Any:
        """A body, or one of the known ones with more laid over it; a property of null is left out there."""
        name, more = (
            sent if isinstance(sent, list) and [type(one) for one in sent] == [str, dict] else (sent, {})
        )
        if not isinstance(name, str) or _SEEN.fullmatch(name):
            return sent
        base = filled(self.bodies[name], self.names)
        whole = {**base, **more}
        if isinstance(more.get("properties"), dict):
            whole["properties"] = _without_nulls({**base.get("properties", {}), **more["properties"]})
        return _without_nulls(whole)


def _without_nulls(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


def _filled(value: Any, mark: re.Pattern[str], names: Mapping[str, Any]) -> Any:
    """A value in which each mark of a known name is what the name stands for."""
    if isinstance(value, dict):
        return {_filled(key, mark, names): _filled(one, mark, names) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_filled(one, mark, names) for one in value)
    if not isinstance(value, str):
        return value
    if (whole := mark.fullmatch(value)) and whole[1] in names and not isinstance(names[whole[1]], str):
        return _filled(names[whole[1]], mark, names)
    found = mark.sub(lambda one: str(names.get(one[1], one[0])), value)
    return found if found == value else _filled(found, mark, names)


def filled(value: Any, names: Mapping[str, Any]) -> Any:
    """A value in which each `<name>` is what it stands for."""
    return _filled(value, _NAME, names)


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def at(body: Any, path: str) -> Any:
    """The value at a dotted path, the body itself for ""; KeyError or the like where there is none."""
    part, _, rest = path.partition(".")
    if not part:
        return body
    if isinstance(body, list) and not part.lstrip("-").isdecimal():
        return [at(one, path) for one in body]
    if isinstance(body, str) and part == "last":
        return body.rsplit("/", 1)[-1]
    if part == "*":
        (one,) = body.values()
    else:
        one = body[int(part)] if isinstance(body, list) else body[part]
    return at(one, rest)


def _value(body: Any, path: str) -> Any:
    """The value that is expected at a path; raises AssertionError where there is none."""
    there = _there(body, path)
    assert there, f"{path!r}: found nothing in {body!r}"
    return there[0]


def _there(body: Any, path: str) -> list[Any]:
    try:
        return [at(body, path)]
    except (KeyError, IndexError, TypeError):
        return []
