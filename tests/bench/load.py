"""Many clients at once on one local Azure: calls a second, the server's processor time for each of them, and
what its memory and its database grow by.

Each client lives lives of an account with a key of its own, whose reads, writes and uses of keys are in
about the proportion of a deployment: 25 calls, of which one makes a key. What a life made is deleted at its
end, and now and then the cloud's clock moves so far that Azure would have purged it: the cloud holds no more
after an hour than after a minute, so that whatever grows is the server's own.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import ssl
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil  # type: ignore[import-untyped]
import uvloop

from localazure import process, seed
from localazure.home import Home
from tests.support.arm_client import ARM, Client, token
from tests.support.azure import RunningAzure

KEYS = "vault.azure.net"
GROUPS, VAULTS, ACCOUNTS = "?api-version=2024-03-01", "?api-version=2026-02-01", "?api-version=2025-06-01"
KEY = "?api-version=7.4"
WEST = {"location": "westeurope"}
VALUE = {"alg": "RSA-OAEP-256", "value": "c2l4dGVlbiBieXRlcyEhc2l4dGVlbiBieXRlcyEh"}
EIGHT_DAYS = 8 * 86400
SOFT_DELETED = [
    f"/subscriptions/{seed.SUBSCRIPTION_ID}/providers/{kind}{version}"
    for kind, version in (
        ("Microsoft.KeyVault/deletedVaults", VAULTS),
        ("Microsoft.CognitiveServices/deletedAccounts", ACCOUNTS),
    )
]
"""The lists whose answers purge what is due."""
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Call:
    """A request of a life: to the vault of its name, or to Resource Manager."""

    label: str
    method: str
    path: str
    body: Any = None

    @property
    def is_of_vault(self) -> bool:
        return self.path.startswith("/keys/")


class Load:
    """The clients of one local Azure, all in one loop of this process, so that they leave it as much of the
    machine as they can. `rate` is calls a second of all of them together at most; 0 is as many as there can
    be."""

    def __init__(self, azure: RunningAzure, clients: int, rate: float) -> None:
        self.azure, self.clients = azure, clients
        self.pause = clients / rate if rate else 0.0
        self.tokens: dict[str, str] = {}
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.group = f"/subscriptions/{seed.SUBSCRIPTION_ID}/resourceGroups/load"
        self.lives = itertools.count()
        self.until = 0.0

    def run(self, seconds: float) -> None:
        """Lives lives for so long, by new tokens. Raises RuntimeError for an answer that is an error."""
        self.tokens = {host: token(self.azure.env, f"https://{host}") for host in (ARM, KEYS)}
        Client(self.azure.env, ARM, self.tokens[ARM]).send("PUT", f"{self.group}{GROUPS}", WEST)
        self.until = time.monotonic() + seconds
        uvloop.run(self._all())

    async def _all(self) -> None:
        secured = ssl.create_default_context(cafile=self.azure.env["SSL_CERT_FILE"])
        connector = aiohttp.TCPConnector(limit=0, ssl=secured)
        async with (
            aiohttp.ClientSession(connector=connector, proxy=self.azure.env["HTTPS_PROXY"]) as session,
            asyncio.TaskGroup() as clients,
        ):
            for number in range(self.clients):
                clients.create_task(self._client(number, session))

    async def _client(self, number: int, session: aiohttp.ClientSession) -> None:
        while time.monotonic() < self.until:
            await self._live(f"load-{number}-{next(self.lives)}", session)

    async def _live(self, name: str, session: aiohttp.ClientSession) -> None:
        calls, answer = life(self.group, name), None
        with suppress(StopIteration):
            while True:
                call = calls.send(answer)
                begun = time.monotonic()
                answer = await self._answer(call, name, session)
                took = time.monotonic() - begun
                self.seconds[call.label].append(took)
                if self.pause > took:
                    await asyncio.sleep(self.pause - took)

    async def _answer(self, call: Call, name: str, session: aiohttp.ClientSession) -> Any:
        host, audience = (f"{name}.{KEYS}", KEYS) if call.is_of_vault else (ARM, ARM)
        headers = {"Authorization": f"Bearer {self.tokens[audience]}"}
        url = f"https://{host}{call.path}"
        async with session.request(call.method, url, json=call.body, headers=headers) as answer:
            content = await answer.read()
        body = json.loads(content) if content else None
        return _without_error(call, answer.status, body)


def caller(env: Mapping[str, str], name: str) -> Callable[[Call], Any]:
    """What `live` calls by, for a life of this name; an answer that is an error raises RuntimeError."""
    keys = Client(env, f"{name}.{KEYS}", token(env, f"https://{KEYS}"))
    arm = Client(env, ARM, token(env, f"https://{ARM}"))

    def answer(call: Call) -> Any:
        client = keys if call.is_of_vault else arm
        return _without_error(call, *client.send(call.method, call.path, call.body))

    return answer


def _without_error(call: Call, status: int, body: Any) -> Any:
    if status >= 300:
        raise RuntimeError(f"{call.method} {call.path}: {status} {body}")
    return body


def live(group: str, name: str, answer: Callable[[Call], Any]) -> None:
    """One life, each of whose calls gets its body by `answer`."""
    calls, body = life(group, name), None
    with suppress(StopIteration):
        while True:
            body = answer(calls.send(body))


def life(group: str, name: str) -> Generator[Call, Any, None]:
    """The calls of one life of a vault, its key and an account bound to it, all of one name, in a group. Each
    takes the body of its answer."""
    vault = f"{group}/providers/Microsoft.KeyVault/vaults/{name}"
    account = f"{group}/providers/Microsoft.CognitiveServices/accounts/{name}"
    yield Call("write vault", "PUT", f"{vault}{VAULTS}", {**WEST, "properties": vault_properties()})
    yield Call("read", "GET", f"{vault}{VAULTS}")
    key = yield Call("make key", "POST", f"/keys/k/create{KEY}", {"kty": "RSA"})
    declared = {
        **WEST,
        "kind": "TextAnalytics",
        "sku": {"name": "S"},
        "identity": {"type": "SystemAssigned"},
        "properties": {"customSubDomainName": name},
    }
    made = yield Call("write account", "PUT", f"{account}{ACCOUNTS}", declared)
    for _ in range(2):  # an operation ends when it is polled
        yield Call("read", "GET", f"{account}{ACCOUNTS}")
    grant = _policy(made["identity"]["principalId"], "get", "wrapKey", "unwrapKey")
    yield Call(
        "grant",
        "PUT",
        f"{vault}/accessPolicies/add{VAULTS}",
        {"properties": {"accessPolicies": [grant]}},
    )
    place = {
        "keyName": "k",
        "keyVersion": key["key"]["kid"].rpartition("/")[2],
        "keyVaultUri": f"https://{name}.vault.azure.net/",
    }
    encryption = {"keySource": "Microsoft.KeyVault", "keyVaultProperties": place}
    yield Call("bind", "PATCH", f"{account}{ACCOUNTS}", {"properties": {"encryption": encryption}})
    for _ in range(12):
        yield Call("read", "GET", f"{account}{ACCOUNTS}")
    for _ in range(3):
        yield Call("use key", "POST", f"/keys/k//wrapkey{KEY}", VALUE)
    yield Call("delete", "DELETE", f"{account}{ACCOUNTS}")
    yield Call("delete", "DELETE", f"{vault}{VAULTS}")


def measure(folder: Path, checkout: Path, clients: int, seconds: float) -> dict[str, Any]:
    """Load without a pause on the local Azure of a checkout: how many calls it answers, and what each takes.

    Processor seconds are of all processes of the server; times of calls are in milliseconds.
    """
    with served(folder, checkout) as azure:
        load, before, begun = Load(azure, clients, 0.0), _processor_seconds(azure), time.monotonic()
        load.run(seconds)
        elapsed, spent = time.monotonic() - begun, _processor_seconds(azure) - before
    every = sorted(took for label in load.seconds.values() for took in label)
    return {
        "what": "load",
        "checkout": str(checkout),
        "clients": clients,
        "calls": len(every),
        "calls a second": round(len(every) / elapsed, 1),
        "server ms a call": round(1000 * spent / len(every), 2),
        "p50": _percentile(every, 0.5),
        "p99": _percentile(every, 0.99),
        "p99 of each": {label: _percentile(sorted(took), 0.99) for label, took in load.seconds.items()},
    }


def soak(folder: Path, clients: int, rate: float, seconds: float, samples: int) -> Iterator[dict[str, Any]]:
    """A modest load for a long time: the memory of the server's processes and the size of its database, in
    MiB, after each of so many equal parts, at whose end the cloud's clock moves by eight days, and what is
    due is purged."""
    with served(folder, Path.cwd()) as azure:
        load = Load(azure, clients, rate)
        begun = time.monotonic()
        for _ in range(samples):
            load.run(seconds / samples)
            azure.control("/clock", {"advance": EIGHT_DAYS})
            arm = Client(azure.env, ARM, token(azure.env, f"https://{ARM}"))
            for path in SOFT_DELETED:
                arm.send("GET", path)
            yield {
                "what": "soak",
                "clients": clients,
                "minutes": round((time.monotonic() - begun) / 60, 1),
                "calls": sum(map(len, load.seconds.values())),
                "memory": round(_resident(azure) / _MEBIBYTE, 1),
                "database": round(_stored(azure) / _MEBIBYTE, 1),
            }


@contextmanager
def served(folder: Path, checkout: Path) -> Iterator[RunningAzure]:
    """A local Azure by the code of a checkout, with its state in `folder`."""
    azure = RunningAzure(Home(folder))
    start = [str(Path.cwd() / ".venv" / "bin" / "python"), "-m", "localazure", "--home", str(folder), "start"]
    subprocess.run(start, cwd=checkout, check=True, capture_output=True)
    try:
        azure.env = process.environment_of(azure.home)
        yield azure
    finally:
        process.stop(azure.home)


def vault_properties() -> dict[str, Any]:
    return {
        "tenantId": seed.TENANT_ID,
        "sku": {"family": "A", "name": "standard"},
        "softDeleteRetentionInDays": 7,
        "enablePurgeProtection": True,
        "enableRbacAuthorization": False,
        "accessPolicies": [_policy(seed.DEPLOYER.object_id, "all")],
    }


def _policy(principal: str, *rights: str) -> dict[str, Any]:
    return {"tenantId": seed.TENANT_ID, "objectId": principal, "permissions": {"keys": list(rights)}}


def _processes(azure: RunningAzure) -> list[psutil.Process]:
    server = psutil.Process(azure.home.serving())
    return [server, *server.children(recursive=True)]


def _processor_seconds(azure: RunningAzure) -> float:
    return sum(sum(process.cpu_times()[:4]) for process in _processes(azure))


def _resident(azure: RunningAzure) -> int:
    return sum(process.memory_info().rss for process in _processes(azure))


def _stored(azure: RunningAzure) -> int:
    """The bytes of the database and of its log of writes."""
    database = azure.home.database
    return sum(path.stat().st_size for path in database.parent.glob(f"{database.name}*"))


def _percentile(ascending: Sequence[float], part: float) -> float:
    return round(1000 * ascending[int(part * (len(ascending) - 1))], 1)
