"""The local Azure without sockets: requests go to its front door in this process, in microseconds."""

from __future__ import annotations

import json as codec
import threading
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from localazure import seed
from localazure.assembly import make_front
from localazure.authorization import assign_role
from localazure.cloud import Cloud
from localazure.directory import Principal
from localazure.front import Answer, Front, Raw
from localazure.tokens import Signer, new_key
from tests.support.slow_clock import SlowClock

SECRETS = {name: f"{name}-secret" for name in ("control", "deployer", "reader", "foreigner")}
ARM = "https://management.azure.com"
SUBSCRIPTION = f"/subscriptions/{seed.SUBSCRIPTION_ID}"


@cache
def signer() -> Signer:
    """One signing key for the whole test run; making one takes a tenth of a second."""
    return Signer(new_key())


def token(principal: Principal = seed.DEPLOYER, audience: str = f"{ARM}/", **claims: Any) -> str:
    """A token as the login host gives it; `claims` replace single ones."""
    now = int(time.time())
    issuer = f"https://sts.windows.net/{principal.tenant_id}/"
    times = {"iat": now, "nbf": now, "exp": now + 3599}
    who = {"oid": principal.object_id, "appid": principal.client_id, "tid": principal.tenant_id}
    return signer().sign({"aud": audience, "iss": issuer, "ver": "1.0", **times, **who, **claims})


@dataclass(frozen=True)
class Reply:
    """An answer with its JSON decoded. It goes out `seconds` after it was made."""

    status: int
    headers: dict[str, str]
    body: Any
    wire: str = ""
    seconds: float = 0.0

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


def _decoded(content: bytes) -> Any:
    """JSON, or the text of an answer that is none: a managed HSM says OK to who has no token."""
    return content.decode() if content == b"OK" else codec.loads(content)


@dataclass
class Door:
    """A cloud of its own with the seeds planted, and a front door to it. Its clock starts at `start`, in
    seconds since 1970, or as `SlowClock` says."""

    cloud: Cloud = field(default_factory=Cloud)
    start: float | None = None
    one_at_a_time: threading.RLock = field(default_factory=threading.RLock)
    """A preview that has ended may have a request under way when a test sends its own."""

    def __post_init__(self) -> None:
        self.cloud.clock = SlowClock(self.cloud.store, self.start)
        seed.plant(self.cloud, SECRETS)
        # Tests read and write the data of accounts without giving themselves a role on each.
        scope = f"/subscriptions/{seed.SUBSCRIPTION_ID}"
        assign_role(self.cloud, seed.DEPLOYER.object_id, "Cognitive Services Language Owner", scope)
        self.front: Front = make_front(self.cloud, signer())

    def send(
        self,
        method: str,
        url: str,
        json: Any = None,
        *,
        bearer: str | None = None,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> Reply:
        """Sends a request; a path is one at ARM, with an api-version added and the deployer's token."""
        if url.startswith("/"):
            url = f"{ARM}{url}" + ("" if "?" in url else "?api-version=2024-03-01")
        parts = urlsplit(url)
        sent = {"host": parts.netloc, **(headers or {})}
        if bearer != "":
            sent["authorization"] = f"Bearer {bearer or token()}"
        if content is None:
            content = b"" if json is None else codec.dumps(json).encode()
        with self.one_at_a_time:
            answer: Answer = self.front.answer(
                Raw(method, parts.netloc, parts.path, parts.query, sent, content),
            )
        is_page = answer.headers.get("content-type") == "text/html"
        body = _decoded(answer.content) if answer.content and not is_page else None
        return Reply(answer.status, dict(answer.headers), body, answer.wire, answer.seconds)

    def group(self, name: str = "group", location: str = "westeurope") -> str:
        """Makes a resource group; its id."""
        reply = self.send("PUT", f"{SUBSCRIPTION}/resourceGroups/{name}", {"location": location})
        assert reply.status in (200, 201), reply
        return str(reply.body["id"])
