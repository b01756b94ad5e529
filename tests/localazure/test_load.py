"""Many clients at once: no wrong answer, nothing lost."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.arm_client import ARM, Client, token
from tests.support.azure import RunningAzure

CLIENTS, SECONDS = 50, 8.0
WEST = {"location": "westeurope"}
ACCOUNT = {**WEST, "kind": "TextAnalytics", "sku": {"name": "S"}}
DATA = "c2l4dGVlbiBieXRlcyEhc2l4dGVlbiBieXRlcyEh"


def done(answer: tuple[int, Any]) -> Any:
    status, body = answer
    assert 200 <= status < 300, answer
    return body


class One:
    """A client with a vault, a key and an account of its own."""

    def __init__(self, env: Mapping[str, str], tokens: Mapping[str, str], group: str, number: int) -> None:
        vault, self.account_name = f"load-vault-{number}", f"load-account-{number}"
        self._tenant = env["AZURE_TENANT_ID"]
        self._vault = f"{group}/Microsoft.KeyVault/vaults/{vault}?api-version=2023-07-01"
        accounts = f"{group}/Microsoft.CognitiveServices/accounts"
        self._account = f"{accounts}/{self.account_name}?api-version=2024-10-01"
        self._arm = Client(env, ARM, tokens[ARM])
        self._keys = Client(env, f"{vault}.vault.azure.net", tokens["vault.azure.net"])
        done(self._arm.send("PUT", self._account, ACCOUNT))
        self._write(0)
        done(self._keys.send("POST", "/keys/k/create?api-version=7.4", {"kty": "RSA", "key_size": 2048}))

    def works(self, ends: float) -> int:
        """Writes, reads back and uses its key; how often. Raises AssertionError for a wrong answer."""
        written = 0
        while time.monotonic() < ends:
            written += 1
            self._write(written)
            assert done(self._arm.send("GET", self._vault))["tags"]["written"] == str(written)
            assert done(self._arm.send("GET", self._account))["name"] == self.account_name
            if written % 10 == 1:
                assert self._use("unwrapkey", self._use("wrapkey", DATA)) == DATA
        assert done(self._arm.send("GET", self._vault))["tags"]["written"] == str(written)
        return written

    def _write(self, number: int) -> None:
        sku = {"family": "A", "name": "standard"}
        properties = {"tenantId": self._tenant, "sku": sku, "enableRbacAuthorization": True}
        body = {**WEST, "tags": {"written": str(number)}, "properties": properties}
        done(self._arm.send("PUT", self._vault, body))

    def _use(self, act: str, value: str) -> str:
        """By the current version, which clients spell as an empty segment of the path."""
        body = {"alg": "RSA-OAEP-256", "value": value}
        return str(done(self._keys.send("POST", f"/keys/k//{act}?api-version=7.4", body))["value"])


def test_fifty_clients_at_once_get_right_answers_and_lose_no_write(azure: RunningAzure) -> None:
    """Each writes, reads back and uses a key of its own."""
    tokens = {name: token(azure.env, f"https://{name}") for name in (ARM, "vault.azure.net")}
    group = f"/subscriptions/{azure.env['AZURE_SUBSCRIPTION_ID']}/resourceGroups/load"
    done(Client(azure.env, ARM, tokens[ARM]).send("PUT", f"{group}?api-version=2024-03-01", WEST))
    crowd = [One(azure.env, tokens, f"{group}/providers", number) for number in range(CLIENTS)]
    ends = time.monotonic() + SECONDS
    with ThreadPoolExecutor(CLIENTS) as pool:
        written = list(pool.map(lambda one: one.works(ends), crowd))
    assert sum(written) > CLIENTS
