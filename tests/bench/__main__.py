"""Previews and updates of fleets beside a plain program and the floor, what one preview consists of and why
it calls Azure, and a stranger's first hour.

    python -m tests.bench [--full] [--json FILE]
    python -m tests.bench fleet [--stacks 50] [--at-once 16] [--actions preview up ...] [--json FILE]

Lower is better; docs/speed.md says what the figures mean. --full measures previews of 500 services and
updates of 500, too, and takes half an hour. The word `fleet` measures `python -m operate fleet` over
--stacks stacks, and nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.bench import anatomy, calls, first_hour, fleets, stacks
from tests.support.azure import running_azure


def main() -> None:
    """Measures, and prints the figures as JSON; writes them where asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("only", nargs="?", choices=["fleet"])
    parser.add_argument("--stacks", type=int, default=50)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--actions", nargs="+", choices=list(stacks.ACTIONS), default=list(stacks.ACTIONS))
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []

    def measured(row: dict[str, Any]) -> None:
        print(json.dumps(row, indent=2), flush=True)
        rows.append(row)

    measured(_machine())
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if asked.only:
            measured(stacks.measure(folder, asked.stacks, asked.at_once, asked.actions))
        else:
            measured(first_hour.measure(folder / "first"))
            for services in (1, 10):
                for row in calls.measure(services):
                    measured(row)
            with running_azure(folder / "home") as azure:
                measured(anatomy.measure(fleets.Fleet(azure, folder / "one", 1).ours("preview")))
                for what in (fleets.Fleet.previews, fleets.Fleet.updates):
                    for services in (1, 10, 100, *([500] if asked.full else [])):
                        measured(what(fleets.Fleet(azure, folder, services)))
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(rows, indent=2) + "\n")


def _machine() -> dict[str, Any]:
    return {
        "what": "machine",
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "pulumi": version("pulumi"),
        "pulumi-azure-native": version("pulumi-azure-native"),
    }


if __name__ == "__main__":
    main()
