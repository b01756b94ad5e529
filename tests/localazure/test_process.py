"""The process: start, stop, kill, taken ports, and the command line."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]
import pytest

from localazure import process
from localazure.__main__ import main
from localazure.home import Home, HomeError, bind, write_private
from tests.support.azure import running_azure

ROOT = Path(__file__).parents[2]


def _command(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "localazure", *arguments, "--home", str(home.path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def test_a_bare_python_starts_it_by_the_checkouts_own(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """`python3 -m localazure start` and `exec` need no virtual environment to be active."""
    own = Path(sys.executable)
    monkeypatch.setattr(process, "find_spec", lambda name: None)
    monkeypatch.setattr(process, "python_of", lambda root: own)
    monkeypatch.setattr(sys, "executable", "/nothing/a-bare-python")
    assert process.start(home) == process.Start.STARTED


def test_without_packages_it_says_what_installs_them(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A checkout that was not set up, or only by `pulumi install`, gets one line with the command."""
    monkeypatch.setattr(process, "find_spec", lambda name: None)
    monkeypatch.setattr(process, "python_of", lambda root: Path(root, "nothing"))
    with pytest.raises(HomeError, match="run `python3 -m localazure setup` first"):
        process.start(home)
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert main(["serve", "--home", str(home.path)]) == 1
    said = "local Azure: the package uvloop is not installed; run `python3 -m localazure setup` first\n"
    assert capsys.readouterr().err == said


def test_its_life_from_the_command_line(home: Home) -> None:
    """start, start again, status, stop, stop again: each does it, says so, and is idempotent. What `status`
    prints last is an address that signs a browser in."""
    assert _command(home, "status").returncode == 3
    first = _command(home, "start")
    assert (first.returncode, "started" in first.stdout) == (0, True)
    pid = home.serving()
    assert "already running" in _command(home, "start").stdout
    assert home.serving() == pid
    status = _command(home, "status").stdout
    assert f"process {pid}" in status
    address = urlsplit(status.split()[-1])
    connection = http.client.HTTPConnection(address.netloc, timeout=10)
    connection.request("GET", f"{address.path}?{address.query}")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["location"]) == (303, "/")
    connection.close()
    assert "stopped" in _command(home, "stop").stdout
    assert "was not running" in _command(home, "stop").stdout
    assert home.serving() is None


def test_a_start_replaces_a_server_of_other_code(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose code is not the one at hand is restarted on the same memory, and only that one. The
    environment is the same, so shells that have it go on working."""
    with running_azure(home.path, operation_seconds=5) as azure:
        made, before = azure.control("/principals", {"name": "kept"}), home.serving()
        assert process.start(home) is process.Start.NOTHING
        assert home.serving() == before
        monkeypatch.setattr(process, "digest", lambda: "the code of tomorrow")
        assert process.start(home) is process.Start.RESTARTED
        assert home.serving() != before
        assert process.environment_of(home) == azure.env
        assert azure.control("/behaviour")["operation_seconds"] == 5
        assert made["objectId"] in [p["object_id"] for p in azure.control("/principals")["value"]]


def test_it_listens_on_loopback_only(home: Home) -> None:
    """Every listening socket of the process is bound to 127.0.0.1."""
    with running_azure(home.path):
        ports = set(home.ports().values())
        open_sockets = psutil.Process(home.serving()).net_connections()
    listening = {one.laddr for one in open_sockets if one.status == psutil.CONN_LISTEN}
    assert {one.port for one in listening} == ports
    assert len(ports) == 4
    # IPv6 sockets (gRPC's) spell it in their own way.
    assert {one.ip for one in listening} <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_fails_to_give_a_running_server_another_port(home: Home) -> None:
    """It goes on with the ports that it has, and every later command finds it; what is said leads out."""
    with running_azure(home.path), bind(0) as free:
        before, proxy = home.ports(), f"proxy={free.getsockname()[1]}"
        refused = _command(home, "start", "--port", proxy)
        assert (refused.returncode, home.ports()) == (1, before)
        assert "`python3 -m localazure stop`" in refused.stderr
        same = _command(home, "start", "--port", f"proxy={before['proxy']}")
        assert (same.returncode, "already running" in same.stdout) == (0, True)
        free.close()
        assert _command(home, "stop").returncode == 0
        assert _command(home, "start", "--port", proxy).returncode == 0
        assert f"proxy={home.ports()['proxy']}" == proxy


@pytest.mark.parametrize("wrong", ["proxy=0", "proxy=x", "web=80", "70000"])
def test_fails_for_a_port_that_is_none(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The refusal says how a port is given."""
    with pytest.raises(SystemExit):
        main(["status", "--port", wrong])
    assert "tls|proxy|control|azure-native=NUMBER" in capsys.readouterr().err


def test_fails_for_a_broken_memory_by_saying_what_to_do(home: Home) -> None:
    """A memory that is no database is not thrown away; the message names it and the way out."""
    home.make()
    write_private(home.database, "this is no database, " * 100)
    failed = _command(home, "start")
    assert failed.returncode == 1
    assert str(home.database) in failed.stderr
    assert "python -m localazure reset" in failed.stderr
    assert home.serving() is None
    assert _command(home, "reset").returncode == 0
    assert _command(home, "start").returncode == 0


def test_a_start_that_comes_second_leaves_nothing_behind(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that still begins when another is found to serve would take its place once that is stopped."""
    begun: list[subprocess.Popen[bytes]] = []

    def recorded(*words: Any, **options: Any) -> subprocess.Popen[bytes]:
        begun.append(popen(*words, **options))
        return begun[-1]

    with running_azure(home.path):
        found, popen, first = process._serving, subprocess.Popen, home.serving()
        seen = iter([None])
        monkeypatch.setattr(process, "_serving", lambda one: next(seen) if begun == [] else found(one))
        monkeypatch.setattr(subprocess, "Popen", recorded)
        assert process.start(home) is process.Start.STARTED
        (second,) = begun
        assert second.poll() is not None
        assert home.serving() == first


def test_a_server_of_a_test_ends_with_the_test(tmp_path: Path) -> None:
    """Also where the test is killed, and can stop nothing any more."""
    program = (
        "import sys; from pathlib import Path; from tests.support.azure import running_azure\n"
        "with running_azure(Path(sys.argv[1])) as azure:\n"
        "    print(azure.home.serving(), flush=True)\n"
        "    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "home")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as test:
        assert test.stdout is not None
        server = psutil.Process(int(test.stdout.readline()))
        test.kill()
    server.wait(20)


def test_a_server_that_nobody_asks_ends_where_it_is_told_so(home: Home) -> None:
    """So many minutes after the last request: what is asked keeps it up, and nothing stays behind."""
    command = [sys.executable, "-m", "localazure", "serve", "--home", str(home.path), "--idle", "0.05"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as server:
        while not process.healthy(home):
            assert server.poll() is None
        asked_until = time.monotonic() + 4
        while time.monotonic() < asked_until:
            assert process.healthy(home)
            time.sleep(0.5)
        assert server.wait(timeout=20) == 0
    assert home.serving() is None
