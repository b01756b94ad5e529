"""fleet.yaml and the stack files: what they say and share, what a change touches, what each action does."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.automation import CommandResult

from core import resource_types
from operate import stack as engine
from operate.__main__ import main
from operate.errors import OperateError
from operate.fleet import files, work
from operate.fleet.planning import Outcome
from settings import SettingsError, parse, shared
from settings.parse import merged
from settings.shared import FleetFileError, Ring
from tests.settings.test_parse import MINIMAL, VAULT_ID
from tests.support.stack import ROOT

FLEET: dict[str, Any] = {"stacks": ["prod-*"], "settings": {"location": "westeurope"}}
FIRST = {"rings": [{"name": "first", "match": {"stack": "prod-a"}}]}
ONE_BY_ONE = {"parallel": {"stacks": 1}}


def checkout(folder: Path, fleet: dict[str, Any], **stacks: dict[str, Any]) -> Path:
    """A folder with a fleet.yaml and stack files; `_` in a name stands for `-`."""
    (folder / "fleet.yaml").write_text(json.dumps(fleet))
    for name, settings in stacks.items():
        stack = name.replace("_", "-")
        own = settings if "services" in settings else {"name": stack, **settings}
        config = {f"language-cmk:{key}": value for key, value in own.items()}
        (folder / f"Pulumi.{stack}.yaml").write_text(json.dumps({"config": config}))
    return folder


class Fleet:
    """A checkout in the working folder, and a backend in which stacks a, b and c were never updated. Updates
    end well; `begun` are those that were begun, with their plans, and `written` what was written into the
    file of each stack."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder, self._capsys = folder, capsys
        self.stacks = dict.fromkeys(("prod-a", "prod-b", "prod-c"), "")
        self.states: dict[str, CommandResult] = {}
        self.begun: list[tuple[str, str]] = []
        self.written: dict[str, dict[str, str | int]] = {}
        self.before_update: Callable[[str], object] = lambda _: None
        empty = CommandResult('{"deployment": {}}', "", 0)
        monkeypatch.chdir(folder)
        monkeypatch.setattr(engine, "last_updates", lambda: self.stacks)
        monkeypatch.setattr(engine, "pulumi", lambda *words, **_: self.states.get(words[-1], empty))
        monkeypatch.setattr(engine, "configure", self.written.__setitem__)
        monkeypatch.setattr(work, "up", self._up)

    def _up(self, stack: str, *, plan: str = "", minutes: float) -> Outcome:
        self.begun.append((stack, plan))
        self.before_update(stack)
        return Outcome(stack)

    def has(self, fleet: dict[str, Any] | None = None, **stacks: dict[str, Any]) -> Path:
        """A fleet with these settings besides FLEET's, and these stacks."""
        return checkout(self.folder, {**FLEET, **(fleet or {})}, **stacks)

    def run(self, *words: str) -> tuple[int, str, str]:
        """The exit code of a command, its output, and what it says beside it."""
        code = main(["fleet", *words])
        return (code, *self._capsys.readouterr())

    def chosen(self, *words: str) -> set[str]:
        """The stacks that options choose."""
        code, out, err = self.run("list", "--json", *words)
        assert code == 0, err
        return {json.loads(line)["stack"] for line in out.splitlines()}


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fleet:
    return Fleet(tmp_path, monkeypatch, capsys)


def test_a_fleet_file_in_full(tmp_path: Path) -> None:
    """Every entry has its place; what is left out has the default that docs/fleets.md shows."""
    text = (ROOT / "docs" / "fleets.md").read_text()
    documented = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])
    found = files.read(checkout(tmp_path, {**documented, "settings": FLEET["settings"]}, prod_a={})).shared
    assert found.rings == (
        Ring("canary", {"stack": ("prod-canary-*",)}),
        Ring("first", take="10%"),
        Ring("europe", {"location": ("*europe",)}),
    )
    assert (found.parallel, found.failures) == (shared.AT_ONCE, 0)
    assert files.read(checkout(tmp_path, FLEET, prod_a={})).shared.parallel == shared.AT_ONCE


def test_the_default_of_stacks_at_once_is_the_one_that_was_measured() -> None:
    """In the schema, which editors show, and on the page that has the measurement."""
    schema = json.loads((ROOT / "settings" / "fleet.schema.json").read_text())
    assert schema["properties"]["parallel"]["properties"]["stacks"]["default"] == shared.AT_ONCE
    page = (ROOT / "docs" / "speed.md").read_text()
    assert f"**The default is {shared.AT_ONCE} at once**" in page


def test_the_problems_of_all_stacks_are_told_at_once(tmp_path: Path) -> None:
    """Each with its file; a secret that is encrypted there is no problem, also inside a setting, and a stack
    outside is not read."""
    secret = {"secure": "v1:x"}
    stacks: dict[str, dict[str, Any]] = {
        "prod_a": {"sku": "F9"},
        "prod_b": {"access": "never"},
        "prod_c": {"name": secret},
        "prod_d": {"vault": {"name": secret}, "tags": {"owner": secret}},
    }
    with pytest.raises(OperateError) as error:
        files.read(checkout(tmp_path, FLEET, **stacks, dev={"sku": "F9"}))
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
    vault = VAULT_ID.rpartition("/")[2].lower()
    member = files.read(checkout(tmp_path, FLEET, prod_a={"services": services})).members["prod-a"]
    assert member.keys == {"kv-made/cmk-made", f"{vault}/cmk-inside", f"{vault}/shared"}
    assert member.services == 4


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.com")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    """All that is in a folder, in a repository that is made where there is none."""
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message", "all")):
        git(folder, *words)


@pytest.mark.parametrize(
    ("file", "all_of_them"),
    [
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
        ("../components/another.py", False),
        ("../components/Pulumi.prod-a.yaml", False),
    ],
)
def test_a_file_touches_every_stack_unless_no_update_reads_it(
    tmp_path: Path, file: str, all_of_them: bool
) -> None:
    """Every update runs what is importable in the checkout, also a new file that shadows a library. The
    checkout may be a folder of a larger repository, whose other folders do not count."""
    (tmp_path / "platform").mkdir()
    folder = checkout(tmp_path / "platform", FLEET, prod_a={}, prod_b={})
    commit(tmp_path)
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    with (folder / file).open("a") as changed:
        changed.write("\n")
    for stage in ("untracked", "added"):
        found = files.touched(folder, files.read(folder), "HEAD")
        assert found == ({"prod-a", "prod-b"} if all_of_them else frozenset()), stage
        git(tmp_path, "add", ".")


def test_a_file_that_was_moved_touches_every_stack_by_its_former_place(tmp_path: Path) -> None:
    """Of what it takes for a move, git names the new place alone."""
    folder = checkout(tmp_path, FLEET, prod_a={})
    (folder / "docs").mkdir()
    (folder / "yaml.py").write_text("shadows = 'a library'\n")
    commit(folder)
    git(folder, "mv", "yaml.py", "docs/yaml.py")
    assert files.touched(folder, files.read(folder), "HEAD") == {"prod-a"}


def test_what_only_reads_looks_for_no_program_in_the_checkout(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be a change's, whose files are data."""
    for bin in (".venv/bin", ".pulumi/bin"):
        (fleet.has(prod_a={}) / bin).mkdir(parents=True)
    monkeypatch.setenv("PATH", before := os.environ["PATH"])
    assert fleet.run("matrix")[0] == 0
    assert os.environ["PATH"] == before


@pytest.mark.parametrize("entry", ["tools", "{folder}/tools", ".", ""])
def test_no_git_of_the_working_folder_is_run(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    """A change that brings one along would say itself what it touches. A changed file of a stack touches that
    one alone."""
    folder = fleet.has(prod_a={}, prod_b={})
    (folder / "tools").mkdir()
    for own in (folder / "git", folder / "tools" / "git"):
        own.symlink_to("/bin/true")
    commit(folder)
    fleet.has(prod_a={"sku": "S"})
    others = os.environ["PATH"]
    monkeypatch.setenv("PATH", os.pathsep.join([entry.format(folder=folder), others]))
    assert fleet.chosen("--since", "HEAD") == {"prod-a"}
    monkeypatch.setenv("PATH", entry.format(folder=folder))
    code, _, said = fleet.run("list", "--since", "HEAD")
    assert (code, "git is not on PATH outside this folder" in said) == (2, True)


def test_stacks_are_chosen_by_name_label_ring_and_key(fleet: Fleet) -> None:
    """Several choices choose what fits all of them; what is not there is an error that says what is."""
    fleet.has(FIRST, prod_a={"tags": {"team": "hr"}}, prod_b={"tags": {"team": "hr"}})
    assert fleet.chosen() == {"prod-a", "prod-b"}
    assert fleet.chosen("--ring", "first") == {"prod-a"}
    assert fleet.chosen("--match", "team=h*", "--stack", "prod-b") == {"prod-b"}
    assert fleet.chosen("--key", "KV-prod-a/cmk-prod-a") == {"prod-a"}
    for words, error in (
        (("--stack", "prod-z"), "the fleet has no stack prod-z; it has prod-a, prod-b"),
        (("--ring", "z"), "the fleet has no ring z; it has first, rest"),
        (("--match", "team"), "--match: found 'team', expected LABEL=PATTERN"),
        (("--match", "team=claims"), "no stack of the fleet is chosen"),
    ):
        code, _, said = fleet.run("list", *words)
        assert (code, error in said) == (2, True), said


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (None, "found no stacks of a fleet in fleet.yaml"),
        ("stacks: [prod-*]\nring: []\n", "'ring' was unexpected"),
        ("stacks: [nothing-*]\n", "no Pulumi.<stack>.yaml matches nothing-*"),
    ],
)
def test_a_wrong_fleet_is_one_message(fleet: Fleet, text: str | None, error: str) -> None:
    """No traceback: a fleet.yaml that is missing, one that is wrong, and one that names no stack."""
    if text:
        (fleet.folder / "fleet.yaml").write_text(text)
    code, _, said = fleet.run("list")
    assert (code, error in said) == (2, True)


@pytest.mark.parametrize("action", ["up", "rotate"])
def test_a_rollout_that_cannot_reach_a_stack_does_not_begin(fleet: Fleet, action: str) -> None:
    """A stack that the backend lacks is named with the command that makes it, before anything is written."""
    fleet.has(prod_a={}, prod_b={})
    del fleet.stacks["prod-b"]
    code, _, said = fleet.run(action, "--yes")
    assert (code, "nothing was changed" in said, "`pulumi stack init prod-b`" in said) == (2, True, True)
    assert "prod-a" not in said
    assert (fleet.written, fleet.begun) == ({}, [])
    assert not (fleet.folder / ".fleet").exists()


def test_access_is_taken_from_every_stack_that_can_be_reached(fleet: Fleet) -> None:
    """By the setting that all share, and `up --keep-going`: one that the backend lacks, and one that fails in
    the first ring, halt nothing."""
    revoked = {"settings": {**FLEET["settings"], "access": "revoked"}}
    fleet.has({**FIRST, **ONE_BY_ONE, **revoked}, prod_a={}, prod_b={}, prod_c={})
    del fleet.stacks["prod-c"]

    def up(stack: str) -> None:
        assert files.read(Path()).settings[stack].services[0].is_revoked
        if stack != "prod-b":
            raise engine.NoStackError(stack)

    fleet.before_update = up
    assert fleet.run("up", "--yes")[0] == 2
    for words, ends in ((("--keep-going",), 0), (("--yes", "--keep-going"), 1)):
        assert fleet.begun == []
        code, _, said = fleet.run("up", *words)
        assert (code, "halted" in said) == (ends, False)
        assert "without access to the key: prod-a, prod-b, prod-c\n" in said
    assert [stack for stack, _ in fleet.begun] == ["prod-a", "prod-b", "prod-c"]


def test_each_stack_is_updated_by_its_own_plan(fleet: Fleet) -> None:
    """Of the folder, by the stack's name. One that is missing, also that of a later ring, is noticed before
    anything begins: no stack is updated by a plan made now."""
    folder = fleet.has(FIRST, prod_a={}, prod_b={})
    plans = {stack: folder / "plans" / stack / "plan.json" for stack in ("prod-a", "prod-b")}
    for stack, plan in plans.items():
        code, _, said = fleet.run("up", "--yes", "--plans", "plans")
        assert (code, fleet.begun) == (2, [])
        assert f"nothing was changed: there is no plan {folder}/plans/{stack}" in said
        plan.parent.mkdir(parents=True)
        plan.write_text("{}")
    assert fleet.run("up", "--yes", "--plans", "plans")[0] == 0
    assert dict(fleet.begun) == {stack: str(plan) for stack, plan in plans.items()}


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
        (["up", "--yes", "--stack", "prod-a"], [{"stack": "prod-a", "ok": True}]),
    ],
    ids=["would update", "would rotate", "update"],
)
def test_json_is_all_that_an_action_prints_to_its_output(
    words: list[str], told: list[dict[str, Any]], fleet: Fleet
) -> None:
    """A line for each stack or ring, also without --yes; the rest is told beside it."""
    fleet.has(prod_a={}, prod_b={})
    code, out, _ = fleet.run(*words, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [{name: line.get(name) for name in one} for line, one in zip(lines, told, strict=True)] == told
    assert (code, bool(fleet.begun), fleet.written) == (0, "--yes" in words, {})


def test_a_run_that_is_cut_off_leaves_the_outcomes_until_then(fleet: Fleet) -> None:
    """What is there while each stack is updated is what a kill leaves: never the report of an earlier run."""
    left: list[dict[str, str]] = []

    def look(_: str) -> None:
        found = json.loads((fleet.folder / ".fleet" / "up" / "report.json").read_text())["stacks"]
        left.append({one["stack"]: one["reason"] for one in found})

    fleet.before_update = look
    fleet.has(ONE_BY_ONE, prod_a={}, prod_b={})
    unknown = "not run, or interrupted"
    for _ in range(2):
        assert fleet.run("up", "--yes")[0] == 0
    assert left == [{"prod-a": unknown, "prod-b": unknown}, {"prod-a": "", "prod-b": unknown}] * 2


SHARED = {"id": f"{VAULT_ID}/keys/shared"}


def test_a_rotation_is_of_every_stack_that_uses_the_key(fleet: Fleet) -> None:
    """Also of those that were not named: they would stay behind. The first to be updated makes the version,
    and the others follow it."""
    rings = {"rings": [{"name": "canary", "match": {"stack": "prod-c"}}]}
    fleet.has(rings, prod_a={"key": SHARED}, prod_b={}, prod_c={"key": SHARED})
    assert fleet.run("rotate", "--yes", "--stack", "prod-a")[0] == 0
    assert [stack for stack, _ in fleet.begun] == ["prod-c", "prod-a"]
    assert fleet.written == {"prod-c": {"language-cmk:key.generation": 1}}


def test_of_a_stack_of_several_services_those_of_a_key_get_the_new_version(fleet: Fleet) -> None:
    """Where each stands in the list, though others of the stack use another key, or none."""
    services = [{"name": "one"}, {"name": "none", "encryption": "microsoftManaged"}, {"name": "two"}]
    fleet.has(prod_a={"services": services})
    assert fleet.run("rotate", "--yes", "--key", "kv-two/cmk-two")[0] == 0
    assert fleet.written == {"prod-a": {"language-cmk:services[2].key.generation": 1}}


def recorded(generation: int, created: str = "2026-01-01T00:00:00Z") -> CommandResult:
    """An exported state of the shared key."""
    outputs = {"keyId": f"{VAULT_ID}/keys/Shared", "generation": generation, "createdAt": created}
    resources = [{"type": resource_types.KEY_VERSION, "outputs": outputs}]
    return CommandResult(json.dumps({"deployment": {"resources": resources}}), "", 0)


LATER = "2026-02-02T00:00:00Z"
KEY = {**SHARED, "generation": 1}
PINNED = {"pin": "a" * 32}
OF_ANOTHER = {"name": "two", "key": {"id": f"{VAULT_ID}/keys/own", **PINNED}}


@pytest.mark.parametrize(
    ("first", "second", "own", "behind"),
    [
        (recorded(1), recorded(1), {"key": KEY}, ""),
        (recorded(0), recorded(1), {"key": KEY}, "prod-a"),
        (recorded(1, LATER), recorded(1), {"key": KEY}, "prod-b"),
        (recorded(1, LATER), recorded(1), {"key": {**KEY, **PINNED}}, ""),
        (recorded(1, LATER), recorded(1), {"services": [{"name": "one", "key": KEY}, OF_ANOTHER]}, "prod-b"),
        (recorded(1, LATER), recorded(1, LATER), {"key": KEY}, ""),
    ],
    ids=[
        "none",
        "before the first",
        "between two",
        "pinned on purpose",
        "another key is pinned",
        "at its end",
    ],
)
def test_a_rotation_that_was_cut_off_gets_no_second_version(
    first: CommandResult, second: CommandResult, own: dict[str, Any], behind: str, fleet: Fleet
) -> None:
    """While a state has the former generation, or the version that a rotation replaces, another one is
    refused, and nothing is written. How to go on is told before the first update."""
    fleet.has(prod_a={"key": KEY}, prod_b=own)
    fleet.states.update({"prod-a": first, "prod-b": second})
    code, _, said = fleet.run("rotate", "--yes", "--key", f"{VAULT_ID.rpartition('/')[2]}/shared")
    assert code == (2 if behind else 0)
    assert "`fleet up --yes --stack prod-a --stack prod-b` goes on" in said
    assert (f"has not reached {behind}, whose" in said) is bool(behind)
    assert fleet.written == ({} if behind else {"prod-a": {"language-cmk:key.generation": 2}})


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
    engine.configure("dev", {"a:s[0].key.generation": 2, "a:text.k[0].v": 3, "a:access": "revoked"})
    found = (tmp_path / "Pulumi.dev.yaml").read_text()
    assert yaml.safe_load(found)["config"] == {
        "a:s": [{"name": "one", "key": {"generation": 2}}],
        "a:text": {"k": [{"v": 3}]},
        "a:access": "revoked",
    }
    assert ("# first" in found, "# why" in found) == (True, True)


SAID: dict[str, Any] = {
    "stacks": ["prod-*"],
    "exclude": ["prod-sandbox"],
    "settings": {"location": "westeurope", "key": {"generation": 1, "rotatesAfterDays": 100}},
    "labels": [
        {"match": {"team": "claims"}, "settings": {"key": {"rotatesAfterDays": 200}}},
        {"match": {"team": ["claims", "hr"], "stack": "*-eu"}, "settings": {"accessModel": "rbac"}},
    ],
}


def test_the_stacks_own_file_wins_and_groups_are_merged() -> None:
    """fleet.yaml, then each label that matches in order, then the stack's file; groups at any depth. Settings
    of which somebody took the last one out are none. Who is not of the fleet has none of it: an excluded
    stack, one of another name, and a checkout without a fleet.yaml."""
    assert shared.shared({**SAID, "settings": None}).levels[0] == ({}, {})
    assert shared.read(Path("/nonexistent")).of("prod-eu", {}) == ()
    of_fleet = shared.shared(SAID)
    assert of_fleet.of("prod-sandbox", {}) == of_fleet.of("dev", {}) == ()
    levels = of_fleet.of("prod-eu", {"team": "claims", "stack": "prod-eu"})
    assert [*levels] == [SAID["settings"], *(one["settings"] for one in SAID["labels"])]
    below = merged(*levels)
    (service,) = parse({"name": "claims", "key": {"generation": 7}}, shared=below).services
    assert (service.location, service.access_model) == ("westeurope", "rbac")
    assert (service.key.generation, service.key.rotates_after_days) == (7, 200)
    below, own = {"a": {"b": {"c": 1, "d": 2}, "e": 3}}, {"a": {"b": {"d": 4}}}
    assert merged(below, own) == {"a": {"b": {"c": 1, "d": 4}, "e": 3}}


@pytest.mark.parametrize(
    ("take", "count"), [(2, 2), (2.0, 2), ("2", 2), ("20%", 2), ("20%\n", 2), ("21%", 3), ("1%", 1)]
)
def test_each_number_that_the_schema_takes_is_one(take: object, count: int) -> None:
    """JSON Schema takes 2.0 for an integer, and a line's end after a pattern. Of ten stacks, a share begun
    counts."""
    document = {**SAID, "rings": [{"name": "a", "take": take}], "parallel": {"stacks": 2.0}}
    found = shared.shared(document)
    assert shared.share(found.rings[0].take or "", 10) == count
    assert (found.parallel, type(found.parallel)) == (2, int)


def test_a_wrong_shared_setting_says_where_it_stands() -> None:
    """A fleet's file is checked as a stack's is; what the stack's own file says is not blamed on it."""
    with pytest.raises(SettingsError) as error:
        parse({**MINIMAL, "access": "never"}, shared={"sku": "F9", "location": "nowhere", "colour": "red"})
    text = str(error.value)
    assert "language-cmk:sku: found 'F9', expected " in text
    assert text.count("(set in fleet.yaml)") == 2
    assert "access: found 'never', expected 'granted' or 'revoked'\n" in text + "\n"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"stacks": None}, "fleet.yaml: 'stacks' is a required"),
        ({"ring": []}, "fleet.yaml: .*'ring'"),
        ({"rings": [{"name": "a"}, {"name": "a"}]}, "rings: found a twice"),
        ({"rings": [{"name": "a", "take": "0"}]}, r"rings\[0\]\.take: '0'"),
        ({"rings": [{"name": "a", "take": "101%"}]}, r"rings\[0\]\.take: '101%'"),
        ({"parallel": {"stacks": 0}}, "parallel.stacks: "),
        ({"settings": {"name": "claims"}}, "settings.name: is decided for one stack"),
        ({"settings": {"searchServiceKey": {"secure": "v1:x"}}}, "settings: found a secret"),
        ({"settings": ["a"]}, "settings: "),
        ({"labels": {"match": {}}}, "labels: "),
        ({"labels": [{"match": {"team": 3}, "settings": {}}]}, r"labels\[0\]\.match\.team: "),
        (
            {"labels": [{"match": {}, "settings": {"unbindAccount": "a"}}]},
            r"labels\[0\]\.settings\.unbindAccount: is decided",
        ),
    ],
)
def test_a_wrong_fleet_file_is_refused_with_the_place(change: dict[str, Any], problem: str) -> None:
    """A typing error, what is decided for one stack, and what is encrypted for one stack."""
    with pytest.raises(FleetFileError) as error:
        shared.shared({**SAID, **change})
    assert any(re.match(problem, f"{one.path}: {one.text}") for one in error.value.problems)


def test_labels_are_the_tags_and_what_the_stack_is() -> None:
    """As the file has them, and as Pulumi hands them to the program, which is text."""
    config = yaml.safe_load("""
      azure-native:subscriptionId: 00000000-0000-0000-0000-000000000001
      language-cmk:location: westeurope
    """)
    subscription = "00000000-0000-0000-0000-000000000001"
    stack = {"location": "westeurope", "subscription": subscription, "stack": "prod-eu"}
    for tags in ({"team": "claims"}, '{"team": "claims"}'):
        config["language-cmk:tags"] = tags
        assert shared.labels_of("prod-eu", config) == {"team": "claims", **stack}
