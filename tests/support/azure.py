"""A local Azure for tests, in its own process and with its own home. It stops at the end of the test, also if
the test's process is killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from localazure import process
from localazure.home import Home


@dataclass
class RunningAzure:
    """A running local Azure. `env` is what `python -m localazure env` prints for it."""

    home: Home
    env: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        """The environment for a child process that is to be a client of this Azure."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AZURE_", "ARM_", "LOCALAZURE_"))}
        return {**kept, **self.env}

    def control(self, path: str, json: Any = None, *, method: str = "") -> Any:
        """Asks the control endpoint: POST with a body, GET without one. Raises ValueError on a refusal."""
        headers = {"Authorization": f"Bearer {self.env['LOCALAZURE_CONTROL_TOKEN']}"}
        method = method or ("GET" if json is None else "POST")
        url = f"{self.env['LOCALAZURE_CONTROL']}{path}"
        answer = urllib3.request(method, url, json=json, headers=headers, retries=False, timeout=120)
        if answer.status != 200:
            raise ValueError(f"{path}: {answer.status} {answer.json()}")
        return answer.json()

    def set_clock(self, moment: float) -> None:
        """Moves the cloud's clock to `moment`, in seconds since 1970, forth or back."""
        self.control("/clock", {"advance": moment - self.control("/clock")["seconds"]})


@contextmanager
def running_azure(home: Path, **behaviour: Any) -> Iterator[RunningAzure]:
    """Starts a local Azure with its state in `home`, set to `behaviour` (localazure.cloud.Behaviour)."""
    azure = RunningAzure(Home(home))
    process.start(azure.home, ends_with_caller=True)
    try:
        azure.env = process.environment_of(azure.home)
        if behaviour:
            azure.control("/behaviour", behaviour)
        yield azure
    finally:
        process.stop(azure.home)
