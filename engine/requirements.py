"""The packages that each part needs, as uv.lock has them: `python -m engine.requirements`.

Pulumi's official language host installs the `requirements.txt` beside each Pulumi*.yaml with pip, so the
component package and the provider each have a list. No list has the packages of the local Azure or of the
tests, because a job that deploys holds credentials.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GROUPS = {
    "requirements.txt": "deployment",
    "components/requirements.txt": "components",
    "provider/requirements.txt": "provider",
    "engine/requirements.txt": "installer",
}
"""The dependency group of pyproject.toml for each list."""
_HEAD = "# Made from uv.lock by `python -m engine.requirements`; do not edit.\n"


def export(group: str, root: Path, *words: str) -> str:
    """uv's export of one group of the lock."""
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "export", "--frozen", "--offline", "--quiet", "--only-group", group, *words]
    command += ["--project", str(root)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def exported(group: str, root: Path = ROOT) -> str:
    """A list's text, with a checksum for every archive that pip may take."""
    return _HEAD + export(group, root, "--no-emit-project", "--no-annotate", "--no-header")


if __name__ == "__main__":
    for name, group in GROUPS.items():
        (ROOT / name).write_text(exported(group), encoding="utf-8")
