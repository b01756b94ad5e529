"""After the engine was killed: takes into a stack's state what it had begun, so that `pulumi up` goes on.

    python -m operate recover --stack dev [--from FILE]

Reads the state, or with --from an older copy of it, and writes it back through `pulumi stack import`; the
state as it was is kept in a file. Asks Azure nothing and changes nothing there. A locked stack is left alone.
docs/runbooks/crash-recovery.md has the whole way.
"""

from __future__ import annotations

import argparse
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from operate.recover.state import as_exported, resolved
from operate.stack import StackError, add_stack, pulumi


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_stack(parser)
    parser.add_argument(
        "--from", dest="copy", type=Path, help="a state to go back to: an export or a checkpoint"
    )
    parser.add_argument(
        "--backup", type=Path, default=Path(".pulumi/recovery"), help="folder of the states before"
    )


def run(arguments: argparse.Namespace) -> int:
    """The exit code is 0 when nothing is left to resolve, 1 when something is."""
    exported = _pulumi("export", arguments.stack)
    try:
        text = arguments.copy.read_text(encoding="utf-8") if arguments.copy else exported
        before = as_exported(json.loads(text))
    except (OSError, ValueError) as error:
        raise StackError(f"{arguments.copy or 'the state'} cannot be used: {error}") from error
    subscription = os.environ.get("ARM_SUBSCRIPTION_ID") or os.environ.get("AZURE_SUBSCRIPTION_ID")
    after, cuts = resolved(before, subscription)
    if not cuts and not arguments.copy:
        print(f"nothing of stack {arguments.stack} was cut off; run `pulumi up`")
        return 0
    print(f"{len(cuts)} operation(s) of stack {arguments.stack} were cut off{':' if cuts else ''}")
    for cut in cuts:
        print(f"  {cut}")
    if any(cut.problem for cut in cuts):
        print("nothing was changed")
        return 1
    print(f"the state before is in {_keep(arguments.backup, arguments.stack, exported)}", flush=True)
    _pulumi("import", arguments.stack, json.dumps(after))
    print("now run `pulumi up`")
    return 0


def _pulumi(verb: str, stack: str, given: str | None = None) -> str:
    done = pulumi("stack", verb, "--stack", stack, input=given)
    if done.returncode != 0:
        raise StackError(done.stderr.strip())
    return done.stdout


def _keep(folder: Path, stack: str, text: str) -> Path:
    """Writes the exported state, in which secrets are encrypted, readable by its owner alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    path = folder / f"{stack.replace('/', '-')}-{moment}.json"
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as handle:
        handle.write(text)
    return path
