"""The fleet as its files have it: fleet.yaml, and a Pulumi.<stack>.yaml for each stack.

Owns: reading and checking them, all problems at once, and which stacks a changed file touches. Does not own:
which settings are shared (shared.py), and which values they may have (settings/).
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core import arm_ids, key_uris
from operate.errors import OperateError
from operate.fleet.planning import Member
from operate.stack_file import StackFile, path_of, stack_file
from settings import shared
from settings.model import ServiceSettings, Settings
from settings.parse import SettingsError
from settings.shared import FILE, SharedSettings

_NO_UPDATE_READS = ("docs/", "tests/", ".github/workflows/", ".azuredevops/pipelines/")
"""No update of a stack reads these folders, nor any *.md. A change of any other file touches every stack: an
update runs everything that is importable in the checkout, and login.sh beside the pipelines."""
_OF_ONE_STACK = re.compile(r"Pulumi\.[^/]+\.yaml")
_STACK = re.compile(r"[\w.-]{1,100}", re.ASCII)
"""The names that Pulumi takes for a stack (sdk/go/common/tokens). Pipelines list them with spaces between, so
none has a space."""


@dataclass(frozen=True)
class FleetFiles:
    """A fleet, read and checked: fleet.yaml and, for each stack, its file, its settings, and the facts that
    planning needs."""

    shared: SharedSettings
    files: Mapping[str, StackFile]
    settings: Mapping[str, Settings]
    members: Mapping[str, Member]


def read(folder: Path) -> FleetFiles:
    """The fleet of a checkout. Raises FleetFileError or OperateError with every problem of all files."""
    of_fleet = shared.read(folder)
    if not of_fleet.stacks:
        raise OperateError(f"found no stacks of a fleet in {FILE}; docs/fleets.md shows one")
    found = [stack_file(path) for path in sorted(folder.glob("Pulumi.*.yaml"))]
    files = {file.stack: file for file in found if of_fleet.includes(file.stack)}
    if not files:
        patterns = ", ".join(of_fleet.stacks)
        raise OperateError(f"{FILE}: no Pulumi.<stack>.yaml matches {patterns}")
    if misnamed := [path_of(stack).name for stack in files if not _STACK.fullmatch(stack)]:
        raise OperateError(
            f"found {', '.join(map(repr, misnamed))}, expected the name of a stack between `Pulumi.` and "
            "`.yaml`: letters, digits, hyphens, underscores and periods; rename the file"
        )
    settings, refused = {}, []
    for stack, file in files.items():
        try:
            settings[stack] = file.settings(of_fleet)
        except SettingsError as error:
            refused += [f"{path_of(stack)}: {one.path}: {one.text}" for one in error.problems]
    if refused:
        raise OperateError(
            f"{len(refused)} settings of the fleet are wrong; nothing was changed:\n  " + "\n  ".join(refused)
        )
    members = {stack: member(file, settings[stack]) for stack, file in files.items()}
    return FleetFiles(of_fleet, files, settings, members)


def member(file: StackFile, settings: Settings) -> Member:
    """The facts about a stack that planning needs."""
    labels = shared.labels_of(file.stack, file.config)
    keys = frozenset(key_of(one) for one in settings.services if one.has_key)
    return Member(file.stack, labels, keys, services=len(settings.services))


def key_of(service: ServiceSettings) -> str:
    """`vault/key`, in lower case, of the key that a service uses."""
    if service.key.id:
        return key_named(str(service.key.id))
    vault = arm_ids.name_of(str(service.vault.id)) if service.vault.id else service.vault.name
    return f"{vault}/{service.key.name}".lower()


def key_named(id: str) -> str:
    """`vault/key`, in lower case, of the key of an ARM id."""
    found = arm_ids.key_id(id)
    return f"{key_uris.place_of(found.parent.text)}/{found.name}".lower()


def touched(folder: Path, fleet: FleetFiles, since: str) -> frozenset[str]:
    """The stacks whose own file has changed since a git revision; all stacks if another file that an update
    may run or read has changed. Raises OperateError."""
    changed_files = _git(folder, "diff", "--name-only", "--no-renames", "--relative", "-z", since, "--", ".")
    new_files = _git(folder, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    names = set((changed_files + new_files).split("\0")) - {""}
    if any(map(_touches_all, names)):
        return frozenset(fleet.files)
    return frozenset(stack for stack in fleet.files if path_of(stack).name in names)


def _touches_all(name: str) -> bool:
    harmless = name.startswith(_NO_UPDATE_READS) or name.endswith(".md")
    return not (harmless or _OF_ONE_STACK.fullmatch(name))


def _git_command() -> str:
    """The git on PATH, but none in this folder, which a pull request may have filled. Raises OperateError."""
    here = Path.cwd()
    for entry in os.environ.get("PATH", "").split(os.pathsep):
        found = Path(shutil.which("git", path=entry or os.curdir) or here)
        if not any(one.is_relative_to(here) for one in (found.absolute(), found.parent.resolve())):
            return str(found)
    raise OperateError("git is not on PATH outside this folder: install it, or add the folder that has it")


def _git(folder: Path, *words: str) -> str:
    command = [_git_command(), *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OperateError(f"git {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout
