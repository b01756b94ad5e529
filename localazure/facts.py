"""The package's JSON files, beside the modules that read them: facts about Azure, with their sources."""

import json
from pathlib import Path
from typing import Any


def read(name: str) -> Any:
    """What a file has, by its path in the package, such as `cognitive/kinds.json`."""
    return json.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
