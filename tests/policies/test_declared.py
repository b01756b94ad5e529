"""Stack rules judge what this run declared: not what the engine shows besides after a refresh.

After a refresh the engine's list of resources holds every resource of the old state under its old URN, also
those that this update deletes (pulumi/pulumi pkg/resource/deploy: a RefreshStep stores into `news`, and
AnalyzeResources ranges over `news`).
"""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from policies.rule import Rule, RuleSubject
from policies.rules import RULES
from tests.policies.asking import Answer, Pack, Thing, verdict
from tests.policies.editing import edited
from tests.policies.refusals import REFUSED
from tests.policies.stacks import Stack, declared, one_phase, two_phases

STRICT = {"one-key-per-account": "mandatory"}
refreshed = pytest.mark.parametrize("refresh", [False, True])


def former(things: Iterable[Thing]) -> list[Thing]:
    """Resources of the same inputs under other names, as a state has them from before a rename."""
    return [
        replace(thing, name=f"former-{thing.name}", parent=thing.parent and f"former-{thing.parent}")
        for thing in things
    ]


def run_with(program: Stack, old: list[Thing], *, refresh: bool) -> list[Answer]:
    """A run of a program over an old state: inputs of what it declares, then the stack; after a refresh with
    the old resources among them."""
    pack = Pack(levels=STRICT)
    answers = [one for thing in program.values() for one in pack.ask(declared(thing))]
    return answers + pack.ask_stack([*program.values(), *(old if refresh else [])])


def refusals(answers: list[Answer]) -> set[str]:
    return {one.rule for one in answers if not one.open}


@refreshed
@pytest.mark.parametrize(
    ("removed", "rule"),
    [
        ("binding", "account-has-customer-key"),
        ("grant", "grant-present"),
        ("audit", "vault-audited"),
    ],
)
def test_what_the_program_no_longer_declares_does_not_count(removed: str, rule: str, refresh: bool) -> None:
    """A binding, a grant and an audit setting that this update deletes protect nothing."""
    stack = two_phases()
    program = {name: thing for name, thing in stack.items() if name != removed}
    assert rule in refusals(run_with(program, [stack[removed]], refresh=refresh))


@refreshed
@pytest.mark.parametrize("kind", [two_phases, one_phase])
def test_a_renamed_program_is_let_through(kind: type[Stack], refresh: bool) -> None:
    """Every resource has a new name (and an alias): the old names are no second account, binding or grant."""
    stack = kind()
    assert refusals(run_with(stack, former(stack.values()), refresh=refresh)) == set()


@refreshed
def test_a_program_moved_into_a_component_is_let_through(refresh: bool) -> None:
    """The component's type is put in front of each child's type in its URN; the old ones are no twins."""
    stack = two_phases()
    moved: Stack = {"service": Thing("service", "shop:index:Service")}
    for name, thing in stack.items():
        moved[name] = replace(thing, parent="service", place=f"{thing.place}shop:index:Service$")
    assert refusals(run_with(moved, list(stack.values()), refresh=refresh)) == set()


@pytest.mark.parametrize(
    "rule", [one for one in RULES if one.subject is not RuleSubject.STEP], ids=lambda one: one.name
)
def test_what_goes_breaks_no_rule(rule: Rule) -> None:
    """What each rule on the stack refuses, as resources that this update deletes beside a sound program."""
    for refused in REFUSED[rule.name]:
        answers = run_with(two_phases(), former(refused.things), refresh=True)
        assert rule.name not in {one.rule for one in answers if not one.open}


def test_a_component_that_goes_gives_no_leave() -> None:
    """`access: revoked` said by a component that the program no longer has excuses nothing."""
    stack = two_phases()
    said = Thing("service", "language-cmk:index:EncryptedAIServicesAccount", {"access": "revoked"})
    program = {name: replace(thing, parent="service") for name, thing in stack.items() if name != "grant"}
    pack = Pack()
    for thing in program.values():
        pack.ask(declared(thing))
    assert "grant-present" in refusals(pack.ask_stack([*program.values(), said]))


def test_an_account_that_is_only_read_is_not_judged() -> None:
    """It belongs to another program, and its inputs never came by."""
    pack = Pack()
    stack = edited(two_phases(), {"binding": None})
    pack.ask(stack["group"])
    assert pack.ask_stack(list(edited(stack, {"audit": None}).values())) == []


def test_policies_that_azure_reports_are_not_the_vaults_own() -> None:
    """After a refresh a vault's outputs list the standalone policies, and those of other people."""
    stack, pack = two_phases(), Pack()
    for thing in stack.values():
        pack.ask(thing)
    live = [stack["grant"].props["policy"], {"objectId": "another team"}]
    refreshed = edited(stack, {"vault.properties.accessPolicies": live})
    assert verdict(pack.ask_stack(list(refreshed.values())), "no-mixed-access-policies") == "pass"
