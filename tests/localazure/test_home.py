"""The home folder: its modes, lock, ports, secrets and keys, and what is made again when it is broken."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path

import pytest

from localazure.home import LOOPBACK, Home, HomeError, bind, digest, home_of, new_client_secret, write_private
from localazure.serve import open_signer
from tests.support.azure import running_azure

ROOT = Path(__file__).parents[2]


def test_fails_for_a_home_that_is_a_file(tmp_path: Path) -> None:
    """A home that cannot be a folder is an error with its path."""
    (tmp_path / "file").touch()
    with pytest.raises(HomeError, match=re.escape(str(tmp_path / "file"))):
        Home(tmp_path / "file").make()


def test_the_digest_tells_code_apart(tmp_path: Path) -> None:
    """A changed, a new and a renamed file change it; bytecode does not."""
    (tmp_path / "a.py").write_text("1")
    seen = [digest(tmp_path)]
    (tmp_path / "a.pyc").write_text("1")
    assert digest(tmp_path) == seen[0]
    (tmp_path / "a.py").write_text("2")
    seen.append(digest(tmp_path))
    (tmp_path / "b.css").write_text("1")
    seen.append(digest(tmp_path))
    (tmp_path / "b.css").rename(tmp_path / "c.css")
    assert len({*seen, digest(tmp_path)}) == 4


def test_the_home_is_chosen_by_flag_then_environment(tmp_path: Path) -> None:
    """`--home` wins over LOCALAZURE_HOME, which wins over the checkout's own folder."""
    environ = {"LOCALAZURE_HOME": str(tmp_path / "env")}
    assert home_of(str(tmp_path / "flag"), environ).path == tmp_path / "flag"
    assert home_of(None, environ).path == tmp_path / "env"
    assert home_of(None, {}).path == ROOT / ".localazure"


def test_the_lock_is_held_once(home: Home) -> None:
    """A home that is served is not served twice; a lock that was let go is free."""
    home.make()
    held = home.lock()
    assert held is not None
    assert home.serving() == os.getpid()
    assert home.lock() is None
    held.close()
    assert home.serving() is None


def test_a_wanted_port_is_given_when_it_is_free() -> None:
    """A free port is given as asked; a taken one is replaced by another."""
    with bind(0) as first:
        port = first.getsockname()[1]
        with bind(port) as second:
            assert second.getsockname()[1] != port
    with bind(port) as again:
        assert again.getsockname() == (LOOPBACK, port)


def test_a_container_listens_where_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback everywhere else."""
    with bind(0) as listener:
        assert listener.getsockname()[0] == LOOPBACK
    monkeypatch.setenv("LOCALAZURE_ADDRESS", "0.0.0.0")
    with bind(0) as listener:
        assert listener.getsockname()[0] == "0.0.0.0"


def test_the_signing_key_stays(home: Home) -> None:
    """Tokens given before a restart are good after it."""
    home.make()
    token = open_signer(home).sign({"n": 1})
    assert open_signer(home).sign({"n": 1}).rsplit(".", 1)[1] == token.rsplit(".", 1)[1]


def test_client_secrets_have_entras_shape(home: Home) -> None:
    """40 characters with `Q~` after four, and none begins with a dash, which a command line takes for an
    option. Those that are there are kept."""
    home.make()
    shape = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.~-]{2}8Q~[A-Za-z0-9_.~-]{34}")
    write_private(home.path / "secrets.json", json.dumps({"reader": "abc8Q~kept"}))
    found = home.secrets()
    assert found["reader"] == "abc8Q~kept"
    assert all(shape.fullmatch(found[name]) for name in ("deployer", "foreigner"))
    assert all(shape.fullmatch(new_client_secret()) for _ in range(500))
    assert home.secrets() == found
    assert len({*found.values()}) == len(found)


def test_only_its_owner_reads_the_home(home: Home) -> None:
    """Every file in a served home is 0600, every folder 0700, and of the CA no private key is left."""
    with running_azure(home.path):
        found = [*home.path.rglob("*"), home.path]
        modes = {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_file()}
        folders = {stat.S_IMODE(path.stat().st_mode) for path in found if path.is_dir()}
    names = {path.name for path in found}
    assert {"secrets.json", "cloud.sqlite3", "token-signing-key.pem", "server.pem"} <= names
    assert (modes, folders) == ({0o600}, {0o700})
    assert "PRIVATE KEY" not in home.ca_bundle.read_text()


def test_broken_files_are_made_again(home: Home) -> None:
    """Half-written ports, secrets and keys do not keep it from starting."""
    home.make()
    (home.path / "ports.json").write_text('{"tls": 1')
    (home.path / "secrets.json").write_text("")
    home.signing_key.write_text("-----BEGIN PRIVATE KEY-----\n")
    home.tls.mkdir()
    (home.path / "serve.lock").write_text("1")
    (home.path / "tls.new").mkdir()
    with running_azure(home.path) as azure:
        assert azure.control("/clock")["seconds"] > 0
