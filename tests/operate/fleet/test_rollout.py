"""Rings, what halts, and shards, for any fleet; rings on threads, and on the workers of a Dask cluster."""

import json
import os
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from operate.errors import OperateError
from operate.fleet import cluster, planning, report
from operate.fleet.planning import Member, Outcome
from operate.fleet.rollout import carried_out
from settings.shared import Ring

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
    unique_by=lambda ring: ring.name,
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


REFUSED = Outcome("a", "refused")


@pytest.mark.parametrize(
    ("outcomes", "stop", "reason"),
    [
        ([REFUSED], 0, "failed: a (none is allowed in a ring)"),
        ([REFUSED, Outcome("b")], 0, "failed: a (none is allowed in a ring)"),
        ([REFUSED], 1, ""),
        ([REFUSED, replace(REFUSED, stack="b")], 1, "failed: a, b (1 allowed in a ring)"),
        ([Outcome("a", unproven=("keyName",)), Outcome("b")], 9, "not proven: a"),
        ([Outcome("a"), Outcome("b")], 0, ""),
    ],
)
def test_what_halts_and_what_does_not(outcomes: list[Outcome], stop: int, reason: str) -> None:
    """Failures are counted; one failed proof is one too many."""
    assert planning.halts(outcomes, stop) == reason


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


TWO_RINGS = {"canary": ("a", "b"), "rest": ("c", "d")}


def rolled_out(bad: str = "", *, allowed: int | None = 0) -> tuple[list[str], str, list[str]]:
    """What was begun of two rings of two stacks, why it halted, and what was told."""
    begun: list[str] = []
    told: list[str] = []

    def work(stack: str) -> Outcome:
        begun.append(stack)
        if stack in bad:
            raise OperateError("refused by Azure")
        return Outcome(stack, changes={"update": 2})

    done, reason = carried_out(
        TWO_RINGS,
        work,
        lambda one: told.append(report.told(one, "up")),
        at_once=1,
        allowed=allowed,
        begins=lambda stack: told.append(f"  {stack} begins"),
    )
    assert sorted(one.stack for one in done) == sorted(begun)
    return begun, reason, told


def test_a_ring_halts_at_the_first_failure() -> None:
    """Nothing is begun after it, in this ring or a later one, unless it is allowed; a person reads every
    outcome in a line. Nothing halts a revocation: every stack gets its turn."""
    assert rolled_out("a")[:2] == (["a"], "failed: a (none is allowed in a ring)")
    begun, reason, told = rolled_out("c")
    assert (begun, reason) == (["a", "b", "c"], "failed: c (none is allowed in a ring)")
    assert told == [
        *("  a begins", "  ok      a: 2 updated, proven; 0.0 s"),
        *("  b begins", "  ok      b: 2 updated, proven; 0.0 s"),
        *("  c begins", "  FAILED  c: refused by Azure; 0.0 s"),
    ]
    assert report.told(Outcome("a", changes={"create": 14}), "preview") == "  ok      a: 14 to create; 0.0 s"
    assert rolled_out("ac", allowed=1)[:2] == (list("abcd"), "")
    assert rolled_out("abcd", allowed=None)[:2] == (list("abcd"), "")


def test_what_runs_when_it_halts_is_waited_for() -> None:
    """No outcome is lost, and never more run than may; whatever a stack raises is its reason."""
    both = threading.Barrier(2, timeout=60)

    def work(stack: str) -> Outcome:
        both.wait()
        if stack == "a":
            raise RuntimeError(stack)
        return Outcome(stack)

    done, reason = carried_out(TWO_RINGS, work, lambda _: None, at_once=2, allowed=0)
    assert (sorted(one.stack for one in done), reason.startswith("failed: a")) == (["a", "b"], True)
    assert next(one for one in done if one.stack == "a").reason == "RuntimeError: a"


def test_a_report_has_those_first_that_are_not_as_they_should_be(tmp_path: Path) -> None:
    """What an engine said is harmless in it: it may quote what somebody wrote into a resource."""
    hostile = "`x` | @team <script>alert(1)</script>\n# title it's"
    outcomes = [
        Outcome("a", changes={"update": 2, "create": 1}),
        Outcome("b", hostile),
        Outcome("c", "not run"),
    ]
    text = report.write(tmp_path, "up", outcomes).read_text()
    assert text.startswith("### Fleet, up: 3 stacks, 2 not as they should be\n")
    (row,) = [line for line in text.splitlines() if "team" in line]
    assert (row.count("|"), row.count("`"), "# title it's" in row, "<script>" in row) == (4, 2, True, False)
    found = json.loads((tmp_path / "report.json").read_text())
    assert [(one["stack"], one["ok"]) for one in found["stacks"]] == [("b", False), ("c", False), ("a", True)]
    assert "| a | `ok` | `1 created, 2 updated` |" in text
    assert "all as they should be" in report.write(tmp_path, "up", outcomes[:1]).read_text()


ROLES = ("CLIENT", "WORKER", "SCHEDULER")


def known_by_certificates(folder: Path) -> dict[str, str | bool]:
    """The settings of Dask by which all parts of a cluster know each other."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "own.pem"))
    own = {
        f"tls.{role.lower()}.{part}": str(folder / "own.pem") for role in ROLES for part in ("cert", "key")
    }
    found: dict[str, str | bool] = {"require-encryption": True, "tls.ca-file": str(folder / "ca.pem"), **own}
    return {f"distributed.comm.{name}": value for name, value in found.items()}


@pytest.mark.parametrize(
    ("scheduler", "certificates"),
    [("tcp://cluster:8786", True), ("tls://cluster:8786", False), ("cluster:8786", True)],
)
def test_a_scheduler_without_certificates_is_refused(
    scheduler: str, certificates: bool, tmp_path: Path
) -> None:
    """Whoever reaches the port of such a scheduler runs code with the deployer's login. The message has the
    lines that set them up."""
    import dask
    import distributed  # noqa: F401 - its defaults, below which the settings stand

    settings = known_by_certificates(tmp_path)
    with (
        dask.config.set(settings if certificates else dict.fromkeys(settings)),
        pytest.raises(OperateError, match="expected tls://HOST:PORT") as refused,
        cluster.on_workers(scheduler, Outcome),
    ):
        pass
    assert "export DASK_DISTRIBUTED__COMM__TLS__CA_FILE=ca.pem" in str(refused.value)


@pytest.mark.filterwarnings("ignore")
def test_workers_carry_a_rollout_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each stack once, by workers that know this command by its certificate; a failure stays its own."""
    import dask
    from distributed import LocalCluster
    from distributed.security import Security

    monkeypatch.chdir(tmp_path)
    here = os.getpid()

    def work(name: str) -> Outcome:
        if name == "b":
            raise OperateError("the plan is missing")
        return Outcome(name, changes={"pid": os.getpid()})

    with (
        dask.config.set(known_by_certificates(tmp_path)),
        LocalCluster(  # type: ignore[no-untyped-call, unused-ignore]
            n_workers=1, threads_per_worker=1, protocol="tls://", security=Security(), dashboard_address=None
        ) as workers,
        cluster.on_workers(workers.scheduler_address, work) as there,
    ):
        done, _ = carried_out({"all": ("a", "b")}, there, lambda _: None, at_once=2, allowed=None)
    found = {one.stack: one for one in done}
    assert found["b"].reason == "the plan is missing"
    assert found["a"].ok
    assert found["a"].changes != {"pid": here}


def test_a_worker_with_other_code_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its checkout is of another commit, or has other settings."""
    monkeypatch.chdir(tmp_path)
    expected = cluster.code_digest()
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    with pytest.raises(OperateError, match="check out the same commit"):
        cluster.by_worker(Outcome, "dev", expected)
