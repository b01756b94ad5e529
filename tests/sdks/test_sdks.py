"""The SDKs of both packages, made by Pulumi's own generators and compiled by each language's own compiler;
and the programs that use them, run on the real engine.

On demand, by `make clients`: the generators are built once, from Go modules, and kept in `.clients`.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from components.__main__ import COMPONENTS
from components.host import Package
from tests.clients.programs import Tool
from tests.support.azure import running_azure
from tests.support.consumers import HOSTS, consumer, install, live, use_host
from tests.support.environments import official_host

ROOT = Path(__file__).resolve().parents[2]
_EXAMPLES = ROOT / "docs" / "examples"
_BUILT = ROOT / ".clients" / "sdks"
_GO = Tool(("go", "version"), (1, 25), "Go 1.25 or newer")
_NODE = Tool(("node", "--version"), (20,), "Node.js 20 or newer, with npm")
# Where Go was told to change nothing outside of a module, the module still has to find what it needs.
_RESOLVING = {"GOFLAGS": "-mod=mod"}

pytestmark = pytest.mark.timeout(1800)


def _run(*command: str | Path, cwd: Path, **environ: str) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def sdks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the SDKs by package and language: `language-cmk/go`, `azure-cmk/python` and so on."""
    _GO.require()
    _BUILT.mkdir(parents=True, exist_ok=True)
    generator = _BUILT / "generator"
    _run("go", "build", "-o", generator, ".", cwd=Path(__file__).with_name("generator"))
    made = tmp_path_factory.mktemp("sdks")
    schemas = {
        "language-cmk": Package(COMPONENTS).schema or "",
        "azure-cmk": (ROOT / "provider" / "schema.json").read_text(),
    }
    for package, schema in schemas.items():
        (made / f"{package}.json").write_text(schema)
        _run(generator, made / f"{package}.json", made / package, cwd=made)
    return made


@pytest.fixture
def hosts(sdks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins of the official language hosts that are missing here, where the tests look for the official
    ones."""
    folder = tmp_path / "hosts"
    folder.mkdir()
    words = (sys.executable, Path(__file__).with_name("host.py"))
    launcher = ROOT / ".pulumi" / "bin" / "pulumi-language-python-exec"
    for language in {*HOSTS.values()} - {"yaml"}:
        if official_host(language) is None:
            own = (*words, language, _BUILT / "generator", "--launcher", launcher)
            host = folder / f"pulumi-language-{language}"
            host.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, own))} "$@"\n')
            host.chmod(0o755)
    monkeypatch.setenv("OFFICIAL_HOSTS", str(folder))


@pytest.fixture(scope="module")
def converted(sdks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example in YAML as `pulumi convert` writes it, by language: `python`, `nodejs`.

    The CLI and its converter for YAML turn it into PCL; what the official language hosts do with that, their
    own generators do here. The program in Go is left out: Pulumi's generator gives optional plain objects as
    values, for which its SDK generator has pointers.
    """
    converter = _BUILT / "converter"
    converter.mkdir(parents=True, exist_ok=True)
    module = "github.com/pulumi/pulumi-yaml/cmd/pulumi-converter-yaml"
    _run("go", "build", "-o", converter / "pulumi-converter-yaml", module, cwd=ROOT / "hosts" / "yaml")
    checkout = tmp_path_factory.mktemp("checkout")
    for name in (".venv", "components", "core", "provider"):
        (checkout / name).symlink_to(ROOT / name)
    examples = checkout / "docs" / "examples"
    shutil.copytree(_EXAMPLES / "yaml", examples / "yaml")
    search_path = (converter, ROOT / ".pulumi" / "bin", os.environ["PATH"])
    words = ("pulumi", "convert", "--from", "yaml", "--language", "pcl", "--out", "../pcl")
    environ = {"PATH": os.pathsep.join(map(str, search_path)), "PULUMI_HOME": str(checkout / "home")}
    _run(*words, cwd=examples / "yaml", **environ)
    made, schema = tmp_path_factory.mktemp("converted"), sdks / "language-cmk.json"
    _run(_BUILT / "generator", schema, made, examples / "pcl" / "program.pp", cwd=made)
    return made


def test_go_compiles_them_and_the_example(sdks: Path, tmp_path: Path) -> None:
    """The example in Go compiles as it stands beside the SDK that `pulumi package add` makes, and so does all
    of both SDKs."""
    program = tmp_path / "go"
    shutil.copytree(_EXAMPLES / "go", program, ignore=shutil.ignore_patterns("sdks"))
    for package in ("language-cmk", "azure-cmk"):
        own = shutil.copytree(sdks / package / "go", program / "sdks" / f"language-cmk-{package}")
        _run("go", "build", "./...", cwd=own, **_RESOLVING)
    _run("go", "build", "-o", tmp_path / "built", ".", cwd=program, **_RESOLVING)


def test_typescript_compiles_them_and_the_example(sdks: Path, converted: Path, tmp_path: Path) -> None:
    """The example in TypeScript passes the strict compiler, and so do the one converted from YAML and both
    SDKs."""
    _NODE.require()
    packages = _BUILT / "node"
    packages.mkdir(parents=True, exist_ok=True)
    wanted = {"@pulumi/pulumi": "3.259.0", "@types/node": "20.19.0", "typescript": "5.9.3"}
    manifest = json.dumps({"private": True, "dependencies": wanted})
    (packages / "package.json").write_text(manifest)
    _run("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", cwd=packages)
    shutil.copy(_EXAMPLES / "typescript" / "index.ts", tmp_path)
    shutil.copy(converted / "nodejs" / "index.ts", tmp_path / "converted.ts")
    for package in ("language-cmk", "azure-cmk"):
        shutil.copytree(sdks / package / "nodejs", tmp_path / package)
    (tmp_path / "node_modules").symlink_to(packages / "node_modules")
    options = {
        **json.loads((_EXAMPLES / "typescript" / "tsconfig.json").read_text())["compilerOptions"],
        "noEmit": True,
        "skipLibCheck": True,
        "baseUrl": ".",
        "paths": {"@language-cmk/language-cmk": ["./language-cmk"]},
    }
    config = {"compilerOptions": options, "files": ["index.ts", "converted.ts", "azure-cmk/index.ts"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(config))
    _run("node_modules/.bin/tsc", "--project", ".", cwd=tmp_path)


def test_python_checks_the_example_and_compiles_them(sdks: Path, converted: Path, tmp_path: Path) -> None:
    """The example in Python passes mypy in its strict mode, and so does the one converted from YAML; a wrong
    choice in it does not; both SDKs compile."""
    paths = os.pathsep.join(str(sdks / package / "python") for package in ("language-cmk", "azure-cmk"))
    checked = ("-m", "mypy", "--strict", "--follow-imports=silent", "--config-file=")
    cache = ("--cache-dir", str(tmp_path / "cache"))
    example = _EXAMPLES / "python" / "__main__.py"
    for program in (example, converted / "python" / "__main__.py"):
        _run(sys.executable, *checked, *cache, program, cwd=tmp_path, MYPYPATH=paths)
    wrong = tmp_path / "wrong.py"
    text = example.read_text()
    wrong.write_text(text.replace("cmk.AccessModel.ACCESS_POLICY", "cmk.AccessModel.NOBODY"))
    assert wrong.read_text() != text
    with pytest.raises(AssertionError, match="NOBODY"):
        _run(sys.executable, *checked, *cache, wrong, cwd=tmp_path, MYPYPATH=paths)
    for package in ("language-cmk", "azure-cmk"):
        _run(sys.executable, "-m", "compileall", "-q", sdks / package / "python", cwd=tmp_path)


@pytest.mark.parametrize("example", [name for name in HOSTS if name != "yaml"])
def test_an_example_lives_with_its_generated_sdk(example: str, hosts: None, tmp_path: Path) -> None:
    """Installed, deployed under the policy pack, changed, rotated and destroyed by the real engine, with the
    SDK as Pulumi's generator makes it; by a stand-in of the language's host where the official one, which
    tests/engine/test_component_package.py runs, is missing."""
    if example == "typescript":
        _NODE.require()
    with running_azure(tmp_path / "azure") as azure:
        live(example, azure, tmp_path)


def test_a_refusal_is_read_in_a_python_program(hosts: None, tmp_path: Path) -> None:
    """It names the argument, what was found and what is expected. Of the components' code nothing is shown.

    Pulumi's engine ends the program while its SDK waits: where the SDK is the faster one, it adds a traceback
    of its own below, for `resource monitor shut down` (pkg/resource/deploy/source_eval.go).
    """
    with running_azure(tmp_path / "azure") as azure:
        stack = consumer(tmp_path, azure, "python")
        use_host(stack, "python")
        install(stack)
        assert stack.pulumi("stack", "init", "claims").ok
        program = stack.folder / "__main__.py"
        program.write_text(program.read_text().replace("westeurope", "west-europe"))
        refused = stack.pulumi("preview")
    assert not refused.ok
    words = "property location with value '{west-europe}' has a problem: 'west-europe' is not an Azure region"
    told, _, below = refused.output.partition(words)
    assert below.startswith(", such as 'westeurope'")
    assert "Traceback" not in told.partition("Diagnostics:")[2]
    assert "/components/" not in refused.output
    assert "Traceback" not in below or "resource monitor shut down" in below
