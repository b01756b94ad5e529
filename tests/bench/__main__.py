"""Previews and updates of fleets: our components, the plain program and the floor, side by side.

    python -m tests.bench [--services 1 10 100] [--up 1 10] [--clients-seconds 30] [--json FILE]

The plain program makes the same azure-native resources without our components; the floor registers as many
bare custom resources on the same engine. Lower is better; `ours/plain` and `ours/floor` are ratios of the
times. The last part is the local Azure by itself (localazure.py); 0 seconds of clients leave it out.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from tests.bench import localazure
from tests.bench.measure import Cost, run
from tests.support.azure import running_azure
from tests.support.stack import Stack

_PROGRAMS = Path(__file__).with_name("programs")


def fleet(stack: Stack, services: int) -> None:
    """Writes the settings of as many services into a stack."""
    document = stack.config()
    document["config"] = {
        "language-cmk:location": "westeurope",
        "language-cmk:protect": False,
        "language-cmk:network": {"access": "open"},
        "language-cmk:audit": {"newWorkspace": True},
        "language-cmk:services": [{"name": f"bench-{number:03}"} for number in range(services)],
    }
    stack.config_file.write_text(yaml.safe_dump(document))


def swap(stack: Stack, program: str, **env: int) -> None:
    """Puts another program into a stack's checkout, without settings."""
    shutil.copy(_PROGRAMS / f"{program}.py", stack.folder / "__main__.py")
    document = stack.config()
    document["config"] = {}
    stack.config_file.write_text(yaml.safe_dump(document))
    stack.env.update({name: str(value) for name, value in env.items()})


def pulumi(stack: Stack, *words: str) -> Cost:
    """The cost of one command of the engine."""
    return run(["pulumi", *words, "--non-interactive", "--color", "never"], cwd=stack.folder, env=stack.env)


def previews(cloud: dict[str, str], scratch: Path, services: int) -> dict[str, Any]:
    """First previews of a fleet, four ways."""
    ours = Stack(scratch / f"ours-{services}", cloud)
    fleet(ours, services)
    planned = json.loads(ours.pulumi("preview", "--json", timeout=600).output)
    resources = len(planned["steps"])
    costs = {
        "ours": pulumi(ours, "preview"),
        "ours with pack": pulumi(ours, "preview", "--policy-pack", "policies"),
    }
    plain = Stack(scratch / f"plain-{services}", cloud)
    swap(plain, "plain", SERVICES=services)
    costs["plain"] = pulumi(plain, "preview")
    floor = Stack(scratch / f"floor-{services}", cloud)
    swap(floor, "floor", RESOURCES=resources)
    costs["floor"] = pulumi(floor, "preview")
    return _row("preview", services, resources, costs)


def updates(cloud: dict[str, str], scratch: Path, services: int) -> dict[str, Any]:
    """A first update of a fleet, and one that changes nothing."""
    stack = Stack(scratch / f"up-{services}", cloud)
    fleet(stack, services)
    pack = ("--yes", "--policy-pack", "policies")
    costs = {"ours with pack": pulumi(stack, "up", *pack), "ours unchanged": pulumi(stack, "up", *pack)}
    return _row("up", services, len(stack.resources()), costs)


def _row(what: str, services: int, resources: int, costs: dict[str, Cost]) -> dict[str, Any]:
    row = {
        "what": what,
        "services": services,
        "resources": resources,
        "costs": {name: asdict(cost) for name, cost in costs.items()},
    }
    if "plain" in costs:
        row["ours/plain"] = round(costs["ours"].seconds / costs["plain"].seconds, 2)
        row["ours/floor"] = round(costs["ours"].seconds / costs["floor"].seconds, 2)
        row["pack"] = round(costs["ours with pack"].seconds / costs["ours"].seconds, 2)
    return row


def show(row: dict[str, Any]) -> None:
    """Prints one fleet's figures."""
    print(f"{row['what']} of {row['services']} services, {row['resources']} resources:")
    for name, cost in row["costs"].items():
        each = 1000 * cost["seconds"] / row["resources"]
        peaks = ", ".join(f"{process} {mib}" for process, mib in sorted(cost["peak_mib"].items()))
        print(f"  {name:16} {cost['seconds']:7.2f} s {each:7.1f} ms a resource; peak MiB: {peaks}")
    if "ours/plain" in row:
        print(f"  ours/plain {row['ours/plain']}, ours/floor {row['ours/floor']}, pack {row['pack']}")


def main() -> None:
    """Measures, prints, and writes the figures as JSON where asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--services", type=int, nargs="*", default=[1, 10, 100])
    parser.add_argument("--up", type=int, nargs="*", default=[1, 10])
    parser.add_argument("--clients-seconds", type=float, default=30)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder, running_azure(Path(folder) / "home") as azure:
        for services in arguments.services:
            rows.append(previews(azure.env, Path(folder), services))
            show(rows[-1])
        for services in arguments.up:
            azure.control("/reset", {})
            rows.append(updates(azure.env, Path(folder), services))
            show(rows[-1])
    if arguments.clients_seconds:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(localazure.measure(Path(folder), seconds=arguments.clients_seconds))
        print(localazure.told(rows[-1]))
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
