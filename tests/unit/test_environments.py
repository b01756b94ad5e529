"""Other people's machines: in each of these environments the set-up works, or says in one line what to do.

Nothing is downloaded: what a set-up would fetch is there already, as it is the second time.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from engine import install, setup
from localazure.environment import checkout

ROOT = Path(__file__).resolve().parents[2]
_COPIED = ("engine", "hosts", "localazure", "Makefile", "uv.lock", "pyproject.toml")
_BIN = ROOT / ".pulumi" / "bin"


class Machine(NamedTuple):
    """A machine: where its checkout is, its variables, what has to run there (another Python, or `unshare`,
    which makes namespaces), and what the set-up says; "" where it works."""

    name: str
    says: str = ""
    folder: str = "checkout"
    variables: Mapping[str, str | None] = {}
    needs: tuple[str, ...] = ("true",)
    command: tuple[str, ...] = (sys.executable, "engine/setup.py")


_UNSHARE = ("unshare", "--user", "--net", "true")
_PROXY = "http://127.0.0.1:9"
_SETUP = (sys.executable, "engine/setup.py")
MACHINES = [
    Machine("spaces, quotes and unicode", folder="my Prüf'stand 検証"),
    Machine("no home", variables={"HOME": None}),
    Machine("proxies that lead nowhere", variables={"HTTPS_PROXY": _PROXY, "ALL_PROXY": _PROXY}),
    Machine("no make", variables={"PATH": str(Path(sys.executable).parent)}),
    Machine("no network", needs=_UNSHARE, command=("unshare", "--map-root-user", "--net", *_SETUP)),
    Machine(
        "not root",
        needs=_UNSHARE,
        command=("unshare", "--user", "--map-user=1000", "--map-group=1000", *_SETUP),
    ),
    Machine("another environment's", variables={"VIRTUAL_ENV": "/nowhere", "PYTHONPATH": "/nowhere"}),
    Machine("no locale", variables={"LC_ALL": "C", "LANG": None, "PYTHONIOENCODING": "ascii"}),
    *(
        Machine(
            f"Python {version}",
            says,
            needs=(f"python{version}", "-V"),
            command=(f"python{version}", *words),
        )
        for version, says, *words in (
            *((one, "", "engine/setup.py") for one in ("3.11", "3.12", "3.13", "3.14")),
            *(("3.8", "python3.12", *words) for words in (("engine/setup.py",), ("-m", "localazure", "up"))),
        )
    ),
    Machine("a person's make", command=("make", f"PYTHON={sys.executable}", "setup")),
]


@pytest.mark.parametrize("machine", MACHINES, ids=lambda one: f"{one.name}: {' '.join(one.command[1:])}")
def test_the_set_up_works_or_says_what_to_do(machine: Machine, tmp_path: Path) -> None:
    """A checkout that was set up before is mended in its new place, whatever else the machine has."""
    if shutil.which(machine.needs[0]) is None or subprocess.run(machine.needs, check=False).returncode:
        pytest.skip(f"this machine does not run {' '.join(machine.needs)}")
    folder = tmp_path / machine.folder
    folder.mkdir()
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    cache = tmp_path / "cache"
    environ = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    environ |= {name: text for name, text in machine.variables.items() if text}
    environ = {name: text for name, text in environ.items() if machine.variables.get(name, "") is not None}
    own = install.cache_folder()
    cached = cache / own.relative_to(own.parents[1])
    cached.mkdir(parents=True)
    for file in (_BIN / "pulumi", _BIN / "pulumi-language-python-exec"):
        (cached / file.name).symlink_to(file.resolve())
    done = subprocess.run(
        machine.command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=240
    )
    said = done.stderr.strip()
    if machine.says:
        assert done.returncode != 0
        assert machine.says in said.splitlines()[-1]
        assert "Traceback" not in said
    else:
        assert done.returncode == 0, said
        cli = folder / ".pulumi" / "bin" / "pulumi"
        answer = subprocess.run([cli, "version"], env=environ, capture_output=True, text=True, check=True)
        assert answer.stdout.startswith("v3.")


def test_two_checkouts_do_not_share_a_server(tmp_path: Path) -> None:
    """Each has its state, its ports and its CLI's home in its own folder."""
    one, two = (checkout(tmp_path / name, "/bin") for name in ("one", "two"))
    same = {name for name in one if one[name] == two[name]}
    assert same == {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_SKIP_UPDATE_CHECK"}


def test_a_clone_that_cannot_be_written_is_told_as_that(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And not as a package of the system that is missing; one that is set up already is used as it is."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(setup.SetupError, match=r"cannot be written, .*: clone the repository into a folder"):
        setup.make_environment(tmp_path, Path(sys.executable))
    setup.make_environment(ROOT, Path(sys.executable))


def test_a_certificate_that_uv_does_not_trust_has_a_way_out(tmp_path: Path) -> None:
    """uv names an option of its own, which nobody can pass through the set-up: a variable does the same."""
    uv = tmp_path / ".venv" / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.write_text("#!/bin/sh\necho 'consider --system-certs' >&2; exit 2\n")
    uv.chmod(0o755)
    for name in ("uv.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    with pytest.raises(setup.SetupError, match="export UV_SYSTEM_CERTS=true"):
        setup.make_environment(tmp_path, Path(sys.executable))
