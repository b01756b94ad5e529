"""Ctrl-C in a terminal reaches every process of an update; only the engine says what happened."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("plugin", ["provider", "components"])
def test_a_plugin_ends_without_a_traceback(plugin: str) -> None:
    """Pulumi's official host ends what it runs with SIGINT: nothing is printed but the port."""
    command = [sys.executable, "-u", plugin, "127.0.0.1:1"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline().strip().isdigit()
        running.send_signal(signal.SIGINT)
        out, error = running.communicate(timeout=60)
    assert (out, error) == ("", "")


def test_the_program_ends_without_a_traceback() -> None:
    """It leaves SIGINT to the system from its first line on, as the host's launcher runs it."""
    text = (ROOT / "__main__.py").read_text()
    lines = text.partition('if __name__ == "__main__":\n')[2].splitlines()
    first = next(line.strip() for line in lines if not line.strip().startswith("#"))
    assert first == "signal.signal(signal.SIGINT, signal.SIG_DFL)"
