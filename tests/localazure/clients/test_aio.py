"""The asynchronous clients of every service that is used, in one process that has the environment alone."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path

from localazure.seed import DEPLOYER
from tests.support.azure import RunningAzure


def test_every_asynchronous_client_lives_its_ordinary_life(azure: RunningAzure) -> None:
    """Create, poll, page, update, soft delete, recover, purge and cryptography by their own methods."""
    name = f"aio{uuid.uuid4().hex[:8]}"
    command = [sys.executable, str(Path(__file__).with_name("aio.py")), name, DEPLOYER.object_id]
    done = subprocess.run(
        command, env=azure.environ, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "identity": [{"a": "b"}, True, []],
        "network": ["Succeeded", {"a": "b"}, ["vnet"], []],
        "alert": [["ops"], []],
        "keys": [["one", "two"], {"a": "b"}, True, ["two"], "two", []],
        "protected": True,
        "bound": [True, True, [name]],
        "account": ["Succeeded", True, True],
        "vault": [2, True, False],
        "group": False,
    }
