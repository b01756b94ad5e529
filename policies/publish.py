"""Builds a folder that holds the pack and core: `python -m policies.publish DIR`.

It needs nothing of the checkout; `pulumi policy publish`, run in it, uploads it.
"""

import shutil
import sys
from pathlib import Path
from typing import Final

import core

_HERE: Final = Path(__file__).resolve().parent
_LEFT_OUT: Final = shutil.ignore_patterns("__pycache__", "configuration.py", "publish.py")
_IN_CHECKOUT, _PUBLISHED = "virtualenv: ../.venv", "virtualenv: venv"


def build(folder: Path) -> Path:
    """Makes the folder. Raises FileExistsError where it holds something else than a pack."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "PulumiPolicy.yaml").is_file():
        raise FileExistsError(f"{folder} is not empty and is no policy pack; empty it, or name another")
    if folder.exists():
        shutil.rmtree(folder)
    shutil.copytree(_HERE, folder, ignore=_LEFT_OUT)
    inside = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(core.__file__).parent, folder / "core", ignore=inside)
    project = folder / "PulumiPolicy.yaml"
    text = project.read_text(encoding="utf-8").replace(_IN_CHECKOUT, _PUBLISHED)
    project.write_text(text, encoding="utf-8")
    return folder


def main(words: list[str]) -> int:
    """Exit code 0, or 2 where the words are wrong."""
    try:
        (named,) = words
        built = build(Path(named))
    except (ValueError, FileExistsError) as problem:
        sys.stderr.write(f"usage: python -m policies.publish DIR ({problem})\n")
        return 2
    sys.stdout.write(f"the policy pack is in {built}; to publish it, run `pulumi policy publish` there\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
