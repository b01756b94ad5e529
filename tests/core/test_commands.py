"""How a command is written that runs where it is printed."""

import sys
from pathlib import Path

import pytest

from core import commands


def test_the_interpreter_of_a_plugin_is_named_as_people_type_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pulumi starts a plugin by a path that goes down into its folder and up again."""
    monkeypatch.setattr(sys, "executable", str(Path.cwd() / "provider" / ".." / ".venv" / "bin" / "python"))
    assert commands.operate("verify") == ".venv/bin/python -m operate verify"
