"""Whether a stack's settings are right, from its file alone: `python -m operate settings --stack dev`.

Asks neither Pulumi nor Azure, and takes a second. Owns: this one line of the table, which `doctor` has, too.
"""

import argparse
import difflib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pulumi as sdk

from core.documents import DocumentError
from core.service.existing_resources import documented
from core.service.problem import Problem
from operate.errors import OperateError
from operate.stack_file import PROGRAM, StackFile, of_text, path_of, stack_file
from settings.fixes import corrected
from settings.model import ServiceSettings
from settings.parse import SettingsError
from settings.shared import read

OK, FAILED, UNCHECKED, NOTE = "ok", "FAILED", "not checked", "note"
_MOST_FIXES = 500


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    about: str
    result: str
    found: str
    fix: str = ""


def run(arguments: argparse.Namespace) -> int:
    """The exit code is 1 if the settings are wrong, with every problem."""
    if arguments.fix:
        print(correct(path_of(arguments.stack)), end="", file=sys.stderr if arguments.json else sys.stdout)
    line, services = judged(arguments.stack)
    return tell([line, *noted(services)], as_json=arguments.json)


def correct(path: Path) -> str:
    """Writes what has one answer into the stack's file, and returns the difference."""
    if not path.exists():
        return ""
    with path.open(encoding="utf-8", newline="") as file:
        before = text = file.read()
    for _ in range(_MOST_FIXES):
        fixed = corrected(text, _problems(path, text))
        if fixed == text:
            break
        text = fixed
    if text != before:
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
    lines = (before.splitlines(keepends=True), text.splitlines(keepends=True))
    return "".join(difflib.unified_diff(*lines, str(path), str(path), n=1))


def _problems(path: Path, text: str) -> Sequence[Problem]:
    """Those of the settings; none in a file that cannot be read, which `judged` tells."""
    try:
        of_text(path, text).settings(read(Path()))
    except SettingsError as error:
        return error.problems
    except (sdk.RunError, OperateError, DocumentError):
        return ()
    return ()


def tell(lines: Sequence[Line], *, as_json: bool) -> int:
    """Prints a table, or JSON; 1 if anything failed."""
    if as_json:
        print(json.dumps([asdict(line) for line in lines], indent=2))
    else:
        for line in lines:
            print(f"  {line.result:<12}{line.about}: {line.found}" + (f"; {line.fix}" if line.fix else ""))
    return 1 if any(line.result == FAILED for line in lines) else 0


def file_of(stack: str) -> StackFile:
    """The stack's own file; an empty one if there is none yet."""
    path = path_of(stack)
    return stack_file(path) if path.exists() else StackFile(stack, {})


def noted(services: Sequence[ServiceSettings]) -> list[Line]:
    """What Azure's pages say about the kinds of accounts that the settings declare, as each preview does."""
    return [
        Line(f"service {service.name!r}", NOTE, text)
        for service in services
        for text in documented(service.desired)
    ]


def judged(stack: str) -> tuple[Line, Sequence[ServiceSettings]]:
    """The services that the settings declare; none if they are wrong, or if the program is another one."""
    path, folder = path_of(stack), Path.cwd().resolve()
    try:
        if folder != PROGRAM and Path("Pulumi.yaml").exists() and not file_of(stack).own():
            found = f"{folder} has a program of its own, which says what is deployed"
            fix = "`pulumi preview` asks Azure what it would refuse of each service"
            return Line("settings", UNCHECKED, found, fix), ()
        if not path.exists():
            fix = f"cp Pulumi.prod.example.yaml {path}, and put your names in"
            return Line("settings", FAILED, f"found no {path}", fix), ()
        services = file_of(stack).settings(read(Path())).services
    except (sdk.RunError, OperateError) as error:
        return Line("settings", FAILED, str(error)), ()
    return Line("settings", OK, ", ".join(service.name for service in services)), services
