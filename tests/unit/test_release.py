"""What a release has: the same bytes in every run, and archives that work where nothing else of the
repository is. Version and address stand in one place, from which the others are made."""

import ast
import functools
import hashlib
import io
import json
import os
import re
import runpy
import shutil
import socket
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

from core.published import VERSION
from engine import checkout, package, release, template_pipelines
from engine.checkout import ROOT

PYTHON = (sys.executable, "-P")
"""Its current folder is not on the path: a package is found only where the archive's own start puts it."""


@pytest.fixture(scope="module")
def artefacts() -> dict[str, bytes]:
    return release.artefacts()


def unpacked(content: bytes, folder: Path) -> Path:
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        tar.extractall(folder, filter="data")
    return folder


def test_a_release_is_built_twice_with_the_same_bytes(artefacts: dict[str, bytes], tmp_path: Path) -> None:
    """Whoever builds a tag can compare; the sums are of every artefact, and the notes are the changelog's."""
    release.build(tmp_path / "dist")
    built = {path.name: path.read_bytes() for path in (tmp_path / "dist").iterdir()}
    sums = built.pop("SHA256SUMS").decode().splitlines()
    assert built.pop("NOTES.md").decode() == release.notes()
    assert built == artefacts
    assert sums == [f"{hashlib.sha256(built[name]).hexdigest()}  {name}" for name in sorted(built)]
    plugins = {name for name in built if name.startswith("pulumi-resource-")}
    assert f"pulumi-resource-azure-cmk-v{VERSION}-linux-amd64.tar.gz" in plugins
    assert len({built[name] for name in plugins}) == 2


def test_the_list_of_components_is_what_a_deployment_installs(artefacts: dict[str, bytes]) -> None:
    """Each package with its version, and a checksum for each of its archives."""
    listed = json.loads(artefacts[f"language-cmk-{VERSION}.cdx.json"])
    assert (listed["bomFormat"], listed["specVersion"]) == ("CycloneDX", "1.5")
    wanted = re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    found = {(one["name"], one["version"]): one["externalReferences"] for one in listed["components"]}
    assert found.keys() == set(wanted)
    assert all(archive["hashes"] for archives in found.values() for archive in archives)


@pytest.mark.parametrize("name", ["language-cmk", "azure-cmk"])
def test_a_plugin_starts_from_its_archive(name: str, artefacts: dict[str, bytes], tmp_path: Path) -> None:
    """As Pulumi starts it, by its executable or, on Windows, by its folder, where nothing else is; its list
    of packages is beside it, and it writes its port and nothing else."""
    folder = unpacked(artefacts[f"pulumi-resource-{name}-v{VERSION}-linux-arm64.tar.gz"], tmp_path)
    executable = f"pulumi-resource-{name}"
    assert {path.name for path in folder.iterdir()} == {
        *("LICENSE", "PulumiPlugin.yaml", "__main__.py", "core", "requirements.txt", executable),
        "components" if name == "language-cmk" else "provider",
    }
    (folder / "venv").symlink_to(sys.prefix)
    with socket.create_server(("127.0.0.1", 0)) as engine:
        address = f"127.0.0.1:{engine.getsockname()[1]}"
        for start in ([*PYTHON, str(folder)], [str(folder / executable)]):
            with subprocess.Popen([*start, address], cwd="/", stdout=subprocess.PIPE, text=True) as it:
                assert it.stdout is not None
                port = it.stdout.readline()
                it.kill()
            assert port.strip().isdecimal()


_COMMANDS = ("settings", "doctor", "verify", "evidence", "adopt", "fleet", "review", "localazure", "probe")
_ASKED = f"""\
import contextlib, importlib, io, json, sys
sys.path.insert(0, ".")
for module in {{modules}}:
    importlib.import_module(module)
from language_cmk.__main__ import main
told = {{{{}}}}
for name in ("", *{_COMMANDS}):
    sys.argv = ["language-cmk", *filter(None, [name]), "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
        assert main() == 0, name
    told[name] = said.getvalue()
print(json.dumps(told))
"""
"""Imports all of it, and asks each command for its help; prints that by command."""


def test_each_module_of_the_python_package_is_imported_by_its_one_name(
    artefacts: dict[str, bytes], tmp_path: Path
) -> None:
    """Beside modules of the same names as the rooms, which are another's: no import reaches them, and no file
    of the checkout is missing. The executable that starts the provider is one."""
    with zipfile.ZipFile(io.BytesIO(artefacts[f"language_cmk-{VERSION}-py3-none-any.whl"])) as archive:
        archive.extractall(tmp_path)
        for script in ("review/judge.sh", ".github/login.sh", ".azuredevops/login.sh", ".ci/assertion.sh"):
            assert any(name.endswith(f"share/language-cmk/{script}") for name in archive.namelist()), script
        start = next(one for one in archive.infolist() if one.filename.endswith("pulumi-resource-azure-cmk"))
        assert start.external_attr >> 16 & 0o111 == 0o111
    with zipfile.ZipFile(
        io.BytesIO(artefacts[f"language_cmk_localazure-{VERSION}-py3-none-any.whl"])
    ) as archive:
        archive.extractall(tmp_path)
    for room in package.ROOMS:
        (tmp_path / f"{room}.py").write_text("raise ImportError('this is the module of another project')")
    modules = [
        ".".join(path.relative_to(tmp_path).with_suffix("").parts)
        for path in (tmp_path / package.NAME).rglob("*.py")
        if not path.stem.startswith("__")
    ]
    assert len(modules) > 150
    (tmp_path / "asked.py").write_text(_ASKED.format(modules=modules))
    command = [sys.executable, "-P", "asked.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {*told} == {"", *_COMMANDS}
    for command_name, text in told.items():
        program = "pulumi" if command_name == "review" else "language-cmk"
        assert command_name == "" or f"examples:\n  {program} " in text, command_name


def test_the_language_host_for_pipelines_starts_beside_the_package(
    artefacts: dict[str, bytes], tmp_path: Path
) -> None:
    """Where a job's machine cannot have Pulumi's own: with nothing of the checkout."""
    with zipfile.ZipFile(io.BytesIO(artefacts[f"language_cmk-{VERSION}-py3-none-any.whl"])) as archive:
        archive.extractall(tmp_path)
    (host,) = tmp_path.rglob("share/language-cmk/hosts/language_host.py")
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [*PYTHON, str(host), "--launcher", "x"]
    with subprocess.Popen(command, cwd="/", env=environ, stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        port = it.stdout.readline()
        it.kill()
    assert port.strip().isdecimal()


@pytest.mark.parametrize("name", template_pipelines.made(ROOT))
def test_a_pipeline_of_the_template_runs_what_a_project_has(name: str) -> None:
    """Each script that it names is one that the package brings, and nothing that only a checkout has is
    left."""
    text = template_pipelines.made(ROOT)[name]
    brought = {path for path in package.files(ROOT) if path.startswith("share/")}
    named = {f"share/{script}" for script in re.findall(r"\.venv/share/([\w./-]+\.(?:sh|py))", text)}
    assert named <= brought
    assert named
    assert re.findall(r"\bmake \w+|engine/setup|(?<![\w./-])review/\w+\.sh|-m operate|FLEET", text) == []


def test_the_public_names_are_imported_as_they_are_typed() -> None:
    """Each name that a type checker sees in the package is one that a program can import, and from the module
    that the type checker reads."""
    tree = ast.parse((ROOT / "package" / "language_cmk" / "__init__.py").read_text())
    typed = {
        alias.name: (node.module or "").removeprefix("language_cmk.components.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("language_cmk.")
        for alias in node.names
    }
    tables = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    assert tables["_MODULES"] == typed
    assert tables["__all__"] == sorted(typed)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("from core import stubs\n", "from language_cmk.core import stubs\n"),
        ("if a:\n    from core.x import (\n        b,\n    )\n", None),
        ("import core\n", "from language_cmk import core\n"),
        (
            '"""from core import x"""\nimport os\nfrom cores import y\n',
            '"""from core import x"""\nimport os\nfrom cores import y\n',
        ),
    ],
)
def test_only_import_statements_of_rooms_change(source: str, wanted: str | None) -> None:
    """Not texts, and not modules that only begin like a room."""
    expected = wanted or source.replace("from core.x", "from language_cmk.core.x")
    assert package.with_one_root(source) == expected


def test_version_and_address_are_written_in_one_place() -> None:
    """Every other place is made from it, and as long as nobody publishes the repository no file has an
    address of it: whoever publishes it says so in one line."""
    assert release.problems() == []
    newest = release.notes().splitlines()[0]
    assert re.fullmatch(rf"## {re.escape(VERSION)} (\(unreleased\)|- \d{{4}}-\d\d-\d\d)", newest)
    command = ["git", "grep", "-hoIE", r"https://[^ \"']+/language-cmk\b[^ \"'`,]*", "--", ":!tests"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert {*listed.stdout.split()} == {"https://github.com/ORGANISATION/language-cmk"}


@pytest.fixture
def fork(tmp_path: Path) -> Path:
    """What version and address are written into, and what writes them."""
    for name in ("pyproject.toml", "CHANGELOG.md", "engine", *release.PLACES):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    return tmp_path


def declare(fork: Path, address: str, version: str = VERSION) -> None:
    project = fork / "pyproject.toml"
    text = re.sub("^repository = .*", f'repository = "{address}"', project.read_text(), flags=re.MULTILINE)
    project.write_text(re.sub("^version = .*", f'version = "{version}"', text, flags=re.MULTILINE))


def said_by(fork: Path, *words: str) -> str:
    command = [sys.executable, "-m", "engine.release", *words]
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=fork, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == (1 if done.stderr else 0), done.stderr
    return done.stderr


def test_a_fork_fills_in_its_address_and_version(fork: Path) -> None:
    """One line of pyproject.toml each; then `check` says of a tag what is not yet as it should be."""
    address, version = "https://git.acme.example/platform/language-cmk", "2.0.0-rc.1"
    run = functools.partial(said_by, fork)
    declare(fork, "")
    assert "repository is empty: write https://" in run("check", f"v{VERSION}")
    declare(fork, address, version)
    assert run("check").count("engine.release fill") == len(release.PLACES)
    assert run("fill") == run("check") == ""
    published = runpy.run_path(str(fork / "core" / "published.py"))
    assert published["VERSION"] == version
    assert published["ABOUT"] == {"homepage": address, "repository": address}
    said = run("check", "v1.9.0")
    assert "tag v2.0.0-rc.1" in said
    assert "give it the day" in said
    notes = fork / "CHANGELOG.md"
    notes.write_text(notes.read_text().replace("## 0.1.0 (unreleased)", f"## {version} - 2026-12-01"))
    assert run("check", f"v{version}") == ""


@pytest.mark.parametrize(
    "address",
    [
        "https://dev.azure.com/bank/A%20project/_git/language-cmk",
        "https://gitlab.com/bank/platform/security/language-cmk.git",
        "https://git.bank.example:8443/platform/components",
        "https://github.com/o/language-cmk/",
    ],
)
def test_a_fork_fills_in_an_address_of_any_platform_and_then_another(address: str, fork: Path) -> None:
    """What one `fill` wrote, the next one finds, whatever its form."""
    before = {name: (fork / name).read_bytes() for name in release.PLACES}
    for one in (address, checkout.given()["address"]):
        declare(fork, one)
        assert said_by(fork, "fill") == said_by(fork, "check") == said_by(fork, "fill") == ""
        assert f'REPOSITORY: Final = "{one.rstrip("/")}"' in (fork / "core" / "published.py").read_text()
    assert {name: (fork / name).read_bytes() for name in release.PLACES} == before


@pytest.mark.parametrize("address", ["git@github.com:bank/language-cmk", "https://github.com/bank"])
def test_an_address_that_others_cannot_use_is_refused(address: str, fork: Path) -> None:
    """Before anything is written, as is a pattern that finds nothing."""
    declare(fork, address)
    for word in ("fill", "check"):
        (line,) = said_by(fork, word).splitlines()
        assert line.startswith(f"pyproject.toml: repository is {address}: write https://")
    declare(fork, "https://git.bank.example/platform/language-cmk")
    (fork / "policies" / "PulumiPolicy.yaml").write_text("")
    (line,) = said_by(fork, "fill").splitlines()
    assert line.startswith("policies/PulumiPolicy.yaml: nothing matches")
    assert (fork / "core" / "published.py").read_bytes() == (ROOT / "core" / "published.py").read_bytes()


def test_the_first_release_can_be_published() -> None:
    """Its environment takes its tag, in the form of each app: without the list of names of one, that app lets
    in protected branches alone. The step that needs a plan of GitHub's can be switched off."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
    settings = yaml.safe_load((ROOT / ".github" / "settings.yml").read_text())
    publish = workflow["jobs"]["publish"]
    tags = workflow[True]["push"]["tags"]
    policy = {one["name"]: one for one in settings["environments"]}[publish["environment"]]
    assert policy["deployment_branch_policy"] == {
        "protected_branches": False,
        "custom_branches": [{"name": name, "type": "tag"} for name in tags],
        "custom_branch_policies": [{"names": tags, "type": "tag"}],
    }
    for ruleset in settings["rulesets"]:
        assert ruleset["conditions"]["ref_name"]["include"] == [f"refs/tags/{name}" for name in tags]
    (attest,) = (step for step in publish["steps"] if "attest" in step.get("uses", ""))
    assert attest["if"] == "vars.ATTEST != 'false'"


@pytest.mark.parametrize(
    ("verified", "place", "code", "says"),
    [
        ("true", "behind", 0, ""),
        ("true", "identical", 0, ""),
        ("false", "behind", 1, "no valid signature on v1.0.0"),
        ("", "behind", 1, "no valid signature on v1.0.0"),
        ("true", "diverged", 1, "v1.0.0 is not on main"),
    ],
)
def test_only_a_signed_tag_of_main_is_released(
    verified: str, place: str, code: int, says: str, tmp_path: Path
) -> None:
    """Before anything of it is run; then its version is compared."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
    step = next(one for one in workflow["jobs"]["build"]["steps"] if "signed" in one.get("name", ""))
    answers = f"case $2 in */tags/*) echo {verified};; */compare/*) echo {place};; esac"
    for name, text in (("gh", answers), ("python3", 'echo "$@" >compared')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "TAG": "v1.0.0", "REPOSITORY": "r"}
    command = ["bash", "-e", "-c", step["run"]]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert says in done.stdout
    compared = tmp_path / "compared"
    assert compared.exists() is (code == 0)
    assert code or compared.read_text() == "-m engine.release check v1.0.0\n"
