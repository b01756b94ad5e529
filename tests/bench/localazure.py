"""Many clients of one local Azure at once, over TLS through the proxy (tests/localazure/test_load.py)."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.arm_client import ARM, Client, token
from tests.support.azure import RunningAzure

_GROUP = "bench"
_DATA = "c2l4dGVlbiBieXRlcyEhc2l4dGVlbiBieXRlcyEh"


@dataclass
class Load:
    """What many clients at once met; `milliseconds` holds every call's time."""

    milliseconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


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
