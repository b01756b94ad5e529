"""Runs a command in the local Azure: `python -m localazure exec -- COMMAND`.

Owns: the guarantee that such a command reaches nothing but the local Azure, or does not run. A login or a
backend that the user's shell happens to hold must not come along: nobody can undo a purge-protected vault.
"""

import http.client
import os
import re
import shutil
import ssl
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from localazure import process
from localazure.environment import (
    ONWARD,
    checkout,
    is_from_outside,
    onward_of,
    registries_trusted,
    without_outside,
)
from localazure.home import FOLDER, IN_CHECKOUT, Home, HomeError

_ARM = "management.azure.com"


def environment_for(home: Home, environ: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a command in the local Azure: what is in `environ` less what leads
    elsewhere, and what leads to the local Azure.

    Raises HomeError where no local Azure runs, or where something else answers in its place.
    """
    # Installed, it has no checkout around it, and keeps Pulumi's state in its home.
    root = FOLDER if IN_CHECKOUT else home.path
    found = {
        **without_outside(environ),
        **process.environment_of(home, environ),
        **checkout(root, environ.get("PATH", os.defpath)),
        **dict(zip(ONWARD, onward_of(environ), strict=True)),
        **registries_trusted(home, environ),
    }
    _check(home, found)
    Path(unquote(urlsplit(found["PULUMI_BACKEND_URL"]).path)).mkdir(parents=True, exist_ok=True)
    count_azure_native_as_installed(root, Path(found["PULUMI_HOME"]))
    return found


def exports(home: Home, environ: Mapping[str, str]) -> list[tuple[str, str | None]]:
    """The variables that a shell must set, or unset (None), to become such an environment."""
    wanted = environment_for(home, environ)
    unset: list[tuple[str, str | None]] = [
        (name, None) for name in sorted(environ) if is_from_outside(name) and name not in wanted
    ]
    return unset + [(name, value) for name, value in wanted.items() if environ.get(name) != value]


def run(home: Home, command: Sequence[str]) -> NoReturn:
    """Runs a command in the local Azure, in place of this process. Raises HomeError."""
    environ = environment_for(home, os.environ)
    found = program(command[0], environ)
    sys.stdout.flush()
    os.execve(found, list(command), environ)  # noqa: S606 - no shell is wanted


def program(name: str, environ: Mapping[str, str]) -> str:
    """The path of a command's first word, by the environment's PATH. Raises HomeError if there is none."""
    found = shutil.which(name, path=environ["PATH"])
    if found is None:
        way = "install it first (Pulumi's CLI: pulumi.com/docs/install)"
        if IN_CHECKOUT:
            way = "`python3 -m localazure setup` installs pulumi and python"
        raise HomeError(f"no command {name!r} is on PATH; {way}")
    return found


def count_azure_native_as_installed(root: Path, pulumi_home: Path) -> None:
    """Makes azure-native count as installed in the Pulumi home of a checkout, or of a project beside whose
    packages this one is installed.

    Every run reaches the local Azure's own, by PULUMI_DEBUG_PROVIDERS. `pulumi install` does not look there:
    with the official Python host it asks for the plugin of each Python package, and would download what
    nothing uses, or fail where it cannot.
    """
    packages = root / "requirements.txt"
    listed = packages.read_text() if packages.exists() else ""
    versions = set(re.findall(r"^pulumi-azure-native==([\w.]+)", listed, re.MULTILINE))
    with suppress(PackageNotFoundError):
        versions.add(installed_version("pulumi-azure-native"))
    for version in versions:
        folder = pulumi_home / "plugins" / f"resource-azure-native-v{version}"
        plugin = folder / "pulumi-resource-azure-native"
        if not plugin.exists():
            folder.mkdir(parents=True, exist_ok=True)
            plugin.write_text("#!/bin/sh\necho 'azure-native is served by the local Azure' >&2\nexit 1\n")
            plugin.chmod(0o755)


def _check(home: Home, environ: Mapping[str, str]) -> None:
    """Resource Manager, as a command would reach it, shows a certificate of the local Azure's own
    authority. Those that the command trusts besides do not count: Azure has its own from one of them."""
    proxy = urlsplit(environ["HTTPS_PROXY"])
    context = ssl.create_default_context(cafile=home.ca_bundle)
    connection = http.client.HTTPSConnection(str(proxy.hostname), proxy.port, timeout=10, context=context)
    connection.set_tunnel(_ARM, 443)
    try:
        connection.connect()
    except (OSError, http.client.HTTPException) as error:
        raise HomeError(
            f"what answers as {_ARM} behind {proxy.hostname}:{proxy.port} is not the local Azure ({error}); "
            "nothing was run"
        ) from error
    finally:
        connection.close()
