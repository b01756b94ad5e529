"""The command: `python -m operate revoke-commands --stack NAME`.

Prints, for each service, the commands that take access to its key away without Pulumi, and give it back.
Print them while nothing is wrong, and keep them where Pulumi is not needed to read them.
"""

from __future__ import annotations

import argparse
import sys

from operate.revoke.page import page
from operate.revoke.target import NoTargetError, target
from operate.stack import add_stack, outputs, services


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_stack(parser)
    parser.add_argument("--service", metavar="NAME", help="of a stack of several services, only this one")
    parser.add_argument(
        "--outputs", metavar="FILE", help="the stack's outputs as JSON, instead of asking Pulumi"
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints a page for each service; the exit code is 1 where one has no access to take away."""
    found = outputs(
        arguments.stack, arguments.outputs, otherwise=", or name a file with the outputs with --outputs"
    )
    refused = False
    for service in services(found, arguments.service).values():
        try:
            print(page(target(service), arguments.stack))
        except NoTargetError as error:
            refused = True
            print(f"revoke-commands: {error}", file=sys.stderr)
    return 1 if refused else 0
