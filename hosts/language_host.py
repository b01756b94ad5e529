"""A Pulumi language host for Python, for machines where the official one cannot be installed.

Owns: starting Python programs, policy packs and plugins for the engine, over the LanguageRuntime protocol of
the Pulumi SDK; and the packages of a plugin that the CLI fetched. Does not own: the programs themselves, and
the packages of a checkout, which `make` installs. It does the part of `pulumi-language-python` that this
project uses, and names the missing part if it is asked for more.
"""

import argparse
import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent import futures
from pathlib import Path
from typing import IO

import grpc
from google.protobuf import empty_pb2

# The host is started by its path, from anywhere.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from core import stubs

stubs.load()
from pulumi.runtime.proto import language_pb2 as pb  # noqa: E402
from pulumi.runtime.proto import language_pb2_grpc, plugin_pb2  # noqa: E402

# How pulumi-language-python-exec says that it has already told the user what is wrong.
_BAIL = 32
_GRACE_SECONDS = 5
_LAST_WORDS_SECONDS = 0.2
"""For the answer to `Cancel`."""

_NO_GENERATOR = (
    "this Python host comes with the clone and generates no SDKs. Pulumi's own does: install the Pulumi CLI "
    "(https://www.pulumi.com/docs/install/), and run the same command again with that CLI"
)

_Output = queue.SimpleQueue[pb.RunPluginResponse | None]


def sdk_version() -> str:
    """The version of the SDK beside this host; "" if it is not installed as a distribution. Python's
    importlib.metadata tells it, too, but its import takes a quarter of the host's start."""
    installed = Path(str(pb.__file__)).parents[3].glob("pulumi-*.dist-info")
    return next((one.name.removeprefix("pulumi-").removesuffix(".dist-info") for one in installed), "")


def interpreter(info: pb.ProgramInfo) -> str:
    """The Python that a Pulumi.yaml, PulumiPolicy.yaml or PulumiPlugin.yaml asks for.

    `options.virtualenv` is relative to that file's folder; without it, the Python this host runs on.
    Raises FileNotFoundError when the virtual environment has no Python.
    """
    virtualenv = dict(info.options).get("virtualenv") if info.HasField("options") else None
    if not isinstance(virtualenv, str) or not virtualenv:
        return sys.executable
    python = Path(info.root_directory, virtualenv, "bin", "python")
    if not python.exists():
        command = "python3 -m localazure setup" if _is_clone(info) else "pulumi install"
        raise FileNotFoundError(
            f"no Python in the virtual environment {virtualenv!r} of {info.root_directory}: run `{command}`"
        )
    return str(python)


def _is_clone(info: pb.ProgramInfo) -> bool:
    """Whether the program is this repository's own, which has a set-up that brings the Pulumi CLI, too."""
    return Path(info.root_directory, "engine", "setup.py").is_file()


def program_command(request: pb.RunRequest, engine: str, python: str, launcher: Path) -> list[str]:
    """The command that runs a program for one preview or update."""
    settings = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "root_directory": request.info.root_directory,
        "stack": request.stack,
        "pwd": request.pwd,
        "dry_run": "true" if request.dryRun else "false",
        "parallel": str(request.parallel),
        "organization": request.organization,
    }
    options = [word for name, value in settings.items() for word in (f"--{name}", value)]
    entry_point = str(Path(request.info.program_directory, request.info.entry_point))
    return [python, "-u", str(launcher), *options, entry_point, *request.args]


def plugin_command(request: pb.RunPluginRequest, python: str) -> list[str]:
    """The command that runs a policy pack or a plugin; the engine's address is its first argument."""
    if request.kind == "analyzer":
        return [python, "-u", "-m", "pulumi.policy", *request.args, request.info.program_directory]
    return [python, "-u", request.info.program_directory, *request.args]


def started(
    command: Sequence[str], *, cwd: str, env: Mapping[str, str], read_output: bool
) -> subprocess.Popen[bytes]:
    """A process that leads a group of its own, so that its children end with it. Its output goes where this
    process's goes unless it is read. Raises OSError."""
    output = subprocess.PIPE if read_output else None
    nothing = subprocess.DEVNULL
    return subprocess.Popen(
        command, cwd=cwd, env=env, stdin=nothing, stdout=output, stderr=output, start_new_session=True
    )


def end(child: subprocess.Popen[bytes]) -> None:
    """Ends a process and its group, by force if they do not end by themselves."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if child.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=_GRACE_SECONDS)


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """The protocol: one method for each call of the engine. `stop` ends the host, with every call. Several
    engines may attach to one host, each by a connection of its own."""

    def __init__(
        self,
        engine_address: str,
        launcher: Path,
        stop: Callable[[], None],
        *,
        start: Callable[..., subprocess.Popen[bytes]] = started,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._environ = environ
        self._engine = engine_address
        self._engines: dict[str, str] = {}
        self._launcher = launcher
        self._stop = stop
        self._start = start

    def _child(
        self,
        context: grpc.ServicerContext,
        command: Sequence[str],
        cwd: str,
        env: Mapping[str, str],
        *,
        read_output: bool = False,
    ) -> subprocess.Popen[bytes]:
        """A process that ends with the call which it serves. Raises OSError."""
        child = self._start(command, cwd=cwd, env=env, read_output=read_output)

        def hung_up() -> None:
            # Not on the thread that calls this, which serves the other calls.
            threading.Thread(target=end, args=(child,)).start()

        if not context.add_callback(hung_up):
            hung_up()
        return child

    def Handshake(
        self, request: pb.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> pb.LanguageHandshakeResponse:
        self._engines[context.peer()] = request.engine_address
        return pb.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=sdk_version())

    def GetRequiredPackages(
        self, request: pb.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> pb.GetRequiredPackagesResponse:
        # The engine finds what it needs when the program registers it; there is nothing to fetch before.
        return pb.GetRequiredPackagesResponse()

    def Run(self, request: pb.RunRequest, context: grpc.ServicerContext) -> pb.RunResponse:
        try:
            python = interpreter(request.info)
            engine = self._engines.get(context.peer()) or self._engine
            command = program_command(request, engine, python, self._launcher)
            env = {
                **self._environ,
                "PULUMI_CONFIG": json.dumps(dict(request.config)),
                "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
            }
            code = self._child(context, command, request.pwd, env).wait()
        except OSError as error:
            return pb.RunResponse(error=str(error))
        if code == _BAIL:
            return pb.RunResponse(bail=True)
        return pb.RunResponse(error=f"the program exited with code {code}" if code else "")

    def RunPlugin(
        self, request: pb.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.RunPluginResponse]:
        try:
            command = plugin_command(request, interpreter(request.info))
        except FileNotFoundError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        env = {**self._environ, **dict(pair.split("=", 1) for pair in request.env)}
        cwd = request.pwd or request.info.root_directory
        child = self._child(context, command, cwd, env, read_output=True)
        output: _Output = queue.SimpleQueue()
        _pump(child.stdout, output, lambda line: pb.RunPluginResponse(stdout=line))
        _pump(child.stderr, output, lambda line: pb.RunPluginResponse(stderr=line))
        for _ in range(2):
            while (chunk := output.get()) is not None:
                yield chunk
        yield pb.RunPluginResponse(exitcode=child.wait())

    def InstallDependencies(
        self, request: pb.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.InstallDependenciesResponse]:
        try:
            interpreter(request.info)
        except FileNotFoundError as error:
            if _is_clone(request.info):
                yield pb.InstallDependenciesResponse(stdout=f"{error}\n".encode())
            else:
                yield from self._install(request)

    def _install(self, request: pb.InstallDependenciesRequest) -> Iterator[pb.InstallDependenciesResponse]:
        """Makes the virtual environment of a program or plugin, with the packages of its requirements.txt, as
        the official host does with `toolchain: pip`. Raises CalledProcessError after pip's message."""
        folder = Path(request.info.program_directory or request.directory)
        environment = Path(request.info.root_directory, dict(request.info.options)["virtualenv"])
        python = environment / "bin" / "python"
        message = f"installing the packages of {folder / 'requirements.txt'} into {environment}\n"
        yield pb.InstallDependenciesResponse(stdout=message.encode())
        pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"]
        for command in ([sys.executable, "-m", "venv", str(environment)], [str(python), *pip]):
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
            yield pb.InstallDependenciesResponse(stdout=done.stdout, stderr=done.stderr)
            done.check_returncode()

    def RuntimeOptionsPrompts(
        self, request: pb.RuntimeOptionsRequest, context: grpc.ServicerContext
    ) -> pb.RuntimeOptionsResponse:
        # A template says itself which environment it takes.
        return pb.RuntimeOptionsResponse()

    def Template(self, request: pb.TemplateRequest, context: grpc.ServicerContext) -> pb.TemplateResponse:
        return pb.TemplateResponse()

    def GeneratePackage(
        self, request: pb.GeneratePackageRequest, context: grpc.ServicerContext
    ) -> pb.GeneratePackageResponse:
        raise context.abort(grpc.StatusCode.UNIMPLEMENTED, _NO_GENERATOR)

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self._stop()
        return empty_pb2.Empty()


def _pump(stream: IO[bytes] | None, output: _Output, chunk: Callable[[bytes], pb.RunPluginResponse]) -> None:
    """Moves a pipe's lines to `output` as they come, then None, on a thread of its own."""

    def move() -> None:
        for line in stream or ():
            output.put(chunk(line))
        output.put(None)

    threading.Thread(target=move, daemon=True).start()


def main(serves: type[LanguageHost] = LanguageHost) -> None:
    """Serves on a free loopback port, printed as the first line, until the engine ends it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--launcher", type=Path, required=True, help="pulumi-language-python-exec")
    parser.add_argument("--stays", action="store_true", help="serve one engine after the other")
    parser.add_argument("engine_address", nargs="?", default="")
    arguments, _ = parser.parse_known_args()

    stop = threading.Event()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=64))
    # An engine says `Cancel` at its end, while others go on.
    end_of_engine = (lambda: None) if arguments.stays else stop.set
    host = serves(arguments.engine_address, arguments.launcher, end_of_engine)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()

    signal.signal(signal.SIGINT, lambda _number, _frame: stop.set())
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    engine = os.getppid()
    print(port, flush=True)
    if arguments.stays:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what programs print, which nobody reads there
    # The host also ends if the engine was killed and could not tell it. A signal that comes just before a
    # wait is handled after it.
    while not stop.wait(timeout=1) and os.getppid() == engine:
        pass
    # Every call that is left is hung up, which ends what it started.
    server.stop(grace=_LAST_WORDS_SECONDS).wait()


if __name__ == "__main__":
    main()
