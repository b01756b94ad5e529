"""Puts Pulumi's language host for YAML beside the CLI of the checkout: `python -m engine.yaml_host FOLDER`.

Owns: a build of the official host from its Go module, once for this user. It is asked for by who runs a YAML
program and not by the set-up, which it would make half a minute longer. Standard library only.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from engine.install import InstallError, cache_folder, link, locked, say

HOST = "pulumi-language-yaml"
_PACKAGE = f"github.com/pulumi/pulumi-yaml/cmd/{HOST}"
_HERE = Path(__file__).resolve().parent / "yaml"


def install(into: Path, search_path: str) -> None:
    """Makes `into` hold the host, unless one is on the path or beside the CLI there.

    Raises InstallError without Go, or when the build fails.
    """
    beside = Path(shutil.which("pulumi", path=search_path) or into).resolve().parent
    if shutil.which(HOST, path=os.pathsep.join([search_path, str(beside)])):
        return
    cache = cache_folder()
    with locked(cache):
        if not (cache / HOST).exists():
            _build(cache)
    into.mkdir(parents=True, exist_ok=True)
    link(cache / HOST, into)


def _build(cache: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise InstallError(f"{HOST} is not on PATH, and Go, which could build it, is missing: install either")
    say(f"building {HOST} with Go, about a minute on two cores, once for this user")
    built = cache / ".yaml-building"
    command = [go, "build", "-trimpath", "-ldflags", "-s -w", "-o", str(built), _PACKAGE]
    done = subprocess.run(command, cwd=_HERE, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise InstallError("go build failed:\n" + "\n".join(done.stderr.splitlines()[-20:]))
    built.replace(cache / HOST)


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
