"""The program, the policy pack and azure-cmk of many engines in forks of one Python whose imports are done:
half of what a preview of one stack takes is the start of those processes.

Owns: when that is possible, and a language host for each stack, which the engine attaches to
(PULUMI_DEBUG_LANGUAGES). Does not own: forks (warm_python.py), and the protocol (hosts/language_host.py).
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
from pulumi.runtime.proto import language_pb2_grpc

from hosts.language_host import LanguageHost
from tests.support.warm_python import start

ATTACH = "PULUMI_DEBUG_LANGUAGES"
"""Where the engine finds language hosts that run already. Source: pulumi 3.259, pkg/resource/plugin/
langruntime_plugin.go (`GetLanguageAttachPort`)."""
MODULES = (
    *("grpc.aio", "grpc._channel", "grpc.experimental", "requests"),
    *("settings", "components.service", "components.preflight.run", "components.sdk.private"),
    *("policies.analyzer", "pulumi_policy"),
    *("provider.host", "provider.azure", "provider.azure_client", "azure.core.rest", "azure.identity"),
)
"""What program, pack and provider import; what is missing here is only imported later, in every fork."""


@contextmanager
def language_host(environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Variables that let an engine attach to a language host, whose processes have `environ` and the imports
    of this repository; none where the engine is to start its own."""
    launcher = _launcher(environ)
    if launcher is None or environ.get(ATTACH):
        yield {}
        return
    server = grpc.server(ThreadPoolExecutor(thread_name_prefix="language-host"))
    # An engine says `Cancel` at the end of each of its connections, while others go on.
    host = LanguageHost("", launcher, lambda: None, start=start, environ=environ)  # type: ignore[arg-type]
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield {ATTACH: f"python:{port}"}
    finally:
        server.stop(grace=1).wait()


def _launcher(environ: Mapping[str, str]) -> Path | None:
    """What the CLI's own language host starts a program with, which is beside it; None where it is missing,
    or forks are not safe."""
    command = shutil.which("pulumi", path=environ.get("PATH"))
    if sys.platform != "linux" or not command:
        return None
    folders = (Path(command).parent, Path(command).resolve().parent)
    found = (folder / "pulumi-language-python-exec" for folder in folders)
    return next((one for one in found if one.is_file()), None)
