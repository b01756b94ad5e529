"""Waits that take no time: in processes that import this, they move the local Azure's clock instead.

The provider waits for a grant or a throttled service, and the program for access that is to count, for
minutes each. The program, the provider and the pack still see as much time go by as they have waited for.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import time
from types import ModuleType, SimpleNamespace
from urllib.parse import urlsplit

from components import azure_failures, preflight
from provider import waiting

_waited = 0.0
"""Seconds that this process has not spent."""


async def _sleep(seconds: float) -> None:
    global _waited  # noqa: PLW0603 - as the machine's clock is one of the process
    _waited += seconds
    address = urlsplit(os.environ["LOCALAZURE_CONTROL"])
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=120)
    headers = {"Authorization": f"Bearer {os.environ['LOCALAZURE_CONTROL_TOKEN']}"}
    connection.request("POST", "/clock", json.dumps({"advance": seconds}), headers)
    connection.getresponse().read()
    connection.close()
    await asyncio.sleep(0)


def _hasten(module: ModuleType) -> None:
    module.__dict__["asyncio"] = SimpleNamespace(**{**vars(asyncio), "sleep": _sleep})
    clocks = {"monotonic": lambda: time.monotonic() + _waited, "time": lambda: time.time() + _waited}
    module.__dict__["time"] = SimpleNamespace(**{**vars(time), **clocks})


for _module in (azure_failures, preflight, waiting):
    _hasten(_module)
