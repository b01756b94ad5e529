"""What a fleet does with a stack whose update Azure had no time for, and what it says of one that failed."""

from __future__ import annotations

import pytest

from localazure.standin import errors
from localazure.standin.answer import Answer
from operate.fleet.work import until_served
from operate.stack import UpdateError, causes


def refused(status: int, message: str) -> Answer:
    body = {"error": {"code": "SubscriptionRequestsThrottled", "message": message}}
    return Answer(status, body, {}, "", "GET https://management.azure.com/x")


class Azure:
    """Refuses with these answers, and then serves."""

    def __init__(self, *texts: str) -> None:
        self.texts, self.pauses = list(texts), list[float]()

    def update(self) -> str:
        if self.texts:
            raise UpdateError(self.texts.pop(0))
        return "updated"


BUSY = errors.of_plugin(refused(429, "Number of reads exceeded. Please try again after '1' seconds."))
VERY_BUSY = errors.of_sdk(refused(429, "Please try again after '90' seconds."))
DOWN = errors.of_plugin(refused(503, "The service is unavailable."))
WRONG = errors.of_plugin(refused(400, "The request is wrong."))


@pytest.mark.parametrize(
    ("texts", "pauses"),
    [((), []), ((BUSY,), [30.0]), ((BUSY, DOWN), [30.0, 30.0])],
)
def test_a_stack_is_tried_again_where_azure_was_busy(texts: tuple[str, ...], pauses: list[float]) -> None:
    """After half a minute."""
    azure = Azure(*texts)
    assert until_served(azure.update, azure.pauses.append) == "updated"
    assert azure.pauses == pauses


def test_a_longer_pause_is_azures_own() -> None:
    """As azcore's own client quotes it, whose text has the body of the answer."""
    azure = Azure(f"{VERY_BUSY}\nPlease try again after '90' seconds.")
    assert until_served(azure.update, azure.pauses.append) == "updated"
    assert azure.pauses == [90.0]


@pytest.mark.parametrize(
    ("texts", "tries"),
    [((WRONG,), 1), ((BUSY, WRONG), 2), ((BUSY, BUSY, BUSY, BUSY, BUSY), 4)],
)
def test_what_no_pause_mends_is_reported(texts: tuple[str, ...], tries: int) -> None:
    """At once; and what four tries did not mend."""
    azure = Azure(*texts)
    with pytest.raises(UpdateError) as failed:
        until_served(azure.update, azure.pauses.append)
    assert str(failed.value) == texts[tries - 1]
    assert len(azure.pauses) == tries - 1


def test_a_failure_is_named_by_its_cause() -> None:
    """Not by the steps of its plan that it therefore lacks, unless the plan is the cause."""
    lacks = "expected resource operations for urn:pulumi:a::b::c::{} but none were seen"
    missing = [lacks.format(name) for name in "abc"]
    assert causes([BUSY, *missing, BUSY]) == [BUSY]
    assert causes(missing) == missing
