"""A stack of this project on the real engine, in a checkout of its own, for tests of whole lives."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from localazure.environment import checkout
from localazure.execution import count_azure_native_as_installed
from tests.support.environments import give_environment
from tests.support.warm_host import language_host

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 600.0
"""Much more than any command takes on a busy machine of one core: only what hangs is to be told."""
_PROGRAM = (
    "Pulumi.yaml",
    "Pulumi.dev.yaml",
    "__main__.py",
    "settings",
    "components",
    "core",
    "provider",
    "policies",
    "operate",
    "engine",
    "hosts",
    "policy-config.yaml",
    "pyproject.toml",
    "requirements.txt",
)


@dataclass(frozen=True)
class Run:
    """One command of the engine: its exit code and what a person would have read."""

    code: int
    output: str

    @property
    def ok(self) -> bool:
        return self.code == 0


def done(run: Run) -> Run:
    """A run that has to succeed, with its output where it does not."""
    assert run.ok, run.output
    return run


def refused(run: Run, *words: str) -> Run:
    """A run that has to fail, in these words."""
    assert not run.ok, run.output
    for word in words:
        assert word in run.output, f"{word} is not in:\n{run.output}"
    return run


@dataclass
class Stack:
    """A stack of a copy of the project in `folder`, with the settings of the repository's `dev`.

    `cloud` is the environment of a local Azure.

    The program, the policy pack and the plugins run in forks of one Python that has the repository's modules,
    which takes a third of the time; without `warm`, the engine starts each of them by the language host on
    PATH, as a user's does. A test that changes the code of the copy starts the engine itself,
    as those do that are about its processes (crash.py, runbooks/, engine/test_first_hour.py).
    """

    folder: Path
    cloud: Mapping[str, str]
    policy_pack: bool = True
    name: str = "dev"
    warm: bool = True
    env: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        # The engine would prefer a plugin's executable to its language host.
        left_out = ("__pycache__", "pulumi-resource-*") if self.warm else ("__pycache__",)
        for name in _PROGRAM:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, self.folder / name, ignore=shutil.ignore_patterns(*left_out))
            elif source.exists():
                shutil.copy(source, self.folder / name)
        (self.folder / "Pulumi.dev.yaml").rename(self.config_file)
        # The proof of `make up` takes it, and few tests: the others have a resource less to wait for.
        self.configure(callers=None)
        give_environment(self.folder)
        search_path = os.pathsep.join([str(ROOT / ".pulumi" / "bin"), os.environ["PATH"]])
        self.env = {**os.environ, **self.cloud, **checkout(self.folder, search_path)}
        (self.folder / ".pulumi" / "backend").mkdir(parents=True)
        count_azure_native_as_installed(ROOT, Path(self.env["PULUMI_HOME"]))
        self.pulumi("stack", "select", "--create", self.name).output  # noqa: B018

    @property
    def config_file(self) -> Path:
        return self.folder / f"Pulumi.{self.name}.yaml"

    def config(self) -> dict[str, Any]:
        """The stack's configuration as its file has it."""
        loaded: dict[str, Any] = yaml.safe_load(self.config_file.read_text())
        return loaded

    def configure(self, **settings: Any) -> None:
        """Sets settings of the project's namespace; None takes one out."""
        document = self.config()
        for name, value in settings.items():
            if value is None:
                document["config"].pop(f"language-cmk:{name}", None)
            else:
                document["config"][f"language-cmk:{name}"] = value
        self.config_file.write_text(yaml.safe_dump(document))

    def pulumi(self, *words: str, timeout: float = PATIENCE_SECONDS) -> Run:
        """Runs the CLI as a person would, without a terminal."""
        with self.host() as attached:
            return self._run(
                "pulumi", *words, "--non-interactive", "--color", "never", timeout=timeout, **attached
            )

    def host(self) -> AbstractContextManager[dict[str, str]]:
        """Where the engine finds its language host, as variables; none where it is to start one."""
        if not self.warm:
            return nullcontext({})
        return language_host(self.env)

    def python(self, *words: str, timeout: float = PATIENCE_SECONDS) -> Run:
        """Runs the project's Python in the checkout, with the stack's environment."""
        return self._run(str(self.folder / ".venv" / "bin" / "python"), *words, timeout=timeout)

    def _run(self, *command: str, timeout: float, **environ: str) -> Run:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.env, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Run(done.returncode, done.stdout)

    def _with_pack(self, *words: str) -> Run:
        pack = ("--policy-pack", "policies") if self.policy_pack else ()
        return self.pulumi(*words, *pack)

    def up(self, *words: str) -> Run:
        """`pulumi up`: preview and update, both under the policy pack."""
        return self._with_pack("up", "--yes", *words)

    def deploy(self, *words: str) -> Run:
        """The update alone: no preview and no policies, which have tests of their own."""
        return self.pulumi("up", "--yes", "--skip-preview", *words)

    def preview(self, *words: str) -> Run:
        return self._with_pack("preview", *words)

    def proposed(self, *words: str) -> dict[str, str]:
        """What a preview would do: the operation by resource type, without what stays the same. Raises
        RuntimeError when the preview fails."""
        steps: list[dict[str, Any]] = self._told("preview", "--json", *words)["steps"]
        changes = {step["urn"].split("::")[2].rsplit("$", 1)[-1]: step["op"] for step in steps}
        return {type: op for type, op in changes.items() if op not in ("same", "refresh")}

    def refresh(self) -> Run:
        return self.pulumi("refresh", "--yes")

    def destroy(self) -> Run:
        return self.pulumi("destroy", "--yes")

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs. Raises RuntimeError when there are none to read."""
        return self._told("stack", "output", "--json")

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the state, as `pulumi stack export` gives them."""
        found: list[dict[str, Any]] = self._told("stack", "export")["deployment"].get("resources", [])
        return found

    def _told(self, *words: str) -> dict[str, Any]:
        """The JSON object that a command ends with. Raises RuntimeError when it fails."""
        run = self.pulumi(*words)
        if not run.ok:
            raise RuntimeError(run.output)
        found: dict[str, Any] = json.loads(run.output[run.output.index("{") :])
        return found
