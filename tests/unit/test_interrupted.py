"""Ctrl-C in a terminal reaches every process of an update; only the engine says what happened. An engine that
is killed tells nobody."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ("provider/pulumi-resource-azure-cmk", "components/pulumi-resource-language-cmk")
"""Each starts its folder by the checkout's Python."""
LISTENS = "import signal, socket; s = socket.create_server(('127.0.0.1', 0)); \
print(s.getsockname()[1], flush=True); signal.pause()"


@contextmanager
def started(plugin: str, engine_port: int) -> Iterator[subprocess.Popen[str]]:
    """A plugin that serves the engine at a port."""
    command = [str(ROOT / plugin), f"127.0.0.1:{engine_port}"]
    with subprocess.Popen(
        command, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline().strip().isdigit()
            yield running
        finally:
            running.kill()


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_ends_without_a_traceback(plugin: str) -> None:
    """Pulumi's official host ends what it runs with SIGINT: nothing is printed but the port."""
    with (
        socket.create_server(("127.0.0.1", 0)) as engine,
        started(plugin, engine.getsockname()[1]) as running,
    ):
        running.send_signal(signal.SIGINT)
        assert running.communicate(timeout=60) == ("", "")


def test_the_provider_ends_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python does not take its modules down first, for which the engine would wait."""
    (tmp_path / "sitecustomize.py").write_text("import atexit\natexit.register(print, 'taken down')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with (
        socket.create_server(("127.0.0.1", 0)) as engine,
        started(PLUGINS[0], engine.getsockname()[1]) as running,
    ):
        running.send_signal(signal.SIGINT)
        assert running.communicate(timeout=60) == ("", "")
        assert running.returncode == 0


def test_without_its_packages_a_plugin_names_the_command_that_brings_them(tmp_path: Path) -> None:
    """Where no Python is where the executable looks for it."""
    executable = tmp_path / "plugin" / "start"
    executable.parent.mkdir()
    executable.write_bytes((ROOT / PLUGINS[0]).read_bytes())
    executable.chmod(0o755)
    done = subprocess.run([executable], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "run `pulumi install`" in done.stderr


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_ends_with_its_engine(plugin: str) -> None:
    """Also where the engine is killed, which then closes none of its plugins: nobody else ends one whose host
    was killed, too."""
    listens = [sys.executable, "-c", LISTENS]
    with subprocess.Popen(listens, stdout=subprocess.PIPE, text=True) as engine:
        assert engine.stdout is not None
        with started(plugin, int(engine.stdout.readline())) as running:
            with pytest.raises(subprocess.TimeoutExpired):
                running.wait(timeout=0.5)
            engine.kill()
            assert running.communicate(timeout=60) == ("", "")


def test_the_program_ends_without_a_traceback() -> None:
    """It leaves SIGINT to the system from its first line on, as the host's launcher runs it."""
    text = (ROOT / "__main__.py").read_text()
    lines = text.partition('if __name__ == "__main__":\n')[2].splitlines()
    first = next(line.strip() for line in lines if not line.strip().startswith("#"))
    assert first == "signal.signal(signal.SIGINT, signal.SIG_DFL)"
