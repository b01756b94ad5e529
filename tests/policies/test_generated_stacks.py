"""The analyzer over generated stacks: never a crash, never an answer that depends on order."""

import random
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import resource_types
from tests.policies import asking
from tests.policies.asking import Pack, Thing, secret
from tests.policies.bags import ENCRYPTION_USER, VAULT_ID
from tests.policies.refusals import REFUSED


def _names(value: Any) -> Iterator[str]:
    """The names of properties in a bag, however deep."""
    if isinstance(value, Mapping):
        yield from value
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from _names(inner)


SHOWN = [thing for refusals in REFUSED.values() for one in refusals for thing in one.things]
NAMES = sorted({*resource_types.GENERIC_INPUTS}.union(*(_names(thing.props) for thing in SHOWN)))
"""Every name of a property that some rule reads."""
TOKENS = [*sorted({thing.type for thing in SHOWN}), asking.GENERIC, "aws:s3:Bucket", ""]
WORDS = [
    "Microsoft.KeyVault",
    "SystemAssigned",
    "UserAssigned",
    "all",
    "wrapKey",
    "rotate",
    "Deny",
    "AuditEvent",
    "kv-one",
    "vaults/kv-one/keys",
    asking.KEY_URI,
    VAULT_ID,
    ENCRYPTION_USER,
    asking.UNKNOWN_TEXT,
    asking.UNKNOWN_FLAG,
    asking.UNKNOWN_LIST,
    asking.UNKNOWN_OBJECT,
    "9999-12-31",
    "\x00",
]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**53), 2**53),
    st.sampled_from(WORDS),
    st.text(max_size=8),
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
        inner.map(secret),
    ),
    max_leaves=25,
)
bags = st.dictionaries(st.sampled_from(NAMES), values, max_size=8)


@st.composite
def stacks(draw: st.DrawFn) -> list[Thing]:
    """Up to eight resources with odd bags and dependencies on those before them."""
    things: list[Thing] = []
    for number in range(draw(st.integers(1, 8))):
        names = [thing.name for thing in things]
        related = st.lists(st.sampled_from(names), max_size=2) if names else st.just([])
        things.append(
            Thing(
                f"r{number}",
                draw(st.sampled_from(TOKENS)),
                draw(bags),
                protect=draw(st.booleans()),
                ignore_changes=draw(
                    st.lists(st.sampled_from(["identity", "properties.encryption", "*", "[", ""]))
                ),
                depends_on=draw(related),
                property_dependencies=draw(st.dictionaries(st.sampled_from(NAMES), related, max_size=3)),
                provider=draw(st.sampled_from([None, "a", "b"])),
            )
        )
    return things


def _fingerprint(things: list[Thing]) -> list[str]:
    pack = Pack()
    pack.ask_stack(things)  # what is a secret anywhere is hidden everywhere from then on
    found = [answer for thing in things for answer in pack.ask(thing)] + pack.ask_stack(things)
    assert not [answer for answer in found if "could not be evaluated" in answer.message], found
    return sorted(map(str, found))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(stacks(), st.randoms(use_true_random=False))
def test_any_stack_gets_an_answer_that_order_does_not_change(
    things: list[Thing], shuffler: random.Random
) -> None:
    """No rule fails on any shape, and a shuffled stack gets the same answers."""
    shuffled = list(things)
    shuffler.shuffle(shuffled)
    assert _fingerprint(things) == _fingerprint(shuffled)
