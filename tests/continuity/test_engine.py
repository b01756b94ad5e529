"""No update takes an account off its key, without a refresh: what only the real engine shows.

Owns: transforms and saved plans. The engine in this process has targets, kinds of updates and the program's
own ignore_changes, alone and beside other events (tests/remediation/machine.py). Programs in YAML:
tests/engine/test_consumers.py.
"""

from __future__ import annotations

import pytest

from tests.continuity.conftest import Makes

pytestmark = [pytest.mark.engine, pytest.mark.timeout(3600)]

TAGS = {"owner": "another"}


def test_a_target_in_the_project_without_its_refresh(stands: Makes) -> None:
    """`pulumi up --refresh=false --target ACCOUNT` in the repository's own program, whose option it turns
    off."""
    consumer = stands("project")
    consumer.say(protect=False, tags=TAGS)
    consumer.must_up("--refresh=false", "--target", consumer.urn("account"))
    assert consumer.judge.lapses() == []
    consumer.settle()


def test_tags_of_the_whole_program_are_no_loss_of_the_key(stands: Makes) -> None:
    """A program that tags by a transform, and changes the tag: each update says the key in its write of the
    account, and nothing is left to do after it."""
    consumer = stands("python")
    for number in ("7", "8"):
        consumer.say(protect=False, cost_centre=number)
        consumer.must_up()
        (account,) = [one for one in consumer.stack.resources() if one["type"].endswith(":Account")]
        assert account["outputs"]["tags"] == {"cost-centre": number}
        consumer.must_up("--expect-no-changes")
    consumer.say(protect=False)
    consumer.settle()


@pytest.mark.long
def test_a_saved_plan(stands: Makes) -> None:
    """An update by a plan that a preview saved."""
    consumer = stands("python")
    consumer.say(protect=False, tags=TAGS)
    plan = str(consumer.stack.folder / "plan.json")
    preview = consumer.stack.pulumi("preview", "--save-plan", plan)
    assert preview.ok, preview.output
    consumer.must_up("--plan", plan)
    consumer.settle()
