"""Forks of a warm Python (tests/support/warm_python.py) are what their interpreter would be."""

import sys
from pathlib import Path

from tests.support.stack import PATIENCE_SECONDS
from tests.support.warm_python import start

SCRIPT = """import importlib.util
import sys
import theirs

ours = [name for name in ("components", "core", "provider") if importlib.util.find_spec(name)]
print(ours, "grpc" in sys.modules)
"""


def test_a_fork_for_packages_of_its_own_has_nothing_of_the_repository(tmp_path: Path) -> None:
    """A program beside the installed package finds that alone; what others wrote is imported already."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = tmp_path / ".venv" / "lib" / version / "site-packages"
    packages.mkdir(parents=True)
    (packages / "theirs.py").touch()
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    python = str(tmp_path / ".venv" / "bin" / "python")
    fork = start([python, "-u", str(script)], cwd=str(tmp_path), env={}, read_output=True)
    assert fork.stdout is not None
    assert fork.stdout.read() == b"[] True\n"
    assert fork.wait(PATIENCE_SECONDS) == 0
