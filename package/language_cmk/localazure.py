"""`language-cmk localazure`: the local Azure for the project in the current folder.

`up` and `down` deploy and destroy a stack of the project there; the other words are the local Azure's own. It
is a package by itself, of the extra `localazure`.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from language_cmk.core.commands import operate
from localazure import checkout, process
from localazure.__main__ import Word
from localazure.__main__ import main as local_azure
from localazure.home import Home

_PACK = Path(sys.prefix) / "share" / "language-cmk" / "policies"
_OWN = (sys.executable, "-m", "language_cmk")


def up(home: Home, stack: str) -> int:
    """Deploys the stack under the policy pack, and reads the proof back; the exit code."""
    steps = checkout.Steps(home, stack, operate("localazure"))
    code = (
        steps.quietly(("pulumi", "stack", "select", stack, "--create", "--non-interactive"))
        or steps.run("pulumi", "up", "--stack", stack, "--yes", "--policy-pack", str(_PACK))
        or steps.run(*_OWN, "verify", "--stack", stack)
    )
    if not code:
        print(
            f"\nThe local Azure's page:   {process.page_address(home)}\n"
            f"Pulumi on it:             {operate('localazure exec')} -- pulumi preview --stack {stack}\n"
            f"To end all of it:         {operate('localazure down')} --stack {stack}"
        )
    return code


def down(home: Home, stack: str) -> int:
    """Destroys the stack and, if it was the last one, ends the local Azure; the exit code."""
    if home.path.exists():
        steps = checkout.Steps(home, stack, operate("localazure"))
        code = steps.exists() and (
            steps.run("pulumi", "destroy", "--stack", stack, "--yes")
            or steps.run("pulumi", "stack", "rm", stack, "--yes", "--preserve-config")
        )
        if code:
            print(
                f"down: stack {stack} is still there. If its resources are protected, give the component "
                "`pulumi.ResourceOptions(protect=False)` (in a project of the template: `pulumi config set "
                f"protect false --stack {stack}`), and run `{operate('localazure up')} --stack {stack}`, "
                "then down again",
                file=sys.stderr,
            )
            return code
        states = (home.path / ".pulumi" / "backend" / ".pulumi" / "stacks").glob("*/*.json")
        if others := ", ".join(sorted(state.stem for state in states)):
            print(f"The local Azure goes on, because it has other stacks: {others}")
            return 0
    checkout.end(home)
    return 0


_WORDS: Mapping[str, Word] = {"up": up, "down": down}


def main(words: list[str]) -> int:
    """Runs a word of the local Azure; its exit code."""
    return local_azure(words, prog="language-cmk localazure", project=_WORDS)
