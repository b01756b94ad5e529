"""Each refusal of each rule is demanded by a test: a pack without it gives a different answer.

The fast part of mutation testing: for each rule, one refusal at a time is taken out of its source. All
changes of all modules: `python -m tests.policies.mutate`.
"""

from __future__ import annotations

import copy
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import CodeType, ModuleType
from typing import Any

import pytest

from core.engine_values import UNKNOWNS
from policies import table
from policies.adapter import to_policy
from policies.rule import ResourceRule, Rule, UsedResourceRule
from policies.rules import RULES
from policies.session import Session
from tests.policies.asking import NOW, UNKNOWN_TEXT, Answer, Pack
from tests.policies.editing import around
from tests.policies.mutants import Mutant, drop_violation, mutants
from tests.policies.refusals import REFUSED, Refused
from tests.policies.stacks import declared, run


def _module(rule: Rule) -> ModuleType:
    """The rule's own file, or the table of demands."""
    return sys.modules.get(f"policies.rules.{rule.name.replace('-', '_')}", table)


def _functions(rule: Rule) -> set[str]:
    """The functions of its module that a rule's judgement calls, by name."""
    waiting, found = [getattr(rule, "judge")], set[str]()  # noqa: B009 - each kind of rule has its own
    while waiting:
        function = waiting.pop()
        found.add(function.__name__)
        for name in _names(function.__code__) - found:
            called = getattr(_module(rule), name, None)
            if inspect.isfunction(called) and called.__module__ == _module(rule).__name__:
                waiting.append(called)
    return found


def _names(code: CodeType) -> set[str]:
    inner = (one for one in code.co_consts if isinstance(one, CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _without(rule: Rule, mutant: Mutant) -> Rule:
    scope: dict[str, Any] = {"__name__": "mutant"}
    exec(compile(mutant.tree, "<mutant>", "exec"), scope)
    found = scope.get("RULE") or next(one for one in scope["ROWS"] if one.name == rule.name)
    assert isinstance(found, Rule)
    return replace(found, name=rule.name, title=rule.title)


def _answers(rule: Rule, refused: Refused) -> list[str]:
    pack = Pack(
        {rule.name: dict(refused.config)},
        levels={rule.name: "mandatory"},
        policies=[to_policy(rule, Session(), lambda: NOW)],
    )
    answers: list[Answer] = []
    if isinstance(rule, UsedResourceRule):
        for thing in refused.things:
            answers += run(around(thing), pack)
    elif isinstance(rule, ResourceRule):
        for thing in refused.things:
            answers += pack.ask(thing)
    else:
        for thing in refused.things:
            pack.ask(declared(thing))
        answers += pack.ask_stack(refused.things)
    return [answer.message for answer in answers]


def _changes(rules: Iterable[Rule]) -> list[tuple[Rule, Mutant]]:
    return [
        (rule, mutant)
        for rule in rules
        for mutant in mutants(inspect.getsource(_module(rule)), drop_violation)
        if mutant.function in _functions(rule)
    ]


def _leaves(value: Any, change: Callable[[Any], Any]) -> Any:
    """A bag with each value in it changed."""
    if isinstance(value, Mapping):
        return {name: _leaves(one, change) for name, one in value.items()}
    return [_leaves(one, change) for one in value] if isinstance(value, list) else change(value)


def _oddly_spelt(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).upper()
    kept = not isinstance(value, str) or value in UNKNOWNS or value.startswith("http")
    return value if kept else f" {value.swapcase()} "


CHANGES = _changes(RULES)
SHAPES: dict[str, Callable[[Any], Any]] = {
    "unknown": lambda _: UNKNOWN_TEXT,
    "null": lambda _: None,
    "odd": _oddly_spelt,
}


@pytest.mark.parametrize(
    ("rule", "mutant"), CHANGES, ids=[f"{rule.name} {mutant.what}" for rule, mutant in CHANGES]
)
def test_a_pack_without_one_refusal_is_noticed(rule: Rule, mutant: Mutant) -> None:
    """Some stack that the rule refuses is let through, or refused for less, when the refusal is gone."""
    changed = _without(rule, mutant)
    assert any(_answers(rule, one) != _answers(changed, one) for one in REFUSED[rule.name]), mutant.what


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_refuses_something(rule: Rule) -> None:
    """And each of what is written down for it."""
    assert REFUSED[rule.name]
    for refused in REFUSED[rule.name]:
        assert any("found: " in message for message in _answers(rule, refused)), refused


@pytest.mark.parametrize("change", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_judges_every_shape(rule: Rule, change: Callable[[Any], Any]) -> None:
    """What a rule refuses, it judges with unknown and null values, too; odd spelling it refuses alike."""
    for refused in REFUSED[rule.name]:
        things = [replace(one, props=_leaves(one.props, change)) for one in refused.things]
        answers = _answers(rule, replace(refused, things=things))
        assert not [answer for answer in answers if "could not be evaluated" in answer], things
        assert change is not _oddly_spelt or any("found: " in answer for answer in answers), things


SAYS = re.compile(r"\bset ([\w.]+) to (\"[\w.]+\"|true|false|\d+)")
SAID = [
    pytest.param(rule, one, *said.groups(), id=f"{rule.name}-{number}")
    for rule in RULES
    for number, one in enumerate(REFUSED[rule.name])
    if (said := SAYS.search("\n".join(_answers(rule, one))))
]
"""What is refused with a property to set and its value; others name a choice, or a setting of a stack."""


@pytest.mark.parametrize(("rule", "one", "name", "value"), SAID)
def test_a_property_that_a_rule_says_to_set_satisfies_it(
    rule: Rule, one: Refused, name: str, value: str
) -> None:
    """Set as it is printed, the rule has nothing to say any more."""
    things = [replace(thing, props=_with(thing.props, name, json.loads(value))) for thing in one.things]
    assert _answers(rule, replace(one, things=things)) == []


def _with(props: Mapping[str, Any], name: str, value: Any) -> Mapping[str, Any]:
    """The properties with one set that a message names without the groups around it."""
    changed = copy.deepcopy(dict(props))
    *groups, last = name.split(".")
    places = [changed, changed.get("properties") or {}]
    places.append(places[1].get("encryption") or {})
    holders = [place for place in places if (groups or [last])[0] in place] or [places[1]]
    holder = holders[-1]
    for group in groups:
        holder[group] = holder.get(group) or {}
        holder = holder[group]
    holder[last] = value
    return changed


def test_each_rule_has_a_refusal_to_take_away() -> None:
    """In its own file, or in its row's function."""
    assert {rule.name for rule, _ in CHANGES} == {rule.name for rule in RULES}
