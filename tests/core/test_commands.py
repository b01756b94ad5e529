"""How a command is written that runs where it is printed."""

import subprocess
import sys
from pathlib import Path

import pytest

from core import commands


def test_a_command_beside_a_clone_finds_the_clones_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the folder of a program of one's own, as it is printed."""
    monkeypatch.chdir(tmp_path)
    line = f"{commands.operate('settings --stack dev')} --help"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_interpreter_of_a_plugin_is_named_as_people_type_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pulumi starts a plugin by a path that goes down into its folder and up again."""
    monkeypatch.setattr(sys, "executable", str(Path.cwd() / "provider" / ".." / ".venv" / "bin" / "python"))
    assert commands.operate("verify") == ".venv/bin/python -m operate verify"
