"""Clients at once on sockets: no wrong answer, nothing lost, and writes that overlap are refused."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from localazure import process, seed
from tests.bench import load
from tests.localazure.driver import WEST
from tests.support.arm_client import ARM, Client, token
from tests.support.azure import RunningAzure, running_azure
from tests.support.front import SUBSCRIPTION

CLIENTS, WRITES = 50, 10
KEYS = "vault.azure.net"
VERSION = "?api-version=2024-03-01"
SKU = {"family": "A", "name": "standard"}
OWN = {"tenantId": seed.TENANT_ID, "sku": SKU, "enableRbacAuthorization": True}
VALUE = {"alg": "RSA-OAEP-256", "value": "c2l4dGVlbiBieXRlcyEhc2l4dGVlbiBieXRlcyEh"}


def done(answer: tuple[int, Any]) -> Any:
    status, body = answer
    assert 200 <= status < 300, answer
    return body


def group_of(azure: RunningAzure, bearer: str, name: str) -> str:
    group = f"{SUBSCRIPTION}/resourceGroups/{name}"
    done(Client(azure.env, ARM, bearer).send("PUT", f"{group}{VERSION}", WEST))
    return f"{group}/providers/Microsoft.KeyVault/vaults/{name}"


def test_fifty_clients_at_once_get_right_answers_and_lose_no_write(azure: RunningAzure) -> None:
    """Each writes a vault of its own, reads it back, and uses its key by the current version, which clients
    spell as an empty segment of the path."""
    tokens = {name: token(azure.env, f"https://{name}") for name in (ARM, KEYS)}
    vaults = group_of(azure, tokens[ARM], "load")

    def work(number: int) -> None:
        vault, arm = f"{vaults}-{number}{VERSION}", Client(azure.env, ARM, tokens[ARM])
        keys = Client(azure.env, f"load-{number}.{KEYS}", tokens[KEYS])
        for written in range(WRITES):
            tags = {"written": str(written)}
            done(arm.send("PUT", vault, {**WEST, "tags": tags, "properties": OWN}))
            assert done(arm.send("GET", vault))["tags"] == tags
        done(keys.send("POST", "/keys/k/create?api-version=7.4", {"kty": "RSA", "key_size": 2048}))
        wrapped = done(keys.send("POST", "/keys/k//wrapkey?api-version=7.4", VALUE))
        hidden = {**VALUE, "value": wrapped["value"]}
        opened = done(keys.send("POST", "/keys/k//unwrapkey?api-version=7.4", hidden))
        assert opened["value"] == VALUE["value"]

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, range(CLIENTS)))


def test_writes_one_after_another_never_conflict(azure: RunningAzure) -> None:
    """The first answer comes after its time in flight; of two at once, one is refused."""
    bearer = token(azure.env, f"https://{ARM}")
    vault = group_of(azure, bearer, "flight-of-keys")

    def put(path: str, body: Any) -> int:
        return Client(azure.env, ARM, bearer).send("PUT", f"{vault}{path}{VERSION}", body)[0]

    def put_key(name: str) -> int:
        return put(f"/keys/{name}", {"properties": {"kty": "RSA"}})

    assert [put("", {**WEST, "properties": OWN}) for _ in range(2)] == [200, 200]
    azure.control("/behaviour", {"vault_write_seconds": 0.4})
    try:
        started = time.monotonic()
        assert [put_key("a"), put_key("b")] == [200, 200]
        assert time.monotonic() - started >= 0.8
        # Long enough for both requests to be on their way, however slow the machine is.
        azure.control("/behaviour", {"vault_write_seconds": 5.0})
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(put_key, "cd")) == [200, 409]
    finally:
        azure.control("/behaviour", {"vault_write_seconds": 0.0})


def test_the_process_that_makes_keys_ahead_ends_with_its_server(tmp_path: Path) -> None:
    """It begins with the first key, and also a server that is killed leaves none behind."""
    with running_azure(tmp_path) as azure:
        server = psutil.Process(azure.home.serving())
        assert server.children() == []
        group = group_of(azure, token(azure.env, f"https://{ARM}"), "ahead").partition("/providers/")[0]
        load.live(group, "ahead", load.caller(azure.env, "ahead"))
        (maker,) = server.children()
        assert maker.nice() == 19
        process.stop(azure.home, kill=True)
        assert psutil.wait_procs([maker], timeout=30)[1] == []
