"""Previews and updates of fleets beside a plain program and the floor, and a stranger's first hour.

    python -m tests.bench [--full] [--json FILE]
    python -m tests.bench fleet [--stacks 50] [--at-once 16] [--actions preview up ...] [--json FILE]
    python -m tests.bench beside [--stacks 50] [--at-once 16] [--json FILE]

Lower is better; docs/speed.md says what the figures mean. --full measures previews of 500 services and
updates of 500, too, and takes half an hour. The word `fleet` measures `python -m operate fleet` over
--stacks stacks, and nothing else; `beside` compares it with `xargs pulumi`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.bench import first_hour, fleets, stacks
from tests.support.azure import running_azure


def main() -> None:
    """Measures, prints, and writes the figures as JSON where asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("only", nargs="?", choices=["fleet", "beside"])
    parser.add_argument("--stacks", type=int, default=50)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--actions", nargs="+", choices=list(stacks.ACTIONS), default=list(stacks.ACTIONS))
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    services = [1, 10, 100, *([500] if asked.full else [])]
    rows: list[dict[str, Any]] = [_machine()]
    if asked.only:
        with tempfile.TemporaryDirectory() as folder:
            if asked.only == "beside":
                rows.append(stacks.beside(Path(folder), asked.stacks, asked.at_once))
            else:
                rows.append(stacks.measure(Path(folder), asked.stacks, asked.at_once, asked.actions))
        print(stacks.told_beside(rows[-1]) if asked.only == "beside" else stacks.told(rows[-1]))
        _write(asked.json, rows)
        return
    with tempfile.TemporaryDirectory() as folder:
        rows.append(first_hour.measure(Path(folder)))
    print(first_hour.told(rows[-1]), flush=True)
    with tempfile.TemporaryDirectory() as folder, running_azure(Path(folder, "home")) as azure:
        for what in (fleets.Fleet.previews, fleets.Fleet.updates):
            for number in services:
                rows.append(what(fleets.Fleet(azure, Path(folder), number)))
                print(fleets.told(rows[-1]), flush=True)
    _write(asked.json, rows)


def _write(file: Path | None, rows: Sequence[dict[str, Any]]) -> None:
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(rows, indent=2) + "\n")


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
