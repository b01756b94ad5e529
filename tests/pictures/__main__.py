"""`python -m tests.pictures [draw] FOLDER`: records the runs, unless it only draws; draws every picture."""

import json
import sys
from pathlib import Path

from tests.pictures import pictures, runs


def main(words: list[str]) -> None:
    """Writes runs.json and every picture into the folder."""
    folder = Path(words[-1]).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if words[0] != "draw":
        made = runs.record(lambda text: print(f"pictures: {text}", flush=True))
        (folder / "runs.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    for name, text in pictures.drawn(folder / "runs.json").items():
        (folder / name).write_text(text, encoding="utf-8")
        print(f"pictures: wrote {name}")


if __name__ == "__main__":
    main(sys.argv[1:])
