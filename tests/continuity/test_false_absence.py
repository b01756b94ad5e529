"""Reads that do not find the account though it exists, and an account that was restored."""

from __future__ import annotations

import pytest

from tests.continuity.conftest import Standing
from tests.lifecycle.crashes import ACCOUNT

pytestmark = [pytest.mark.engine, pytest.mark.timeout(3600), pytest.mark.long]

TAGS = {"owner": "another"}


@pytest.mark.parametrize("times", [1, 2, 3])
def test_false_404s_end_in_no_write_over_a_bound_account(stands: Standing, times: int) -> None:
    """A refresh that is told that the account is gone makes the state forget it. Whatever finds it again
    before the write, the component, its hook or azure-native, the update writes nothing over it."""
    consumer = stands("python")
    consumer.say(protect=False, tags=TAGS)
    where = {"host": "arm", "method": "GET", "path": ACCOUNT}
    consumer.azure.control("/faults", {**where, "status": 404, "code": "ResourceNotFound", "times": times})
    run = consumer.up("--refresh")
    consumer.azure.control("/faults", method="DELETE")
    assert consumer.judge.lapses() == []
    assert [state["why"] for state in consumer.judge.history()].count("PUT") == 1 or run.ok


def test_an_account_that_came_back_is_written_with_its_key(stands: Standing) -> None:
    """Restored from soft delete with `softDeleted: recover`: the update after it does not write it, and the
    one that changes a tag says the key, though the outputs in the state already held it."""
    consumer = stands("python")
    assert consumer.stack.destroy().ok
    consumer.say(protect=False, soft_deleted="recover")
    consumer.must_up()
    written = len(consumer.judge.history())
    consumer.must_up()
    assert len(consumer.judge.history()) == written
    consumer.say(protect=False, soft_deleted="recover", tags=TAGS)
    consumer.must_up()
    bound = [state["keySource"] for state in consumer.judge.history() if state["why"] != "DELETE"]
    assert bound[1:] == ["Microsoft.KeyVault"] * (len(bound) - 1)
    consumer.must_up("--expect-no-changes")
