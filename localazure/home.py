"""The home folder of a local Azure, which keeps its memory, keys, secrets and ports between runs.

Owns: file names, modes (folder 0700, files 0600) and atomic writing.
"""

import fcntl
import hashlib
import json
import os
import secrets
import socket
import string
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LOOPBACK = "127.0.0.1"
_ABOVE = Path(__file__).resolve().parents[1]
IN_CHECKOUT = (_ABOVE / "engine" / "setup.py").is_file()
FOLDER = _ABOVE if IN_CHECKOUT else Path.cwd()
"""Where state is kept: the checkout that holds this package; where the package is installed, the current
folder, which is that of somebody's project."""
_LOWEST_PORT, _HIGHEST_PORT = 20000, 32000
SERVICES = ("tls", "proxy", "control", "azure-native")
_CLIENTS = ("deployer", "reader", "foreigner")
_SECRET_LETTERS = string.ascii_letters + string.digits


class HomeError(Exception):
    """The home folder cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Home:
    """A home folder by its path; nothing is read or made until a method is called."""

    path: Path

    @property
    def database(self) -> Path:
        return self.path / "cloud.sqlite3"

    @property
    def tls(self) -> Path:
        return self.path / "tls"

    @property
    def ca_bundle(self) -> Path:
        """The certificate authority that clients must trust, PEM."""
        return self.tls / "ca.pem"

    @property
    def signing_key(self) -> Path:
        """The private key that signs access tokens, PEM."""
        return self.path / "token-signing-key.pem"

    @property
    def log(self) -> Path:
        return self.path / "serve.log"

    def make(self) -> None:
        """Makes the folder. Raises HomeError where it cannot be made or written."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.chmod(0o700)
        except OSError as error:
            raise HomeError(f"the folder {self.path} cannot be used as home: {error.strerror}") from error

    def secrets(self) -> Mapping[str, str]:
        """The control token and the client secrets by name; made at random where they are missing."""
        found = _read(self.path / "secrets.json")
        wanted = {name: str(found.get(name) or new_client_secret()) for name in _CLIENTS}
        wanted["control"] = str(found.get("control") or secrets.token_urlsafe(30))
        if wanted != found:
            write_private(self.path / "secrets.json", json.dumps(wanted, indent=2))
        return wanted

    def ports(self) -> Mapping[str, int]:
        """The ports by service as they were last chosen; empty before the first start."""
        found = _read(self.path / "ports.json")
        return {name: port for name, port in found.items() if name in SERVICES and isinstance(port, int)}

    def remember_ports(self, ports: Mapping[str, int]) -> None:
        write_private(self.path / "ports.json", json.dumps(dict(ports), indent=2))

    def lock(self) -> IO[str] | None:
        """Takes the lock of the serving process and writes its id; None where another process has it.

        The kernel releases it however the process ends, so nothing stale can stay behind. Keep the file.
        """
        handle = os.fdopen(_private(self.path / "serve.lock", os.O_RDWR | os.O_CREAT), "r+", encoding="ascii")
        # Tried again for a moment, since `serving` takes the lock for the instant in which it looks.
        for _ in range(20):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.01)
        else:
            handle.close()
            return None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        return handle

    def serving(self) -> int | None:
        """The id of the process that serves this home, None where none does."""
        try:
            handle = (self.path / "serve.lock").open(encoding="ascii")
        except FileNotFoundError:
            return None
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                text = handle.read().strip()
                return int(text) if text.isdigit() else 0
        return None

    def forget(self) -> None:
        """Deletes the cloud's memory; keys, secrets and ports stay."""
        for suffix in ("", "-wal", "-shm"):
            self.database.with_name(self.database.name + suffix).unlink(missing_ok=True)


def digest(package: Path = Path(__file__).parent) -> str:
    """Which code this is, so that a server that runs other code is recognised: 16 hex digits of every file
    that the package is made of; bytecode does not count."""
    found = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            found.update(f"{path.relative_to(package)}\0".encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:16]


def new_client_secret() -> str:
    """A client secret in Entra's shape: 40 characters, `8Q~` from the fourth on, no dash at the start.

    Source: Microsoft Purview's definition of the sensitive information type "Azure AD client secret".
    """
    head = secrets.choice(_SECRET_LETTERS) + _drawn(2)
    return f"{head}8Q~{_drawn(34)}"


def _drawn(count: int) -> str:
    return "".join(secrets.choice(f"{_SECRET_LETTERS}_.~-") for _ in range(count))


def home_of(path: str | None, environ: Mapping[str, str]) -> Home:
    """The home that was asked for: `--home`, else LOCALAZURE_HOME, else `.localazure` in FOLDER."""
    chosen = path or environ.get("LOCALAZURE_HOME")
    return Home(Path(chosen).absolute() if chosen else FOLDER / ".localazure")


def write_private(path: Path, text: str) -> None:
    """Replaces a file in one step, readable by its owner alone."""
    draft = path.with_name(path.name + ".new")
    with os.fdopen(_private(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "w", encoding="utf-8") as handle:
        handle.write(text)
    draft.replace(path)


def bind(port: int) -> socket.socket:
    """A loopback socket on this port, or on any free one where it is 0 or taken. `LOCALAZURE_ADDRESS` names
    another address to listen at, for a container, whose ports are published elsewhere."""
    # New ports lie below those that systems hand out to outgoing connections, which could take them
    # between a stop and the next start.
    chosen = [_LOWEST_PORT + secrets.randbelow(_HIGHEST_PORT - _LOWEST_PORT) for _ in range(20)]
    for candidate in ([port] if port else []) + chosen + [0]:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((os.environ.get("LOCALAZURE_ADDRESS", LOOPBACK), candidate))
        except OSError:
            listener.close()
            continue
        listener.listen(1024)
        return listener
    raise HomeError(f"no port can be bound on {LOOPBACK}")


def _read(path: Path) -> dict[str, object]:
    """A JSON object from a file; empty if the file is missing or holds none (it is then made again)."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _private(path: Path, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
