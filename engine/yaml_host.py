"""Puts Pulumi's language host for YAML beside the CLI of the checkout: `python -m engine.yaml_host FOLDER`.

Owns: a build of the official host from its Go module, once for this user. It is asked for by who runs a YAML
program and not by the set-up, which it would make half a minute longer. Standard library only.
"""

import argparse
import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path

from engine.install import InstallError, cache_folder, link, locked, say

HOST = "pulumi-language-yaml"
VERSION = "1.38.3"
"""The version that engine/yaml/go.mod names, as a test compares; each has its own place in the cache."""
_PACKAGE = f"github.com/pulumi/pulumi-yaml/cmd/{HOST}"
_HERE = Path(__file__).resolve().parent / "yaml"


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
    with locked(cache):
        if not host.exists():
            host.parent.mkdir(exist_ok=True)
            _build(host)
    into.mkdir(parents=True, exist_ok=True)
    target = into / HOST
    # One of another version, which an earlier checkout put there, is replaced.
    if not (target.exists() and filecmp.cmp(target, host, shallow=False)):
        link(host, into)


def _build(host: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise InstallError(f"{HOST} is not on PATH, and Go, which could build it, is missing: install either")
    say(f"building {HOST} {VERSION} with Go, about a minute on two cores, once for this user")
    built = host.with_name(".yaml-building")
    command = [go, "build", "-trimpath", "-ldflags", "-s -w", "-o", str(built), _PACKAGE]
    done = subprocess.run(command, cwd=_HERE, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise InstallError("go build failed:\n" + "\n".join(done.stderr.splitlines()[-20:]))
    built.replace(host)


def main() -> None:
    """Exits with 1 and one message when it cannot be done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    try:
        install(parser.parse_args().folder.absolute(), os.environ.get("PATH", ""))
    except InstallError as error:
        say(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
