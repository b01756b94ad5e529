"""Programs that compose the components, none of which asks for a refresh: no option, no provider, no flag.

`python` imports the components. `package` uses the component package as every other language does, by
Pulumi's Construct. `project` is the repository's own program.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.azure import RunningAzure
from tests.support.judge import Judge
from tests.support.stack import Run, Stack

NAME = "claims"
_PLUGINS = {"providers": [{"name": "azure-cmk", "path": "./provider"}]}
_PACKAGE = {"name": "language-cmk", "path": "./components"}
_PYTHON = {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}}


@dataclass
class Consumer:
    """A stack of one consumer's program."""

    kind: str
    azure: RunningAzure
    stack: Stack
    judge: Judge
    _salt: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self._salt = self.stack.config().get("encryptionsalt", "")

    def say(self, **said: Any) -> None:
        """What the program says beside its name and region (program.py)."""
        if self.kind == "project":
            self.stack.configure(**said)
            return
        told = {f"{NAME}:said": json.dumps(said), f"{NAME}:package": self.kind == "package"}
        config = {"config": told, "encryptionsalt": self._salt}
        self.stack.config_file.write_text(yaml.safe_dump(config))

    def up(self, *words: str) -> Run:
        """`pulumi up` without a preview."""
        return self.stack.deploy(*words)

    def must_up(self, *words: str) -> Run:
        """The same, which succeeds."""
        run = self.up(*words)
        assert run.ok, f"{self.kind}, up {words}:\n{run.output}"
        return run

    def urn(self, name: str) -> str:
        """The URN of a resource by the end of its logical name."""
        urns = [str(one["urn"]) for one in self.stack.resources()]
        return next(urn for urn in urns if urn.endswith(f"::{self.service}-{name}"))

    @property
    def service(self) -> str:
        return self.judge.name

    def settle(self, *words: str) -> None:
        """One more update converges, the next has nothing to do, and the account never lapsed."""
        self.must_up(*words)
        self.must_up("--expect-no-changes", *words)
        assert self.judge.lapses() == []
        assert self.judge.bound_version() == self.judge.versions()[-1]


def consumer(kind: str, azure: RunningAzure, folder: Path) -> Consumer:
    """A stack of one kind of consumer, not yet deployed."""
    stack = Stack(folder / "checkout", azure.environ, policy_pack=False)
    if kind == "project":
        return Consumer(kind, azure, stack, Judge(azure, stack))
    shutil.copy(Path(__file__).with_name("program.py"), stack.folder / "__main__.py")
    project: dict[str, Any] = {"name": NAME, "runtime": _PYTHON, "plugins": _PLUGINS}
    if kind == "package":
        project["plugins"] = {"providers": [_PACKAGE, *_PLUGINS["providers"]]}
    (stack.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    found = Consumer(kind, azure, stack, Judge(azure, stack, name=NAME))
    found.say()
    # The checkout begins with a stack of the repository's own project.
    backend = stack.folder / ".pulumi" / "backend"
    shutil.rmtree(backend)
    backend.mkdir()
    created = stack.pulumi("stack", "select", "--create", "dev")
    assert created.ok, created.output
    return found
