"""A state that an earlier version of the components made, on the real engine on 1 March 2027, when Azure
refuses the older versions of Key Vault's API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from core import resource_types
from tests.engine.shared import done
from tests.support.azure import RunningAzure
from tests.support.judge import Judge
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]
MARCH = datetime(2027, 3, 1, 9, tzinfo=UTC).timestamp()


def former(resources: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The resources of a state as the components made them before: the types do not pin a version, and an
    access policy is azure-native's."""
    native = next(one for one in resources if one["type"] == "pulumi:providers:azure-native")
    new = {new: old for old, new in resource_types.FORMER.items()}
    for one in resources:
        if one["type"] == resource_types.ACCESS_POLICY:
            one["provider"] = f"{native['urn']}::{native['id']}"
            one.pop("refreshBeforeUpdate", None)
            for bag in (one["inputs"], one["outputs"]):
                bag.pop("subscriptionId")
        if one["type"] in new:
            for bag in (one["inputs"], one["outputs"]):
                if "azureApiVersion" in bag:
                    bag["azureApiVersion"] = "2024-11-01"
        text = json.dumps(one)
        for type, old in new.items():
            text = text.replace(f"${type}::", f"${old}::").replace(f'"type": "{type}"', f'"type": "{old}"')
        yield json.loads(text)


def made_before(stack: Stack) -> None:
    """Puts a state of former types in the place of the stack's own."""
    state = json.loads(done(stack.pulumi("stack", "export")).output)
    state["deployment"]["resources"] = [*former(state["deployment"]["resources"])]
    assert {one["type"] for one in state["deployment"]["resources"]} >= {*resource_types.FORMER}
    file = stack.folder / "before.json"
    file.write_text(json.dumps(state))
    done(stack.pulumi("stack", "import", "--file", str(file)))


def test_a_state_of_before_is_taken_over_after_the_older_versions_have_ended(
    stack: Stack, azure: RunningAzure
) -> None:
    """With no change, by an update without the refresh, which asks by the types that the state has; then
    each refreshes, and the key is rotated. What else happens in a life asks by the same versions: in this
    process every announced day has come (tests/support/slow_clock.py)."""
    judge = Judge(azure, stack)
    stack.configure(vault={"keyOperators": ["deployer"]}, key={"generation": 1})
    done(stack.deploy())
    judge.write_data()
    made_before(stack)
    azure.set_clock(max(MARCH, azure.control("/clock")["seconds"]))
    assert "NoRegisteredProviderFound" in stack.deploy().output
    done(stack.deploy("--refresh=false", "--expect-no-changes"))
    done(stack.deploy("--expect-no-changes"))
    stack.configure(tags={"owner": "somebody else"}, key={"generation": 2})
    done(stack.deploy())
    assert judge.verdicts(versions=2) == []
    assert judge.reads_data()
    done(stack.destroy())
