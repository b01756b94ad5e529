"""Definitions from the tests of other rule sets, with the verdicts that ours must give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.policies.asking import ACCOUNT, KEY, UNKNOWN_TEXT, VAULT, Answer, Pack, Thing, secret, verdict
from tests.policies.editing import answers_on, change
from tests.policies.field import accounts, keys, logs, vaults
from tests.policies.field.case import Case
from tests.policies.stacks import run, two_phases

OTHER_TOKENS = {
    VAULT: ("azure-native:keyvault/v20230701:Vault", "azure-native_keyvault_v20190901:keyvault:Vault"),
    KEY: ("azure-native:keyvault/v20190901:Key",),
    ACCOUNT: ("azure-native:cognitiveservices/v20230501:Account", "azure-nextgen:cognitiveservices:Account"),
}
ONE_RESOURCE = [
    (token, case)
    for token, part in ((VAULT, vaults), (KEY, keys), (ACCOUNT, accounts))
    for case in part.CASES
]
ALL = [*(case for _, case in ONE_RESOURCE), *logs.CASES]


def _name(case: Case) -> str:
    return f"{case.source} {'passes' if case.passes else 'fails'}"


def _hidden(value: Any) -> Any:
    """The value with every text, number and flag in it a secret, as it crosses the wire."""
    if isinstance(value, dict):
        return {name: _hidden(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_hidden(inner) for inner in value]
    return value if value is None else secret(value)


def _check(case: Case, answers: list[Answer], what: str) -> None:
    found = {rule: verdict(answers, rule) for rule in case.verdicts}
    assert found == dict(case.verdicts), f"{what}: {answers}"


def _check_each(case: Case, thing: Thing) -> None:
    for rule, expected in case.verdicts.items():
        assert verdict(answers_on(rule, thing, Pack(case.config)), rule) == expected, (rule, thing)


@pytest.mark.parametrize(
    ("token", "case"), ONE_RESOURCE, ids=[f"{n} {_name(case)}" for n, (_, case) in enumerate(ONE_RESOURCE)]
)
def test_a_definition_of_another_rule_set_gets_its_verdict(token: str, case: Case) -> None:
    """Under the plain token, under pinned ones, and with all of its values secret."""
    for other in (token, *OTHER_TOKENS[token]):
        _check_each(case, Thing("x", other, case.props))
    _check_each(case, Thing("x", token, _hidden(dict(case.props))))


@pytest.mark.parametrize("case", logs.CASES, ids=[f"{n} {_name(case)}" for n, case in enumerate(logs.CASES)])
def test_a_diagnostic_setting_of_another_rule_set_gets_its_verdict(case: Case) -> None:
    """As the vault's only setting, found by the vault's id and, in a preview, by dependency."""
    for preview in (False, True):
        stack = two_phases(preview=preview)
        uri = UNKNOWN_TEXT if preview else stack["audit"].props["resourceUri"]
        stack = change(stack, "audit", props={"resourceUri": uri, **case.props})
        _check(case, run(stack, Pack(case.config)), f"preview {preview}")


def test_every_difference_from_the_field_has_its_reason() -> None:
    """A verdict that is not the source's own says why, and no agreement has an excuse."""
    assert [(one.source, one.but) for one in ALL if one.agrees is bool(one.but)] == []


def _same(case: Case) -> Iterator[str]:
    yield from (f"{rule} {dict(case.props)} {dict(case.config)}" for rule in case.verdicts)


def test_there_are_many_different_cases() -> None:
    """Two hundred and more definitions, and each of these rules both passes and refuses some."""
    assert len({text for case in ALL for text in _same(case)}) >= 200
    verdicts: dict[str, set[str]] = {}
    for case in ALL:
        for rule, value in case.verdicts.items():
            verdicts.setdefault(rule, set()).add(value)
    assert {rule for rule, values in verdicts.items() if len(values) < 2} == set()
