"""Many clients at once: no wrong answer, nothing lost."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.arm_client import ARM, Client, token
from tests.support.azure import RunningAzure

CLIENTS, SECONDS = 50, 8.0
KEYS = "vault.azure.net"
WEST = {"location": "westeurope"}
VALUE = {"alg": "RSA-OAEP-256", "value": "c2l4dGVlbiBieXRlcyEhc2l4dGVlbiBieXRlcyEh"}


def done(answer: tuple[int, Any]) -> Any:
    status, body = answer
    assert 200 <= status < 300, answer
    return body


def test_fifty_clients_at_once_get_right_answers_and_lose_no_write(azure: RunningAzure) -> None:
    """Each writes a vault of its own, reads it back, and uses its key by the current version, which clients
    spell as an empty segment of the path."""
    tokens = {name: token(azure.env, f"https://{name}") for name in (ARM, KEYS)}
    group = f"/subscriptions/{azure.env['AZURE_SUBSCRIPTION_ID']}/resourceGroups/load"
    done(Client(azure.env, ARM, tokens[ARM]).send("PUT", f"{group}?api-version=2024-03-01", WEST))
    sku = {"family": "A", "name": "standard"}
    own = {"tenantId": azure.env["AZURE_TENANT_ID"], "sku": sku, "enableRbacAuthorization": True}
    ends = time.monotonic() + SECONDS

    def work(number: int) -> int:
        vault = f"{group}/providers/Microsoft.KeyVault/vaults/load-{number}?api-version=2023-07-01"
        arm = Client(azure.env, ARM, tokens[ARM])
        keys = Client(azure.env, f"load-{number}.{KEYS}", tokens[KEYS])
        written = 0
        while not written or time.monotonic() < ends:
            written += 1
            tags = {"written": str(written)}
            done(arm.send("PUT", vault, {**WEST, "tags": tags, "properties": own}))
            assert done(arm.send("GET", vault))["tags"] == tags
            if written == 1:
                done(keys.send("POST", "/keys/k/create?api-version=7.4", {"kty": "RSA", "key_size": 2048}))
            if written % 10 == 1:
                wrapped = done(keys.send("POST", "/keys/k//wrapkey?api-version=7.4", VALUE))
                hidden = {**VALUE, "value": wrapped["value"]}
                opened = done(keys.send("POST", "/keys/k//unwrapkey?api-version=7.4", hidden))
                assert opened["value"] == VALUE["value"]
        return written

    with ThreadPoolExecutor(CLIENTS) as pool:
        assert sum(pool.map(work, range(CLIENTS))) > CLIENTS
