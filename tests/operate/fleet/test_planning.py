"""Rings, what halts, and shards, for any fleet."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operate.errors import OperateError
from operate.fleet import planning
from operate.fleet.planning import Member, Outcome
from operate.fleet.shared import Ring

NAMES = st.text("abcdef", min_size=1, max_size=4)
KEYS = st.frozensets(st.sampled_from(["kv1/a", "kv1/b", "kv2/a", "kv3/a"]), max_size=2)
MEMBERS = st.dictionaries(NAMES, st.tuples(st.sampled_from(["prod", "dev"]), KEYS), max_size=12).map(
    lambda found: {
        name: Member(name, {"stage": stage, "stack": name}, keys) for name, (stage, keys) in found.items()
    }
)
RINGS = st.lists(
    st.builds(
        Ring,
        NAMES,
        st.sampled_from([{}, {"stage": ("prod",)}, {"stack": ("a*", "b*")}, {"none": ("*",)}]),
        st.none() | st.builds("{}{}".format, st.integers(1, 100), st.sampled_from(["", "%"])),
    ),
    max_size=4,
)


@given(MEMBERS, RINGS, st.randoms())
def test_every_stack_is_in_exactly_one_ring(
    members: dict[str, Member], rings: list[Ring], random: Any
) -> None:
    """No ring loses a stack, takes one that does not match, or takes one twice; none is empty. However the
    folder is listed, they are the same."""
    found = planning.in_rings(members.values(), rings)
    assert Counter(stack for stacks in found.values() for stack in stacks) == Counter(list(members))
    assert all(found.values())
    order = [*(ring.name for ring in rings), planning.REST]
    assert list(found) == sorted(found, key=order.index)
    shuffled = list(members.values())
    random.shuffle(shuffled)
    assert planning.in_rings(shuffled, rings) == found


def test_a_canary_then_a_tenth_then_the_rest() -> None:
    """A ring takes what matches, at most its share of the fleet. Stacks that are left out leave the others in
    the rings that they had."""
    members = [Member(f"s{number:02}", {"stack": f"s{number:02}"}) for number in range(23)]
    rings = [Ring("canary", {"stack": ("s07",)}), Ring("first", take="10%")]
    found = planning.in_rings(members, rings)
    assert {name: len(stacks) for name, stacks in found.items()} == {"canary": 1, "first": 3, "rest": 19}
    assert found["canary"] == ("s07",)
    assert planning.only(found, {"s07", "s22"}) == {"canary": ("s07",), "rest": ("s22",)}


OUTCOMES = st.lists(
    st.builds(
        Outcome,
        NAMES,
        st.sampled_from(["", "", "refused"]),
        unproven=st.sampled_from([(), (), ("keyVersion",)]),
    ),
    max_size=6,
)


@given(OUTCOMES, OUTCOMES, st.integers(0, 3))
def test_more_outcomes_never_lift_a_halt(first: list[Outcome], more: list[Outcome], stop: int) -> None:
    """What halted stays halted, whatever else ends; and all well never halts."""
    if planning.halts(first, stop):
        assert planning.halts([*first, *more], stop)
    assert planning.halts([Outcome(one.stack) for one in first], stop) == ""


@pytest.mark.parametrize(
    ("outcome", "stop", "reason"),
    [
        (Outcome("a", "refused"), 0, "failed: a (none is allowed in a ring)"),
        (Outcome("a", "refused"), 1, ""),
        (Outcome("a", unproven=("keyName",)), 9, "not proven: a"),
    ],
)
def test_what_halts_and_what_does_not(outcome: Outcome, stop: int, reason: str) -> None:
    """Failures are counted; one failed proof is one too many."""
    assert planning.halts([outcome], stop) == reason


@given(st.sets(NAMES, max_size=30), st.integers(1, 40))
def test_shards_hold_every_stack_once_and_are_balanced(stacks: set[str], count: int) -> None:
    """No shard is empty, and none has two stacks more than another."""
    made = planning.shards(stacks, count)
    assert Counter(one for shard in made for one in shard) == Counter(stacks)
    assert len(made) == min(count, len(stacks))
    assert max(map(len, made), default=0) - min(map(len, made), default=0) <= 1


def test_a_matrix_has_at_most_256_jobs_and_numbers_every_stack() -> None:
    """GitHub's and Azure DevOps' shapes; `first` and the place in a shard number the stacks without gaps."""
    with pytest.raises(OperateError, match="found 257, expected 1 to 256"):
        planning.shards(["a"], 257)
    made = planning.shards([f"s{number}" for number in range(7)], 3)
    github, azure = planning.matrix(made, "github"), planning.matrix(made, "azure-devops")
    assert [one["first"] for one in github["include"]] == [0, 3, 5]
    assert azure == {f"shard_{one['shard']}": one for one in github["include"]}
    assert sum(len(one["stacks"].split()) for one in github["include"]) == 7


@given(MEMBERS, st.randoms())
def test_a_rotation_makes_one_version_of_each_key(members: dict[str, Member], random: Any) -> None:
    """At the first stack that uses it, in the order of the updates: a stack that went before would stay on
    the old version."""
    ordered = list(members.values())
    random.shuffle(ordered)
    made = list(planning.generations(ordered, {}))
    assert Counter(key for _, key, _ in made) == Counter({k: 1 for one in members.values() for k in one.keys})
    for stack, key, _ in made:
        assert next(one.stack for one in ordered if key in one.keys) == stack
