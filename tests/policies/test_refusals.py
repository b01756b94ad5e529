"""What each rule refuses (refusals.py) is refused in every shape, and let through once its fix is done."""

import copy
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from core.engine_values import UNKNOWNS
from policies.rule import Rule
from policies.rules import RULES
from tests.policies.asking import UNKNOWN_TEXT, secret
from tests.policies.refusals import REFUSED, messages


def _leaves(value: Any, change: Callable[[Any], Any]) -> Any:
    """A bag with each value in it changed."""
    if isinstance(value, Mapping):
        return {name: _leaves(one, change) for name, one in value.items()}
    return [_leaves(one, change) for one in value] if isinstance(value, list) else change(value)


def _oddly_spelt(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).upper()
    if not isinstance(value, str) or value in UNKNOWNS or value.startswith(("http", "{")):
        return value
    return value.swapcase() if value.startswith("/") else f" {value.swapcase()} "


SHAPES: dict[str, tuple[Callable[[Any], Any], bool]] = {
    "unknown": (lambda _: UNKNOWN_TEXT, False),
    "null": (lambda _: None, False),
    "odd": (_oddly_spelt, True),
    "secret": (lambda value: value if value is None else secret(value), True),
}
"""How each value is changed, and whether the rule then refuses alike."""


@pytest.mark.parametrize(("change", "refuses"), SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_judges_every_shape(rule: Rule, change: Callable[[Any], Any], *, refuses: bool) -> None:
    """Unknown and null values are judged; secret and oddly spelt ones are refused alike; each rule refuses
    something."""
    assert REFUSED[rule.name]
    for refused in REFUSED[rule.name]:
        things = [replace(one, props=_leaves(one.props, change)) for one in refused.things]
        said = messages(rule, replace(refused, things=things))
        assert not [answer for answer in said if "could not be evaluated" in answer], things
        assert not refuses or any("found: " in answer for answer in said), things


SAYS = re.compile(r"\bset ([\w.]+) to (\"[\w.]+\"|true|false|\d+)")
SAID = {
    (rule.name, *said.groups()): (rule, one)
    for rule in RULES
    for one in reversed(REFUSED[rule.name])
    if (said := SAYS.search("\n".join(messages(rule, one))))
}
"""By rule, property and value to set: the first that is refused with them. Others name a choice, or a setting
of a stack."""


@pytest.mark.parametrize("said", SAID, ids=" ".join)
def test_a_property_that_a_rule_says_to_set_satisfies_it(said: tuple[str, str, str]) -> None:
    """Set as it is printed, the rule has nothing to say any more."""
    _, name, value = said
    rule, one = SAID[said]
    things = [replace(thing, props=_with(thing.props, name, json.loads(value))) for thing in one.things]
    assert messages(rule, replace(one, things=things)) == []


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
