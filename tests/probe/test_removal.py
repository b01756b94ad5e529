"""A probe leaves nothing behind: not after its end, nor after Ctrl-C, nor after a kill and a second run."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from localazure import seed
from localazure.front import Raw
from probe.scene import TAG
from tests.probe.clouds import Asking
from tests.support.azure import running_azure
from tests.support.stack import ROOT

KILLS = 50
SLOW = {"operation_seconds": 92.0, "missing_grant": "fails_later"}
"""An Azure in which every step takes long."""


class KilledError(BaseException):
    """kill -9: no handler of the process runs to its end, since it can send nothing any more."""


@pytest.fixture(scope="module")
def moments() -> list[int]:
    """The numbers of the requests at which a probe is ended, over its whole course."""
    asking = Asking(dict(SLOW))
    asking.probe().ask()
    return [1 + number * (len(asking.wire.seen) - 1) // (KILLS - 1) for number in range(KILLS)]


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("how", [KilledError, KeyboardInterrupt])
def test_whatever_ends_it_nothing_is_left(
    moments: list[int], how: type[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    """50 kills, each at another request, before or after Azure carried it out: the next run finds what is
    left by its tag and removes it. Ctrl-C while it asks: the probe removes what it made before it ends.
    Ctrl-C while it removes: it says how to go on."""
    killed = how is KilledError
    for moment in moments if killed else moments[::2]:
        asking = Asking(dict(SLOW))
        _end_at(asking, moment, how, for_ever=killed, after=not killed or moment % 2 == 0)
        with pytest.raises(how):
            asking.probe().ask()
        asking.wire.before = asking.wire.after = lambda _: None
        if killed or "--clean" in capsys.readouterr().err:
            asking.probe().clean()
        assert asking.left() == [], moment


@pytest.mark.long
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_command_itself(tmp_path: Path, how: signal.Signals) -> None:
    """A real process, ended while it asks: after SIGINT and SIGTERM the group is gone, and after SIGKILL
    `--clean` removes it. By then account and vault exist."""
    with running_azure(tmp_path / "azure") as azure:
        words = [sys.executable, "-m", "probe", "--subscription", seed.SUBSCRIPTION_ID]
        words += ["--region", "westeurope", "--out", str(tmp_path / "out")]
        process = subprocess.Popen(
            [*words, "--yes"], cwd=ROOT, env=azure.environ, stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        for line in process.stderr:
            if "missing_grant" in line:
                break
        process.send_signal(how)
        process.communicate(timeout=300)
        assert process.returncode == (130 if how != signal.SIGKILL else -signal.SIGKILL)
        if how == signal.SIGKILL:
            done = subprocess.run(
                [*words, "--clean"], cwd=ROOT, env=azure.environ, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
        else:
            assert (tmp_path / "out" / "probe.json").exists()
        groups = azure.control("/documents?kind=group")["value"]
        assert [one for one in groups if TAG in str(one)] == []


def _end_at(asking: Asking, moment: int, how: type[BaseException], *, for_ever: bool, after: bool) -> None:
    """Ends the probe at a request, before Azure has it or after it was carried out."""
    count = 0

    def come(_: Raw) -> None:
        nonlocal count
        count += 1
        due = count > moment or (count == moment and not after)
        if due and (for_ever or count == moment):
            raise how

    def gone(_: Raw) -> None:
        if after and count == moment:
            raise how

    asking.wire.before, asking.wire.after = come, gone
