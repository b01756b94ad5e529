"""A saved plan over a refresh, read as a preview: by recorded plans of the engine, and by forged ones."""

import json
from typing import Any

import pytest

from review import plan, preview, report
from review.preview import Preview, PreviewError
from tests.review.build import (
    ACCOUNT,
    BINDING,
    KEY_URI,
    POLICY,
    TODAY,
    VAULT,
    account,
    binding,
    policy,
    step,
    urn,
    vault,
)
from tests.review.scenes import FIXTURES
from tests.review.situations import SITUATIONS, Situation

STACK = "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod"
HELD = {
    (ACCOUNT, "a"): account(),
    (VAULT, "v"): vault(),
    (POLICY, "p"): policy("get", "wrapKey", "unwrapKey"),
}
HELD[BINDING, "b"] = binding()

Change = tuple[str, str, list[str], dict[str, Any] | None]


def refresh(*gone: str) -> str:
    """What a refresh finds of the stack; `gone` are names that it finds deleted."""
    steps: list[dict[str, Any]] = [
        {"op": "refresh", "urn": STACK, "oldState": {"urn": STACK, "type": "pulumi:pulumi:Stack"}}
    ]
    for (token, name), state in HELD.items():
        op = "delete" if name in gone else "refresh"
        steps.append(step(op, token, name, state, None if name in gone else state))
    return json.dumps({"steps": steps, "duration": 1, "changeSummary": {"same": 1}})


def planned(*changes: Change) -> str:
    """A plan: all that is there stays, but for `changes` of type, name, steps and the diff of the inputs."""
    plans = {urn(token, name): entry(token, ["same"], {}) for token, name in HELD}
    for token, name, steps, diff in changes:
        if steps:
            plans[urn(token, name)] = entry(token, steps, diff)
        else:
            del plans[urn(token, name)]
    return json.dumps({"manifest": {}, "resourcePlans": plans})


def entry(token: str, steps: list[str], diff: dict[str, Any] | None) -> dict[str, Any]:
    goal = {} if diff is None else {"state": {}, "goal": {"type": token, "inputDiff": diff}}
    return {"steps": steps, **goal}


def names(preview: Preview) -> list[str]:
    return [one.verdict.name.value for row in report.make(preview, (), TODAY).rows for one in row.verdicts]


NEXT_VERSION = {"keyUriWithVersion": KEY_URI.replace("a" * 32, "b" * 32)}


def stranger() -> tuple[str, dict[str, Any]]:
    """A plan that lets somebody else use the key."""
    inputs = policy("get", "wrapKey", "unwrapKey", principal="99999999-9999-4999-8999-999999999999")["inputs"]
    return urn(POLICY, "stranger"), entry(POLICY, ["create"], {"adds": inputs})


def test_what_a_plan_says_of_the_cloud_counts_for_nothing() -> None:
    """Nothing constrains a plan's outputs: the account cannot be said to have the stranger's identity."""
    document = json.loads(planned())
    name, plans = stranger()
    document["resourcePlans"][name] = plans
    assert names(plan.read(json.dumps(document), refresh())) == ["principal-added"]
    holder = plans["goal"]["inputDiff"]["adds"]["policy"]["objectId"]
    said = {"identity": {"type": "SystemAssigned", "principalId": holder}}
    document["resourcePlans"][urn(ACCOUNT, "a")]["state"] = said
    document["resourcePlans"][urn(BINDING, "b")]["state"] = {"principalId": holder}
    assert names(plan.read(json.dumps(document), refresh())) == ["principal-added"]


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("resourcePlans", "resourcePlans"),
        ("resourcePlans", "ResourcePlans"),
        ("goal", "Goal"),
        ("inputDiff", "inputdiff"),
        ("adds", "Adds"),
    ],
)
def test_a_plan_that_the_engine_reads_otherwise_is_refused(name: str, twin: str) -> None:
    """Go's JSON takes names in any case and merges twins; what this reads must be what the engine applies."""
    document = json.loads(planned())
    key, plans = stranger()
    document["resourcePlans"][key] = plans
    written = json.dumps(document)
    assert names(plan.read(written, refresh())) == ["principal-added"]
    with pytest.raises(PreviewError, match=f'"{twin}"'):
        plan.read(written.replace(f'"{name}": ', f'"{twin}": null, "{name}": ', 1), refresh())


@pytest.mark.parametrize("situation", [one for one in SITUATIONS if one.plan], ids=lambda one: one.name)
def test_a_recorded_plan_has_the_verdicts_of_its_preview(situation: Situation) -> None:
    """The engine's own plan, over its own refresh, comes to the review of the preview, and to one digest."""
    file = FIXTURES / f"{situation.name}.json"
    names_of = (".plan.json", ".refresh.json", ".json")
    made = plan.read(*(file.with_suffix(one).read_text() for one in names_of))
    assert names(made) == situation.verdicts.split()
    of_plan, of_preview = (report.make(one, (), TODAY) for one in (made, preview.read(file.read_text())))
    assert of_plan.digest == of_preview.digest


def renamed(was: str, name: str) -> str:
    """The preview's claim that a binding has another name now."""
    one = step("same", BINDING, name, binding(), binding())
    one["oldState"]["urn"] = urn(BINDING, was)
    return json.dumps({"steps": [one], "changeSummary": {}})


DELETED: Change = (BINDING, "b", ["delete"], None)
LEFT_OUT: Change = (BINDING, "b", [], None)
OTHER: Change = (BINDING, "b2", ["same"], {})
AGAIN = planned((BINDING, "b", ["create"], {"adds": binding()["inputs"]}))
NEW = entry(VAULT, ["create"], {"adds": vault()["inputs"]})
FORGED = step("delete", BINDING, "b", {**binding(), "retainOnDelete": True})


@pytest.mark.parametrize(
    ("text", "found", "claimed", "verdicts"),
    [
        (planned(), refresh(), "", []),
        # What a plan changes is applied to what the refresh found.
        (planned((BINDING, "b", ["update"], {"updates": NEXT_VERSION})), refresh(), "", ["rotated"]),
        (planned((POLICY, "p", ["update"], {"deletes": ["policy"]})), refresh(), "", ["access-revoked"]),
        # The preview's own account of what is there, which the program could have written, changes nothing.
        (planned(DELETED), refresh(), json.dumps({"steps": [FORGED], "changeSummary": {}}), ["unbound"]),
        # By an alias: the plan has the new name alone.
        (planned(LEFT_OUT, OTHER), refresh(), renamed("b", "b2"), []),
        # Of an empty stack the engine's refresh says how long it took, and nothing else.
        (json.dumps({"resourcePlans": {urn(VAULT, "v"): NEW}}), '{"duration": 1}', "", []),
        # The engine takes the first step it has use for: a program that leaves the binding out deletes it.
        *(
            (planned((BINDING, "b", steps, {})), refresh(), "", ["unbound"])
            for steps in (["delete", "same"], ["same", "delete"], ["delete", "update"])
        ),
    ],
)
def test_a_plan_has_its_verdicts_over_what_is_there(
    text: str, found: str, claimed: str, verdicts: list[str]
) -> None:
    """And no others: what was before comes from the refresh alone."""
    assert names(plan.read(text, found, *filter(None, [claimed]))) == verdicts


@pytest.mark.parametrize(
    ("text", "found", "preview", "said"),
    [
        # What this does not know it cannot judge.
        (planned((BINDING, "b", ["obliterate"], {})), refresh(), "", "obliterate"),
        (planned((POLICY, "p", ["update"], None)), refresh(), "", "does not fit"),
        # A change that hides a resource from the review; the way out is named.
        (planned(LEFT_OUT), refresh(), "", r"does not mention .*without --target"),
        # A plan counts for the state it was made from.
        (planned((BINDING, "b", ["same"], {})), refresh("b"), "", "does not fit"),
        # A resource is what its URN says, whatever the plan calls it.
        (AGAIN, refresh(), "", "does not fit"),
        (AGAIN.replace(f'"{BINDING}"', '"random:index:Id"'), refresh(), "", "does not fit"),
        (planned()[:-1] + ', "plan": {}}', refresh(), "", "the plan has no resourcePlans"),
        # A deleted resource cannot be passed off as a new one's former self: its plan mentions it.
        (planned(DELETED, OTHER), refresh(), renamed("b", "b2"), "does not fit"),
        # Half a file is not a plan that changes nothing, and what is there now must be known whole.
        *((text, refresh(), "", "the plan") for text in ("", "[]", "{}", '{"resourcePlans": {"a": 1}}', "{")),
        *((planned(), text, "", "the refresh") for text in ("", "{}", '{"steps": [{}], "duration": 1}')),
    ],
)
def test_a_plan_that_proves_nothing_is_refused(text: str, found: str, preview: str, said: str) -> None:
    """With what is wrong."""
    with pytest.raises(PreviewError, match=said):
        plan.read(text, found, *filter(None, [preview]))
