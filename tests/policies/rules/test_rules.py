"""Each rule: a right stack with some things changed, and what the rule says of it."""

import pytest

from policies.rules import RULES
from tests.policies.asking import Pack, Thing, verdict
from tests.policies.editing import STACKS, edited
from tests.policies.refusals import ROWS
from tests.policies.rules.row import Row
from tests.policies.stacks import run

CASES = [
    pytest.param(rule, row, base, id=f"{rule}: {row.claim}, {base}") for rule, row in ROWS for base in row.on
]


@pytest.mark.parametrize(("rule", "row", "base"), CASES)
def test_a_rule_says_what_its_row_says(rule: str, row: Row, base: str) -> None:
    """Violation, open or pass; in the words of the row."""
    stack = edited(STACKS[base](), row.edits)
    asked = [one for one in RULES if one.name == rule]
    pack = Pack({rule: row.config}, levels={rule: row.level} if row.level else None, rules=asked)
    answers = pack.ask_stack(list(stack.values())) if row.alone else run(stack, pack, omits=row.omits)
    assert verdict(answers, rule) == row.says
    told = [one.message for one in answers if one.rule == rule or f"\n{rule}: " in one.message]
    assert not row.words or row.words in "\n".join(told)


@pytest.mark.parametrize(
    "token", ["aws:kms:Key", "azure-native:storage:Vault", "azure:keyvault:Vault", "x", ""]
)
def test_other_resources_are_left_alone(token: str) -> None:
    """No rule answers for a resource of another service."""
    assert Pack().ask(Thing("v", token, {"properties": {}})) == []
