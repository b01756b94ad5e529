"""A stack, through the Pulumi CLI: its outputs by service, or those that were written to a file before."""

import argparse
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from operate.errors import OperateError

Outputs = Mapping[str, Any]
NO_CLI = (
    "the Pulumi CLI is not on PATH: add the folder of an installed one, or .pulumi/bin of the clone, where "
    "`python3 -m localazure setup` installs one"
)


class StackError(OperateError):
    """A stack could not be read; the message quotes the engine, or says what the stack lacks."""


def add_stack(parser: argparse._ActionsContainer, *, required: bool = True, help: str = "") -> None:
    """Adds `--stack`, as every command spells it."""
    parser.add_argument("--stack", required=required, metavar="NAME", help=help or "the stack")


def pulumi(
    *words: str, input: str | None = None, otherwise: str = "", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs the Pulumi CLI without prompts, with `environment` besides its own. Raises StackError if it is not
    installed; `otherwise` is another way out, which the message adds."""
    command = ["pulumi", *words, "--non-interactive", "--color", "never"]
    try:
        return subprocess.run(
            command,
            input=input,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise StackError(NO_CLI + otherwise) from error


def outputs(stack: str, file: str | None = None, *, otherwise: str = "") -> Outputs:
    """A stack's outputs, or those in `file` if Pulumi is not available. Raises StackError; `otherwise` is
    another way out, which the message adds."""
    if file:
        try:
            text = Path(file).read_text(encoding="utf-8")
        except OSError as error:
            raise StackError(f"{file} could not be read: {error}") from error
    else:
        done = pulumi("stack", "output", "--json", "--stack", stack, otherwise=otherwise)
        if done.returncode != 0:
            raise StackError(
                f"the outputs of stack {stack} could not be read: {done.stderr.strip()}{otherwise}"
            )
        text = done.stdout
    try:
        found = json.loads(text)
    except ValueError as error:
        raise StackError(f"{file or 'the output of `pulumi stack output`'} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise StackError(
            f"{file}: found a list or a value, expected the object that `pulumi stack output --json` prints"
        )
    return found


def without(names: Sequence[str]) -> str:
    """That a stack lacks outputs that a command needs, and what to do."""
    return (
        f"the stack has no output {', '.join(names)}: run `pulumi up` first; a program of your own exports "
        "what each of its services outputs, by name, as `services` (docs/packages.md)"
    )


def services(outputs: Outputs, named: str | None = None) -> Mapping[str, Outputs]:
    """The outputs of each service by its name, or of the one that is `named`; the only one of a stack needs
    no name, and has none here. Raises StackError for another name."""
    found: Mapping[str, Outputs] = outputs.get("services") or {"": outputs}
    if named is None:
        return {"": next(iter(found.values()))} if len(found) == 1 else found
    if named not in found:
        raise StackError(f"the stack has no service {named!r}; it has {', '.join(map(repr, found))}")
    return {named: found[named]}
