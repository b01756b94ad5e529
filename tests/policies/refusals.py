"""What each rule refuses, of the tables of rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from policies.rule import Rule, RuleSubject
from policies.rules import RULES
from tests.policies.asking import Pack, Thing
from tests.policies.editing import STACKS, edited
from tests.policies.rules import accounts, bindings, grants, resources
from tests.policies.rules.row import Row
from tests.policies.stacks import run

ROWS: Final[Sequence[tuple[str, Row]]] = [
    *resources.ROWS,
    *(
        (rule, row)
        for rows in (accounts.ROWS, bindings.ROWS, grants.ROWS)
        for rule, listed in rows.items()
        for row in listed
    ),
]
"""Each rule with its rows."""


@dataclass(frozen=True)
class Refused:
    """What is shown to a rule, and the rule's settings."""

    things: Sequence[Thing]
    config: Mapping[str, Any] = field(default_factory=dict)


def _refused(rule: str) -> list[Refused]:
    rows = [row for name, row in ROWS if name == rule and row.says == "violation"]
    shown = [row for row in rows if not (row.alone or row.omits)]
    return [Refused([*edited(STACKS[row.on[0]](), row.edits).values()], row.config) for row in shown]


REFUSED: Final = {rule.name: _refused(rule.name) for rule in RULES}
"""For each rule, stacks that it must refuse: one at least for each of its refusals."""


def messages(rule: Rule, refused: Refused) -> list[str]:
    """What a rule says of them."""
    pack = Pack({rule.name: dict(refused.config)}, levels={rule.name: "mandatory"}, rules=[rule])
    if rule.subject is RuleSubject.STEP:
        said = [answer for thing in refused.things for answer in pack.ask(thing)]
    else:
        said = run({thing.name: thing for thing in refused.things}, pack)
    return [answer.message for answer in said if answer.rule == rule.name]
