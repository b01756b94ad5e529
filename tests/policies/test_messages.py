"""What a person reads: a refusal ends with its fix, and advice is two lines."""

from dataclasses import replace

import pytest

from tests.policies.asking import Answer
from tests.policies.bags import key_props, with_change
from tests.policies.editing import with_prop, without
from tests.policies.stacks import Stack, run, two_phases

SERVICE = "language-cmk:index:EncryptedAIServicesAccount"


def of_component(stack: Stack) -> Stack:
    """The stack as a component of this project makes it."""
    return {name: replace(thing, place=f"prod::shop::{SERVICE}$") for name, thing in stack.items()}


def messages(answers: list[Answer], rule: str) -> list[list[str]]:
    return [one.message.splitlines() for one in answers if one.rule == rule]


def test_advice_is_two_lines() -> None:
    """The rule's title, and what was found with its fix."""
    stack = with_prop(two_phases(), "key", "properties.rotationPolicy", None)
    assert messages(run(stack), "key-rotation-policy") == [
        [
            "A key is rotated automatically, by its rotation policy",
            (
                "found: properties.rotationPolicy has no lifetime action of type rotate; "
                "fix: state rotationPolicy when the key is made (Azure ignores it on an existing key), "
                "and bind the account again after each rotation"
            ),
        ]
    ]


WRONG = {
    "vault-audited": without(two_phases(), "audit"),
    "account-has-customer-key": without(two_phases(), "binding"),
    "grant-present": without(two_phases(), "grant"),
    "account-tier-supports-cmk": with_prop(two_phases(), "account", "sku.name", "F0"),
    "account-network-restricted": with_prop(
        two_phases(), "account", "properties.publicNetworkAccess", "Enabled"
    ),
    "key-expiry": {
        **two_phases(),
        "key": replace(
            two_phases()["key"],
            props=with_change(
                with_change(key_props(), "properties.attributes.expires", ...),
                "properties.rotationPolicy",
                None,
            ),
        ),
    },
}
SETTINGS = {
    "vault-audited": "audit.newWorkspace",
    "account-has-customer-key": "encryption: customerManaged",
    "grant-present": "access: granted",
    "account-tier-supports-cmk": "sku: S",
    "account-network-restricted": "network.access",
    "key-expiry": "key.expiresAfterDays",
}


@pytest.mark.parametrize("rule", WRONG)
def test_the_fix_speaks_of_settings_where_the_component_makes_the_resource(rule: str) -> None:
    """And of the program's own properties where it does not; it comes last."""
    plain = messages(run(WRONG[rule]), rule)[0][-1]
    ours = messages(run(of_component(WRONG[rule])), rule)[0][-1]
    assert "fix: " in plain
    assert SETTINGS[rule] not in plain
    assert SETTINGS[rule] in ours.partition("fix: ")[2]
