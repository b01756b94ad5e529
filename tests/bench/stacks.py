"""Many stacks of one service each through `python -m operate fleet`, on a local Azure that throttles, and
whose operations take as long as Azure's own. azure-native's stand-in asks after them as seldom as the plugin:
as often as it does elsewhere, it would be refused for nothing but its questions."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from localazure.standin import server
from localazure.standin.arm import Delays
from tests.bench.measure import run
from tests.support import cloud
from tests.support.azure import running_azure
from tests.support.fleets import FleetCheckout

T = TypeVar("T")
ACTIONS: Mapping[str, Sequence[str]] = {
    "preview": ("preview",),
    "up": ("up", "--yes"),
    "rotate": ("rotate", "--yes"),
}
OPERATION_SECONDS = 30
_PLUGIN_DELAYS = Delays(poll=10.0, retry=20.0, longest_retry=120.0)


@contextmanager
def _patient_stand_in(environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The variable by which engines attach to a stand-in with the pauses of the plugin."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def finished(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    serving = finished(server.serve("127.0.0.1:0", environ, delays=_PLUGIN_DELAYS))
    try:
        yield {"PULUMI_DEBUG_PROVIDERS": f"azure-native:{serving.port}"}
    finally:
        finished(serving.stop(None))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def measure(folder: Path, stacks: int, at_once: int, actions: Sequence[str]) -> dict[str, Any]:
    """What each action took over all stacks, and which stacks are not as they should be afterwards."""
    names = [f"bench-{number:04}" for number in range(stacks)]
    fleet_file = {"parallel": {"stacks": at_once}, "stop": {"failures": stacks}}
    rows = {}
    with (
        running_azure(
            folder / "home", operation_seconds=OPERATION_SECONDS, throttling="token_bucket"
        ) as azure,
        _patient_stand_in(azure.env) as attached,
    ):
        environ = {**azure.env, **attached}
        fleet = FleetCheckout(folder / "language-cmk", environ, names, fleet_file, warm=False)
        python = str(fleet.folder / ".venv" / "bin" / "python")
        for action in actions:
            words = [python, "-m", "operate", "fleet", *ACTIONS[action]]
            cost = run(words, cwd=fleet.folder, env=fleet.stack.env, check=False)
            bad = {name: one["reason"] for name, one in fleet.outcomes(action).items() if not one["ok"]}
            rows[action] = {
                "cost": asdict(cost),
                "bad": bad,
                "refused": len(azure.control("/throttled")["value"]),
            }
        unbound = [
            one["body"]["name"]
            for one in cloud.documents(azure, "account")
            if cloud.unbound_moments(azure, one["body"]["id"])
        ]
    return {"what": "fleet", "stacks": stacks, "at once": at_once, "actions": rows, "ever unbound": unbound}
