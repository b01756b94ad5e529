"""Makes the previews in fixtures/ again, with the real engine against a local Azure of its own.

    python -m tests.review.make_fixtures [NAME ...]

Ids and times are random in every run, so they are numbered in the order of their appearance: a second run
writes nearly the same files. Stack traces name folders of the machine and are left out.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.engine_values import UNKNOWNS
from localazure.environment import checkout
from tests.review.situations import SITUATIONS, Situation
from tests.support.azure import RunningAzure, running_azure
from tests.support.stack import ROOT, Stack

HERE = Path(__file__).resolve().parent
FIXTURES = HERE / "fixtures"
_NAMES = {
    "plain": ("rg-plain", "lang-plain", "kv-plain", "key"),
    "project": ("rg-contoso-dev", "lang-contoso-dev", "kv-contoso-dev", "cmk-contoso-dev"),
}
_DROPPED = {"stackTrace", "sourcePosition", "created", "modified", "duration", "etag", "systemData"}
_DROPPED |= {"capabilities", "endpoints"}  # long, and nothing to do with encryption
_ID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b[0-9a-f]{32}\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?")


class Program:
    """A program in a folder, and its stack `dev`."""

    def __init__(self, folder: Path, kind: str, azure: RunningAzure) -> None:
        self.folder, self.kind, self.azure = folder, kind, azure
        if not folder.exists():
            self._make()
        path = os.pathsep.join([str(ROOT / ".pulumi" / "bin"), os.environ["PATH"]])
        self.env = {**azure.environ, **checkout(folder, path), "PULUMI_DEBUG_COMMANDS": "true"}

    def _make(self) -> None:
        if self.kind == "project":
            Stack(self.folder, self.azure.env)
            return
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(HERE / "programs" / self.kind, self.folder, ignore=ignored)
        for name in ("core", "provider", "policies"):
            shutil.copytree(ROOT / name, self.folder / name, ignore=ignored)
        (self.folder / ".venv").symlink_to(ROOT / ".venv")
        (self.folder / ".pulumi" / "backend").mkdir(parents=True)

    def say(self, says: Any) -> None:
        if self.kind == "plain":
            (self.folder / "switches.json").write_text(json.dumps(dict(says)))
        else:
            stack = Stack.__new__(Stack)
            stack.folder = self.folder
            shutil.copy(ROOT / "Pulumi.dev.yaml", stack.config_file)
            stack.configure(**says)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", *words, "--non-interactive", "--color", "never", "--stack", "dev"],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def deploy(self) -> None:
        self.say({})
        done = self.run("up", "--yes", "--skip-preview")
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)

    def plan(self) -> tuple[str, str]:
        """The saved plan of the last preview, and what is there now."""
        done = self.run("refresh", "--preview-only", "--json")
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        return (self.folder / "plan.json").read_text(), done.stdout

    def preview(self, situation: Situation) -> tuple[str, str]:
        """The JSON of the preview and the event log."""
        log = self.folder / "events.jsonl"
        log.unlink(missing_ok=True)
        words = ["refresh", "--preview-only"] if situation.refresh_only else ["preview", "--show-sames"]
        words = ["destroy", "--preview-only"] if situation.destroy else words
        pack = ["--policy-pack", "policies"] if situation.pack else []
        events = [] if situation.refresh_only else ["--event-log", str(log)]
        plan = ["--refresh", "--save-plan", "plan.json"] if situation.plan else []
        done = self.run(*words, "--json", *pack, *events, *plan)
        if not done.stdout.startswith("{"):
            raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
        return done.stdout, log.read_text() if log.exists() else ""


@contextmanager
def _programs(home: Path, folder: Path, kind: str) -> Iterator[Program]:
    with running_azure(home) as azure:
        if not folder.exists():
            program = Program(folder, kind, azure)
            if kind == "plain":
                program.run("stack", "init")
        yield Program(folder, kind, azure)


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cleaned(inner) for name, inner in value.items() if name not in _DROPPED}
    return [_cleaned(item) for item in value] if isinstance(value, list) else value


def _numbered(text: str, seen: dict[str, str]) -> str:
    """Random ids and times as numbers, the same one for the same id in all files of a situation."""

    def number(match: re.Match[str]) -> str:
        found = match[0]
        if found in UNKNOWNS or found in _FIXED:
            return found
        if found not in seen:
            count = len(seen) + 1
            seen[found] = f"{count:032x}" if len(found) == 32 else f"00000000-0000-4000-8000-{count:012d}"
        return seen[found]

    return _TIME.sub("2026-01-01T00:00:00Z", _ID.sub(number, text))


_FIXED = {
    "e147488a-f6f5-4113-8e2d-b22465e65bf6",
    "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
    "4dabf18193072939515e22adb298388d",
    "1b47061264138c4ac30d75fd1eb44270",
}


def _keep(name: str, digest: str, events: str, folder: Path, plan: tuple[str, ...] = ()) -> None:
    seen: dict[str, str] = {}
    for kind, text in zip(("plan", "refresh"), plan, strict=False):
        # What is not random is the same in all files of a situation.
        _numbered(digest, seen)
        cleaned = json.dumps({**_cleaned(json.loads(text)), "duration": 0}, indent=1) + "\n"
        (FIXTURES / f"{name}.{kind}.json").write_text(
            _numbered(cleaned, seen).replace(str(folder), "/program")
        )
    document = _cleaned(json.loads(digest))
    steps = ",\n".join(json.dumps(step) for step in document.pop("steps", []))
    rest = json.dumps(document)
    written = f'{{"steps": [\n{steps}\n],\n{rest[1:]}\n' if document else f'{{"steps": [\n{steps}\n]}}\n'
    text = _numbered(written, seen).replace(str(folder), "/program")
    (FIXTURES / f"{name}.json").write_text(text)
    kept: list[str] = []
    for line in events.splitlines():
        event = _cleaned(json.loads(line))
        diagnostic = event.get("diagnosticEvent")
        if diagnostic and diagnostic.get("severity") == "debug":
            continue
        event |= {"sequence": len(kept), "timestamp": 0}
        if not event.keys() & {"resourcePreEvent", "resOutputsEvent"}:
            kept.append(json.dumps(event))
    if kept:
        written = _numbered("\n".join(kept) + "\n", seen).replace(str(folder), "/program")
        (FIXTURES / f"{name}.events.jsonl").write_text(written)


def _behind(action: str, program: Program) -> None:
    subprocess.run(
        [sys.executable, str(HERE / "behind.py"), action, *_NAMES[program.kind]],
        env=program.env,
        check=True,
        timeout=300,
    )


def make(wanted: set[str]) -> None:
    """Makes the fixtures of these situations; of all where none is named."""
    FIXTURES.mkdir(exist_ok=True)
    chosen = [one for one in SITUATIONS if not wanted or one.name in wanted]
    with tempfile.TemporaryDirectory(prefix="language-cmk-fixtures-") as scratch:
        for kind in ("plain", "project"):
            _make_kind(Path(scratch) / kind, kind, [one for one in chosen if one.program == kind])


def _make_kind(base: Path, kind: str, situations: list[Situation]) -> None:
    if not situations:
        return
    with _programs(base / "home", base / "work", kind) as program:
        for one in situations:
            if one.before == "nothing":
                _take(one, program)
        program.deploy()
        for one in situations:
            if one.before == "deployed" and not one.behind:
                _take(one, program)
    for one in situations:
        if one.behind:
            other = base.with_name(f"{kind}-{one.name}")
            shutil.copytree(base, other, symlinks=True)
            with _programs(other / "home", other / "work", kind) as program:
                program.say({})
                _behind(one.behind, program)
                _take(one, program)


def _take(one: Situation, program: Program) -> None:
    sys.stderr.write(f"{one.name}: {one.title}\n")
    program.say(one.says)
    digest, events = program.preview(one)
    kept = events if one.pack else ""
    plan = program.plan() if one.plan else ()
    _keep(one.name, digest, kept, program.folder, plan=plan)


if __name__ == "__main__":
    make(set(sys.argv[1:]))
