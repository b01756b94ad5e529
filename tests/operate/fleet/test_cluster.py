"""Fleets on the workers of a Dask cluster."""

import os
from pathlib import Path

import pytest
import trustme

from operate.errors import OperateError
from operate.fleet import cluster
from operate.fleet.planning import Outcome
from operate.fleet.rollout import carried_out

ROLES = ("CLIENT", "WORKER", "SCHEDULER")


def known_by_certificates(folder: Path) -> dict[str, str | bool]:
    """The settings of Dask by which all parts of a cluster know each other."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "own.pem"))
    own = {
        f"tls.{role.lower()}.{part}": str(folder / "own.pem") for role in ROLES for part in ("cert", "key")
    }
    found: dict[str, str | bool] = {"require-encryption": True, "tls.ca-file": str(folder / "ca.pem"), **own}
    return {f"distributed.comm.{name}": value for name, value in found.items()}


@pytest.mark.parametrize(
    ("scheduler", "certificates"),
    [("tcp://cluster:8786", True), ("tls://cluster:8786", False), ("cluster:8786", True)],
)
def test_a_scheduler_without_certificates_is_refused(
    scheduler: str, certificates: bool, tmp_path: Path
) -> None:
    """Whoever reaches the port of such a scheduler runs code with the deployer's login. The message has the
    lines that set them up."""
    import dask
    import distributed  # noqa: F401 - its defaults, below which the settings stand

    settings = known_by_certificates(tmp_path)
    with (
        dask.config.set(settings if certificates else dict.fromkeys(settings)),
        pytest.raises(OperateError, match="expected tls://HOST:PORT") as refused,
        cluster.on_workers(scheduler, Outcome),
    ):
        pass
    assert "export DASK_DISTRIBUTED__COMM__TLS__CA_FILE=ca.pem" in str(refused.value)


@pytest.mark.filterwarnings("ignore")
def test_workers_carry_a_rollout_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each stack once, by workers that know this command by its certificate; a failure stays its own."""
    import dask
    from distributed import LocalCluster
    from distributed.security import Security

    monkeypatch.chdir(tmp_path)
    here = os.getpid()

    def work(name: str) -> Outcome:
        if name == "b":
            raise OperateError("the plan is missing")
        return Outcome(name, changes={"pid": os.getpid()})

    with (
        dask.config.set(known_by_certificates(tmp_path)),
        LocalCluster(  # type: ignore[no-untyped-call, unused-ignore]
            n_workers=1, threads_per_worker=1, protocol="tls://", security=Security(), dashboard_address=None
        ) as workers,
        cluster.on_workers(workers.scheduler_address, work) as there,
    ):
        done, _ = carried_out({"all": ("a", "b")}, there, lambda _: None, at_once=2, allowed=None)
    found = {one.stack: one for one in done}
    assert found["b"].reason == "the plan is missing"
    assert found["a"].ok
    assert found["a"].changes != {"pid": here}


def test_a_worker_with_other_code_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its checkout is of another commit, or has other settings."""
    monkeypatch.chdir(tmp_path)
    expected = cluster.code_digest()
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    with pytest.raises(OperateError, match="check out the same commit"):
        cluster.by_worker(Outcome, "dev", expected)
