"""What else comes between an update and its end: plugin, cloud, another update, Ctrl-C."""

from __future__ import annotations

import pytest

from tests.lifecycle.life import Life
from tests.support.crash import Moment, Update, locked

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]
ACCOUNT = "/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.CognitiveServices/accounts/{a}"
BINDING = Moment("binding", "PATCH", ACCOUNT)


def begin_rotation(life: Life) -> None:
    """Goes back to the stack as it stood, and asks for a rotation."""
    life.standing.restore()
    life.stack.configure(key={"generation": 2})


def reached(life: Life, moment: Moment) -> bool:
    """Whether the one armed fault has seen its request."""
    (fault,) = life.azure.control("/faults")["value"]
    return bool(fault["calls"] >= moment.call)


def converges(life: Life) -> None:
    """One `up`, and the cloud tells of no lapse, no second version, and of data that is as it was."""
    again = life.stack.deploy()
    assert again.ok, again.output
    assert life.judge.verdicts(versions=2) == []
    assert life.judge.refusals() == []
    assert life.judge.reads_data()


def test_the_plugin_dies_while_it_binds(life: Life) -> None:
    """kill -9 of azure-cmk after its PATCH fails the update in words; the next one converges."""
    begin_rotation(life)
    life.azure.control("/faults", BINDING.fault)
    with Update(life.stack) as update:
        assert update.reaches(lambda: reached(life, BINDING)), update.output
        assert update.kill_those("/provider 127.0.0.1:")
        run = update.ended()
    life.azure.control("/faults", method="DELETE")
    assert not run.ok
    assert "contoso-dev-binding" in run.output
    assert not locked(life.stack)
    converges(life)


@pytest.mark.long
def test_the_cloud_dies_under_an_update(life: Life) -> None:
    """kill -9 of the local Azure at the PATCH, and its return: that update or the next one converges."""
    begin_rotation(life)
    life.azure.control("/faults", BINDING.fault)
    with Update(life.stack) as update:
        assert update.reaches(lambda: reached(life, BINDING))
        life.azure.restart(kill=True)
        life.azure.control("/faults", method="DELETE")
        update.ended()
    converges(life)


@pytest.mark.long
def test_a_second_update_is_refused_and_ctrl_c_ends_the_first(life: Life) -> None:
    """While one update waits for Azure another is refused by the lock; Ctrl-C ends the first, and one `up`
    goes on where it was."""
    begin_rotation(life)
    life.azure.control("/behaviour", {"operation_seconds": 3600})
    # It strikes nobody: it only counts.
    life.azure.control("/faults", {"method": "PATCH", "path": ACCOUNT, "call": 99})
    with Update(life.stack) as update:
        assert update.reaches(lambda: reached(life, BINDING))
        second = life.stack.deploy()
        update.interrupt()
        first = update.ended()
    life.azure.control("/faults", method="DELETE")
    life.azure.control("/clock", {"advance": 3600})
    assert not second.ok
    assert "currently locked by 1 lock" in second.output
    assert not first.ok
    assert not locked(life.stack)
    converges(life)
