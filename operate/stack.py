"""A stack, through Pulumi's Automation API in this folder, which is the one way to the CLI; and its outputs,
by service, or those that were written to a file before.

Owns: how the CLI is found and run, which login a stack may use, and what a stack's lock means. Does not own:
what is done with a stack, and in which order.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pulumi import automation
from pulumi.automation import CommandResult

from core import commands, documents
from core.published import PACKAGE
from core.service.outputs import ServiceOutputs, service_outputs
from operate.errors import OperateError

T = TypeVar("T")
Outputs = Mapping[str, Any]
NO_CLI = (
    "the Pulumi CLI is not on PATH: for a stack on the local Azure, run "
    '`eval "$(python3 -m localazure env)"`; for one on Azure, install the CLI, or run `python3 -m localazure '
    'setup` and `export PATH="$PWD/.pulumi/bin:$PATH"` in the clone'
)
_UNREAD = "Status=404 "
"""In the error of a refresh that met a resource which is gone: azure-native takes a 404 for that by its code
alone, and not Key Vault's KeyNotFound (pulumi-azure-native#4841, read on 2026-12-02). The program does not
run then, and so cannot say what it knows of the loss."""
_MARKUP = re.compile(r"<\{%.*?%\}>")
_PACK_CONFIG = "policy-config.json"
_preparing = threading.Lock()


class StackError(OperateError):
    """A stack could not be read; the message quotes the engine, or says what the stack lacks."""


class LockedError(OperateError):
    """A stack is locked; the message says by which process, and what to do where that has ended."""


class UpdateError(OperateError):
    """The engine, the program or a policy refused; the message has their errors."""


class NoStackError(StackError):
    """The backend has no such stack; the message says how to find its name, or to make it."""

    def __init__(self, stack: str, otherwise: str = "") -> None:
        super().__init__(
            f"the backend has no stack {stack}: `pulumi stack ls` lists those that it has, and `pulumi stack "
            f"init {stack}`, with your secrets provider, makes one{otherwise}"
        )


def pulumi(*words: str, otherwise: str = "", environment: Mapping[str, str] | None = None) -> CommandResult:
    """Runs the Pulumi CLI without prompts, with `environment` besides its own; its output, and a code that is
    0 where it went well. Raises StackError if it is not installed; `otherwise` is another way out, which the
    message adds."""
    stdout: list[str] = []
    stderr: list[str] = []
    command, code = [*words, "--non-interactive", "--color", "never"], 0
    try:
        _Cli().run(command, str(Path.cwd()), environment or {}, stdout.append, stderr.append)
    except automation.CommandError:
        code = 1
    except FileNotFoundError as error:
        raise StackError(NO_CLI + otherwise) from error
    return CommandResult("\n".join(stdout), "\n".join(stderr), code)


class _Cli(automation.PulumiCommand):
    """The CLI on PATH, which is asked for its version only where the Automation API wants to know it."""

    def __init__(self) -> None:
        self.command = "pulumi"

    @functools.cached_property
    def version(self) -> Any:  # type: ignore[override]
        return automation.PulumiCommand(skip_version_check=True).version


def told(stack: str, failed: str, *words: str, otherwise: str = "") -> str:
    """The output of a Pulumi command about a stack. Raises NoStackError, and StackError if the command fails,
    with a message that begins with `failed`; `otherwise` as for `pulumi`."""
    done = pulumi(*words, "--stack", stack, otherwise=otherwise)
    if "no stack named" in done.stderr:
        raise NoStackError(stack, otherwise)
    if done.code != 0:
        # The engine names no stack in its way out, which would then be about the one that is selected.
        why = done.stderr.strip().replace("`pulumi cancel`", f"`pulumi cancel --stack {stack}`")
        raise StackError(f"{failed}: {why}{otherwise}")
    return done.stdout


class EngineStack(automation.Stack):
    """A stack that is named in each command and never selected: `pulumi stack select` writes into one file,
    which all workers of a machine share. `emptied` are variables that its commands must not see."""

    def __init__(self, name: str, emptied: Mapping[str, str] | None = None) -> None:
        # Not `super().__init__`, which selects.
        self.name = name
        self.workspace = automation.LocalWorkspace(
            work_dir=str(Path.cwd()), pulumi_command=_Cli(), env_vars=dict(emptied or {})
        )

    def planned(self, plan: Path | None = None) -> dict[str, int]:
        """Previews under the policy pack, and saves the plan into a file if one is named; the operations that
        would be done, by their count. Raises UpdateError, LockedError or NoStackError."""
        found = self._run(self.preview, plan=plan and str(plan), refresh=True, **_pack())
        return changes(found.change_summary)

    def updated(self, plan: Path) -> Mapping[str, object]:
        """Does what the plan says, or nothing; the stack's outputs. The state is refreshed afterwards, for an
        account is recorded before it is bound. Raises UpdateError, LockedError or NoStackError."""
        approval = filter(None, (_digest(plan), os.environ.get("APPROVAL")))
        message = f"operate fleet ({'; '.join(approval)})"
        found = self._run(
            self.up, plan=str(plan), refresh=True, message=message, show_secrets=False, **_pack()
        )
        self._run(self.refresh, show_secrets=False)
        return {name: one.value for name, one in found.outputs.items()}

    @property
    def was_cut_off(self) -> bool:
        """Whether the state has operations that an engine began and did not end."""
        return bool((self.export_stack().deployment or {}).get("pending_operations"))

    @property
    def way_on(self) -> str:
        """The commands that lead on after an update was cut off."""
        return (
            f"if that update runs nowhere any more, run `pulumi cancel --stack {self.name} --yes` and "
            f"`{commands.operate(f'recover --stack {self.name}')}`, and go on"
        )

    def drifted(self) -> dict[str, int]:
        """The changes that a refresh would make in the state, by kind. Raises UpdateError, LockedError or
        NoStackError."""
        return changes(self._run(self.preview_refresh).change_summary)

    def _run(self, command: Callable[..., T], **words: Any) -> T:
        errors: list[str] = []

        def hear(event: automation.EngineEvent) -> None:
            diagnostic, policy = event.diagnostic_event, event.policy_event
            if diagnostic and diagnostic.severity == "error":
                errors.append(_plain(diagnostic.message))
            if policy and policy.enforcement_level == "mandatory":
                errors.append(f"{policy.policy_name}: {_plain(policy.message)}")

        try:
            return command(**words, on_event=hear, color="never")
        except FileNotFoundError as error:
            raise StackError(NO_CLI) from error
        except automation.ConcurrentUpdateError as error:
            raise LockedError(f"{_first(str(error))}; {self.way_on}") from error
        except automation.StackNotFoundError as error:
            raise NoStackError(self.name) from error
        except automation.CommandError as error:
            why = "\n".join(causes(errors)) or _first(str(error))
            if _UNREAD in why and (words.get("refresh") or command != self.preview):
                why = f"{why}\n{self._said_without_refresh()}"
            way_out = commands.log_in_anew(why, self.name)
            raise UpdateError("\n".join(filter(None, (why, way_out)))) from error

    def _said_without_refresh(self) -> str:
        """What the program says in a preview that reads no resource before it; "" where it refuses nothing.
        Raises LockedError or NoStackError."""
        try:
            self._run(self.preview)
        except UpdateError as refused:
            return str(refused)
        return ""


def causes(errors: Sequence[str]) -> list[str]:
    """The errors, each once, without what only follows from them: that an update which was cut short lacks
    steps of its plan (pulumi 3.259, deploy/deployment_executor.go)."""
    own = [error for error in errors if "but none were seen" not in error]
    return list(dict.fromkeys(own or errors))


def use_checkout() -> None:
    """Puts the CLI and the Python of this checkout first on the path, where `make setup` has made them."""
    folders = [str(Path(name).absolute()) for name in (".pulumi/bin", ".venv/bin") if Path(name).is_dir()]
    others = [one for one in os.environ.get("PATH", "").split(os.pathsep) if one not in folders]
    os.environ["PATH"] = os.pathsep.join([*folders, *others])


def last_updates() -> dict[str, str]:
    """The stacks of the backend, each with the time of its last update; "" for one that has nothing, whose
    time is that of its making. Raises StackError."""
    done = pulumi("stack", "ls", "--json")
    if done.code != 0:
        raise StackError(f"the stacks of the backend could not be listed: {_first(done.stderr)}")
    return {
        one["name"]: one.get("lastUpdate") or "" if one.get("resourceCount") else ""
        for one in json.loads(done.stdout)
    }


def changes(summary: Mapping[automation.OpType, int]) -> dict[str, int]:
    """The operations that change something."""
    named = {str(getattr(op, "value", op)): count for op, count in summary.items()}
    return {op: count for op, count in named.items() if op not in ("same", "refresh", "read")}


def configure(stack: str, values: Mapping[str, str | int]) -> None:
    """Writes settings into a stack's own file, whose comments stay, by their paths (`key.generation`). Raises
    StackError."""
    given = [word for path, value in values.items() for word in ("--plaintext", f"{path}={value}")]
    told(stack, f"the settings of stack {stack} were not written", "config", "set-all", "--path", *given)


def outputs(stack: str, file: str | None = None, *, otherwise: str = "") -> Outputs:
    """A stack's outputs, or those in `file` if Pulumi is not available. Raises StackError; `otherwise` is
    another way out, which the message adds."""
    if file:
        try:
            text = Path(file).read_text(encoding="utf-8")
        except OSError as error:
            raise StackError(f"{file} could not be read: {error}") from error
    else:
        words, failed = ("stack", "output", "--json"), f"the outputs of stack {stack} could not be read"
        text = told(stack, failed, *words, otherwise=otherwise)
    try:
        found = documents.of_json(text)
    except ValueError as error:
        raise StackError(f"{file or 'the output of `pulumi stack output`'} is {error}") from error
    if not isinstance(found, dict):
        raise StackError(
            f"{file}: found a list or a value, expected the object that `pulumi stack output --json` prints"
        )
    return found


def without(names: Sequence[str]) -> str:
    """A message: the stack lacks outputs that a command needs, and what to do."""
    return (
        f"the stack has no output {', '.join(names)}: a program of your own exports what each of its "
        "services outputs, by name, as `services` (docs/programs.md); if it does, run `pulumi up` first"
    )


def services(outputs: Outputs, named: str | None = None) -> Mapping[str, ServiceOutputs]:
    """The outputs of each service by its name, or of the one that is `named`; the only one of a stack needs
    no name, and has none here. Raises StackError for another name."""
    listed = outputs.get("services") or {"": outputs}
    found = {name: service_outputs(service) for name, service in listed.items()}
    if named is None:
        return {"": next(iter(found.values()))} if len(found) == 1 else found
    if named not in found:
        raise StackError(f"the stack has no service {named!r}; it has {', '.join(map(repr, found))}")
    return {named: found[named]}


def _pack() -> dict[str, Any]:
    """The policy pack and its configuration, as the engine reads them: one file for each process, made once.
    Raises UpdateError."""
    with _preparing:
        folder = _pack_config_folder(str(Path.cwd())).name
    pack = installed_pack() if PACKAGE else Path("policies")
    return {"policy_packs": [str(pack)], "policy_pack_configs": [str(Path(folder, _PACK_CONFIG))]}


def installed_pack() -> Path:
    """The folder of the policy pack that the installed package brings, for `--policy-pack`."""
    return Path(sys.prefix, "share", "language-cmk", "policies")


@functools.cache
def _pack_config_folder(checkout: str) -> tempfile.TemporaryDirectory[str]:
    made = tempfile.TemporaryDirectory(prefix="fleet-")
    file = str(Path(made.name, _PACK_CONFIG))
    words = [sys.executable, "-m", f"{PACKAGE}policies.configuration", "policy-config.yaml", file]
    done = subprocess.run(words, cwd=checkout, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise UpdateError(f"policy-config.yaml: {done.stderr.strip()}")
    return made


def _digest(plan: Path) -> str:
    """A plan as a stack's history names it; as review/update.sh does."""
    return f"plan sha256:{hashlib.sha256(plan.read_bytes()).hexdigest()}"


def _plain(text: str) -> str:
    return _MARKUP.sub("", text).strip()


def _first(said: str) -> str:
    """What a command said of its failure, in a few lines."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = [
        line for line in lines if line.startswith("error:") or "locked by" in line or "created by" in line
    ]
    return " ".join((told or lines)[-3:])
