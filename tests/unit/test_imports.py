"""Imports point one way (the layout of the repository), and a process imports no more than it needs. What
runs wherever Pulumi does assumes nothing of POSIX: program, components, provider, policies, review,
operations. The local Azure, the engine's installation and the pipelines' scripts are for Linux and macOS."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Each part, and what of ours it may import besides itself. Nothing but the tests may know the local Azure.
ALLOWED = {
    "__main__.py": {"settings", "components", "core", "operate"},
    "core": set(),
    "settings": {"components", "core"},
    "components": {"core"},
    "provider": {"core"},
    "policies": {"core"},
    "review": {"core"},
    "operate": {"components", "core", "provider", "settings"},
    "probe": {"core", "provider"},
    "localazure": set(),
    "engine": {"core"},
    "hosts": {"core", "engine"},
}
OURS = {name.removesuffix(".py") for name in ALLOWED} - {"__main__"} | {"tests"}
# Settings take the arguments of the components, and make no resource.
ARGUMENTS = {"arguments"}


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def product_files(part: str) -> list[Path]:
    """The Python files of a part."""
    path = ROOT / part
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def imports_of(part: str) -> set[str]:
    """What a part imports, by the full names."""
    return {name for file in product_files(part) for name in _imported(file)}


@pytest.mark.parametrize("part", ALLOWED)
def test_imports_point_one_way(part: str) -> None:
    """A part imports nothing of ours but what the layout allows."""
    own = part.removesuffix(".py")
    assert {name.split(".")[0] for name in imports_of(part)} & OURS - {own} <= ALLOWED[part]


def test_settings_take_only_arguments_and_core_the_standard_library() -> None:
    """Reading the settings makes no resource, so it needs none of what makes them. Whoever takes core along,
    such as the published policy pack, takes nothing else but PyYAML, which Pulumi's SDK brings along."""
    taken = {name.split(".")[1] for name in imports_of("settings") if name.startswith("components.")}
    assert taken <= ARGUMENTS
    assert {name.split(".")[0] for name in imports_of("core")} <= {"core", "yaml", *sys.stdlib_module_names}
    assert "yaml" not in {name.split(".")[0] for name in _imported(ROOT / "core" / "documents.py")}


def test_only_the_settings_read_the_stacks_configuration() -> None:
    """pulumi.Config and what is behind it are used in one place; the login alone is read by the components,
    whose programs have no settings of ours."""
    readers = {
        file.relative_to(ROOT).parts[0]
        for part in ("__main__.py", "settings", "components")
        for file in product_files(part)
        if file.name not in {"cmk_resource.py", "subscriptions.py"}
        and (
            any(name.startswith(("pulumi.Config", "pulumi.runtime.config")) for name in _imported(file))
            or "pulumi.Config(" in file.read_text()
        )
    }
    assert readers == {"settings"}


# Each process of ours starts anew for each command of the engine.
COMPILED = {"cython_runtime", "typing_extensions"}
"""What extensions in C and type annotations bring with them."""
GRPC = {"google", "grpc", "pulumi"}
# The SDK of a program, with what it needs.
SDK = {*GRPC, "dill", "opentelemetry", "packaging", "psutil", "semver", "yaml"}
_SCRIPT = "import runpy; runpy.run_path({!r}, run_name='imported')".format
PROCESSES: Mapping[str, tuple[str, set[str]]] = {
    "program": (_SCRIPT("__main__.py"), {"components", "core", "operate", "settings", *SDK}),
    "package": (_SCRIPT("components/__main__.py"), {"components", "core", *SDK}),
    "provider": (_SCRIPT("provider/__main__.py"), {"core", "provider", *GRPC}),
    "policy pack": (
        f"import pulumi_policy; pulumi_policy.PolicyPack = print; {_SCRIPT('policies/__main__.py')}",
        {"core", "policies", "pulumi_policy", *SDK},
    ),
    "language host": (_SCRIPT("hosts/language_host.py"), {"core", "hosts", *GRPC}),
    "settings": ("import settings", {"components", "core", "settings", *SDK}),
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


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_imports_what_is_listed(process: str) -> None:
    """Whoever makes each start of it slower says so here; nothing of azure-native is loaded by an import."""
    script, allowed = PROCESSES[process]
    modules = imported(script)
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


def test_a_service_loads_nothing_of_azure_native() -> None:
    """Its SDK would take a fifth of the time of a small preview."""
    assert [name for name in imported(ONE_SERVICE) if name.startswith("pulumi_azure_native")] == []


EVERYWHERE = ("core", "components", "settings", "provider", "policies", "review", "operate")
POSIX = re.compile(
    r"^\s*(?:import|from) (?:fcntl|grp|pwd|resource|syslog|termios|tty|pty|uvloop)\b"
    r"|\bos\.(?:fork|forkpty|getuid|geteuid|getgid|kill|killpg|setsid|mkfifo|chown)\b"
    r"|\bsignal\.(?:SIGKILL|SIGHUP|SIGUSR1|SIGUSR2|SIGALRM|alarm|pause|sigwait)\b"
    r"|\bsocket\.AF_UNIX\b|\b(?:start_new_session|preexec_fn|process_group)="
    r"|^from (?:os|signal|socket) import",
    re.MULTILINE,
)
"""What Windows does not have (docs.python.org/3/library, "Availability: Unix"), or what does something else
there: os.kill(pid, 0) is Ctrl-C."""
FILES = [path for folder in EVERYWHERE for path in (ROOT / folder).rglob("*.py")] + [ROOT / "__main__.py"]


def test_nothing_assumes_posix_where_windows_has_another_way() -> None:
    """In no part that runs wherever Pulumi does."""
    assert POSIX.search("import os\nos.kill(1, 0)")
    found = {path.relative_to(ROOT).as_posix(): POSIX.findall(path.read_text("utf-8")) for path in FILES}
    assert {name: each for name, each in found.items() if each} == {}


def test_every_file_is_read_and_written_in_one_encoding() -> None:
    """Windows would take its own code page for a text without a name for its encoding."""
    missing = [
        f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"read_text", "write_text"}
        and not any(one.arg == "encoding" for one in node.keywords)
        and len(node.args) < (1 if node.func.attr == "read_text" else 2)
    ]
    assert missing == []
