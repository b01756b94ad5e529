"""Many clients at once, and an end without warning: no wrong answer, nothing lost."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.bench.localazure import Bench
from tests.support.azure import RunningAzure, running_azure

CLIENTS, SECONDS = 50, 8.0
MANAGEMENT = "https://management.azure.com"


class Client:
    """Plain HTTPS with the environment's proxy, CA and principal."""

    def __init__(self, session: aiohttp.ClientSession, env: dict[str, str], token: str) -> None:
        self.session, self.env, self.token = session, env, token

    async def send(
        self, method: str, path: str, body: Any = None, api: str = "2024-03-01"
    ) -> tuple[int, Any, Any]:
        url = path if path.startswith("https") else f"{MANAGEMENT}{path}?api-version={api}"
        headers = {"Authorization": f"Bearer {self.token}"}
        proxy = self.env["HTTPS_PROXY"]
        async with self.session.request(method, url, json=body, headers=headers, proxy=proxy) as got:
            return got.status, await got.json() if got.content_length else None, got.headers


@asynccontextmanager
async def client(azure: RunningAzure) -> AsyncIterator[Client]:
    """One session with a token of the deployer."""
    env = azure.env
    context = ssl.create_default_context(cafile=env["SSL_CERT_FILE"])
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context, limit=CLIENTS)) as session:
        form = {
            "grant_type": "client_credentials",
            "client_id": env["AZURE_CLIENT_ID"],
            "client_secret": env["AZURE_CLIENT_SECRET"],
            "scope": f"{MANAGEMENT}/.default",
        }
        login = f"https://login.microsoftonline.com/{env['AZURE_TENANT_ID']}/oauth2/v2.0/token"
        async with session.post(login, data=form, proxy=env["HTTPS_PROXY"]) as got:
            token = (await got.json())["access_token"]
        yield Client(session, env, token)


def test_fifty_clients_at_once_get_right_answers_and_lose_no_write(azure: RunningAzure) -> None:
    """Each writes, reads back and uses a key of its own."""
    bench = Bench(azure)
    bench.fill(0, CLIENTS)
    load = bench.crowd(CLIENTS, SECONDS)
    assert (load.wrong, load.lost) == ([], [])
    assert len(load.milliseconds) > CLIENTS


@pytest.mark.asyncio
async def test_no_operation_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    """kill -9 while twenty creates run: each account is there, and its operation goes on to its end."""
    with running_azure(tmp_path / "home", operation_seconds=3600) as azure:
        base = f"/subscriptions/{azure.env['AZURE_SUBSCRIPTION_ID']}/resourceGroups/kept"
        accounts = f"{base}/providers/Microsoft.CognitiveServices/accounts"
        body = {"location": "westeurope", "kind": "TextAnalytics", "sku": {"name": "S"}}
        async with client(azure) as arm:
            assert (await arm.send("PUT", base, {"location": "westeurope"}))[0] == 201
            answers = await asyncio.gather(
                *(arm.send("PUT", f"{accounts}/a{number}", body, "2025-06-01") for number in range(20))
            )
        assert {status for status, _, _ in answers} == {201}
        azure.restart(kill=True)
        async with client(azure) as arm:
            urls = [headers["Azure-AsyncOperation"] for _, _, headers in answers]
            running = [(await arm.send("GET", url))[1]["status"] for url in urls]
            azure.control("/clock", {"advance": 3601})
            ended = [(await arm.send("GET", url))[1]["status"] for url in urls]
            _, found, _ = await arm.send("GET", accounts, api="2025-06-01")
    assert set(running) == {"Creating"}
    assert set(ended) == {"Succeeded"}
    assert {row["properties"]["provisioningState"] for row in found["value"]} == {"Succeeded"}
    assert len(found["value"]) == len(answers)
