"""Programs that compose the components, none of which asks for a refresh: no option, no provider, no flag.

`python` imports the components. `package` uses the component package as every other language does, by
Pulumi's Construct.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.azure import RunningAzure
from tests.support.judge import Judge
from tests.support.stack import Stack, done

NAME = "claims"
_PLUGINS = {"providers": [{"name": "azure-cmk", "path": "./provider"}]}
_PACKAGE = {"name": "language-cmk", "path": "./components"}
_PYTHON = {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}}


@dataclass(frozen=True)
class Consumer:
    """A stack of one consumer's program."""

    kind: str
    stack: Stack
    judge: Judge
    salt: str

    def say(self, **said: Any) -> None:
        """What the program says beside its name and region (program.py)."""
        told = {f"{NAME}:said": json.dumps(said), f"{NAME}:package": self.kind == "package"}
        self.stack.config_file.write_text(yaml.safe_dump({"config": told, "encryptionsalt": self.salt}))

    def up(self, *words: str, **said: Any) -> None:
        """`pulumi up` without a preview, of a program that says this and protects nothing; it succeeds."""
        self.say(protect=False, **said)
        done(self.stack.deploy(*words))

    def settle(self, **said: Any) -> None:
        """One more update converges, the next has nothing to do, and the account never lapsed."""
        self.up(**said)
        self.up("--expect-no-changes", **said)
        assert self.judge.lapses() == []
        assert self.judge.bound_version() == self.judge.versions()[-1]


def consumer(kind: str, azure: RunningAzure, folder: Path) -> Consumer:
    """A stack of one kind of consumer, not yet deployed."""
    stack = Stack(folder / "checkout", azure.environ, policy_pack=False)
    shutil.copy(Path(__file__).with_name("program.py"), stack.folder / "__main__.py")
    project: dict[str, Any] = {"name": NAME, "runtime": _PYTHON, "plugins": _PLUGINS}
    if kind == "package":
        project["plugins"] = {"providers": [_PACKAGE, *_PLUGINS["providers"]]}
    (stack.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    salt = stack.config().get("encryptionsalt", "")
    found = Consumer(kind, stack, Judge(azure, stack, name=NAME), salt)
    found.say()
    # The checkout begins with a stack of the repository's own project.
    backend = stack.folder / ".pulumi" / "backend"
    shutil.rmtree(backend)
    backend.mkdir()
    done(stack.pulumi("stack", "select", "--create", "dev"))
    return found
