"""The commands for a checkout on the local Azure, one word each: `python3 -m localazure up`.

Owns: the steps of each word and their order. Does not own: the steps themselves; each is a command that runs
as by `python -m localazure exec`. make has the same words.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from localazure import execution, process
from localazure.condensed import Condensed
from localazure.environment import python_of
from localazure.home import FOLDER, Home, HomeError

ROOT = FOLDER
PYTHON = python_of(ROOT)
_PACK_CONFIG = ".pulumi/policy-config.json"
_PACK = ("--policy-pack", "policies", "--policy-pack-config", _PACK_CONFIG)
_QUIET = ("--suppress-outputs",)
_STATES = ROOT / ".pulumi" / "backend" / ".pulumi" / "stacks" / "language-cmk"
_BACKEND = "PULUMI_BACKEND_URL"
_EVENTS = ROOT / ".pulumi" / "events.jsonl"
"""The event log of the engine's last command."""
_LOGGED = ("preview", "up", "destroy")
_REVIEWED = (0, 3, 4)
"""The exit codes of a review that could be made: nothing or notes, an approval is needed, blocked."""
_EFFECT = "encryption of "
"""The beginning of the line about an update's effect on an account's data."""
_LOCKS = ROOT / ".pulumi" / "backend" / ".pulumi" / "locks" / "organization" / "language-cmk"
_UNREAD = "Status=404 "
"""In the event log of a refresh that met a resource which is gone: azure-native takes a 404 for that by its
code alone, and not Key Vault's KeyNotFound (pulumi-azure-native#4841). The program does not run then."""
_PROGRAM = ("components", "core", "provider", "settings")
_PROOF = (str(PYTHON), "-m", "operate", "verify", "--write-project", "--if-reached")
_SET_UP = "LOCALAZURE_SET_UP"
"""Tells the checkout's own Python that whoever started it has set the checkout up."""


def set_up(words: Sequence[str]) -> int | None:
    """Sets the checkout up and runs `python -m localazure WORDS` by its Python; the exit code. None where
    this is that Python already, and nothing is left but to go on."""
    # Container images set it; each start of each plugin would then compile all that it imports.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    own = Path(sys.prefix).resolve() == (ROOT / ".venv").resolve()
    if own and os.environ.pop(_SET_UP, "") and words[:1] != ["setup"]:
        return None
    code = subprocess.run([sys.executable, str(ROOT / "engine" / "setup.py")], check=False).returncode
    if code or words[:1] == ["setup"]:
        return code
    if not own:
        # So that `-m localazure` is found from any folder.
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        environ = {**os.environ, "PYTHONPATH": path, _SET_UP: "true"}
        # In place of this process: between a person and the engine, Ctrl-C meets one.
        os.execve(PYTHON, [str(PYTHON), "-m", "localazure", *words], environ)  # noqa: S606 - no shell is wanted
    return None


def up(home: Home, stack: str) -> int:
    """Deploys the stack under the policy pack, and reads the proof back from the local Azure. A refresh comes
    first: what somebody changed outside is undone.

    The preview is a command of its own: where everything is as the stack's state has it, that is all. The
    stack's outputs, of which most are unknown before, are told by a command of their own, too.
    """
    pulumi = Steps(home, stack)
    return (
        pulumi.select()
        or pulumi.checked()
        or pulumi.run("pulumi", "preview", "--stack", stack, "--refresh", *_QUIET, *_PACK)
        or _updated(pulumi, stack)
        or pulumi.run(*_PROOF, "--stack", stack)
        or _what_next(home, stack)
    )


def _configured(stack: str) -> tuple[str, ...]:
    return (str(PYTHON), "-m", "policies.configuration", policy_config(ROOT, stack), _PACK_CONFIG)


def policy_config(root: Path, stack: str) -> str:
    """The file of those settings: the stack's own, or else the project's, which alone reviews and pipelines
    read."""
    own = f"policy-config.{stack}.yaml"
    return own if (root / own).exists() else "policy-config.yaml"


def _updated(pulumi: Steps, stack: str) -> int:
    """Carries out what the preview showed. The state records an account before it is bound, so a refresh at
    the end records it anew: the next diff then shows only changes."""
    changed = not is_as_recorded(_EVENTS)
    state = _STATES / f"{stack}.json"
    if not changed and not is_newer(ROOT, state):
        return 0
    code = pulumi.run(
        *("pulumi", "up", "--stack", stack, "--refresh", "--yes", "--skip-preview"), *_QUIET, *_PACK
    )
    if code or not changed:
        return code
    return pulumi.quietly(("pulumi", "refresh", "--stack", stack, "--yes", "--skip-preview"))


def is_as_recorded(events: Path) -> bool:
    """Whether a preview found each resource and output, in the cloud and in the program, as the state has it.
    The engine's own record of the preview tells; false if it cannot be read. Default providers do not count:
    the engine makes and drops them by itself."""
    try:
        found = _read_events(events)
        summary = next(event["summaryEvent"] for event in found if "summaryEvent" in event)
        steps = [event["resOutputsEvent"]["metadata"] for event in found if "resOutputsEvent" in event]
        unchanged = all(
            step["op"] in ("same", "refresh") and step["old"] == step["new"]
            for step in steps
            if "::pulumi:providers:" not in step["urn"] or "::default" not in step["urn"]
        )
        return unchanged and set(summary["resourceChanges"]) == {"same"}
    except (OSError, ValueError, LookupError, TypeError, StopIteration):
        return False


def is_newer(root: Path, state: Path) -> bool:
    """Whether the program or its settings were written since the state was. An update then records changes
    that no preview shows, such as another protection or dependency. True without a state."""
    program = [path for folder in _PROGRAM for path in (root / folder).rglob("*") if path.suffix != ".pyc"]
    files = [*program, *root.glob("*.py"), *root.glob("Pulumi*.yaml"), root / ".venv" / ".synced"]
    written = (path.stat().st_mtime for path in files if path.is_file())
    return not state.exists() or max(written, default=0.0) > state.stat().st_mtime


def preview(home: Home, stack: str) -> int:
    """Shows what `up` would change, as a diff under the policy pack, and the effect on accounts' data."""
    pulumi = Steps(home, stack)
    code = (
        pulumi.select()
        or pulumi.checked()
        or pulumi.run("pulumi", "preview", "--stack", stack, "--refresh", "--diff", *_QUIET, *_PACK)
    )
    if not code:
        # The program says it at the beginning of the diff.
        sys.stdout.writelines(f"{line}\n" for line in effects(_EVENTS))
    return code


def effects(events: Path) -> list[str]:
    """The lines about the data of accounts in the engine's own record of a preview; none where that cannot be
    read."""
    try:
        told = [event["diagnosticEvent"] for event in _read_events(events) if "diagnosticEvent" in event]
        said = [str(one.get("message")).strip() for one in told]
    except (OSError, ValueError, TypeError, AttributeError):
        return []
    return [text for text in said if text.startswith(_EFFECT)]


def _read_events(events: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]


def review(home: Home, stack: str) -> int:
    """The encryption review of what `up` would change, into .review/."""
    pulumi = Steps(home, stack)
    code = pulumi.select() or pulumi.run(str(ROOT / "review" / "pull_request.sh"), stack, ".review")
    if code in _REVIEWED:
        sys.stdout.write("\nwritten: .review/comment.md, and for machines .review/review.json\n")
    return code


def evidence(home: Home, stack: str) -> int:
    """Writes the evidence about the stack's keys, from the live cloud, into .evidence/."""
    return Steps(home, stack).run(str(PYTHON), "-m", "operate", "evidence", "--stack", stack)


def down(home: Home, stack: str) -> int:
    """Destroys the stack, stops the local Azure, and leaves only caches. If other stacks of the backend need
    the local Azure, it keeps that, and says so."""
    code = 0
    if home.path.exists():
        pulumi = Steps(home, stack)
        if pulumi.exists():
            code = pulumi.run("pulumi", "destroy", "--stack", stack, "--yes", *_QUIET) or pulumi.run(
                "pulumi", "stack", "rm", stack, "--yes", "--preserve-config"
            )
        if code:
            own = _named(stack)
            sys.stderr.write(
                "down: the stack is still there. If it is protected, set language-cmk:protect: false in "
                f"Pulumi.{stack}.yaml; python3 -m localazure up{own} takes it over, and down{own} works\n"
            )
            return code
        if others := sorted((one.parent.name, one.stem) for one in _STATES.parent.glob("*/*.json")):
            sys.stdout.write("The local Azure goes on, because it has other stacks. It ends after these:\n")
            sys.stdout.write("".join(f"  {line}\n" for line in _endings(others)))
            return 0
    end(home)
    return code


def end(home: Home) -> None:
    """Stops the local Azure and forgets what it held, with the states of the stacks in it."""
    if home.path.exists():
        process.stop(home)
        shutil.rmtree(home.path, ignore_errors=True)
    for folder in ("backend", "home"):
        shutil.rmtree(ROOT / ".pulumi" / folder, ignore_errors=True)


def _endings(stacks: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The commands that destroy each stack, given by project and name; stacks of other programs come first,
    because destroying the checkout's last one ends the local Azure."""
    for project, stack in stacks:
        if project != _STATES.name:
            yield (
                f"in the folder of project {project}, with the exports of `python3 -m localazure env`: "
                f"pulumi destroy --stack {stack} && pulumi stack rm {stack}"
            )
    for stack in [stack for project, stack in stacks if project == _STATES.name] or ["dev"]:
        yield f"python3 -m localazure down{_named(stack)}"


WORDS: Mapping[str, Callable[[Home, str], int]] = {
    "up": up,
    "preview": preview,
    "review": review,
    "evidence": evidence,
    "down": down,
}


class Steps:
    """Runs commands in the checkout, all in the environment that leads to the local Azure."""

    def __init__(self, home: Home, stack: str, typed: str = "python3 -m localazure") -> None:
        process.start(home)
        self._home, self._stack, self._typed = home, stack, typed
        self._environ = execution.environment_for(home, os.environ)
        self._condensed = None if sys.stdout.isatty() else Condensed()

    def select(self) -> int:
        """Makes the stack if it is missing. Raises HomeError without a settings file, because Pulumi would
        make one with nothing but a salt."""
        settings = ROOT / f"Pulumi.{self._stack}.yaml"
        if not settings.exists():
            raise HomeError(
                f"stack {self._stack!r} has no settings: found no {settings.name}; "
                f"cp Pulumi.prod.example.yaml {settings.name}, put names of your own in, and leave "
                "azure-native:subscriptionId and azure-native:tenantId out: the local Azure has its own"
            )
        return self.quietly(("pulumi", "stack", "select", self._stack, "--create", "--non-interactive"))

    def checked(self) -> int:
        """Reports wrong settings of the stack and of the policy pack within a second, because the engine
        would first read the whole cloud."""
        return self.quietly(
            _configured(self._stack), (str(PYTHON), "-m", "operate", "settings", "--stack", self._stack)
        )

    def exists(self) -> bool:
        command = ("pulumi", "stack", "select", self._stack, "--non-interactive")
        with _interrupts_left_to_it(), self._started(command, quiet=True) as child:
            child.communicate()
        return child.returncode == 0

    def run(self, *command: str) -> int:
        _EVENTS.parent.mkdir(exist_ok=True)
        _EVENTS.unlink(missing_ok=True)
        logged: dict[str, str] = {}
        if command[0] == "pulumi" and command[1] in _LOGGED:
            command = (*command, "--event-log", str(_EVENTS))
            logged = {"PULUMI_DEBUG_COMMANDS": "true"}  # without it the CLI has no such option
        code = self._run(command, logged)
        events = _EVENTS.read_text(encoding="utf-8") if code and _EVENTS.exists() else ""
        if _UNREAD in events and "--refresh" in command:
            sys.stderr.write(
                "the refresh failed at a resource that is gone; what the program says of that:\n"
            )
            return self.run("pulumi", "preview", "--stack", self._stack, *_QUIET) or code
        if "AADSTS7000215" in events:
            sys.stderr.write(
                "a refresh logs in with the client secret of the last update; if "
                f"Pulumi.{self._stack}.yaml has another now, run `python3 -m localazure exec -- pulumi up "
                f"--stack {self._stack} --refresh --run-program`, which takes the login from that file\n"
            )
        is_locked = code != 0 and self._tell_holder()
        if code and not is_locked and os.environ.get(_BACKEND) != self._environ[_BACKEND]:
            # The user's own shell, in which the printed commands run, does not reach the local Azure.
            sys.stderr.write(
                "a command that is printed above reaches the local Azure only after this, once in your "
                f'shell: eval "$({self._typed} env)"\n'
            )
        return code

    def quietly(self, *commands: tuple[str, ...]) -> int:
        """Runs commands side by side and shows the output of those alone that fail; their first exit code
        that is not 0."""
        sys.stdout.flush()
        failed = 0
        with _interrupts_left_to_it(), ExitStack() as ended:
            children = [ended.enter_context(self._started(command, quiet=True)) for command in commands]
            for child in children:
                said, _ = child.communicate()
                if child.returncode:
                    sys.stderr.write(said)
                failed = failed or child.returncode
        if failed:
            self._tell_holder()
        return failed

    def _tell_holder(self) -> bool:
        """Names the process that holds the stack's lock, because the engine advises to remove the lock
        whether it still runs or not. Whether one holds it."""
        told = False
        for lock in (_LOCKS / self._stack).glob("*.json"):
            with suppress(OSError, ValueError, LookupError, TypeError):
                pid = int(json.loads(lock.read_text(encoding="utf-8"))["pid"])
                if _runs(pid):
                    sys.stderr.write(
                        f"process {pid} is updating stack {self._stack}: wait until it ends, then run this "
                        "command again. Do not run pulumi cancel: it does not end that process, and two "
                        "updates would overwrite each other's state\n"
                    )
                else:
                    sys.stderr.write(
                        f"process {pid}, which locked stack {self._stack}, is gone: run `python3 -m "
                        f"localazure exec -- pulumi cancel --stack {self._stack} --yes`, then this command "
                        "again\n"
                    )
                told = True
        return told

    def _run(self, command: tuple[str, ...], environ: Mapping[str, str]) -> int:
        sys.stdout.flush()
        condensed = self._condensed if command[0] == "pulumi" else None
        with (
            _interrupts_left_to_it(),
            self._started(command, environ, condensed=condensed is not None) as child,
        ):
            if condensed:
                for line in condensed.lines(child.stdout or ()):
                    sys.stdout.write(line)
                    sys.stdout.flush()
        return child.returncode

    def _started(
        self,
        command: tuple[str, ...],
        environ: Mapping[str, str] | None = None,
        *,
        quiet: bool = False,
        condensed: bool = False,
    ) -> subprocess.Popen[str]:
        """A command that runs. What it says is read from its stdout: of a `quiet` one all, of a `condensed`
        one what goes to stdout; of any other nothing."""
        return subprocess.Popen(
            [execution.program(command[0], self._environ), *command[1:]],
            cwd=ROOT,
            env={**self._environ, **(environ or {})},
            stdout=subprocess.PIPE if quiet or condensed else None,
            stderr=subprocess.STDOUT if quiet else None,
            encoding="utf-8",
            errors="replace",
        )


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def _interrupts_left_to_it() -> Iterator[None]:
    """Ctrl-C reaches the command itself, as the terminal's foreground: the engine ends its update in order,
    which subprocess would not wait for. Raises KeyboardInterrupt when the command has ended."""
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


def _what_next(home: Home, stack: str) -> int:
    own = _named(stack)
    sys.stdout.write(
        f"\nThe local Azure's page:   {process.page_address(home)}\n"
        f"The stack's outputs:      python3 -m localazure exec -- pulumi stack output --stack {stack}\n"
        f"What a change would do:   edit Pulumi.{stack}.yaml, then python3 -m localazure preview{own}\n"
        f"What an auditor asks:     python3 -m localazure evidence{own}\n"
        f"To end all of it:         python3 -m localazure down{own}\n"
    )
    return 0


def _named(stack: str) -> str:
    """The option that names a stack, for a line that can be pasted."""
    return "" if stack == "dev" else f" --stack {stack}"
