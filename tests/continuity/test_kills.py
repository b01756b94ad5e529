"""kill -9 of everything at each request of a tag change and of a rotation, without any refresh.

The default run kills at the moments in between the account's write and the binding's; SEARCH=wide
kills at every request, before and after it was carried out.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.continuity.conftest import Standing
from tests.lifecycle.crashes import CHANGES
from tests.support.crash import Moment, killed_at, repair
from tests.support.search import WIDE

pytestmark = [pytest.mark.engine, pytest.mark.timeout(7200), pytest.mark.long]

SAID = {
    "tags": {"protect": False, "tags": {"owner": "another"}},
    "rotation": {"protect": False, "generation": 2, "tags": {"owner": "another"}},
}
MOMENTS = {change.name: change.moments for change in CHANGES if change.name in SAID}
CHOSEN = {"tags": {"after account", "before binding"}, "rotation": {"after rotation"}}


def kills() -> list[tuple[str, Moment]]:
    """The changes with the moments at which they are killed."""
    every = [
        (name, replace(moment, answered=answered))
        for name, moments in MOMENTS.items()
        for moment in moments
        for answered in (False, True)
    ]
    return every if WIDE else [one for one in every if str(one[1]) in CHOSEN[one[0]]]


@pytest.mark.parametrize(("name", "moment"), kills(), ids=str)
def test_a_killed_update_leaves_the_account_bound(stands: Standing, name: str, moment: Moment) -> None:
    """The account is never unbound, and one more update converges once the runbook's repair is done."""
    consumer = stands("python")
    consumer.say(**SAID[name])
    assert killed_at(consumer.azure, consumer.stack, [moment]), f"{moment} never came"
    assert consumer.judge.lapses() == []
    repair(consumer.stack)
    consumer.settle()
