"""A stack's own file, Pulumi.<stack>.yaml, without the engine.

Owns: where it is, and its settings over those that fleet.yaml shares. Does not own: what a setting may be
(settings/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.arguments.inputs import shown
from core import yaml_documents
from core.environment import NAMESPACE
from operate.errors import OperateError
from settings import shared
from settings.model import Settings
from settings.parse import Values, decoded, merged, parse
from settings.shared import SharedSettings

PROGRAM = Path(__file__).resolve().parents[1]
"""Where the program is whose settings stand in such a file."""
_SECRET = "a-secret"  # noqa: S105 - stands for one that is encrypted in the file


@dataclass(frozen=True)
class StackFile:
    """A stack's own file: its configuration by full keys, with secrets as they are encrypted."""

    stack: str
    document: Mapping[str, Any]

    @property
    def config(self) -> Values:
        """The configuration by full keys."""
        found = self.document.get("config")
        return found if isinstance(found, Mapping) else {}

    def own(self) -> dict[str, object]:
        """The settings of the project, with a placeholder for each secret."""
        return decoded(
            {
                name.removeprefix(NAMESPACE): _without_secrets(value)
                for name, value in self.config.items()
                if name.startswith(NAMESPACE)
            }
        )

    def settings(self, of_fleet: SharedSettings) -> Settings:
        """The stack's settings. Raises SettingsError."""
        levels = of_fleet.of(self.stack, shared.labels_of(self.stack, self.config))
        secret = frozenset(
            name.removeprefix(NAMESPACE)
            for name, value in self.config.items()
            if _without_secrets(value) != value
        )
        login = {
            name.removeprefix("azure-native:"): str(value)
            for name, value in self.config.items()
            if name.startswith("azure-native:")
        }
        others = [name for name in self.config if not name.startswith(NAMESPACE)]
        below = merged(*levels)
        return parse(self.own(), shared=below, secret=secret, login=login, stack=self.stack, others=others)


def path_of(stack: str) -> Path:
    """A stack's own file. Of ORGANIZATION/PROJECT/STACK it has the last name only."""
    return Path(f"Pulumi.{stack.rpartition('/')[2]}.yaml")


def stack_file(path: Path) -> StackFile:
    """Reads a stack's own file. Raises OperateError."""
    try:
        return of_text(path, path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OperateError(f"{path} cannot be read: {error}") from error


def of_text(path: Path, text: str) -> StackFile:
    """A stack's own file by its text. Raises OperateError for another form, and DocumentError."""
    loaded = yaml_documents.of_yaml(text) or {}
    if not isinstance(loaded, Mapping):
        raise OperateError(f"{path}: found {shown(loaded)}, expected an object")
    return StackFile(path.name.removeprefix("Pulumi.").removesuffix(".yaml"), loaded)


def _without_secrets(value: object) -> object:
    """A value with a placeholder for each secret in it."""
    if isinstance(value, Mapping):
        inner = {name: _without_secrets(one) for name, one in value.items()}
        return _SECRET if set(value) == {"secure"} else inner
    return [_without_secrets(one) for one in value] if isinstance(value, list) else value
