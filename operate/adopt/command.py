"""The command: `python -m operate adopt --stack NAME --account ID ... --name NAME ...`.

Reads the live cloud, writes Pulumi.<stack>.yaml and an import file, and prints what to run next. Exit code: 0
both files are written; 1 something prevents that: every problem is printed, and nothing is written.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from core import arm_ids
from operate import login
from operate.adopt.existing import find
from operate.adopt.files import configuration, declared, import_file, merged
from operate.adopt.obstacles import obstacles
from operate.adopt.plan import plan
from operate.azure import LiveAzure
from operate.errors import OperateError
from operate.evidence.model import counted
from operate.stack_file import PROGRAM, path_of
from settings.parse import SettingsError, parse


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; its exit code."""
    wanted, accounts = arguments, arguments.account
    if Path.cwd().resolve() != PROGRAM:
        raise OperateError(
            f"accounts are adopted into the program of this repository, and {Path.cwd()} holds another; run "
            f"the command in {PROGRAM}, where a stack of their own takes them in"
        )
    if len(wanted.name) != len(accounts):
        raise OperateError(f"{len(accounts)} accounts need as many names, found {len(wanted.name)}")
    azure = LiveAzure(login.of_new_stack(wanted.stack))
    now = azure.now()
    services = [(name, find(azure, id, now)) for name, id in zip(wanted.name, accounts, strict=True)]
    if refused := obstacles(services, follows_key=wanted.follows_key):
        return _refuse([str(obstacle) for obstacle in refused], as_json=wanted.json)
    plans = [plan(name, existing) for name, existing in services]
    found = declared(plans)
    config = configuration(found, arm_ids.subscription_of(accounts[0]))
    settings, imports = paths(wanted.stack)
    try:
        parse(found)
        text = merged(settings.read_text(encoding="utf-8") if settings.exists() else "", config)
    except SettingsError as error:
        return _refuse([f"{one.path}: {one.text}" for one in error.problems], as_json=wanted.json)
    except ValueError as error:
        return _refuse([f"{settings}: {error}"], as_json=wanted.json)
    settings.write_text(text, encoding="utf-8")
    imports.write_text(import_file(plans, version("pulumi-azure-native")), encoding="utf-8")
    notes = [note for one in plans for note in one.notes]
    then = [
        f"pulumi stack select {wanted.stack} --create",
        f"pulumi import --stack {wanted.stack} --file {imports.name} --yes --generate-code=false",
        f"pulumi preview --stack {wanted.stack} --expect-no-changes",
    ]
    if wanted.json:
        print(json.dumps({"written": [str(settings), str(imports)], "notes": notes, "run": then}, indent=2))
        return 0
    for note in notes:
        print(f"note: {note}")
    print(f"written: {settings}, {imports}; now run")
    for command in then:
        print(f"  {command}")
    return 0


def paths(stack: str) -> tuple[Path, Path]:
    """Where settings and imports of a stack are."""
    return path_of(stack), Path(f"adopt.{stack.rpartition('/')[2]}.json")


def _refuse(problems: Sequence[str], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"written": [], "problems": problems}, indent=2))
    told = [f"adopt: {counted(len(problems), 'problem')}; nothing was written:", *problems]
    print("\n  ".join(told), file=sys.stderr)
    return 1
