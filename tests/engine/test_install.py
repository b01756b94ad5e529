"""How the engine is found, built and laid into the checkout; no test here leaves this machine."""

from __future__ import annotations

import hashlib
import io
import os
import platform
import stat
import sys
import tarfile
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from engine import install
from hosts import yaml_host


def executable(path: Path, prints: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    return tmp_path


@pytest.mark.parametrize(
    ("version", "has_host", "used"),
    [
        ("v3.259.0", True, True),
        ("3.300.0", True, True),
        ("v3.258.9", True, False),
        ("v3.259.0-beta.1", True, False),
        ("v3.260.0-beta.1", True, True),
        ("nonsense", True, False),
        ("", True, False),
        ("v3.259.0", False, False),
    ],
)
def test_pulumi_on_path_is_used_only_when_new_enough_and_with_its_host(
    home: Path, version: str, has_host: bool, used: bool
) -> None:
    """A CLI that is too old, or cannot run Python, is passed over."""
    cli = executable(home / "bin" / "pulumi", version)
    if has_host:
        executable(home / "bin" / "pulumi-language-python")
    path = os.pathsep.join([str(home / "bin"), "/usr/bin", "/bin"])
    found = install.on_path(path, home / "own")
    assert found == (cli if used else None)


def test_own_folder_on_path_is_not_taken_for_an_installation(home: Path) -> None:
    """After `eval "$(make -s env)"` our own folder leads PATH; it must not be found as the user's CLI."""
    executable(home / "own" / "pulumi", "v3.259.0")
    executable(home / "own" / "pulumi-language-python")
    assert install.on_path(str(home / "own"), home / "own") is None


def test_an_installation_is_looked_at_each_time(home: Path) -> None:
    """What one checkout built serves the next one without the network or Go, and is left alone while it
    works; a missing or old CLI, and a moved checkout, are mended."""
    cache = install.cache_folder()
    executable(cache / "pulumi", "v3.259.0")
    executable(cache / "pulumi-language-python-exec")
    into, python = home / "checkout" / "bin", Path(sys.executable)
    install.install(into, python)
    assert install.is_installed(into, python)
    assert (into / "pulumi").samefile(cache / "pulumi")
    host = into / "pulumi-language-python"
    assert stat.S_IMODE(host.stat().st_mode) == 0o755
    assert str(python) in host.read_text()

    executable(home / "old" / "pulumi", "v3.258.0")
    (into / "pulumi").unlink()
    (into / "pulumi").symlink_to(home / "old" / "pulumi")
    assert not install.is_installed(into, python)
    (home / "old" / "pulumi").unlink()
    assert not install.is_installed(into, python)
    install.install(into, python)
    assert install.is_installed(into, python)

    into.parent.rename(home / "moved")
    moved = home / "moved" / "bin"
    assert not install.is_installed(moved, python)
    install.install(moved, python)
    assert str(moved) in (moved / "pulumi-language-python").read_text()


def test_a_cli_that_does_not_answer_is_passed_over(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What hangs is given up after a time."""
    monkeypatch.setattr(install, "_ANSWER_SECONDS", 0.1)
    cli = executable(home / "bin" / "pulumi")
    cli.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    executable(home / "bin" / "pulumi-language-python")
    assert install.on_path(f"{home / 'bin'}:/bin", home / "own") is None


def test_fails_in_one_line_where_nothing_can_be_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that cannot be written, and no home at all, are told with the way out."""
    (home / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "file"))
    with pytest.raises(install.InstallError, match=r"cannot be written .*set XDG_CACHE_HOME"):
        install.install(home / "bin", Path(sys.executable))
    monkeypatch.delenv("XDG_CACHE_HOME")

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(install.InstallError, match="set HOME or XDG_CACHE_HOME"):
        install.install(home / "bin", Path(sys.executable))


def test_fails_saying_what_to_install_when_nothing_can_give_an_engine(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without CLI, installer and Go, the one message names what to install."""
    monkeypatch.setattr(install, "official", lambda _into: False)
    with pytest.raises(install.InstallError, match=r"install Go 1\.25 or newer, or the Pulumi CLI"):
        install.install(home / "bin", Path(sys.executable))
    assert not (install.cache_folder() / "pulumi").exists()


@pytest.fixture
def release(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release of two programs in the folder of the home, with its checksums; gives the archive."""
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    archive = home / f"pulumi-v{install.VERSION}-linux-x64.tar.gz"
    with tarfile.open(archive, "w:gz") as made:
        for name, text in (
            ("pulumi/pulumi", b"cli"),
            ("pulumi/../../evil", b"evil"),
            ("pulumi/host", b"host"),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            made.addfile(member, io.BytesIO(text))
    sums = home / "checksums.txt"
    sums.write_text(
        f"{'0' * 64}  other.tar.gz\n{hashlib.sha256(archive.read_bytes()).hexdigest()}  {archive.name}\n"
    )
    monkeypatch.setattr(install, "_ARCHIVES", home.as_uri())
    monkeypatch.setattr(install, "_CHECKSUMS", sums.as_uri())
    recorded = home / "recorded.txt"
    recorded.write_text(f"# Made by record.\n{sums.read_text()}")
    monkeypatch.setattr(install, "_RECORDED", recorded)
    return archive


def test_the_official_release_is_unpacked_where_its_checksum_holds(home: Path, release: Path) -> None:
    """Its programs can be run, nothing leaves the folder, and no shell saw any of it."""
    into = home / "into"
    into.mkdir()
    assert install.official(into)
    assert sorted(file.name for file in into.iterdir()) == ["evil", "host", "pulumi"]
    assert not (home.parent / "evil").exists()
    assert (into / "pulumi").read_text() == "cli"
    assert os.access(into / "pulumi", os.X_OK)


def test_fails_for_a_release_that_is_not_the_one(
    home: Path, release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One byte more, and nothing of it is used; the two checksums are named."""
    release.write_bytes(release.read_bytes() + b"x")
    assert not install.official(home / "into")
    assert "expected" in capsys.readouterr().err
    assert not (home / "into").exists()


def test_a_checksum_of_this_repository_is_the_only_one_that_counts(
    home: Path, release: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is downloaded without one, whatever lies beside the archive; once it is recorded, whoever
    changes the archive and the list beside it gets nothing in."""
    install._RECORDED.write_text("# Made by record.\n")
    monkeypatch.setattr(install, "_ARCHIVES", (home / "absent").as_uri())
    assert not install.official(home)
    said = capsys.readouterr().err
    assert f"has no {release.name}, so it is not downloaded" in said
    assert "cannot be reached" not in said
    monkeypatch.setattr(install, "_ARCHIVES", home.as_uri())
    install.record()
    assert install._RECORDED.read_text().startswith("# Made by record.\n")
    assert install.official(home)
    release.write_bytes(release.read_bytes() + b"x")
    changed = f"{hashlib.sha256(release.read_bytes()).hexdigest()}  {release.name}\n"
    (home / "checksums.txt").write_text(changed)
    assert not install.official(home / "into")
    assert "not used" in capsys.readouterr().err
    install._RECORDED.write_text(changed)
    assert install.official(home)


def test_the_recorded_checksums_are_those_of_this_version() -> None:
    """Whoever changes the version records them anew, or the old list counts for nothing."""
    names = [line.split()[1] for line in install._RECORDED.read_text().splitlines() if line[0] != "#"]
    assert [name for name in names if install.VERSION not in name] == []


def test_a_machine_without_a_release_is_no_error(
    home: Path, release: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It goes on to the next way, as does one that cannot reach the sites."""
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert not install.official(home)
    assert "linux-riscv64.tar.gz, so it is not downloaded" in capsys.readouterr().err
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(install, "_ARCHIVES", (home / "absent").as_uri())
    assert not install.official(home)
    assert "cannot be reached" in capsys.readouterr().err


def test_yaml_host_comes_from_the_cache_and_only_where_there_is_none(home: Path) -> None:
    """One on PATH, as the official CLI brings it, is enough; else what was built once serves all, and takes
    the place of another version that is beside the CLI, also where that folder is on PATH."""
    built = executable(install.cache_folder() / f"yaml-{yaml_host.VERSION}" / yaml_host.HOST)
    executable(home / "bin" / yaml_host.HOST)
    yaml_host.install(home / "own", str(home / "bin"))
    assert not (home / "own").exists()
    yaml_host.install(home / "own", str(home / "nothing"))
    assert (home / "own" / yaml_host.HOST).samefile(built)
    (home / "own" / yaml_host.HOST).unlink()
    executable(home / "own" / yaml_host.HOST, "old")
    yaml_host.install(home / "own", str(home / "own"))
    assert (home / "own" / yaml_host.HOST).samefile(built)


def test_the_yaml_host_is_of_the_version_that_is_built() -> None:
    """The name in the cache is that of the module."""
    module = (Path(yaml_host.__file__).parent / "yaml" / "go.mod").read_text()
    assert f"github.com/pulumi/pulumi-yaml v{yaml_host.VERSION}" in module


def test_fails_saying_what_is_missing_for_yaml(home: Path) -> None:
    """Without the host and without Go, the message names both."""
    with pytest.raises(install.InstallError, match=r"pulumi-language-yaml is not on PATH, and Go"):
        yaml_host.install(home / "own", str(home / "nothing"))


def test_who_finds_the_cli_in_the_cache_waits_for_nobody(home: Path) -> None:
    """While another checkout holds the cache's lock, to build something else: CLI and host for YAML are had
    at once, and the CLI is in the cache only once all that belongs to it is."""
    cache = install.cache_folder()
    executable(cache / "pulumi")
    executable(cache / f"yaml-{yaml_host.VERSION}" / yaml_host.HOST)

    def install_both() -> None:
        install.install(home / "own", Path(sys.executable))
        yaml_host.install(home / "own", str(home / "nothing"))

    with install.locked(cache):
        installing = threading.Thread(target=install_both, daemon=True)
        installing.start()
        installing.join(timeout=30)
        assert not installing.is_alive()
    assert {"pulumi", yaml_host.HOST} <= {file.name for file in (home / "own").iterdir()}


def test_who_waits_says_so_again_and_again(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Until the other checkout is ready, which may take minutes."""
    folder = home / "cache"
    other = ExitStack()
    other.enter_context(install.locked(folder))
    looks = iter([lambda: None, other.close])
    monkeypatch.setattr("engine.install.time.sleep", lambda _: next(looks)())
    with install.locked(folder):
        said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert all(
        "another checkout is installing the engine: waiting for it, 0 s so far" in line for line in said
    )


def test_the_cli_is_unpacked_last(home: Path, release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it lies in the archive: who finds it in the cache has its host, too."""
    placed: list[str] = []
    replace = Path.replace

    def noted(self: Path, target: Path) -> Path:
        placed.append(target.name)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", noted)
    (home / "into").mkdir()
    assert install.official(home / "into")
    assert placed[-1] == "pulumi"


def test_what_is_built_is_put_in_place_whole(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CLI, launcher and host for YAML; a build that fails leaves nothing."""
    sdk = home / "sdk" / "python" / "cmd"
    sdk.mkdir(parents=True)
    (sdk / "pulumi-language-python-exec").write_text("launcher")
    executable(home / "bin" / "go").write_text(
        f'#!/bin/sh\n[ "$1" = list ] && exec echo {home / "sdk"}\n[ -e "$FAILS" ] && exit 1\n'
        'while [ "$1" != -o ]; do shift; done\necho built >"$2"\n'
    )
    monkeypatch.setenv("PATH", f"{home / 'bin'}:/bin:/usr/bin")
    monkeypatch.setenv("FAILS", str(home / "bin" / "go"))
    into = home / "into"
    into.mkdir()
    with pytest.raises(install.InstallError, match="go build failed"):
        install.build(into)
    assert [*into.iterdir()] == []
    monkeypatch.setenv("FAILS", str(home / "none"))
    install.build(into)
    assert {one.name: one.read_text().strip() for one in into.iterdir()} == {
        "pulumi": "built",
        "pulumi-language-python-exec": "launcher",
    }
    yaml_host.install(home / "own", str(home / "nothing"))
    assert (home / "own" / yaml_host.HOST).read_text().strip() == "built"
