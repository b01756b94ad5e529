"""The parts of a release. Version and address are pyproject.toml's, and are copied to every other place.

    python -m engine.release fill           writes version and address into the other places
    python -m engine.release check [TAG]    whether all places agree, and whether TAG may be released
    python -m engine.release build DIR      the artefacts, with the same bytes in every run

Owns: PLACES and the archives. Does not own: when a release is made (.github/workflows/release.yml). `build`
needs a checkout that is set up; the rest needs Python alone.
"""

import gzip
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from engine import package, template_pipelines
from engine.checkout import FILL_IN, ROOT, ReleaseError, given, tracked
from engine.requirements import export

_VERSION = r"(?P<version>[\w.+-]+)"
PLACES: Final[Mapping[str, Sequence[str]]] = {
    "core/published.py": (rf'VERSION: Final = "{_VERSION}"', r'REPOSITORY: Final = "(?P<address>\S*)"'),
    "localazure/pyproject.toml": (rf'^version = "{_VERSION}"',),
    "provider/schema.json": (rf'^  "version": "{_VERSION}"',),
    "policies/PulumiPolicy.yaml": (rf"^version: {_VERSION}",),
    "template/requirements.txt": (rf"^language-cmk\[operate\]=={_VERSION}",),
}
"""For each file, the patterns that find version or address in it."""
PLATFORMS: Final = ("darwin-amd64", "darwin-arm64", "linux-amd64", "linux-arm64", "windows-amd64")
"""Pulumi asks for a plugin by its platform's name; ours is the same for each."""
_PLUGINS: Final = {"language-cmk": "components", "azure-cmk": "provider"}
_PLUGIN: Final = """name: {name}
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: venv
"""
_MAIN: Final = '''"""Starts the plugin, which is a package beside this file."""

import runpy

runpy.run_module("{folder}", run_name="__main__")
'''


def filled(text: str, patterns: Iterable[str], values: Mapping[str, str]) -> str:
    """A place's text with the values in it. Raises ReleaseError if a pattern finds nothing."""
    for pattern in patterns:

        def put(found: re.Match[str]) -> str:
            (name,) = found.groupdict()
            first, last = (place - found.start() for place in found.span(name))
            return found[0][:first] + values[name] + found[0][last:]

        text, count = re.subn(pattern, put, text, flags=re.MULTILINE)
        if not count:
            raise ReleaseError(f"nothing matches {pattern!r}")
    return text


def places(root: Path = ROOT) -> Iterator[tuple[Path, str, str]]:
    """Each place with its text, and the text that it is to have. Raises ReleaseError."""
    values = given(root)
    for name, patterns in PLACES.items():
        text = (root / name).read_text(encoding="utf-8")
        try:
            yield root / name, text, filled(text, patterns, values)
        except ReleaseError as error:
            raise ReleaseError(f"{name}: {error}; correct PLACES in engine/release.py") from error


def problems(tag: str | None = None, root: Path = ROOT) -> list[str]:
    """Why these files cannot be released, or not under `tag` if one is given. Raises ReleaseError."""
    mend = "is not as what it is made from: run `python3 -m engine.release fill`"
    found = [f"{path.relative_to(root)} {mend}" for path, text, wanted in places(root) if text != wanted]
    found += [f"{name} {mend}" for name in template_pipelines.outdated(root)]
    if tag is None:
        return found
    version, address = (given(root)[name] for name in ("version", "address"))
    if not address:
        found.append(f"pyproject.toml: repository is empty: {FILL_IN}")
    if tag != f"v{version}":
        found.append(f"the tag is {tag}, and the version of pyproject.toml is {version}: tag v{version}")
    heading = notes(root).splitlines()[0]
    if not re.fullmatch(rf"## {re.escape(version)} - \d{{4}}-\d\d-\d\d", heading):
        found.append(f"CHANGELOG.md begins with {heading!r}: give it the day, `## {version} - YYYY-MM-DD`")
    return found


def notes(root: Path = ROOT) -> str:
    """The newest section of CHANGELOG.md, with its heading."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    return "## " + text.split("\n## ")[1].strip() + "\n"


def archive(files: Mapping[str, bytes]) -> bytes:
    """A .tar.gz of files by name, of which only names and contents count: no times, no owners, one order.
    What begins with `#!` can be executed."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(files[name]), 0o755 if files[name].startswith(b"#!") else 0o644
            tar.addfile(entry, io.BytesIO(files[name]))
    compressed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=compressed, mtime=0) as stream:
        stream.write(packed.getvalue())
    return compressed.getvalue()


def template(root: Path = ROOT) -> bytes:
    """The project template, for `pulumi new`. Not as .zip: the CLI makes no file of it executable (3.259)."""
    files = tracked("template", root=root)
    return archive({f"language-cmk-{name}": content for name, content in files.items()})


def plugin(name: str, root: Path = ROOT) -> dict[str, bytes]:
    """The files of a plugin as Pulumi installs it: its packages go into an environment beside them."""
    folder, executable = _PLUGINS[name], f"pulumi-resource-{name}"
    files = tracked(folder, "core", "LICENSE", root=root)
    del files[f"{folder}/PulumiPlugin.yaml"]
    requirements, start = (files.pop(f"{folder}/{own}") for own in ("requirements.txt", executable))
    return {
        **files,
        "requirements.txt": requirements,
        "PulumiPlugin.yaml": _PLUGIN.format(name=name).encode(),
        "__main__.py": _MAIN.format(folder=folder).encode(),
        executable: start.replace(b"/../.venv/", b"/venv/"),
    }


def policies(root: Path = ROOT) -> dict[str, bytes]:
    """The files of the policy pack, as `make pack` makes them."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "pack"
        command = [sys.executable, "-m", "policies.publish", str(made)]
        subprocess.run(command, cwd=root, capture_output=True, check=True)
        files = [path for path in made.rglob("*") if path.is_file()]
        return {path.relative_to(made).as_posix(): path.read_bytes() for path in files}


def python_package(root: Path = ROOT) -> dict[str, bytes]:
    """The wheels and the source archives of the Python package and of the local Azure, built by the locked
    hatchling."""
    with tempfile.TemporaryDirectory() as folder:
        sources, local, built = (Path(folder) / name for name in ("sources", "localazure", "built"))
        package.write(sources, root)
        for name, content in tracked("localazure", root=root).items():
            file = local.parent / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        uv = Path(sys.executable).with_name("uv")
        words = ["build", "--quiet", "--no-build-isolation", "--offline", "--python", sys.executable]
        for project in (sources, local):
            subprocess.run([uv, *words, "--out-dir", built, project], capture_output=True, check=True)
        return {path.name: path.read_bytes() for path in built.iterdir() if not path.name.startswith(".")}


def components_list(root: Path = ROOT) -> bytes:
    """The packages of a deployment, as CycloneDX 1.5: uv's export without the run's time and number."""
    listed = json.loads(export("deployment", root, "--format", "cyclonedx1.5"))
    del listed["serialNumber"], listed["metadata"]["timestamp"]
    content = json.dumps(listed, sort_keys=True)
    listed["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}"
    return (json.dumps(listed, indent=2, sort_keys=True) + "\n").encode()


def artefacts(root: Path = ROOT) -> dict[str, bytes]:
    """The artefacts of the version, by name."""
    version = given(root)["version"]
    made = {
        f"language-cmk-policies-{version}.tar.gz": archive(policies(root)),
        **python_package(root),
        f"language-cmk-template-{version}.tar.gz": template(root),
        f"language-cmk-{version}.cdx.json": components_list(root),
    }
    for name in _PLUGINS:
        packed = archive(plugin(name, root))
        made |= {f"pulumi-resource-{name}-v{version}-{one}.tar.gz": packed for one in PLATFORMS}
    return made


def build(folder: Path, root: Path = ROOT) -> None:
    """Writes the artefacts, their SHA256SUMS and NOTES.md into a folder that is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made = artefacts(root)
    for name, content in made.items():
        (folder / name).write_bytes(content)
    sums = [f"{hashlib.sha256(made[name]).hexdigest()}  {name}\n" for name in sorted(made)]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    (folder / "NOTES.md").write_text(notes(root), encoding="utf-8")


def main(words: Sequence[str]) -> int:
    """Exit code 0, 1 if the places disagree, 2 if the words are wrong."""
    match words:
        case ["fill"]:
            for path, text, wanted in list(places()):
                if text != wanted:
                    path.write_text(wanted, encoding="utf-8")
            template_pipelines.write(ROOT)
        case ["check"] | ["check", _]:
            found = problems(words[1] if words[1:] else None)
            sys.stderr.write("".join(f"{one}\n" for one in found))
            return 1 if found else 0
        case ["build", folder]:
            build(Path(folder))
            print(f"the release is in {folder}")
        case _:
            sys.stderr.write("usage: python -m engine.release fill | check [TAG] | build DIR\n")
            return 2
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ReleaseError as error:
        sys.exit(str(error))
