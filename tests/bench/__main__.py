"""Previews and updates of fleets beside a plain program and the floor, what one preview consists of and why
it calls Azure, and a stranger's first hour.

    python -m tests.bench [--full] [--json FILE]
    python -m tests.bench fleet [--stacks 50] [--at-once 16] [--actions preview up ...] [--json FILE]
    python -m tests.bench load [--clients 50] [--seconds 60] [--beside CHECKOUT] [--json FILE]
    python -m tests.bench soak [--clients 4] [--rate 40] [--seconds 1200] [--samples 20] [--json FILE]

Lower is better; docs/speed.md says what the figures mean. --full measures previews of 500 services and
updates of 500, too, and takes half an hour. The word `fleet` measures `python -m operate fleet` over
--stacks stacks, `load` the local Azure under many clients (with --beside, in turns with that of another
checkout), and `soak` what its memory and its database grow by; each measures nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.bench import anatomy, calls, first_hour, fleets, load, stacks
from tests.support.azure import RunningAzure, running_azure

_TURNS = 3
"""So often each checkout is measured under load."""


def main() -> None:
    """Measures, and prints the figures as JSON; writes them where asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("only", nargs="?", choices=["fleet", "load", "soak"])
    parser.add_argument("--stacks", type=int, default=50)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--actions", nargs="+", choices=list(stacks.ACTIONS), default=list(stacks.ACTIONS))
    parser.add_argument("--clients", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--beside", type=Path)
    parser.add_argument("--rate", type=float, default=40.0)
    parser.add_argument("--samples", type=int, default=20)
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
        if asked.only == "load":
            checkouts = [asked.beside, Path.cwd()] if asked.beside else [Path.cwd()]
            for turn in range(_TURNS):
                for checkout in checkouts:
                    home = folder / f"{turn}-{checkouts.index(checkout)}"
                    measured(load.measure(home, checkout, asked.clients or 50, asked.seconds or 60.0))
        elif asked.only == "soak":
            clients, seconds = asked.clients or 4, asked.seconds or 1200.0
            for row in load.soak(folder / "home", clients, asked.rate, seconds, asked.samples):
                measured(row)
        elif asked.only:
            measured(stacks.measure(folder, asked.stacks, asked.at_once, asked.actions))
        else:
            measured(first_hour.measure(folder / "first"))
            for services in (1, 10):
                for row in calls.measure(services):
                    measured(row)
            with running_azure(folder / "home") as azure:
                measured(anatomy.measure(fleets.Fleet(azure, folder / "one", 1).ours("preview")))
                sizes = (1, 10, 100, 500) if asked.full else (1, 10, 100)
                for row in _side_by_side(azure, folder, sizes):
                    measured(row)
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(rows, indent=2) + "\n")


def _side_by_side(azure: RunningAzure, folder: Path, sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    for what in (fleets.Fleet.previews, fleets.Fleet.updates):
        for services in sizes:
            fleet = fleets.Fleet(azure, folder / what.__name__, services)
            yield from what(fleet.also_as_official())


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
