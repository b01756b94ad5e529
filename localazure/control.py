"""The control endpoint: a tester sees and changes here what Azure would not allow.

JSON over plain HTTP on loopback; every path but `/health` needs `Authorization: Bearer <control token>`, and
the page (`/`, for browsers) a cookie that the address of POST /page gives. `_handlers` lists every path.
"""

import hmac
import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from urllib.parse import parse_qsl

from localazure import faults, limits, operations, seed
from localazure.authorization import assign_role
from localazure.cloud import Cloud, iso
from localazure.directory import create_principal, list_principals, set_secret
from localazure.front import LARGEST, Answer, Raw
from localazure.home import new_client_secret
from localazure.monitor import delivered
from localazure.page.sessions import PATHS, Door
from localazure.web import Json, Response

_log = logging.getLogger("localazure")
_SEEDS = {
    "tenants": [{"tenantId": id, "displayName": name} for id, name, _ in seed.TENANTS],
    "subscriptions": seed.SUBSCRIPTIONS,
    "principals": [asdict(p) for p in (seed.DEPLOYER, seed.READER, seed.FOREIGNER)],
}


@dataclass(frozen=True)
class _Asked:
    query: Mapping[str, str]
    body: dict[str, Json]


@dataclass(frozen=True)
class Control:
    """Answers control requests about one cloud; `secrets` are the home's, `code` is its digest."""

    cloud: Cloud
    secrets: Mapping[str, str]
    code: str = ""
    door: Door = field(default_factory=Door)

    def answer(self, raw: Raw) -> Answer:
        """The answer to a control request; all its writes are one transaction. Never raises."""
        if (raw.method, raw.path) == ("GET", "/health"):
            return _json(200, {"status": "ok", "pid": os.getpid(), "code": self.code})
        if raw.too_large:
            return _json(413, {"error": f"the body has more than {LARGEST} bytes"})
        try:
            with self.cloud.store.transaction():
                return self._answer(raw)
        except (ValueError, TypeError, KeyError) as error:
            return _json(400, {"error": f"missing {error}" if isinstance(error, KeyError) else str(error)})
        except Exception:  # noqa: BLE001 - whatever it was, the server goes on
            _log.exception("control %s %s failed", raw.method, raw.path)
            return _json(500, {"error": "failed; see the log"})

    def _answer(self, raw: Raw) -> Answer:
        if raw.method == "GET" and raw.path in PATHS:
            return self.door.answer(self.cloud, raw)
        expected = f"Bearer {self.secrets['control']}"
        if not hmac.compare_digest(raw.headers.get("authorization", "").encode(), expected.encode()):
            return _json(401, {"error": "send `Authorization: Bearer $LOCALAZURE_CONTROL_TOKEN`"})
        handler = self._handlers().get((raw.method, raw.path))
        if handler is None:
            known = sorted(f"{method} {path}" for method, path in self._handlers())
            return _json(404, {"error": f"no {raw.method} {raw.path}; there are {', '.join(known)}"})
        body = json.loads(raw.content or b"{}")
        if not isinstance(body, dict):
            raise TypeError("the body must be a JSON object")
        return _json(200, handler(_Asked(dict(parse_qsl(raw.query)), body)))

    def _handlers(self) -> Mapping[tuple[str, str], Callable[[_Asked], Json]]:
        """By method and path. A `?` behind a name: it may be absent."""
        cloud = self.cloud
        return {
            ("GET", "/clock"): self._clock,
            ("POST", "/clock"): self._advance,  # {"advance": seconds}
            ("GET", "/behaviour"): lambda _: vars(cloud.behaviour),
            ("POST", "/behaviour"): self._behave,  # switches of `Behaviour`
            ("GET", "/faults"): lambda _: {"value": faults.list_faults(cloud)},
            # The settings of `faults.Fault`; DELETE with ?id=, or without for all.
            ("POST", "/faults"): lambda asked: {"id": faults.add_fault(cloud, asked.body)},
            ("DELETE", "/faults"): self._clear_faults,
            # {"subscription"?, "what", "location"?, "name", "value"?, "remove"?}
            ("POST", "/limits"): self._limit,
            # Oldest first, of one or of all: encryption, uses of keys, who asked for tokens, granted or not,
            # and refusals by `throttling`.
            ("GET", "/history"): lambda asked: self._events("encryption", asked.query.get("account")),
            ("GET", "/audit"): lambda asked: self._events("audit", asked.query.get("vault")),
            ("GET", "/signins"): lambda asked: self._events("signin", asked.query.get("tenant")),
            ("GET", "/throttled"): lambda asked: self._events("throttled", asked.query.get("subscription")),
            # What diagnostic settings delivered to a workspace, by its ARM id.
            ("GET", "/logs"): lambda asked: {"value": delivered(cloud, asked.query["workspace"])},
            ("GET", "/principals"): lambda _: {"value": [asdict(p) for p in list_principals(cloud)]},
            # {"name", "tenantId"?, "managedIdentity"?, "roles"?: [{"role", "scope"}]}
            ("POST", "/principals"): self._create_principal,
            ("GET", "/seeds"): lambda _: _SEEDS,
            ("POST", "/seeds"): self._seed_ids,  # {"ids": number or null}: seeds the ids that follow
            ("GET", "/documents"): self._documents,  # ?kind=&prefix=: as the store has them
            # Its path signs a browser in, once.
            ("POST", "/page"): lambda _: {"path": f"/login?code={self.door.new_code()}"},
            ("POST", "/reset"): self._reset,  # {"ids"?: number}: an empty cloud with its seeds
        }

    def _clock(self, _: _Asked) -> Json:
        now = self.cloud.clock.now()
        return {"now": iso(now), "seconds": now}

    def _advance(self, asked: _Asked) -> Json:
        self.cloud.clock.advance(float(asked.body["advance"]))
        operations.forget_expired(self.cloud)
        return self._clock(asked)

    def _behave(self, asked: _Asked) -> Json:
        self.cloud.behave(**asked.body)
        return vars(self.cloud.behaviour)

    def _limit(self, asked: _Asked) -> Json:
        body = asked.body
        words = ("what", "name", "location", "subscription")
        limit = limits.Limit(**{word: str(body[word]) for word in words if word in body})
        if body.get("remove"):
            limits.remove(self.cloud, limit)
        else:
            limits.put(self.cloud, limit, int(body.get("value", 0)))
        return body

    def _clear_faults(self, asked: _Asked) -> Json:
        faults.clear_faults(self.cloud, asked.query.get("id", ""))
        return {"value": faults.list_faults(self.cloud)}

    def _events(self, stream: str, id: str | None) -> Json:
        return {"value": self.cloud.store.events(stream, id)}

    def _create_principal(self, asked: _Asked) -> Json:
        body = asked.body
        managed = bool(body.get("managedIdentity", False))
        principal = create_principal(
            self.cloud,
            tenant_id=str(body.get("tenantId", seed.TENANT_ID)),
            name=str(body["name"]),
            managed_identity=managed,
        )
        for grant in body.get("roles", []):
            assign_role(self.cloud, principal.object_id, grant["role"], grant["scope"])
        made = {
            "objectId": principal.object_id,
            "clientId": principal.client_id,
            "tenantId": principal.tenant_id,
        }
        if not managed:
            made["clientSecret"] = new_client_secret()
            set_secret(self.cloud, principal.client_id, made["clientSecret"])
        return made

    def _seed_ids(self, asked: _Asked) -> Json:
        ids = asked.body["ids"]
        self.cloud.seed_ids(None if ids is None else int(ids))
        return {"ids": ids}

    def _documents(self, asked: _Asked) -> Json:
        found = self.cloud.store.scan(asked.query["kind"], asked.query.get("prefix", ""))
        return {"value": [{"id": id, "body": body} for id, body in found]}

    def _reset(self, asked: _Asked) -> Json:
        self.cloud.store.clear()
        seed.plant(self.cloud, self.secrets)
        if "ids" in asked.body:
            self._seed_ids(asked)
        return {"status": "empty"}


def _json(status: int, body: Json) -> Answer:
    return Answer.of(Response(status, body), {"cache-control": "no-store"})
