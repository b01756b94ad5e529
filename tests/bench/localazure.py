"""The local Azure under load: start, the time of a request with few and many resources, memory, clients.

    python -m tests.bench --preview --up

runs this part alone. Loopback only, and bounded: it ends after the seconds asked for. Times are what one
client sees over TLS through the proxy, on a kept connection.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localazure import process
from tests.support.arm_client import ARM, Client, token
from tests.support.azure import RunningAzure, running_azure

_FEW = 10
_CALLS = 400
_GROUP = "bench"
_DATA = "c2l4dGVlbiBieXRlcyEhc2l4dGVlbiBieXRlcyEh"


@dataclass
class Load:
    """What many clients at once met; `milliseconds` holds every call's time."""

    milliseconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def measure(
    scratch: Path, *, resources: int = 1000, clients: int = 50, seconds: float = 30
) -> dict[str, Any]:
    """Every figure of a local Azure of its own, whose home is made in `scratch`."""
    begun = time.perf_counter()
    with running_azure(scratch / "local-azure") as azure:
        starts = [time.perf_counter() - begun]
        process.stop(azure.home)
        begun = time.perf_counter()
        process.start(azure.home, ends_with_caller=True)
        starts.append(time.perf_counter() - begun)
        azure.env = process.environment_of(azure.home)
        bench = Bench(azure)
        bench.fill(0, _FEW)
        few = bench.gets()
        begun = time.perf_counter()
        bench.fill(_FEW, resources)
        puts = 2 * (resources - _FEW) / (time.perf_counter() - begun)
        many = bench.gets()
        load = bench.crowd(clients, seconds)
        return {
            "what": "local azure",
            "resources": resources,
            "start_seconds": [round(each, 2) for each in starts],
            f"get_ms_at_{_FEW}": few,
            f"get_ms_at_{resources}": many,
            "get_ratio": round(many["account"]["p50"] / few["account"]["p50"], 2),
            "puts_per_second": round(puts),
            "peak_mib": _peak_mib(azure),
            "clients": {
                "clients": clients,
                "seconds": seconds,
                "calls_per_second": round(len(load.milliseconds) / seconds),
                **_spread(load.milliseconds),
                "wrong_answers": load.wrong[:20],
                "lost_writes": load.lost,
            },
        }


def told(row: dict[str, Any]) -> str:
    """The figures for a reader."""
    crowd, few, many = row["clients"], row[f"get_ms_at_{_FEW}"], row[f"get_ms_at_{row['resources']}"]
    new, again = row["start_seconds"]
    gets = [
        f"  GET {what:8} {few[what]['p50']:.2f} ms with {_FEW} of each, {many[what]['p50']:.2f} ms with "
        f"{row['resources']} (p95 {many[what]['p95']:.2f} ms)"
        for what in few
    ]
    lines = [f"local Azure, starts in {new} s (new) and {again} s (again):", *gets]
    lines.append(f"  {row['puts_per_second']} creates a second; peak memory {row['peak_mib']} MiB")
    lines.append(
        f"  {crowd['clients']} clients for {crowd['seconds']:g} s: {crowd['calls_per_second']} calls "
        f"a second, p50 {crowd['p50']:.0f} ms, p95 {crowd['p95']:.0f} ms; "
        f"{len(crowd['wrong_answers'])} wrong answers, {len(crowd['lost_writes'])} lost writes"
    )
    return "\n".join(lines)


class Bench:
    """Clients of one running local Azure, and what they make in a resource group of their own."""

    def __init__(self, azure: RunningAzure) -> None:
        self._env: Mapping[str, str] = azure.env
        self._tokens = {name: token(azure.env, f"https://{name}") for name in (ARM, "vault.azure.net")}
        subscription = f"/subscriptions/{azure.env['AZURE_SUBSCRIPTION_ID']}"
        self._group = f"{subscription}/resourceGroups/{_GROUP}"
        self._tenant, self._arm = azure.env["AZURE_TENANT_ID"], self._client(ARM)
        _sure(self._arm.send("PUT", f"{self._group}?api-version=2024-03-01", {"location": "westeurope"}))

    def fill(self, begin: int, end: int) -> None:
        """Makes accounts and vaults with the numbers from `begin` to below `end`."""
        for number in range(begin, end):
            properties = {"customSubDomainName": f"bench-account-{number}"}
            account = {"kind": "TextAnalytics", "sku": {"name": "S"}, "location": "westeurope"}
            _sure(self._arm.send("PUT", self._account(number), {**account, "properties": properties}))
            _sure(self._arm.send("PUT", self._vault(number), self._vault_body(0)))

    def gets(self) -> dict[str, dict[str, float]]:
        """The time of a GET as one client sees it, by what is got."""
        return {
            "account": _timed(lambda: self._arm.send("GET", self._account(_FEW // 2))),
            "vault": _timed(lambda: self._arm.send("GET", self._vault(_FEW // 2))),
        }

    def crowd(self, clients: int, seconds: float) -> Load:
        """Clients that write, read back and use keys at the same time, each on a vault of its own."""
        load, ends = Load(), time.monotonic() + seconds
        threads = [threading.Thread(target=self._one, args=(load, number, ends)) for number in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return load

    def _one(self, load: Load, number: int, ends: float) -> None:
        arm, written, vault = self._client(ARM), 0, self._vault(number)
        try:
            keys = self._client(f"bench-vault-{number}.vault.azure.net", "vault.azure.net")
            _sure(keys.send("POST", "/keys/bench/create?api-version=7.4", {"kty": "RSA", "key_size": 2048}))
            while time.monotonic() < ends:
                _sure(_counted(load, arm, "PUT", vault, self._vault_body(written + 1)))
                written += 1
                found = _sure(_counted(load, arm, "GET", vault))["tags"]["written"]
                if found != str(written):
                    load.wrong.append(f"client {number} wrote {written} and read {found}")
                if _sure(_counted(load, arm, "GET", self._account(number)))["name"] != f"account-{number}":
                    load.wrong.append(f"client {number} got another account")
                if written % 10 == 1:
                    self._wrap(load, keys, number)
            if (last := _sure(arm.send("GET", vault))["tags"]["written"]) != str(written):
                load.lost.append(f"client {number} wrote {written}, and in the end there is {last}")
        except (OSError, RuntimeError, ValueError) as error:
            load.wrong.append(f"client {number}: {error}")

    def _wrap(self, load: Load, keys: Client, number: int) -> None:
        body = {"alg": "RSA-OAEP-256", "value": _DATA}
        wrapped = _sure(_counted(load, keys, "POST", "/keys/bench//wrapkey?api-version=7.4", body))
        body["value"] = wrapped["value"]
        opened = _sure(_counted(load, keys, "POST", "/keys/bench//unwrapkey?api-version=7.4", body))
        if opened["value"] != _DATA:
            load.wrong.append(f"client {number} unwrapped something else than it had wrapped")

    def _client(self, host: str, audience: str = ARM) -> Client:
        return Client(self._env, host, self._tokens[audience])

    def _account(self, number: int) -> str:
        name = f"Microsoft.CognitiveServices/accounts/account-{number}"
        return f"{self._group}/providers/{name}?api-version=2024-10-01"

    def _vault(self, number: int) -> str:
        name = f"Microsoft.KeyVault/vaults/bench-vault-{number}"
        return f"{self._group}/providers/{name}?api-version=2023-07-01"

    def _vault_body(self, written: int) -> dict[str, Any]:
        sku = {"family": "A", "name": "standard"}
        properties = {"tenantId": self._tenant, "sku": sku, "enableRbacAuthorization": True}
        return {"location": "westeurope", "tags": {"written": str(written)}, "properties": properties}


def _counted(load: Load, client: Client, *words: Any) -> tuple[int, Any]:
    begun = time.perf_counter()
    answer = client.send(*words)
    load.milliseconds.append(1000 * (time.perf_counter() - begun))
    return answer


def _sure(answer: tuple[int, Any]) -> Any:
    status, body = answer
    if not 200 <= status < 300:
        raise RuntimeError(f"{status} {body}")
    return body


def _timed(call: Callable[[], tuple[int, Any]]) -> dict[str, float]:
    times = []
    for _ in range(_CALLS):
        begun = time.perf_counter()
        answer = call()
        times.append(1000 * (time.perf_counter() - begun))
        _sure(answer)
    return _spread(times)


def _spread(milliseconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(milliseconds, n=100)
    return {"p50": round(cuts[49], 2), "p95": round(cuts[94], 2), "p99": round(cuts[98], 2)}


def _peak_mib(azure: RunningAzure) -> int:
    """The most memory that the serving process ever had, from /proc; 0 on a system without it."""
    status = Path(f"/proc/{azure.home.serving()}/status")
    if not status.exists():
        return 0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024
