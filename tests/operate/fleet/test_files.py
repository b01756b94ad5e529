"""fleet.yaml and the stack files: what is wrong with them, what they say, and what a change touches."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.automation import CommandResult

from core import resource_types
from operate import stack as engine
from operate.__main__ import main
from operate.errors import OperateError
from operate.fleet import command, files, shared, work
from operate.fleet.actions import ChosenStacks
from operate.fleet.planning import Outcome
from operate.fleet.shared import FleetFileError, Ring
from tests.settings.test_parse import VAULT_ID
from tests.support.stack import ROOT

FLEET: dict[str, Any] = {"stacks": ["prod-*"], "settings": {"location": "westeurope"}}


def checkout(folder: Path, fleet: dict[str, Any], **stacks: dict[str, Any]) -> Path:
    """A folder with a fleet.yaml and stack files; `_` in a name stands for `-`."""
    (folder / "fleet.yaml").write_text(yaml.safe_dump(fleet))
    for name, settings in stacks.items():
        stack = name.replace("_", "-")
        config = {f"language-cmk:{key}": value for key, value in {"name": stack, **settings}.items()}
        (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": config}))
    return folder


def test_a_fleet_file_in_full(tmp_path: Path) -> None:
    """Every entry has its place; what is left out has the default that docs/fleets.md shows."""
    text = (Path(__file__).parents[3] / "docs" / "fleets.md").read_text()
    documented = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])
    found = files.read(checkout(tmp_path, {**documented, "settings": FLEET["settings"]}, prod_a={})).shared
    assert found.rings == (
        Ring("canary", {"stack": ("prod-canary-*",)}),
        Ring("first", take="10%"),
        Ring("europe", {"location": ("*europe",)}),
    )
    assert (found.parallel, found.failures) == (shared.AT_ONCE, 0)
    assert files.read(checkout(tmp_path, FLEET, prod_a={})).shared.parallel == shared.AT_ONCE


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"ring": []}, "fleet.yaml: .*'ring'"),
        ({"rings": [{"name": "a"}, {"name": "a"}]}, r"rings: found a twice"),
        ({"rings": [{"take": 3}]}, r"rings\[0\]: 'name' is a required"),
        ({"rings": [{"name": "a", "take": "0"}]}, r"rings\[0\]\.take: '0'"),
        ({"rings": [{"name": "a", "take": "101%"}]}, r"rings\[0\]\.take: '101%'"),
        ({"rings": [{"name": "a", "match": "b"}]}, r"rings\[0\]\.match: "),
        ({"parallel": {"stacks": 0}}, "parallel.stacks: "),
        ({"stop": {"findings": "all"}}, "stop: .*'findings'"),
    ],
)
def test_a_wrong_entry_is_named_with_its_place(tmp_path: Path, change: dict[str, Any], path: str) -> None:
    """By the schema, and by what no schema says."""
    with pytest.raises(FleetFileError) as error:
        files.read(checkout(tmp_path, {**FLEET, **change}, prod_a={}))
    assert any(re.match(path, f"{one.path}: {one.text}") for one in error.value.problems)


def test_the_problems_of_all_stacks_are_told_at_once(tmp_path: Path) -> None:
    """Each with its file; a secret that is encrypted there is no problem, also inside a setting, and a stack
    outside is not read."""
    folder = checkout(
        tmp_path,
        FLEET,
        prod_a={"sku": "F9"},
        prod_b={"access": "never"},
        prod_c={"name": {"secure": "v1:x"}},
        prod_d={"vault": {"name": {"secure": "v1:x"}}, "tags": {"owner": {"secure": "v1:x"}}},
        dev={"sku": "F9"},
    )
    with pytest.raises(OperateError) as error:
        files.read(folder)
    assert "2 settings of the fleet are wrong" in str(error.value)
    assert "Pulumi.prod-a.yaml: sku: " in str(error.value)
    assert "Pulumi.prod-b.yaml: access: " in str(error.value)


def test_a_stack_has_the_keys_of_its_services(tmp_path: Path) -> None:
    """Made here, in an existing vault, or existing; none where Microsoft's keys are used."""
    services = [
        {"name": "made"},
        {"name": "inside", "vault": {"id": VAULT_ID}},
        {"name": "there", "key": {"id": f"{VAULT_ID}/keys/Shared"}},
        {"name": "none", "encryption": "microsoftManaged"},
    ]
    folder = checkout(tmp_path, FLEET, prod_a={})
    config = {"language-cmk:services": services}
    (folder / "Pulumi.prod-a.yaml").write_text(yaml.safe_dump({"config": config}))
    vault = VAULT_ID.rpartition("/")[2].lower()
    member = files.read(folder).members["prod-a"]
    assert member.keys == {"kv-made/cmk-made", f"{vault}/cmk-inside", f"{vault}/shared"}
    assert member.services == 4


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.com")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    """All that is in a folder, in a repository that is made where there is none."""
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "all")


@pytest.mark.parametrize(
    ("file", "all_of_them"),
    [
        ("operate/__init__.py", True),
        ("operate/fleet/__init__.py", True),
        ("yaml.py", True),
        ("policy-config.yaml", True),
        (".github/login.sh", True),
        ("provider/Pulumi.x.yaml", True),
        ("caf\u00e9.py", True),
        ("fleet.yaml", True),
        ("Pulumi.another.yaml", False),
        (".github/workflows/ci.yml", False),
        (".azuredevops/pipelines/drift.yml", False),
        ("docs/caf\u00e9.py", False),
        ("tests/conftest.py", False),
        ("provider/README.md", False),
    ],
)
def test_a_file_touches_every_stack_unless_no_update_reads_it(
    tmp_path: Path, file: str, all_of_them: bool
) -> None:
    """Every update runs what is importable in the checkout, also a new file that shadows a library."""
    folder = checkout(tmp_path, FLEET, prod_a={}, prod_b={})
    commit(folder)
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    with (folder / file).open("a") as changed:
        changed.write("\n")
    for stage in ("untracked", "added"):
        found = files.touched(folder, files.read(folder), "HEAD")
        assert found == ({"prod-a", "prod-b"} if all_of_them else frozenset()), stage
        git(folder, "add", ".")


@pytest.mark.parametrize("action", ["matrix"])
def test_what_only_reads_looks_for_no_program_in_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    """It may be a change's, whose files are data."""
    monkeypatch.chdir(checkout(tmp_path, FLEET, prod_a={}))
    for bin in (".venv/bin", ".pulumi/bin"):
        (tmp_path / bin).mkdir(parents=True)
    monkeypatch.setenv("PATH", before := os.environ["PATH"])
    main(["fleet", action])
    assert os.environ["PATH"] == before


Written = dict[str, dict[str, str | int]]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    """What is written into the file of each stack."""
    found: Written = {}
    monkeypatch.setattr(engine, "configure", found.__setitem__)
    return found


def test_of_a_stack_of_several_services_those_of_a_key_get_the_new_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: Written
) -> None:
    """Where each stands in the list, though others of the stack use another key, or none."""
    monkeypatch.setattr(engine, "last_updates", lambda: {"prod-a": ""})
    monkeypatch.setattr(work, "recorded_keys", lambda _: {})
    services = [{"name": "one"}, {"name": "none", "encryption": "microsoftManaged"}, {"name": "two"}]
    monkeypatch.chdir(folder := checkout(tmp_path, FLEET, prod_a={}))
    monkeypatch.setattr(ChosenStacks, "carry_out", lambda *_, **__: 0)
    config = {"language-cmk:services": services}
    (folder / "Pulumi.prod-a.yaml").write_text(yaml.safe_dump({"config": config}))
    assert main(["fleet", "rotate", "--yes", "--key", "kv-two/cmk-two"]) == 0
    assert written == {"prod-a": {"language-cmk:services[2].key.generation": 1}}


def test_access_is_taken_from_every_stack_that_can_be_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the setting that all share, and `up --keep-going`: one that the backend lacks, and one that fails in
    the first ring, halt nothing."""
    rings = {"rings": [{"name": "first", "match": {"stack": "prod-a"}}], "parallel": {"stacks": 1}}
    shared = {**FLEET, **rings, "settings": {**FLEET["settings"], "access": "revoked"}}
    monkeypatch.chdir(checkout(tmp_path, shared, prod_a={}, prod_b={}, prod_c={}))
    monkeypatch.setattr(engine, "last_updates", lambda: {"prod-a": "", "prod-b": ""})
    begun: list[str] = []

    def up(stack: str, **_: Any) -> Outcome:
        begun.append(stack)
        assert files.read(Path()).settings[stack].services[0].is_revoked
        if stack != "prod-b":
            raise engine.NoStackError(stack)
        return Outcome(stack)

    monkeypatch.setattr(work, "up", up)
    assert main(["fleet", "up", "--yes"]) == 2
    assert main(["fleet", "up", "--keep-going"]) == 0
    assert "without access to the key: prod-a, prod-b, prod-c\n" in capsys.readouterr().err
    assert main(["fleet", "up", "--yes", "--keep-going"]) == 1
    assert begun == ["prod-a", "prod-b", "prod-c"]
    said = capsys.readouterr().err
    assert "without access to the key: prod-a, prod-b, prod-c\n" in said
    assert "halted" not in said


@pytest.mark.engine
def test_settings_are_written_and_comments_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By Pulumi itself: in a list, in a group that is not there yet, and in one that stands there as text."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PULUMI_BACKEND_URL", tmp_path.as_uri())
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    monkeypatch.setenv("PATH", os.pathsep.join([str(ROOT / ".pulumi" / "bin"), os.environ["PATH"]]))
    (tmp_path / "Pulumi.yaml").write_text("name: a\nruntime: python\n")
    engine.told("dev", "no stack", "stack", "init")
    text = 'config:\n  a:s:\n    # first\n    - name: one # why\n  a:text: \'{"k": [{"v": 1}]}\'\n'
    (tmp_path / "Pulumi.dev.yaml").write_text(text)
    values: dict[str, str | int] = {"a:s[0].key.generation": 2, "a:text.k[0].v": 3, "a:access": "revoked"}
    engine.configure("dev", values)
    found = (tmp_path / "Pulumi.dev.yaml").read_text()
    assert yaml.safe_load(found)["config"] == {
        "a:s": [{"name": "one", "key": {"generation": 2}}],
        "a:text": {"k": [{"v": 3}]},
        "a:access": "revoked",
    }
    assert ("# first" in found, "# why" in found) == (True, True)


@pytest.mark.parametrize("entry", ["tools", "{folder}/tools", ".", ""])
def test_no_git_of_the_working_folder_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    """A change that brings one along would say itself what it touches."""
    folder = checkout(tmp_path, FLEET, prod_a={})
    commit(folder)
    checkout(folder, FLEET, prod_a={"sku": "S"})
    (folder / "tools").mkdir()
    for own in (folder / "git", folder / "tools" / "git"):
        own.symlink_to("/bin/true")
    monkeypatch.chdir(folder)
    others = os.environ["PATH"]
    monkeypatch.setenv("PATH", os.pathsep.join([entry.format(folder=folder), others]))
    assert chosen(folder, monkeypatch, since="HEAD") == {"prod-a"}
    monkeypatch.setenv("PATH", entry.format(folder=folder))
    with pytest.raises(OperateError, match="git is not on PATH outside this folder"):
        chosen(folder, monkeypatch, since="HEAD")


def test_stacks_are_touched_wherever_the_project_is_in_its_repository(tmp_path: Path) -> None:
    """In a folder of a larger repository, too, whose other folders do not count."""
    (tmp_path / "platform").mkdir()
    folder = checkout(tmp_path / "platform", FLEET, prod_a={}, prod_b={})
    (tmp_path / "components").mkdir()
    commit(tmp_path)
    (tmp_path / "components" / "another.py").write_text("")
    checkout(folder, FLEET, prod_b={"sku": "S"})
    assert files.touched(folder, files.read(folder), "HEAD") == {"prod-b"}
    (folder / "__main__.py").write_text("")
    git(tmp_path, "add", ".")
    assert files.touched(folder, files.read(folder), "HEAD") == {"prod-a", "prod-b"}


def chosen(folder: Path, monkeypatch: pytest.MonkeyPatch, **wanted: Any) -> frozenset[str]:
    monkeypatch.chdir(folder)
    parser = argparse.ArgumentParser()
    command.configure(parser)
    arguments = parser.parse_args(["list"])
    for name, value in wanted.items():
        setattr(arguments, name, value)
    return frozenset(one.stack for one in command.chosen(files.read(folder), arguments).members())


def test_stacks_are_chosen_by_name_label_ring_and_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several choices choose what fits all of them; what is not there is an error that says what is."""
    fleet = {**FLEET, "rings": [{"name": "canary", "match": {"stack": "prod-a"}}]}
    folder = checkout(tmp_path, fleet, prod_a={"tags": {"team": "hr"}}, prod_b={"tags": {"team": "hr"}})
    assert chosen(folder, monkeypatch) == {"prod-a", "prod-b"}
    assert chosen(folder, monkeypatch, ring=["canary"]) == {"prod-a"}
    assert chosen(folder, monkeypatch, match=["team=h*"], stack=["prod-b"]) == {"prod-b"}
    assert chosen(folder, monkeypatch, key="KV-prod-a/cmk-prod-a") == {"prod-a"}
    for wanted, said in (
        ({"stack": ["prod-z"]}, "the fleet has no stack prod-z; it has prod-a, prod-b"),
        ({"ring": ["z"]}, "the fleet has no ring z; it has canary, rest"),
        ({"match": ["team"]}, "--match: found 'team', expected LABEL=PATTERN"),
        ({"match": ["team=claims"]}, "no stack of the fleet is chosen"),
    ):
        with pytest.raises(OperateError, match=said):
            chosen(folder, monkeypatch, **wanted)


def test_a_wrong_fleet_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback: a fleet.yaml that is missing, one that is wrong, and one that names no stack."""
    monkeypatch.chdir(tmp_path)
    assert main(["fleet", "list"]) == 2
    assert "found no stacks of a fleet in fleet.yaml" in capsys.readouterr().err
    checkout(tmp_path, {**FLEET, "ring": []}, prod_a={})
    assert main(["fleet", "list"]) == 2
    assert "'ring' was unexpected" in capsys.readouterr().err
    (tmp_path / "fleet.yaml").write_text("stacks: [nothing-*]\n")
    assert main(["fleet", "list"]) == 2
    assert "no Pulumi.<stack>.yaml matches nothing-*" in capsys.readouterr().err


@pytest.mark.parametrize("action", ["up", "rotate"])
def test_a_rollout_that_cannot_reach_a_stack_does_not_begin(
    action: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A stack that the backend lacks is named with the command that makes it, before anything is written."""
    monkeypatch.chdir(checkout(tmp_path, FLEET, prod_a={}, prod_b={}))
    monkeypatch.setattr(engine, "last_updates", lambda: {"prod-a": ""})
    before = (tmp_path / "Pulumi.prod-a.yaml").read_text()
    assert main(["fleet", action, "--yes"]) == 2
    told = capsys.readouterr().err
    assert "nothing was changed" in told
    assert "`pulumi stack init prod-b`" in told
    assert "prod-a" not in told
    assert (tmp_path / "Pulumi.prod-a.yaml").read_text() == before
    assert not (tmp_path / ".fleet").exists()


def test_a_plan_that_is_missing_is_noticed_before_anything_begins(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    begun: list[tuple[str, str]],
) -> None:
    """Also that of a stack of a later ring: one that has none is not updated by a plan made now."""
    rings = [{"name": "first", "match": {"stack": "prod-a"}}]
    monkeypatch.chdir(checkout(tmp_path, {**FLEET, "rings": rings}, prod_a={}, prod_b={}))
    (tmp_path / "plans" / "prod-a").mkdir(parents=True)
    (tmp_path / "plans" / "prod-a" / "plan.json").write_text("{}")
    assert main(["fleet", "up", "--yes", "--plans", "plans"]) == 2
    assert f"nothing was changed: there is no plan {tmp_path}/plans/prod-b" in capsys.readouterr().err
    assert begun == []


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The stacks whose updates are begun, with their plans, each of which ends well; the backend has the
    stacks of one letter."""
    updates: list[tuple[str, str]] = []

    def up(stack: str, *, plan: str = "", minutes: float) -> Outcome:
        updates.append((stack, plan))
        return Outcome(stack)

    monkeypatch.setattr(engine, "last_updates", lambda: {f"prod-{one}": "" for one in "abc"})
    monkeypatch.setattr(engine, "pulumi", lambda *_, **__: CommandResult('{"deployment": {}}', "", 0))
    monkeypatch.setattr(work, "up", up)
    return updates


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["up"], [{"ring": "rest", "stacks": ["prod-a", "prod-b"]}]),
        (
            ["rotate", "--stack", "prod-a"],
            [
                {"stack": "prod-a", "key": "kv-prod-a/cmk-prod-a", "generation": 1},
                {"ring": "rest", "stacks": ["prod-a"]},
            ],
        ),
        (["list", "--stack", "prod-b"], [{"stack": "prod-b", "ring": "rest"}]),
        (["up", "--yes", "--stack", "prod-a"], [{"stack": "prod-a", "ok": True}]),
    ],
    ids=["would update", "would rotate", "list", "update"],
)
def test_json_is_all_that_an_action_prints_to_its_output(
    words: list[str],
    told: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    begun: list[tuple[str, str]],
    *,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A line for each stack or ring, also without --yes; the rest is told beside it."""
    monkeypatch.chdir(checkout(tmp_path, FLEET, prod_a={}, prod_b={}))
    assert main(["fleet", *words, "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [{name: line.get(name) for name in one} for line, one in zip(lines, told, strict=True)] == told
    assert bool(begun) is ("--yes" in words)


def test_each_stack_is_updated_by_its_own_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: list[tuple[str, str]]
) -> None:
    """Of the folder, by the stack's name."""
    monkeypatch.chdir(checkout(tmp_path, FLEET, prod_a={}, prod_b={}))
    for name in ("prod-a", "prod-b"):
        (tmp_path / "plans" / name).mkdir(parents=True)
        (tmp_path / "plans" / name / "plan.json").write_text("{}")
    assert main(["fleet", "up", "--yes", "--plans", "plans"]) == 0
    assert dict(begun) == {one: str(tmp_path / "plans" / one / "plan.json") for one in ("prod-a", "prod-b")}


def test_a_rotation_is_of_every_stack_that_uses_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: list[tuple[str, str]], written: Written
) -> None:
    """Also of those that were not named: they would stay behind. The first to be updated makes the version,
    and the others follow it."""
    shared = {"key": {"id": f"{VAULT_ID}/keys/shared"}}
    rings = [{"name": "canary", "match": {"stack": "prod-c"}}]
    stacks = {"prod_a": shared, "prod_b": {}, "prod_c": shared}
    monkeypatch.chdir(checkout(tmp_path, {**FLEET, "rings": rings}, **stacks))
    assert main(["fleet", "rotate", "--yes", "--stack", "prod-a"]) == 0
    assert [stack for stack, _ in begun] == ["prod-c", "prod-a"]
    assert written == {"prod-c": {"language-cmk:key.generation": 1}}


def recorded(generation: int, created: str = "2026-01-01T00:00:00Z") -> CommandResult:
    """An exported state of the shared key."""
    outputs = {"keyId": f"{VAULT_ID}/keys/Shared", "generation": generation, "createdAt": created}
    resources = [{"type": resource_types.KEY_VERSION, "outputs": outputs}]
    return CommandResult(json.dumps({"deployment": {"resources": resources}}), "", 0)


LATER = "2026-02-02T00:00:00Z"


@pytest.mark.parametrize(
    ("first", "second", "own", "behind"),
    [
        (recorded(1), recorded(1), {}, ""),
        (recorded(0), recorded(1), {}, "prod-a"),
        (recorded(1, LATER), recorded(1), {}, "prod-b"),
        (recorded(1, LATER), recorded(1), {"pin": "a" * 32}, ""),
        (recorded(1, LATER), recorded(1, LATER), {}, ""),
    ],
    ids=["none", "before the first", "between two stacks of the key", "pinned on purpose", "at its end"],
)
@pytest.mark.usefixtures("begun")
def test_a_rotation_that_was_cut_off_gets_no_second_version(
    first: CommandResult,
    second: CommandResult,
    own: dict[str, Any],
    behind: str,
    *,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    written: Written,
) -> None:
    """While a state has the former generation, or the version that a rotation replaces, another one is
    refused, and nothing is written. How to go on is told before the first update."""
    key = {"id": f"{VAULT_ID}/keys/shared", "generation": 1}
    monkeypatch.chdir(checkout(tmp_path, FLEET, prod_a={"key": key}, prod_b={"key": {**key, **own}}))
    states = {"prod-a": first, "prod-b": second}
    monkeypatch.setattr(engine, "pulumi", lambda *words, **_: states[words[-1]])
    assert main(["fleet", "rotate", "--yes"]) == (2 if behind else 0)
    said = capsys.readouterr().err
    assert "`fleet up --yes --stack prod-a --stack prod-b` goes on" in said
    assert (f"has not reached {behind}, whose" in said) is bool(behind)
    assert written == ({} if behind else {"prod-a": {"language-cmk:key.generation": 2}})


def test_a_run_that_is_cut_off_leaves_the_outcomes_until_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: list[tuple[str, str]]
) -> None:
    """What is there while each stack is updated is what a kill leaves: never the report of an earlier run."""
    left: list[dict[str, str]] = []

    def up(stack: str, **_: Any) -> Outcome:
        found = json.loads((tmp_path / ".fleet" / "up" / "report.json").read_text())["stacks"]
        left.append({one["stack"]: one["reason"] for one in found})
        return Outcome(stack)

    monkeypatch.setattr(work, "up", up)
    monkeypatch.chdir(checkout(tmp_path, {**FLEET, "parallel": {"stacks": 1}}, prod_a={}, prod_b={}))
    unknown = "not run, or interrupted"
    for _ in range(2):
        assert main(["fleet", "up", "--yes"]) == 0
    assert left == [{"prod-a": unknown, "prod-b": unknown}, {"prod-a": "", "prod-b": unknown}] * 2


@pytest.mark.parametrize(
    "words",
    [
        ["preview", "--yes"],
        ["preview", "--shards", "9"],
        ["matrix", "--yes"],
        ["list", "--plans", "x"],
        ["evidence"],
        ["split", "--stack", "prod-a"],
        ["alarms"],
        ["report"],
        ["retire"],
    ],
)
def test_an_action_takes_no_option_of_another(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """One that would be passed over in silence is a usage error."""
    with pytest.raises(SystemExit, match="2"):
        main(["fleet", *words])
    assert "usage: python -m operate" in capsys.readouterr().err


def test_a_pin_of_another_key_of_a_stack_hides_no_rotation_that_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    """The service of the shared key is behind all the same, and another version is refused."""
    key = {"id": f"{VAULT_ID}/keys/shared", "generation": 1}
    own = {"id": f"{VAULT_ID}/keys/own", "pin": "a" * 32}
    monkeypatch.chdir(folder := checkout(tmp_path, FLEET, prod_a={"key": key}, prod_b={}))
    services = [{"name": "one", "key": key}, {"name": "two", "key": own}]
    (folder / "Pulumi.prod-b.yaml").write_text(
        yaml.safe_dump({"config": {"language-cmk:services": services}})
    )
    states = {"prod-a": recorded(1, LATER), "prod-b": recorded(1)}
    monkeypatch.setattr(engine, "pulumi", lambda *words, **_: states[words[-1]])
    monkeypatch.setattr(engine, "last_updates", lambda: dict.fromkeys(states, ""))
    assert main(["fleet", "rotate", "--yes", "--key", "kv-hub/shared"]) == 2
    assert "has not reached prod-b, whose" in capsys.readouterr().err
    assert written == {}
