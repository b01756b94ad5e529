"""The Python language host, driven over gRPC as the engine does."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import language_pb2 as pb
from pulumi.runtime.proto import language_pb2_grpc

from hosts import language_host

_LAUNCHER = """
import json, os, sys
arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
with open(os.environ["RECORD"], "w") as file:
    json.dump([arguments, json.loads(os.environ["PULUMI_CONFIG"]), sys.argv[-1]], file)
"""


class Host(NamedTuple):
    """A running language host and the process it runs in."""

    stub: Any
    process: subprocess.Popen[str]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    launcher = tmp_path / "launcher"
    launcher.write_text(_LAUNCHER)
    command = [sys.executable, language_host.__file__, "--launcher", str(launcher), "127.0.0.1:1"]
    env = {**os.environ, "RECORD": str(tmp_path / "record"), "NO_PROXY": "127.0.0.1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env, text=True) as process:
        assert process.stdout is not None
        with grpc.insecure_channel(f"127.0.0.1:{process.stdout.readline().strip()}") as channel:
            yield Host(language_pb2_grpc.LanguageRuntimeStub(channel), process)
        process.terminate()


def info(folder: Path, **options: str) -> pb.ProgramInfo:
    fields = struct_pb2.Struct()
    fields.update(options)
    return pb.ProgramInfo(
        root_directory=str(folder), program_directory=str(folder), entry_point=".", options=fields
    )


def test_program_gets_its_settings_and_config(host: Host, tmp_path: Path) -> None:
    """Run hands the engine's addresses, stack and configuration to the program's launcher."""
    stub = host.stub
    answer = stub.Run(
        pb.RunRequest(
            project="p",
            stack="s",
            pwd=str(tmp_path),
            dryRun=True,
            parallel=3,
            monitor_address="m",
            config={"p:key": "value"},
            info=info(tmp_path),
        )
    )
    assert (answer.error, answer.bail) == ("", False)
    record = (tmp_path / "record").read_text()
    assert '"--monitor": "m"' in record
    assert '"--engine": "127.0.0.1:1"' in record
    assert '"--dry_run": "true"' in record
    assert '{"p:key": "value"}' in record


def test_the_host_has_the_version_of_its_sdk(host: Host) -> None:
    """As Pulumi's own hosts do."""
    assert host.stub.GetPluginInfo(empty_pb2.Empty()).version == metadata.version("pulumi")


def test_packages_that_are_there_need_no_word(host: Host, tmp_path: Path) -> None:
    """`pulumi install`, `pulumi package add` and an update name the command that makes a virtual environment
    only where it is needed: in a clone the one that brings the CLI, too."""
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "setup.py").touch()
    (tmp_path / "made" / "bin").mkdir(parents=True)
    (tmp_path / "made" / "bin" / "python").touch()
    made, absent = (info(tmp_path, virtualenv=one) for one in ("made", "absent"))

    def said(about: pb.ProgramInfo) -> str:
        request = pb.InstallDependenciesRequest(directory=str(tmp_path), info=about)
        return b"".join(one.stdout for one in host.stub.InstallDependencies(request)).decode()

    assert said(made) == ""
    for told in (said(absent), host.stub.Run(pb.RunRequest(pwd=str(tmp_path), info=absent)).error):
        assert "absent" in told
        assert "run `python3 -m localazure setup`" in told


def test_a_program_gets_the_packages_that_it_names(host: Host, tmp_path: Path) -> None:
    """`pulumi install` and `pulumi new` make its virtual environment, as Pulumi's own host does; before that,
    an update names the command."""
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    program = info(tmp_path, virtualenv=".venv")
    refused = host.stub.Run(pb.RunRequest(pwd=str(tmp_path), info=program)).error
    assert "run `pulumi install`" in refused
    request = pb.InstallDependenciesRequest(directory=str(tmp_path), info=program)
    said = b"".join(one.stdout for one in host.stub.InstallDependencies(request)).decode()
    assert "installing the packages of" in said
    assert (tmp_path / ".venv" / "bin" / "python").exists()


def test_where_no_sdk_can_be_generated_the_error_says_what_can(host: Host) -> None:
    """`pulumi package add` of a Python program ends with the way to Pulumi's own host."""
    with pytest.raises(grpc.RpcError, match="install the Pulumi CLI"):
        host.stub.GeneratePackage(pb.GeneratePackageRequest())


def test_plugin_output_and_exit_code_are_passed_on(host: Host, tmp_path: Path) -> None:
    """Both streams of a plugin reach the engine whole, then its exit code."""
    stub = host.stub
    (tmp_path / "__main__.py").write_text(
        "import sys; print('port', sys.argv[1]); print('trouble', file=sys.stderr); sys.exit(7)"
    )
    chunks = list(stub.RunPlugin(pb.RunPluginRequest(pwd=str(tmp_path), args=["a:1"], info=info(tmp_path))))
    assert b"".join(c.stdout for c in chunks if c.WhichOneof("output") == "stdout") == b"port a:1\n"
    assert b"".join(c.stderr for c in chunks if c.WhichOneof("output") == "stderr") == b"trouble\n"
    assert chunks[-1].exitcode == 7


@pytest.mark.parametrize(
    ("code", "error", "bail"), [(32, "", True), (3, "the program exited with code 3", False)]
)
def test_exit_code_of_a_program_becomes_the_answer(
    tmp_path: Path, code: int, error: str, bail: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code 32 means that the user was told already; any other failure is named."""
    launcher = tmp_path / "launcher"
    launcher.write_text(f"import sys; sys.exit({code})")
    servicer = language_host.LanguageHost("engine", launcher, lambda: None)
    request = pb.RunRequest(pwd=str(tmp_path), info=info(tmp_path))
    answer = servicer.Run(request, _Context())
    assert (answer.error, answer.bail) == (error, bail)


class _Context:
    """What Run asks of its gRPC context: to be told when the engine hangs up, and which one it is."""

    def peer(self) -> str:
        return ""

    def add_callback(self, callback: object) -> bool:
        return True


@pytest.mark.parametrize("ends", ["hang up", "cancel", "interrupt"])
def test_a_call_that_ends_early_ends_what_it_started(host: Host, tmp_path: Path, ends: str) -> None:
    """The engine hangs up, or ends the host by `Cancel` or SIGINT: no process stays, nor one that it
    started."""
    (tmp_path / "__main__.py").write_text(
        "import os, subprocess, sys, threading\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import threading; threading.Event().wait()'])\n"
        "print(os.getpid(), child.pid, flush=True); threading.Event().wait()"
    )
    stream = host.stub.RunPlugin(pb.RunPluginRequest(pwd=str(tmp_path), info=info(tmp_path)))
    running = [int(one) for one in next(stream).stdout.split()]
    if ends == "hang up":
        stream.cancel()
    elif ends == "cancel":
        host.stub.Cancel(empty_pb2.Empty())
    else:
        host.process.send_signal(signal.SIGINT)
    assert ends == "hang up" or host.process.wait(timeout=60) == 0
    until = time.monotonic() + 60
    while left := [one for one in running if is_running(one)]:
        assert time.monotonic() < until, left
        time.sleep(0.05)


def is_running(process: int) -> bool:
    """Whether there is such a process that is no zombie."""
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_host_that_stays_gives_each_engine_its_own_messages(tmp_path: Path) -> None:
    """One engine's end is not another's, whose program writes to the engine that has it run."""
    launcher, record = tmp_path / "launcher", tmp_path / "record"
    launcher.write_text(_LAUNCHER)
    command = [sys.executable, "-u", language_host.__file__, "--stays", "--launcher", str(launcher)]
    env = {**os.environ, "RECORD": str(record), "NO_PROXY": "127.0.0.1"}
    alone = [("grpc.use_local_subchannel_pool", 1)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env, text=True) as process:
        assert process.stdout is not None
        address = f"127.0.0.1:{process.stdout.readline().strip()}"
        channels = [grpc.insecure_channel(address, options=alone) for _ in range(2)]
        stubs = [language_pb2_grpc.LanguageRuntimeStub(channel) for channel in channels]
        given = []
        for number, stub in enumerate(stubs):
            stub.Handshake(pb.LanguageHandshakeRequest(engine_address=f"engine:{number}"))
        for stub in stubs:
            stub.Run(pb.RunRequest(pwd=str(tmp_path), info=info(tmp_path)))
            given.append(json.loads(record.read_text())[0]["--engine"])
            stub.Cancel(empty_pb2.Empty())
        for channel in channels:
            channel.close()
        process.terminate()
    assert given == ["engine:0", "engine:1"]
