"""A process of ours imports what it needs and nothing else: each starts anew for each command of the engine.

One annotation loaded all 290 modules of azure-native's `network`, a third of the time of a small preview.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMPILED = {"cython_runtime", "typing_extensions"}
"""What extensions in C and type annotations bring with them."""
GRPC = {"google", "grpc", "pulumi"}
# The SDK of a program, with what it needs.
SDK = {*GRPC, "dill", "opentelemetry", "packaging", "psutil", "semver", "yaml"}
AZURE_NATIVE = {"parver", "pulumi_azure_native"}
"""Its modules are placeholders until something of them is used; the tests below count those that are."""
_SCRIPT = "import runpy; runpy.run_path({!r}, run_name='imported')".format
PROCESSES: Mapping[str, tuple[str, set[str]]] = {
    "program": (_SCRIPT("__main__.py"), {"components", "core", "operate", "settings", *SDK, *AZURE_NATIVE}),
    "package": (_SCRIPT("components/__main__.py"), {"components", "core", *SDK, *AZURE_NATIVE}),
    "provider": (_SCRIPT("provider/__main__.py"), {"core", "provider", *GRPC}),
    "policy pack": (
        f"import pulumi_policy; pulumi_policy.PolicyPack = print; {_SCRIPT('policies/__main__.py')}",
        {"core", "policies", "pulumi_policy", *SDK},
    ),
    "language host": (_SCRIPT("engine/language_host.py"), {"core", "engine", *GRPC}),
    "settings": ("import settings", {"components", "core", "settings", *SDK, *AZURE_NATIVE}),
    "review": ("import review.__main__", {"core", "review", "yaml"}),
    "operate": ("import operate.__main__", {"azure", "core", "operate"}),
}
"""What a process imports before it is asked for anything, and its packages beside the standard library."""
ONE_SERVICE = """
from components.service import EncryptedAIServicesAccount
from tests.support.recording import run
run(lambda: EncryptedAIServicesAccount("claims", {"location": "westeurope"}))
"""


def imported(script: str) -> list[str]:
    """The modules that a fresh interpreter has after a script, without those that it starts with."""
    report = (
        f"import sys\nbefore = {{*sys.modules}}\nsys.path[0] = {str(ROOT)!r}\n{script}\n"
        "import json\nprint(json.dumps(sorted({*sys.modules} - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", report], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300
    )
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def of_azure_native(modules: list[str]) -> set[str]:
    """The modules of azure-native that are loaded: a placeholder has no modules of its own."""
    return {
        name.split(".")[1]
        for name in modules
        if name.startswith("pulumi_azure_native.") and name.count(".") > 1
    }


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_imports_what_is_listed(process: str) -> None:
    """Whoever makes each start of it slower says so here; nothing of azure-native is loaded by an import."""
    script, allowed = PROCESSES[process]
    modules = imported(script)
    assert of_azure_native(modules) == set()
    packages = {name.split(".")[0] for name in modules if not name.startswith("_")}
    assert packages - sys.stdlib_module_names - COMPILED - allowed == set()


def test_the_provider_says_who_it_is_before_it_loads_what_it_serves() -> None:
    """Whoever asks only for its version, its schema or its settings waits for neither resources nor facts."""
    modules = imported(PROCESSES["provider"][0])
    late = {
        "provider.served",
        "provider.azure",
        "core.facts",
        "core.resource_types",
        "google.protobuf.json_format",
    }
    assert late & {*modules} == set()
    assert len([name for name in modules if name.startswith(("core.", "provider."))]) <= 16


def test_a_service_loads_what_it_makes() -> None:
    """Of azure-native's 250 modules, those of the resources that a service with the defaults has."""
    modules = of_azure_native(imported(ONE_SERVICE))
    assert modules == {"cognitiveservices", "keyvault", "monitor", "operationalinsights", "resources"}
