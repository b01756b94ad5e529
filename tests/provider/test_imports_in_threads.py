"""Two requests that begin at once in a new process: azure-core's modules import each other, and where two
threads begin from different ends, one of them may see a module half made."""

from __future__ import annotations

import subprocess
import sys

TWO_REQUESTS = """
import asyncio, sys, threading
from core.login import login
from provider.azure import _in_thread
from provider.azure_client import AzureClient

first, within, second = [], threading.Event(), threading.Event()

def watch(event, details):
    # The first thread waits within azure.core, until the second begins an import or a second has passed.
    if event != "import" or not details[0].startswith("azure"):
        return
    first.append(threading.get_ident())
    if first[0] != first[-1]:
        second.set()
    elif details[0] == "azure.core.utils" and not within.is_set():
        within.set()
        print("interrupted" if second.wait(1) else "in turn")

async def main():
    client = AzureClient(login({}, {}))
    sys.addaudithook(watch)
    def ask():
        return client.send("GET", "https://example.org/")
    one = asyncio.create_task(_in_thread(ask, "asking"))
    await asyncio.to_thread(within.wait, 20)
    two = asyncio.create_task(_in_thread(ask, "asking"))
    return await asyncio.gather(one, two, return_exceptions=True)

print(*(type(one).__name__ for one in asyncio.run(main())))
"""


def test_the_second_waits_until_the_first_has_imported() -> None:
    """Both are then refused for their host, which is what they asked."""
    words = [sys.executable, "-c", TWO_REQUESTS]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["in", "turn", "ServiceError", "ServiceError"], done.stdout
