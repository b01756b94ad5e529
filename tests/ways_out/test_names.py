"""A rule of names of one's own on a live stack: what is renamed, what keeps its name, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.ways_out.world import World

CAF: Mapping[str, str] = {
    "identity": "id-{service}-{location}",
    "workspace": "log-{service}-{location}",
    "diagnostic_setting": "diag-{service}",
    "lock": "lock-{service}-{target}",
    "action_group": "ag-{service}-{location}",
    "alert": "{alert}-{service}",
}
SETTINGS: Mapping[str, Any] = {
    "lock": "CanNotDelete",
    "audit": {"alerts": True, "alert_emails": ["security@contoso.example"]},
}


@pytest.fixture
def world() -> Iterator[World]:
    """A stack with a user-assigned identity, locks and alerts, under the default names."""
    made = World("user-assigned identity", settings=dict(SETTINGS))
    assert made.up() == ""
    yield made
    made.close()


def names_in_azure(world: World) -> set[str]:
    """The names of what the stack has."""
    return {held.id.rpartition("/")[2] for held in world.engine.state.values()}


def test_what_would_be_made_anew_keeps_its_name_and_says_so(world: World) -> None:
    """Alerts, which hold nothing, are renamed; identity, workspace, locks and diagnostic settings are not."""
    world.settings["names"] = {**CAF}
    assert world.up() == ""
    changed = {one.rpartition(":")[2] for one in world.engine.operations}
    assert changed == {"ScheduledQueryRule", "ActionGroup"}
    assert world.up() == ""
    assert world.engine.operations == []
    assert {"id-claims", "log-claims", "failed-unwraps-claims"} <= names_in_azure(world)


@pytest.mark.parametrize(
    ("resource", "template", "says"),
    [
        ("account", "{kind}-{service}-eu", "names.account: changes from 'lang-claims' to 'lang-claims-eu'"),
        ("vault", "kv-{service}-eu", "names.vault: changes from 'kv-claims' to 'kv-claims-eu'"),
        (
            "resource_group",
            "rg-{service}-eu",
            "names.resourceGroup: changes from 'rg-claims' to 'rg-claims-eu'",
        ),
    ],
)
def test_fails_for_a_rule_that_would_replace_what_holds_data(
    world: World, resource: str, template: str, says: str
) -> None:
    """Account, vault and group are refused by the name of the template, and nothing is done; with the
    template taken back there is nothing to do."""
    world.settings["names"] = {resource: template}
    assert says in world.up()
    assert world.engine.operations == []
    world.settings.pop("names")
    assert world.up() == ""
    assert world.engine.operations == []
