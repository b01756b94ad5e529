"""Writes and flags of the real engine, without any refresh: never unbound, never unreadable, judged by the
cloud.

What runs by default is the part that takes the engine's own behaviour to show; tests/remediation has the
combinations, and SEARCH=wide runs all of these for every consumer.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.continuity.conftest import Standing
from tests.continuity.consumers import Consumer
from tests.support.search import WIDE

pytestmark = [pytest.mark.engine, pytest.mark.timeout(3600)]

TAGS = {"owner": "another"}
OPEN = {"protect": False}
Case = Callable[[Consumer], None]


def nothing(consumer: Consumer) -> None:
    """The update after the first one brings the key into the state, and changes nothing; the next one has
    nothing to do."""
    consumer.must_up()
    consumer.must_up("--expect-no-changes")


def tags(consumer: Consumer) -> None:
    """A tag, by one update, which says the key in its only write of the account."""
    consumer.say(**OPEN, tags=TAGS)
    consumer.must_up()


def rotation(consumer: Consumer) -> None:
    """A new version of the key and a tag, in one update."""
    consumer.say(**OPEN, tags=TAGS, generation=2)
    consumer.must_up()
    assert len(consumer.judge.versions()) == 2


def target_account(consumer: Consumer) -> None:
    """The account alone: the binding does not follow it."""
    consumer.say(**OPEN, tags=TAGS)
    consumer.must_up("--target", consumer.urn("account"))


def target_binding(consumer: Consumer) -> None:
    """The binding alone, though the account is declared otherwise."""
    consumer.say(**OPEN, tags=TAGS)
    consumer.must_up("--target", consumer.urn("binding"))
    assert consumer.judge.lapses() == []


def target_both(consumer: Consumer) -> None:
    """Account and binding, and nothing else."""
    consumer.say(**OPEN, tags=TAGS)
    consumer.must_up("--target", consumer.urn("account"), "--target", consumer.urn("binding"))


def exclude_binding(consumer: Consumer) -> None:
    """All but the binding."""
    consumer.say(**OPEN, tags=TAGS)
    consumer.must_up("--exclude", consumer.urn("binding"))


def replace_binding(consumer: Consumer) -> None:
    """The binding is made anew, and the old one deleted."""
    consumer.must_up("--replace", consumer.urn("binding"))


def replace_binding_and_tags(consumer: Consumer) -> None:
    """The same in an update that writes the account, too."""
    consumer.say(**OPEN, tags=TAGS)
    consumer.must_up("--replace", consumer.urn("binding"))


def saved_plan(consumer: Consumer) -> None:
    """An update by a plan that a preview saved."""
    consumer.say(**OPEN, tags=TAGS)
    plan = str(consumer.stack.folder / "plan.json")
    preview = consumer.stack.pulumi("preview", "--save-plan", plan)
    assert preview.ok, preview.output
    consumer.must_up("--plan", plan)


def upgrade(consumer: Consumer) -> None:
    """The state was written by another version of azure-native, which alone makes a difference."""
    state = consumer.stack.pulumi("stack", "export")
    deployment = json.loads(state.output)
    for one in deployment["deployment"]["resources"]:
        if one["urn"].endswith("-account"):
            one["inputs"]["azureApiVersion"] = one["outputs"]["azureApiVersion"] = "2024-10-01"
    file = consumer.stack.folder / "state.json"
    file.write_text(json.dumps(deployment))
    imported = consumer.stack.pulumi("stack", "import", "--file", str(file))
    assert imported.ok, imported.output
    consumer.must_up()


def refreshed_once(consumer: Consumer) -> None:
    """The flag, once, after a rotation, and an update without it."""
    consumer.say(**OPEN, generation=2)
    consumer.must_up()
    consumer.must_up("--refresh")
    consumer.must_up("--expect-no-changes")
    consumer.say(**OPEN, generation=2, tags=TAGS)
    consumer.must_up()


CASES: Mapping[str, Case] = {
    case.__name__.replace("_", " "): case
    for case in (
        nothing,
        tags,
        rotation,
        target_account,
        target_binding,
        target_both,
        exclude_binding,
        replace_binding,
        replace_binding_and_tags,
        saved_plan,
        upgrade,
        refreshed_once,
    )
}
KINDS = ("python", "package", "yaml", "project")
CHOSEN = [
    *(("python", name) for name in CASES if name not in ("target both", "replace binding and tags")),
    ("package", "tags"),
    ("yaml", "tags"),
]


@pytest.mark.long
@pytest.mark.parametrize(("kind", "name"), list(itertools.product(KINDS, CASES)) if WIDE else CHOSEN, ids=str)
def test_no_write_takes_the_account_off_its_key(stands: Standing, kind: str, name: str) -> None:
    """Each kind of update ends with the account bound, and the next ones converge and are silent."""
    consumer = stands(kind)
    if kind == "project":
        consumer.always = ("--refresh=false",)
    CASES[name](consumer)
    consumer.settle()


def test_a_target_in_the_project_without_its_refresh(stands: Standing) -> None:
    """`pulumi up --refresh=false --target ACCOUNT` in the repository's own program, whose option it turns
    off."""
    consumer = stands("project")
    consumer.say(**OPEN, tags=TAGS)
    consumer.must_up("--refresh=false", "--target", consumer.urn("account"))
    assert consumer.judge.lapses() == []
    consumer.settle()


@pytest.mark.long
@pytest.mark.parametrize(
    "said",
    [
        {"tags": TAGS, "ignore": ["properties"]},
        {"tags": TAGS, "ignore": ["properties.encryption"]},
    ],
    ids=["ignore properties", "ignore encryption"],
)
def test_what_keeps_the_key_out_of_an_update_stops_it(stands: Standing, said: dict[str, Any]) -> None:
    """The program's own ignore_changes, which no component can see: the preview and the update say what would
    be lost before anything is written, and a refresh is all that it takes."""
    consumer = stands("python")
    consumer.say(**OPEN, **said)
    preview = consumer.stack.pulumi("preview")
    update = consumer.up()
    for run in (preview, update):
        assert not run.ok
        assert "is bound to https://kv-claims.vault.azure.net/keys/" in run.output
        assert "Run `pulumi refresh`" in run.output
        assert "Traceback" not in run.output
        assert "client connection" not in run.output
    assert [state["why"] for state in consumer.judge.history()] == ["PUT", "PATCH"]
    assert consumer.stack.refresh().ok
    consumer.settle()


@pytest.mark.parametrize("way", ["cost_centre", "transformation"])
def test_tags_of_the_whole_program_are_no_loss_of_the_key(stands: Standing, way: str) -> None:
    """A program that tags by a stack transform, or by a transformation, and changes the tag: each update says
    the key in its write of the account, and nothing is left to do after it."""
    consumer = stands("python")
    for number in ("7", "8"):
        consumer.say(**OPEN, **{way: number})
        consumer.must_up()
        (account,) = [one for one in consumer.stack.resources() if one["type"].endswith(":Account")]
        assert account["outputs"]["tags"] == {"cost-centre": number}
        consumer.must_up("--expect-no-changes")
    consumer.say(**OPEN)
    consumer.settle()
