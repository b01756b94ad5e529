"""Puts the Pulumi CLI and a Python language host into one folder of the checkout (design D1).

Tried in this order: a `pulumi` on PATH that is new enough and has its Python host; the official
release, if this repository has its checksum; a build from Go modules, whose checksums are in go.sum.
What was downloaded or built is kept in a per-user cache, by version, so that the next checkout has it at
once. Runs on a bare Python: standard library only.
"""

import fcntl
import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

VERSION = "3.259.0"
_ARCHIVES = "https://get.pulumi.com/releases/sdk"
_CHECKSUMS = f"https://github.com/pulumi/pulumi/releases/download/v{VERSION}/pulumi-{VERSION}-checksums.txt"
_CONNECT_SECONDS = 4
_LOOK_SECONDS = 10
"""After which who waits for another checkout looks again, and says how long it has waited."""
_ANSWER_SECONDS = 30
_MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}
_CLI_MODULE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"
_HOST, _LAUNCHER = "pulumi-language-python", "pulumi-language-python-exec"
_HERE = Path(__file__).resolve().parent
_RECORDED = _HERE / "checksums.txt"
"""The checksums of this version's archives that this repository has, in the form of Pulumi's own list."""


class InstallError(Exception):
    """The engine cannot be installed; the message says what is missing and what to install."""


def say(text: str) -> None:
    """Tells a person how far the installation is; standard output stays free for `make env`."""
    print(f"engine: {text}", file=sys.stderr, flush=True)


def version_of(text: str) -> tuple[int, ...]:
    """`v3.259.0`, as `pulumi version` prints it, for comparing; empty if it is no version.

    The last number is 1 for a release and 0 for a prerelease (`v3.260.0-alpha.1`), which comes before it.
    """
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)(-)?", text.strip())
    if found is None:
        return ()
    is_release = found[4] is None
    return (*(int(number) for number in found.groups()[:3]), int(is_release))


def printed_version(cli: Path) -> str:
    """The version that a CLI prints; empty if it cannot be run or does not answer."""
    try:
        done = subprocess.run(
            [cli, "version"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_ANSWER_SECONDS,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def is_installed(into: Path, python: Path) -> bool:
    """Whether `into` has a CLI that runs and is new enough, and a host that fits its place and its Python.
    The same file is run once: it takes as long as the rest of a set-up that has nothing to do."""
    cli, host = into / "pulumi", into / _HOST
    if host.exists() and b"\0" not in host.read_bytes():  # ours is a script; the official one is a program
        has_host = host.read_text() == _host_script(into, python)
    else:
        has_host = host.exists() or (cli.resolve().parent / _HOST).exists() or bool(shutil.which(_HOST))
    if not has_host or not cli.exists():
        return False
    told, ran = cli.stat(), into / ".ran"
    file = f"{VERSION} {cli.resolve()} {told.st_size} {told.st_mtime_ns}"
    if ran.exists() and ran.read_text() == file:
        return True
    if version_of(printed_version(cli)) < version_of(VERSION):
        return False
    ran.write_text(file)
    return True


def on_path(search_path: str, own_folder: Path) -> Path | None:
    """The `pulumi` on PATH, other than ours, if it is new enough and its Python host can be found."""
    folders = [f for f in search_path.split(os.pathsep) if f and Path(f).resolve() != own_folder.resolve()]
    path = os.pathsep.join(folders)
    cli = shutil.which("pulumi", path=path)
    if cli is None:
        return None
    beside = Path(cli).resolve().parent
    if not (beside / _HOST).exists() and shutil.which(_HOST, path=path) is None:
        say(f"{cli} has no {_HOST} beside it: not used")
        return None
    printed = printed_version(Path(cli))
    if version_of(printed) < version_of(VERSION):
        say(f"{cli} is {printed or 'of unknown version'}, {VERSION} or newer is needed: not used")
        return None
    return Path(cli)


def official(into: Path) -> bool:
    """Puts the official release into `into`; False if this repository does not have its checksum, or it
    cannot be downloaded or has another. No shell runs a downloaded file. Source of the names:
    https://get.pulumi.com.
    """
    name = f"pulumi-v{VERSION}-{_platform()}.tar.gz"
    expected = _checksum(name, _RECORDED.read_text(encoding="utf-8"))
    if not expected:
        say(
            f"engine/{_RECORDED.name} has no {name}, so it is not downloaded. `python3 engine/install.py "
            "record` fetches the checksums of this release: compare them with those that somebody else sees"
        )
        return False
    try:
        say(f"downloading {name}")
        archive = _fetched(f"{_ARCHIVES}/{name}")
    except (OSError, ValueError) as error:
        say(f"the official release cannot be reached ({error})")
        return False
    found = hashlib.sha256(archive).hexdigest()
    if found != expected:
        say(f"{name} has the SHA-256 {found}, expected {expected}: not used")
        return False
    _unpack(archive, into)
    return True


def _checksum(name: str, sums: str) -> str:
    """The checksum of an archive in a list; "" if the list does not have it."""
    return next((line.split()[0] for line in sums.splitlines() if line.endswith(f" {name}")), "")


def record() -> None:
    """Writes the release's checksums into this repository, for a person to compare and to commit."""
    head = _RECORDED.read_text(encoding="utf-8").partition("\n")[0]
    _RECORDED.write_text(f"{head}\n{_fetched(_CHECKSUMS).decode()}", encoding="utf-8")


def _platform() -> str:
    """This machine in the names of releases: `linux-x64`, `darwin-arm64`."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}-{_MACHINES.get(machine, machine)}"


def _fetched(url: str) -> bytes:
    # The URL begins with one of the two addresses above.
    with urllib.request.urlopen(url, timeout=_CONNECT_SECONDS) as answer:  # noqa: S310
        content: bytes = answer.read()
    return content


def _unpack(archive: bytes, into: Path) -> None:
    """The programs of a release, which lie in its one folder; anything else in it stays out."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as release:
        # The CLI last: who finds it has all that it needs.
        for member in sorted(release.getmembers(), key=lambda one: Path(one.name).name == "pulumi"):
            content = release.extractfile(member) if member.isfile() else None
            if content is None:
                continue
            target = into / Path(member.name).name
            unfinished = target.with_name(f".{target.name}-unpacking")
            unfinished.write_bytes(content.read())
            unfinished.chmod(0o755)
            unfinished.replace(target)


def build(into: Path) -> None:
    """Builds the CLI from Go modules. Raises InstallError without Go or when the build fails."""
    built = into / ".pulumi"
    flags = f"-X {_SDK_MODULE}/go/common/version.Version=v{VERSION}"
    go = built_by_go(_CLI_MODULE, built, f"Pulumi {VERSION}", _HERE, flags)
    listed = [go, "list", "-m", "-f", "{{.Dir}}", _SDK_MODULE]
    folder = subprocess.run(listed, cwd=_HERE, capture_output=True, text=True, check=True).stdout.strip()
    shutil.copyfile(Path(folder, "python", "cmd", _LAUNCHER), into / _LAUNCHER)
    built.replace(into / "pulumi")


def built_by_go(package: str, program: Path, name: str, module: Path, flags: str = "") -> str:
    """Builds a program from a package of the Go module in a folder; Go's own path. Raises InstallError."""
    go = shutil.which("go")
    if go is None:
        raise InstallError(
            f"{name} is not on PATH, and Go, which could build it, is missing: install Go 1.25 or newer, or "
            "the Pulumi CLI (https://www.pulumi.com/docs/install/), or record the checksums of its release "
            "with `python3 engine/install.py record`"
        )
    say(f"building {name} with Go, up to twelve minutes on two cores, once for this user")
    built = program.with_name(f".{program.name}-building")
    command = [go, "build", "-v", "-trimpath", "-ldflags", f"-s -w {flags}", "-o", str(built), package]
    lines, compiled = list[str](), 0
    with subprocess.Popen(command, cwd=module, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr or ():
            lines.append(line.rstrip())
            if line.startswith("go: "):  # a module that is downloaded
                continue
            compiled += 1
            if compiled % 100 == 0:
                say(f"{compiled} packages compiled; the CLI has about 1,690")
    if process.returncode != 0:
        raise InstallError("go build failed:\n" + "\n".join(lines[-20:]))
    built.replace(program)
    return go


def cache_folder() -> Path:
    """Where this version is kept for the user's next checkout. Raises InstallError without a home folder."""
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError as error:
        raise InstallError(f"no home folder is known ({error}): set HOME or XDG_CACHE_HOME") from error
    return base / "language-cmk" / f"pulumi-{VERSION}-{platform.system()}-{platform.machine()}".lower()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds a folder of the cache, which is made, for this process alone. Raises InstallError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        opened = (folder / ".lock").open("w")
    except OSError as error:
        raise InstallError(
            f"the cache folder {folder} cannot be written ({error.strerror}): "
            "set XDG_CACHE_HOME to one that can"
        ) from error
    with opened as lock:
        began = time.monotonic()
        while not _is_free(lock):
            waited = round(time.monotonic() - began)
            say(f"another checkout is installing the engine: waiting for it, {waited} s so far")
            time.sleep(_LOOK_SECONDS)
        yield


def _is_free(lock: IO[str]) -> bool:
    """Whether nobody else holds the lock; this process does then."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def link(file: Path, into: Path) -> None:
    """Gives a cached file a second name, or copies it where the file system has no hard links."""
    target = into / file.name
    target.unlink(missing_ok=True)
    try:
        os.link(file, target)
    except OSError:
        shutil.copy2(file, target)


def _write_host(into: Path, python: Path) -> None:
    """The language host as the engine looks for it: an executable beside the CLI."""
    host = into / _HOST
    host.unlink(missing_ok=True)  # it may be a second name of another checkout's
    host.write_text(_host_script(into, python))
    host.chmod(0o755)


def _host_script(into: Path, python: Path) -> str:
    host = _HERE.parent / "hosts" / "language_host.py"
    return f"#!/bin/sh\nexec '{python}' -u '{host}' --launcher '{into / _LAUNCHER}' \"$@\"\n"


def install(into: Path, python: Path) -> None:
    """Makes `into` hold `pulumi` and its Python host, which runs on `python` if it is ours."""
    if is_installed(into, python):
        return
    into.mkdir(parents=True, exist_ok=True)
    own = on_path(os.environ.get("PATH", ""), into)
    if own is not None:
        say(f"using {own}")
        (into / "pulumi").unlink(missing_ok=True)
        (into / _HOST).unlink(missing_ok=True)
        (into / "pulumi").symlink_to(own.resolve())
        return
    cache = cache_folder()
    # The CLI is the last file of an installation: who finds it waits for nobody.
    if not (cache / "pulumi").exists():
        with locked(cache):
            if not (cache / "pulumi").exists() and not official(cache):
                build(cache)
    for file in cache.iterdir():
        if file.name.startswith("pulumi"):
            link(file, into)
    if not (cache / _HOST).exists():
        _write_host(into, python)
    say(f"Pulumi {VERSION} is ready")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["record"]:
            record()
        case ["into", folder]:
            try:
                install(Path(folder).absolute(), Path(sys.executable))
            except InstallError as error:
                sys.exit(f"engine: {error}")
        case _:
            sys.exit("usage: python3 install.py record | into FOLDER")
