"""The pipelines of a project that depends on the Python package: the repository's own, with what a project
has in the place of what a checkout has.

A project has no `review/`, no `engine/` and no scripts of its platform: the package brings them, below
`.venv/share/language-cmk` in the repository's own layout (engine/package.py). Fleets have pipelines in a
checkout alone.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_SHARE: Final = ".venv/share/language-cmk"
_NAMES: Final = ("preview", "deploy", "drift")
_FOLDERS: Final = (".github/workflows", ".azuredevops/pipelines")
SCRIPTS: Final = (".ci/assertion.sh", ".github", ".azuredevops", "review", "engine", "hosts")
"""What of the repository the package brings for pipelines: of folders, what _SCRIPT matches."""
_SCRIPT: Final = re.compile(
    r"\.sh$|^engine/install\.py$|^hosts/language_host\.py$|^engine/checksums\.txt$|^engine/go\.(mod|sum)$"
)
_MADE: Final = "# Made from the pipeline of the same name of the repository of language-cmk, for a project.\n"
_SETTINGS: Final = f"""\
env:
  PYTHON: .venv/bin/python
  POLICY_PACK: {_SHARE}/policies

jobs:
"""
_VARIABLES: Final = f"""\
  - group: language-cmk # stacks, backend
  - name: PYTHON
    value: .venv/bin/python
  - name: POLICY_PACK
    value: {_SHARE}/policies
"""
_SET_UP: Final = ".ci/setup"
_STEP: Final = f"      - name: Set up\n        run: {_SET_UP}\n"
_LOCAL: Final = ".venv/bin/pip install --quiet 'language-cmk[localazure]'"
_PATH: Final = 'export PATH="$PWD/.pulumi/bin:$PWD/.venv/bin:$PATH"'
_CHANGES: Final[Mapping[str, str]] = {
    # The local Azure, in the job without a login.
    r"^( +)make up$": rf"\1{_SET_UP}\n\1{_LOCAL}\n\1{_PATH}\n\1language-cmk localazure up",
    r"^( +)make review \|\|": (
        rf"\1{_SET_UP}\n\1{_PATH}\n"
        rf"\1language-cmk localazure exec -- {_SHARE}/review/pull_request.sh dev .review ||"
    ),
    r"run: make down$": "run: .venv/bin/language-cmk localazure stop",
    # A job that runs nothing but a script of the platform.
    r"^(?=      - name: (?:Comment|Verdict)\n        env:\n          (?:GH_TOKEN|LOCAL))": _STEP,
    # Everywhere else.
    r"python3 engine/setup\.py --runtime": _SET_UP,
    r"\.venv/bin/python -m operate": ".venv/bin/language-cmk",
    r"(?<![\w./])(review/\w+\.sh)": rf"{_SHARE}/\1",
    r"(?<![\w./])(\.(?:github|azuredevops)/\w+\.sh)": rf"{_SHARE}/\1",
    r" && vars\.FLEET_SHARDS == ''(?: # a fleet .*)?": "",
    r" A fleet has its own workflow\.": "",
    r"vars\.FLEET_SHARDS == '' && ": "",
    r"^jobs:\n": _SETTINGS,
    r"^  - group: language-cmk # stacks, backend\n": _VARIABLES,
}
"""By pattern, what stands in its place."""


def made(root: Path) -> dict[str, str]:
    """The text of each pipeline of the template, by its name in the repository."""
    texts = {}
    for folder in _FOLDERS:
        for name in _NAMES:
            path = f"{folder}/{name}.yml"
            text = (root / path).read_text(encoding="utf-8")
            for pattern, wanted in _CHANGES.items():
                if folder.startswith(".azure") and wanted == _SETTINGS:
                    continue
                text = re.sub(pattern, wanted, text, flags=re.MULTILINE)
            texts[f"template/{path}"] = _MADE + text
    return texts


def outdated(root: Path) -> list[str]:
    """The pipelines of the template that are not as made from the repository's; none where it has none."""
    if not (root / _FOLDERS[0]).exists():
        return []
    found = {name: (root / name).read_text() if (root / name).exists() else "" for name in made(root)}
    return [name for name, text in made(root).items() if found[name] != text]


def write(root: Path) -> None:
    """Writes the pipelines that are not as they are made."""
    for name in outdated(root):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(made(root)[name], encoding="utf-8")


def is_brought(name: str) -> bool:
    """Whether the package brings a file of SCRIPTS to a project's pipelines."""
    return bool(_SCRIPT.search(name))
