"""What an emergency takes, for the stack in hand.

    python -m emergency --stack dev                           the commands that take access to its keys away
    python -m emergency --stack dev --retire VERSION [--yes]  disables a version that no account is bound to

Print the commands while nothing is wrong, and keep them where Pulumi is not needed to read them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import AzureError

from emergency.outputs import chosen, stack_outputs
from emergency.page import page
from emergency.retire import NotRetiredError, retire
from emergency.target import NoTargetError, Target, key_of, target


def main() -> int:
    """Prints a page for each service, or disables a version; the exit code is 0 only if all of it went."""
    parser = argparse.ArgumentParser(description="Take access to a stack's keys away.")
    parser.add_argument("--stack", required=True)
    parser.add_argument("--service", help="of a stack of several services, only this one")
    parser.add_argument("--outputs", help="a file with the stack's outputs as JSON, instead of asking Pulumi")
    parser.add_argument("--retire", metavar="VERSION", help="disable a version that no account is bound to")
    parser.add_argument("--yes", action="store_true", help="with --retire: do it, not only say it")
    said = parser.parse_args()
    try:
        services = chosen(stack_outputs(said.stack, said.outputs), said.service)
        if said.retire is None:
            return _print_pages(services, said.stack)
        for line in retire(_only(services), said.retire, yes=said.yes):
            print(line)
    except (NoTargetError, NotRetiredError, AzureError) as error:
        print(f"emergency: {error}", file=sys.stderr)
        return 1
    return 0


def _print_pages(services: Mapping[str, Mapping[str, Any]], stack: str) -> int:
    refused = False
    for outputs in services.values():
        try:
            print(page(target(outputs), stack))
        except NoTargetError as error:
            refused = True
            print(f"emergency: {error}", file=sys.stderr)
    return 1 if refused else 0


def _only(services: Mapping[str, Mapping[str, Any]]) -> Target:
    if len(services) != 1:
        raise NoTargetError(f"name one with --service: {', '.join(services)}")
    return key_of(next(iter(services.values())))


if __name__ == "__main__":
    sys.exit(main())
