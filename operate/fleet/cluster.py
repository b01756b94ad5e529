"""The workers of a Dask cluster in place of this machine's threads, for a fleet that is too large for one
machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from operate import stack
from operate.errors import OperateError
from operate.fleet.planning import Outcome
from operate.fleet.rollout import Work, ended_well_or_not

_TLS = """\
--scheduler: found {found}, expected tls://HOST:PORT and certificates by which scheduler, workers and this \
command know each other: without them, whoever reaches the port runs code as the deployer. On each machine, \
with certificates of an authority that signs nothing else:
  export DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION=true
  export DASK_DISTRIBUTED__COMM__TLS__CA_FILE=ca.pem
  for role in SCHEDULER WORKER CLIENT; do
    export DASK_DISTRIBUTED__COMM__TLS__${{role}}__CERT=own.pem
    export DASK_DISTRIBUTED__COMM__TLS__${{role}}__KEY=own.key
  done"""
"""Sources: distributed.dask.org/en/stable/tls.html ("TLS/SSL": CA file, certificate and key of each role,
`distributed.comm.require-encryption`) and docs.dask.org/en/stable/configuration.html (variables), read on
2026-11-28."""


@contextmanager
def on_workers(scheduler: str, work: Work) -> Iterator[Work]:
    """Has the workers of a scheduler do the work; "" means this process. Only holders of a certificate of the
    scheduler's authority reach it. Raises OperateError."""
    if not scheduler:
        yield work
        return
    try:
        from distributed import Client  # noqa: PLC0415 - only who has a cluster needs it
        from distributed.security import Security  # noqa: PLC0415
    except ImportError as error:
        raise OperateError("--scheduler needs Dask: `uv sync --group cluster` here and on workers") from error
    security = Security()  # type: ignore[no-untyped-call, unused-ignore]
    own = (security.require_encryption, security.tls_ca_file, security.tls_client_cert)
    if not scheduler.startswith("tls://") or not all(own):
        raise OperateError(_TLS.format(found=scheduler))
    expected = code_digest()
    with Client(scheduler, security=security, timeout="30s") as client:  # type: ignore[no-untyped-call, unused-ignore]

        def there(name: str) -> Outcome:
            found: Outcome = client.submit(by_worker, work, name, expected, pure=False, retries=0).result()
            return found

        yield there


def by_worker(work: Work, name: str, expected: str) -> Outcome:
    """The outcome of a stack, by this process. Raises OperateError if its checkout is another one."""
    if code_digest() != expected:
        raise OperateError("this worker's checkout has other code or settings: check out the same commit")
    stack.use_checkout()
    return ended_well_or_not(name, work)


def code_digest() -> str:
    """A digest of the code and the settings that the updates of all stacks use."""
    found = [*Path().glob("*.py"), *Path().glob("*.yaml"), Path("uv.lock")]
    for package in Path().glob("*/__init__.py"):
        found += [path for path in package.parent.rglob("*") if "__pycache__" not in path.parts]
    digest = hashlib.sha256()
    for file in sorted(filter(Path.is_file, found)):
        digest.update(f"{file} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
