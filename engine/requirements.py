"""The packages that a deployment needs, as uv.lock has them, for `pulumi install`: `python -m
engine.requirements`.

Pulumi's official host installs `requirements.txt` beside each Pulumi*.yaml with pip. The local Azure and the
tools for tests are not among them: a job that deploys holds credentials.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "requirements.txt"
_HEAD = "# Made from uv.lock by `python -m engine.requirements`; do not edit.\n"
_WORDS = ("export", "--frozen", "--offline", "--no-default-groups", "--no-emit-project", "--no-annotate")


def exported(root: Path = ROOT) -> str:
    """The file's text, with a checksum for every archive that pip may take."""
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), *_WORDS, "--no-header", "--quiet", "--project", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return _HEAD + done.stdout


if __name__ == "__main__":
    FILE.write_text(exported(), encoding="utf-8")
