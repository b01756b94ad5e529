"""After the engine was killed: takes into a stack's state what it had begun, so that `pulumi up` goes on.

    python -m recovery --stack dev [--from FILE]

Reads the state, or with --from an older copy of it, and writes it back through `pulumi stack import`; the
state as it was is kept in a file. Asks Azure nothing and changes nothing there. A locked stack is left alone.
docs/runbooks/crash-recovery.md has the whole way.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from recovery.state import as_exported, resolved


def main() -> int:
    """The exit code is 0 when nothing is left to resolve, 1 when something is, or the engine's own."""
    parser = argparse.ArgumentParser(prog="python -m recovery", description="Go on after a killed update.")
    parser.add_argument("--stack", required=True)
    parser.add_argument(
        "--from", dest="copy", type=Path, help="a state to go back to: an export or a checkpoint"
    )
    parser.add_argument(
        "--backup", type=Path, default=Path(".pulumi/recovery"), help="folder of the states before"
    )
    arguments = parser.parse_args()
    exported = _pulumi("export", arguments.stack)
    if exported.returncode != 0:
        return exported.returncode
    try:
        text = arguments.copy.read_text(encoding="utf-8") if arguments.copy else exported.stdout
        before = as_exported(json.loads(text))
    except (OSError, ValueError) as error:
        print(f"{arguments.copy or 'the state'} cannot be used: {error}", file=sys.stderr)
        return 1
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
    print(f"the state before is in {_keep(arguments.backup, arguments.stack, exported.stdout)}", flush=True)
    imported = _pulumi("import", arguments.stack, json.dumps(after))
    if imported.returncode == 0:
        print("now run `pulumi up`")
    return imported.returncode


def _pulumi(verb: str, stack: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    command = ["pulumi", "stack", verb, "--stack", stack, "--non-interactive"]
    try:
        return subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=False)
    except FileNotFoundError:
        print('the Pulumi CLI is not on PATH: run `eval "$(make -s env)"` first', file=sys.stderr)
        return subprocess.CompletedProcess(command, 1, "")


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


if __name__ == "__main__":
    sys.exit(main())
