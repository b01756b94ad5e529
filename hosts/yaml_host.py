"""Puts Pulumi's language host for YAML beside the CLI of the checkout: `python -m hosts.yaml_host FOLDER`.

Owns: a build of the official host from its Go module, once for this user. Whoever runs a YAML program asks
for it, and not the set-up, which would take half a minute longer. Standard library only.
"""

import filecmp
import os
import shutil
import sys
from pathlib import Path

from engine.install import InstallError, built_by_go, cache_folder, link, locked

HOST = "pulumi-language-yaml"
VERSION = "1.38.3"
"""The version that hosts/yaml/go.mod names (a test compares them). The cache keeps each version apart."""
_PACKAGE = f"github.com/pulumi/pulumi-yaml/cmd/{HOST}"


def install(into: Path, search_path: str) -> None:
    """Makes `into` hold the host, unless one is on the path or beside the CLI there.

    Raises InstallError without Go, or when the build fails.
    """
    found = shutil.which("pulumi", path=search_path)
    folders = [search_path, str(Path(found).resolve().parent)] if found else [search_path]
    own = into.resolve()
    others = [one for one in os.pathsep.join(folders).split(os.pathsep) if one and Path(one).resolve() != own]
    if shutil.which(HOST, path=os.pathsep.join(others)):
        return
    cache = cache_folder()
    host = cache / f"yaml-{VERSION}" / HOST
    if not host.exists():
        with locked(cache):
            if not host.exists():
                host.parent.mkdir(exist_ok=True)
                built_by_go(_PACKAGE, host, HOST, Path(__file__).parent / "yaml")
    into.mkdir(parents=True, exist_ok=True)
    target = into / HOST
    # Replaces a host of another version that an earlier checkout put there.
    if not (target.exists() and filecmp.cmp(target, host, shallow=False)):
        link(host, into)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m hosts.yaml_host FOLDER")
    try:
        install(Path(sys.argv[1]).absolute(), os.environ.get("PATH", ""))
    except InstallError as error:
        sys.exit(f"engine: {error}")
