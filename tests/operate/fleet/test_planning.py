"""Rings, limits, halts, what is left to do, and shards, for any fleet."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operate.errors import OperateError
from operate.fleet import planning
from operate.fleet.planning import Budget, Calls, Limits, Member, Outcome, Ring, Share, StopRule, Wave

NAMES = st.text("abcdef", min_size=1, max_size=4)
KEYS = st.frozensets(st.sampled_from(["kv1/a", "kv1/b", "kv2/a", "kv3/a"]), max_size=2)
MEMBERS = st.dictionaries(
    NAMES,
    st.tuples(st.sampled_from(["prod", "dev"]), st.sampled_from(["s1", "s2"]), KEYS, st.integers(1, 30)),
    max_size=12,
).map(
    lambda found: {
        name: Member(name, {"stage": stage, "stack": name}, subscription, keys, services)
        for name, (stage, subscription, keys, services) in found.items()
    }
)
SHARES = st.none() | st.builds(Share, st.integers(1, 100), st.booleans())
RINGS = st.lists(
    st.builds(
        Ring,
        NAMES,
        st.sampled_from([{}, {"stage": ("prod",)}, {"stack": ("a*", "b*")}, {"none": ("*",)}]),
        SHARES,
        SHARES,
    ),
    max_size=4,
)
LIMITS = st.builds(Limits, st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))


@given(MEMBERS, RINGS)
def test_every_stack_is_in_exactly_one_wave(members: dict[str, Member], rings: list[Ring]) -> None:
    """No ring loses a stack, takes one that does not match, or takes one twice; no wave is empty."""
    found = planning.waves(members.values(), rings)
    placed = Counter(stack for wave in found for stack in wave.stacks)
    assert placed == Counter(list(members))
    assert all(wave.stacks for wave in found)
    order = [ring.name for ring in rings] + [planning.REST]
    assert [wave.ring for wave in found] == sorted((wave.ring for wave in found), key=order.index) or len(
        set(order)
    ) < len(order)


@given(MEMBERS, RINGS, st.randoms())
def test_the_order_of_the_files_does_not_matter(
    members: dict[str, Member], rings: list[Ring], random: Any
) -> None:
    """The same fleet has the same waves, however its folder is listed."""
    shuffled = list(members.values())
    random.shuffle(shuffled)
    assert planning.waves(shuffled, rings) == planning.waves(members.values(), rings)


def test_a_canary_then_a_tenth_then_the_rest_in_waves() -> None:
    """A ring takes what matches, at most its share of the fleet; waves part it."""
    members = [Member(f"s{number:02}", {"stack": f"s{number:02}"}) for number in range(23)]
    rings = [
        Ring("canary", {"stack": ("s07",)}),
        Ring("first", take=Share(10, percent=True)),
        Ring("all", wave=Share(50, percent=True)),
    ]
    found = planning.waves(members, rings)
    assert [(wave.ring, wave.number, len(wave.stacks)) for wave in found] == [
        ("canary", 1, 1),
        ("first", 1, 3),
        ("all", 1, 10),
        ("all", 2, 9),
    ]
    assert found[0].stacks == ("s07",)


@given(MEMBERS, LIMITS, st.randoms())
def test_no_limit_is_ever_passed_and_everybody_gets_a_turn(
    members: dict[str, Member], limits: Limits, random: Any
) -> None:
    """At every moment of any run: in all, of a subscription, of a vault; and nobody waits for ever."""
    waiting = list(members.values())
    running: list[Member] = []
    ended: list[Member] = []
    while waiting or running:
        begun = planning.startable(waiting, running, limits)
        running += begun
        waiting = [one for one in waiting if one not in begun]
        assert len(running) <= limits.stacks
        assert all(n <= limits.per_subscription for n in Counter(m.subscription for m in running).values())
        assert all(n <= limits.per_vault for n in Counter(v for m in running for v in m.vaults).values())
        assert running, "nothing runs, and nothing begins"
        ended.append(running.pop(random.randrange(len(running))))
    assert Counter(one.stack for one in ended) == Counter(list(members))


@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 400), st.floats(0, 400)), max_size=30))
def test_calls_never_pass_the_budget_of_resource_manager(begun: list[tuple[float, float, float]]) -> None:
    """Over any time, what was begun when `wait` said zero is at most the buckets and what was refilled since,
    but for one task of more than a whole bucket."""
    budget, now, spent = Budget(), 0.0, Calls()
    for pause, *wanted in begun:
        now += pause
        cost = Calls(min(wanted[0], budget.reads.size), min(wanted[1], budget.writes.size))
        now += budget.wait(cost, now)
        assert budget.wait(cost, now) < 1e-6
        budget = budget.taken(cost, now)
        spent = Calls(spent.reads + cost.reads, spent.writes + cost.writes)
        assert spent.reads <= 250 + now * 25 + 1e-6
        assert spent.writes <= 200 + now * 10 + 1e-6


def test_calls_grow_with_the_services_of_a_stack() -> None:
    """An update that changed nothing reads alone, and an action that was not counted takes none. Whether the
    figures are true, test_life.py counts."""
    assert planning.calls("up", 1, first=True) == Calls(100, 26)
    assert planning.calls("up", 4, first=True) == Calls(295, 74)
    assert planning.calls("up", 1, first=False, changed=False) == Calls(37, 0)
    assert planning.calls("doctor", 1, first=False) == Calls()


OUTCOMES = st.lists(
    st.builds(
        Outcome,
        NAMES,
        st.sampled_from(["", "", "refused"]),
        unproven=st.sampled_from([(), (), ("keyVersion",)]),
        findings=st.sampled_from([{}, {"error": 1}, {"warning": 2}]),
    ),
    max_size=6,
)
STOPS = st.builds(StopRule, st.integers(0, 3), st.booleans(), st.sampled_from(["error", "warning", "never"]))


@given(OUTCOMES, OUTCOMES, STOPS)
def test_more_outcomes_never_lift_a_halt(first: list[Outcome], more: list[Outcome], stop: StopRule) -> None:
    """What halted stays halted, whatever else ends; and all well never halts."""
    if planning.halts(first, stop):
        assert planning.halts([*first, *more], stop)
    assert planning.halts([Outcome(one.stack) for one in first], stop) == ""


@pytest.mark.parametrize(
    ("outcome", "stop", "reason"),
    [
        (Outcome("a", "refused"), StopRule(), "failed: a (none is allowed in a wave)"),
        (Outcome("a", "refused"), StopRule(failures=1), ""),
        (Outcome("a", unproven=("keyName",)), StopRule(failures=9), "not proven: a"),
        (Outcome("a", unproven=("keyName",)), StopRule(proof=False, failures=1), ""),
        (Outcome("a", findings={"error": 1}), StopRule(), "open findings: a"),
        (Outcome("a", findings={"warning": 1}), StopRule(), ""),
        (Outcome("a", findings={"warning": 1}), StopRule(findings="warning"), "open findings: a"),
        (Outcome("a", findings={"error": 1}), StopRule(findings="never"), ""),
    ],
)
def test_what_halts_and_what_does_not(outcome: Outcome, stop: StopRule, reason: str) -> None:
    """Failures are counted; one failed proof is one too many, unless it counts as a failure."""
    assert planning.halts([outcome], stop) == reason


def _settled(stack: str, digest: str = "d", updated: str = "t", action: str = "up") -> dict[str, str]:
    return {"event": "settled", "action": action, "stack": stack, "digest": digest, "updated": updated}


@pytest.mark.parametrize(
    ("record", "is_settled"),
    [
        (_settled("a"), True),
        (_settled("a", digest="before the settings changed"), False),
        (_settled("a", updated="before somebody else's update"), False),
        (_settled("a", updated=""), False),
        (_settled("a", action="rotate"), True),
        ({"event": "outcome", "action": "up", "stack": "a", "ok": True}, False),
    ],
)
def test_only_what_the_stack_itself_confirms_is_skipped(record: dict[str, Any], is_settled: bool) -> None:
    """A journal that says a stack is done is believed only for the same settings and the same last update."""
    assert (planning.settled([record], {"a": "d"}, {"a": "t"}) == {"a"}) is is_settled


@given(MEMBERS, RINGS, st.data())
def test_resuming_is_the_rest_in_the_same_order(
    members: dict[str, Member], rings: list[Ring], data: st.DataObject
) -> None:
    """What is left is exactly what is not settled, in the order that it would have had."""
    planned = planning.waves(members.values(), rings)
    done = frozenset(name for name in members if data.draw(st.booleans()))
    left = planning.remaining(planned, done)
    assert [one for wave in left for one in wave.stacks] == [
        one for wave in planned for one in wave.stacks if one not in done
    ]
    assert all(isinstance(wave, Wave) and wave.stacks for wave in left)


@given(st.sets(NAMES, min_size=1, max_size=30), st.integers(1, 40), st.data())
def test_shards_hold_every_stack_once_and_are_balanced(
    stacks: set[str], count: int, data: st.DataObject
) -> None:
    """No shard is empty, none is longer than the lightest possible and one stack more (list scheduling)."""
    seconds = {one: float(data.draw(st.integers(1, 100))) for one in sorted(stacks)}
    made = planning.shards(stacks, seconds, count)
    assert Counter(one for shard in made for one in shard) == Counter(stacks)
    assert all(made)
    assert len(made) == min(count, len(stacks))
    longest = max(sum(seconds[one] for one in shard) for shard in made)
    assert longest <= sum(seconds.values()) / len(made) + max(seconds.values())


def test_a_matrix_has_at_most_256_jobs_and_numbers_every_stack() -> None:
    """GitHub's and Azure DevOps' shapes; `first` and the place in a shard number the stacks without gaps."""
    with pytest.raises(OperateError, match="found 257, expected 1 to 256"):
        planning.shards(["a"], {}, 257)
    made = planning.shards([f"s{number}" for number in range(7)], {}, 3)
    github, azure = planning.matrix(made, "github"), planning.matrix(made, "azure-devops")
    assert [one["first"] for one in github["include"]] == [0, 3, 5]
    assert azure == {f"shard_{one['shard']}": one for one in github["include"]}
    assert sum(len(one["stacks"].split()) for one in github["include"]) == 7


@given(MEMBERS)
def test_a_rotation_makes_one_version_of_each_key(members: dict[str, Member]) -> None:
    """Whoever shares a key follows; each key gets its new version at one stack that uses it."""
    made = list(planning.generations(members.values(), {}))
    assert Counter(key for _, key, _ in made) == Counter({k: 1 for one in members.values() for k in one.keys})
    assert all(key in members[stack].keys for stack, key, _ in made)
