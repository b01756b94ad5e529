"""The Python package beside the clone: the preview of one program, whose imports, provider and policy pack
are the one's or the other's.

    python -m tests.bench.beside
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

from tests.bench import official_host
from tests.bench.measure import Cost, cheapest, run
from tests.support.azure import running_azure
from tests.support.installed import Installed, built_wheel
from tests.support.stack import Stack, done

_ROUNDS = 7
_PROGRAM = """\
import pulumi
from {module} import EncryptedAIServicesAccount

arguments = {{"location": "westeurope", "network": {{"access": "open"}}, "audit": {{"new_workspace": True}}}}
service = EncryptedAIServicesAccount("claims", arguments, pulumi.ResourceOptions(protect=False))
pulumi.export("services", {{"claims": service.outputs()}})
"""
_PREVIEW = ("pulumi", "preview", "--stack", "prod", "--non-interactive", "--color", "never")


def measure(folder: Path) -> dict[str, Any]:
    """The least of several previews of each, in turns: under this project's own host and one that has users
    wait as Pulumi's own does, without and with the policy pack."""
    with running_azure(folder / "home") as azure:
        program = Installed(folder / "claims", built_wheel(folder), azure.env)
        (program.folder / "__main__.py").write_text(_PROGRAM.format(module="language_cmk"))
        clone = Stack(folder / "clone", azure.env, name="prod", warm=False)
        (clone.folder / "__main__.py").write_text(_PROGRAM.format(module="components.service"))
        done(program.pulumi("stack", "init", "prod"))
        packs = {"wheel": ".venv/share/language-cmk/policies", "clone": "policies"}
        places: Mapping[str, tuple[Path, Mapping[str, str]]] = {
            "wheel": (program.folder, program.env),
            "clone": (clone.folder, clone.env),
        }
        official = str(official_host.installed(folder / "official").parent)
        hosts = {"own host": (), "as the official host": (official,)}
        costs: dict[str, list[Cost]] = {}
        for _ in range(_ROUNDS):
            for (host, before), (name, (place, env)) in product(hosts.items(), places.items()):
                path = os.pathsep.join([*before, env["PATH"]])
                for kind, words in (("", ()), (" with pack", ("--policy-pack", packs[name]))):
                    cost = run([*_PREVIEW, *words], cwd=place, env={**env, "PATH": path})
                    costs.setdefault(f"{name}{kind}, {host}", []).append(cost)
    return {"what": "wheel", "costs": {name: asdict(cheapest(found)) for name, found in costs.items()}}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        sys.stdout.write(json.dumps(measure(Path(scratch)), indent=2) + "\n")
