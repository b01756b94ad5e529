"""What Pulumi's own Python host has users wait for, where it cannot be had: this project's host, which also
starts Python as often as that one does, and for the same.

    python -m tests.bench.official_host compare HOST     exit code 1 if both do not start the same

That host is a program of Go, whose own start takes less than ours. Everything else that it does before the
program runs, it does by Python. Sources: pulumi/pulumi, sdk/python/cmd/pulumi-language-python/main.go
(`GetRequiredPackages`, `validateVersion`, `RunPlugin`), sdk/python/toolchain/pip.go of 3.259 (`ListPackages`)
and pull request 22127, "Use importlib to find pulumi-plugin.json for installed packages", read on 2026-12-02.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import grpc
from google.protobuf import struct_pb2

# The host is started by its path, from anywhere.
ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from hosts import language_host  # noqa: E402

_PLUGIN_FILES: Final = """\
from importlib import metadata
for package in metadata.distributions():
    [file.locate() for file in package.files or () if file.name == "pulumi-plugin.json"]
"""
OF_PROGRAM: Final = (
    ("--version",),
    ("-m", "pip", "list", "--format", "json"),
    ("-c", _PLUGIN_FILES),
)
"""How Python is started for a program before it is run: for its version, for its packages, and for the
plugins that these name."""
OF_PLUGIN: Final = ("-c", "import pulumi.run.plugin")
"""How Python is started for a plugin or a policy pack before it is run."""
_SCRIPT: Final = '#!/bin/sh\nexec "{python}" -u "{host}" --launcher "{launcher}" "$@"\n'


class AsOfficial(language_host.LanguageHost):
    """Starts Python for nothing, as often as Pulumi's own host does."""

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        for words in OF_PROGRAM:
            _start(request.info, words)
        return super().GetRequiredPackages(request, context)

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        _start(request.info, OF_PLUGIN)
        yield from super().RunPlugin(request, context)


def _start(info: Any, words: tuple[str, ...]) -> None:
    subprocess.run([language_host.interpreter(info), *words], capture_output=True, check=True)


def installed(folder: Path) -> Path:
    """Puts the host into a new folder, which has to come first on PATH."""
    folder.mkdir(parents=True)
    host = folder / "pulumi-language-python"
    launcher = ROOT / ".pulumi" / "bin" / "pulumi-language-python-exec"
    host.write_text(_SCRIPT.format(python=sys.executable, host=__file__, launcher=launcher))
    host.chmod(0o755)
    return host


def starts(host: Path, folder: Path) -> list[str]:
    """How a host starts Python for a program's packages and for a plugin, without the text of code."""
    # Where this file is the host, the SDK stays out.
    from pulumi.runtime.proto import language_pb2 as pb
    from pulumi.runtime.proto import language_pb2_grpc

    python, record = folder / "venv" / "bin" / "python", folder / "starts"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "$@" | head -1 >> "{record}"\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (folder / "__main__.py").touch()
    options = struct_pb2.Struct()
    options.update({"toolchain": "pip", "virtualenv": "venv"})
    info = pb.ProgramInfo(
        root_directory=str(folder), program_directory=str(folder), entry_point=".", options=options
    )
    with (
        socket.create_server(("127.0.0.1", 0)) as engine,
        subprocess.Popen(
            [host, f"127.0.0.1:{engine.getsockname()[1]}"], stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stdout is not None
        with grpc.insecure_channel(f"127.0.0.1:{process.stdout.readline().strip()}") as channel:
            stub = language_pb2_grpc.LanguageRuntimeStub(channel)
            stub.GetRequiredPackages(pb.GetRequiredPackagesRequest(info=info))
            list(stub.RunPlugin(pb.RunPluginRequest(pwd=str(folder), info=info, kind="resource")))
        process.terminate()
    lines = record.read_text().replace(str(folder), "PLUGIN").splitlines()
    plain = [line.removeprefix("-u ") for line in lines]
    return [line if "pulumi.run" in line else line.partition("-c ")[0] or "-c" for line in plain]


def compare(host: Path) -> int:
    """Prints what Pulumi's host and this one start, if it differs; the exit code."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        theirs = starts(host, folder / "theirs")
        ours = starts(installed(folder / "bin"), folder / "ours")
    if theirs != ours:
        differ = f"{host} starts Python as {theirs}, and tests/bench/official_host.py as {ours}"
        sys.stderr.write(f"{differ}: mend the latter\n")
    return int(theirs != ours)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["compare", host]:
            sys.exit(compare(Path(host)))
    language_host.main(AsOfficial)
