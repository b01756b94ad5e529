"""A program in a folder of its own, beside which the Python package is installed; it shares nothing with the
repository but the packages of others."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine import release
from localazure.environment import checkout
from localazure.execution import count_azure_native_as_installed
from tests.support.stack import PATIENCE_SECONDS, ROOT, Run

UV = ROOT / ".venv" / "bin" / "uv"
PROGRAM = ROOT / "tests" / "package" / "program"


def built_wheel(folder: Path) -> Path:
    """The wheel of the tree as it is, in a folder."""
    for name, content in release.python_package().items():
        if name.startswith("language_cmk-") and name.endswith(".whl"):
            wheel = folder / name
            wheel.write_bytes(content)
            return wheel
    raise AssertionError("the build made no wheel")


@dataclass
class Installed:
    """A copy of the program in `folder`, with the wheel in its `.venv`; `cloud` is the environment of a local
    Azure. The packages that the wheel needs are looked up in the repository's environment."""

    folder: Path
    wheel: Path
    cloud: Mapping[str, str]
    env: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        shutil.copytree(PROGRAM, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        environment = self.folder / ".venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
        (packages,) = environment.glob("lib/python*/site-packages")
        (packages / "shared.pth").write_text(f"{ROOT / packages.relative_to(self.folder)}\n")
        python = str(environment / "bin" / "python")
        install = [str(UV), "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python]
        subprocess.run([*install, str(self.wheel)], check=True)
        shutil.copytree(environment / "share" / "language-cmk" / "azure-cmk", self.folder / "azure-cmk")
        search_path = os.pathsep.join([str(ROOT / ".pulumi" / "bin"), os.environ["PATH"]])
        outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self.env = {**outside, **self.cloud, **checkout(self.folder, search_path)}
        (self.folder / ".pulumi" / "backend").mkdir(parents=True)
        count_azure_native_as_installed(ROOT, Path(self.env["PULUMI_HOME"]))

    def run(self, *command: str) -> Run:
        """A command as a person types it in the program's folder."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return Run(done.returncode, done.stdout)

    def pulumi(self, *words: str) -> Run:
        return self.run("pulumi", *words, "--non-interactive", "--color", "never")
