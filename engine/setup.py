"""Installs or repairs everything that a checkout needs: `python3 engine/setup.py`. Writes only to the
checkout and the user's cache. With `--runtime` it installs only the packages for a job that plans, reviews or
deploys, because such a job holds credentials.

Owns: the virtual environment `.venv` with the locked packages. The Pulumi CLI is install.py's. Runs on a bare
Python: standard library only, and even a Python that is too old can run it and say that it is.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)


def program_of(root: Path, name: str) -> Path:
    """A program in the checkout's virtual environment, whether or not it is there."""
    return root / ".venv" / "bin" / name


def say(text: str) -> None:
    """Tells a person how far the set-up is; standard output stays free for `make env`."""
    sys.stderr.write(f"setup: {text}\n")
    sys.stderr.flush()


class SetupError(Exception):
    """The set-up cannot go on; the message says what is missing and what to do."""


def make_environment(root: Path, python: Path, *, runtime: bool = False) -> None:
    """Installs the packages of uv.lock into `.venv`; with `runtime` only those of a deployment. Raises
    SetupError."""
    if not program_of(root, "uv").exists():
        _require_writable(root)
        say("making the virtual environment .venv")
        own = program_of(root, "python")
        # Python takes two seconds to put a pip of its own there, which this list then replaces.
        if importlib.util.find_spec("pip"):
            bare, pip = ["--without-pip"], [python, "-m", "pip", "--python", own]
        else:
            bare, pip = [], [own, "-m", "pip"]
        _run([python, "-m", "venv", *bare, root / ".venv"], "on Debian and Ubuntu install python3-venv")
        listed = ["--require-hashes", "--requirement", root / "engine" / "requirements.txt"]
        _run(
            [*pip, "install", "--quiet", "--disable-pip-version-check", *listed],
            "it is installed from PyPI, or the index that pip is configured for",
        )
    synced = root / ".venv" / ".synced"
    locked = max((root / name).stat().st_mtime for name in ("uv.lock", "pyproject.toml"))
    only = "deployment" if runtime else ""
    if synced.exists() and synced.stat().st_mtime >= locked and synced.read_text() in ("", only):
        return
    _require_writable(root)
    say("installing the locked Python packages (half a minute the first time)")
    # Not compiled: of 14,000 modules a run imports 2,000, and Python compiles those itself, once.
    words = ["sync", "--frozen", "--inexact", *(["--only-group", only] if only else [])]
    if not sys.stderr.isatty():
        words.append("--quiet")  # in a terminal, uv's own line moves
    advice = "see what uv says above; if it does not trust a certificate, first `export UV_SYSTEM_CERTS=true`"
    _run([program_of(root, "uv"), *words, "--project", root], advice)
    synced.write_text(only)


def _require_writable(root: Path) -> None:
    if not os.access(str(root), os.W_OK):
        raise SetupError(
            f"{root} cannot be written, and the packages are installed there: clone the repository into a "
            "folder of your own"
        )


def _run(command: "list[object]", advice: str) -> None:  # Python 3.8 reads this file, too
    words = [str(word) for word in command]
    # Ignores a virtual environment that happens to be active.
    environ = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    try:
        code = subprocess.run(words, env=environ, check=False).returncode
    except OSError as error:
        raise SetupError(f"{words[0]} cannot be run ({error.strerror}); {advice}") from error
    if code != 0:
        raise SetupError(f"{' '.join(words)} failed; {advice}")


def main(words: "list[str]") -> int:
    """Sets the checkout up; the exit code."""
    if words not in ([], ["--runtime"]):
        say("usage: python3 engine/setup.py [--runtime]")
        return 2
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(str(number) for number in sys.version_info[:3])
        say(f"found Python {found}, expected 3.11 or newer: install one, or name one: make PYTHON=python3.12")
        return 1
    sys.path.insert(0, str(ROOT))
    from engine import install  # noqa: PLC0415 - it needs a Python that is new enough

    try:
        make_environment(ROOT, Path(sys.executable), runtime=bool(words))
        install.install(ROOT / ".pulumi" / "bin", program_of(ROOT, "python"))
    except (SetupError, install.InstallError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("interrupted; run it again to go on")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
