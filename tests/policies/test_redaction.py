"""No secret value appears in what the pack says."""

from typing import Any

import pytest

from policies import redaction
from tests.policies.asking import Answer, Pack, secret
from tests.policies.editing import edited
from tests.policies.stacks import run, two_phases

HIDDEN = "a-value-that-nobody-may-see"


def said(answers: list[Answer]) -> str:
    return "\n".join(one.message for one in answers)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("vault", "properties.enableSoftDelete"),
        ("vault", "properties.softDeleteRetentionInDays"),
        ("vault", "location"),
        ("key", "properties.kty"),
        ("grant", "policy.objectId"),
        ("grant", "policy.permissions.keys"),
        ("binding", "keyUriWithVersion"),
    ],
)
def test_a_secret_property_is_not_shown(name: str, path: str) -> None:
    """Each of these is refused, or advised on, and would be quoted if it were no secret."""
    value: Any = [HIDDEN] if path.endswith("keys") else HIDDEN
    stack = edited(two_phases(), {f"{name}.{path}": secret(value)})
    answers = run(stack, Pack())
    assert answers
    assert HIDDEN not in said(answers).lower()
    shown = run(edited(two_phases(), {f"{name}.{path}": value}), Pack())
    assert [one.rule for one in shown] == [one.rule for one in answers]


def test_a_secret_number_and_a_secret_in_lower_case_are_not_shown() -> None:
    """As they are formatted in a message."""
    stack = edited(two_phases(), {"key.properties.keySize": secret(3072.0)})
    assert "3072" not in said(run(stack, Pack()))
    stack = edited(two_phases(), {"account.location": secret("Moon-Base")})
    assert "moon" not in said(run(stack, Pack())).lower()


def test_nested_secrets_and_lists_are_remembered() -> None:
    """A secret object hides everything in it."""
    redaction._values.clear()
    redaction.opened({"a": [secret({"b": ["inner-text", 12345, True, None, "x"]})], "c": "plain-text"})
    hidden = redaction.without_secrets('found "inner-text", 12345, true, x, plain-text')
    assert hidden == 'found "[secret]", [secret], true, x, plain-text'


def test_a_secret_word_is_hidden_as_a_word() -> None:
    """A secret of three letters does not take pieces out of other words."""
    redaction._values.clear()
    redaction.opened(secret("key"))
    assert redaction.without_secrets("keys of a key, monkey") == "keys of a [secret], monkey"
