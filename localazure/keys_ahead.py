"""RSA keys of 2048 bits made before anybody asks for them, since the search for primes is half of a busy
cloud's work.

A process of its own makes them, at the lowest priority: one for each byte on its standard input, each a line
of PKCS8 in base64. It ends with the process that started it.
"""

import base64
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

SIZE, EXPONENT = 2048, 65537
AHEAD = 16
"""So many keys are made ahead: two thirds of a second's work."""
_LOWEST_PRIORITY = 19
_ROOT = Path(__file__).parents[1]


class KeysAhead:
    """The keys of one such process, each of which is given out once. Nothing is made ahead unless it is
    `wanted`; then the process starts with the first key that is asked for."""

    def __init__(self) -> None:
        self.wanted = False
        self._pipes: tuple[int, int] | None = None
        self._read = b""

    def take(self) -> str | None:
        """A private key; None if none is ready, or the process has ended."""
        if not self.wanted:
            return None
        if self._pipes is None:
            self._pipes = _start()
        orders, made = self._pipes
        with suppress(BlockingIOError):
            self._read += os.read(made, 4096)
        key, end, rest = self._read.partition(b"\n")
        if not end:
            return None
        self._read = rest
        with suppress(BrokenPipeError):
            os.write(orders, b".")
        return key.decode()


def _start() -> tuple[int, int]:
    """Starts the process; where to order keys, and where they are read, without waiting."""
    ordered, orders = os.pipe()
    made, making = os.pipe()
    # A session of its own: Ctrl-C is for the server.
    maker = subprocess.Popen(
        [sys.executable, "-m", "localazure.keys_ahead"],
        cwd=_ROOT,
        stdin=ordered,
        stdout=making,
        start_new_session=True,
    )
    os.setpriority(os.PRIO_PROCESS, maker.pid, _LOWEST_PRIORITY)
    os.close(ordered)
    os.close(making)
    os.set_blocking(made, False)
    os.write(orders, b"." * AHEAD)
    return orders, made


def pkcs8(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """A private key as it is stored, unencrypted."""
    der = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return base64.b64encode(der).decode()


def _make() -> None:
    while os.read(sys.stdin.fileno(), 1):
        line = pkcs8(rsa.generate_private_key(EXPONENT, SIZE)) + "\n"
        with suppress(BrokenPipeError):
            os.write(sys.stdout.fileno(), line.encode())


if __name__ == "__main__":
    _make()
