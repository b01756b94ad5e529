"""The command: `python -m probe --subscription ID --region NAME [--yes]`.

Without --yes it says what it would make, what that costs and how long it takes. With it, it first removes
what an earlier probe left, asks each question, removes all that it made, also after Ctrl-C, and writes the
answers. Exit codes: 0 it asked; 2 it cannot; 130 it was interrupted.
"""

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from azure.core.exceptions import AzureError

from core import login, regions
from core.login import Login, LoginError
from probe.asking import UNKNOWN, Probe
from probe.conversation import Conversation, UnknownError
from probe.questions import QUESTIONS
from probe.scene import Scene
from provider.azure_client import AzureClient
from provider.credential import complete, credential

ESTIMATE = """\
probe would make, in subscription {subscription}, region {region}:
{things}
Cost: less than 1 USD; keys and requests cost cents, and nothing else is used.
Time: 10 to 60 minutes, and up to {minutes:g} minutes for each question about a delay (--minutes).
Needs: Contributor and User Access Administrator on the subscription; what the login may not do stays unknown.
All of it is removed at the end, also after Ctrl-C; after a kill, run the command again with --clean.
Azure keeps a purge-protected vault soft-deleted for 7 days, and two accounts for 2, which costs nothing.
Say --yes to do it."""


def main(words: Sequence[str] | None = None, prog: str = "python -m probe") -> int:
    """Runs the command; its exit code. Failures are one message on stderr."""
    logging.getLogger("azure").addHandler(logging.NullHandler())
    try:
        return run(_parser(prog).parse_args(words))
    except (UnknownError, LoginError, AzureError) as error:
        print(f"probe: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("probe: interrupted", file=sys.stderr)
        return 130


def run(arguments: argparse.Namespace) -> int:
    """Asks, or says what it would do; the exit code. Raises UnknownError, LoginError, AzureError."""
    wanted = complete(login.login({}, os.environ))
    subscription, region = place(arguments.subscription, arguments.region, wanted)
    if not (arguments.yes or arguments.clean):
        things = "\n".join(f"  {', '.join(one.assumed)}: {one.makes}" for one in QUESTIONS)
        where = {"subscription": subscription, "region": region, "minutes": arguments.minutes}
        print(ESTIMATE.format(things=things, **where))
        return 0
    principal = AzureClient(wanted).principal()
    talk = Conversation(wanted.cloud, credential(wanted))
    who, seconds = (principal.tenant_id, principal.object_id), 60 * arguments.minutes
    probe = Probe(Scene(talk, subscription, region, *who, seconds))
    # A polite end is a Ctrl-C: what was made is removed first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    removed = probe.clean()
    if arguments.clean:
        print(f"probe: {removed} left by earlier probes" + ("; removed" if removed else ""))
    else:
        try:
            probe.ask()
        finally:
            write(probe, arguments.out)
    for one in probe.answers:
        print(f"{one.answer:10}{one.switch}: {one.why if one.answer == UNKNOWN else json.dumps(one.value)}")
    for text in probe.left:
        print(f"stays: {text}")
    return 0


def write(probe: Probe, folder: Path) -> None:
    """Writes the files, also of a probe that was interrupted."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in probe.files(datetime.now(UTC)).items():
        (folder / name).write_text(text, encoding="utf-8")


def place(subscription: str | None, region: str | None, wanted: Login) -> tuple[str, str]:
    """The subscription and the region to ask in. Raises UnknownError."""
    found = subscription or wanted.subscription_id
    if not found:
        raise UnknownError("no subscription is known; say --subscription ID, or set ARM_SUBSCRIPTION_ID")
    name = regions.normalised(region or "")
    if not name or regions.cloud_of(name) != wanted.cloud:
        raise UnknownError(f"--region: found {region!r}, expected a region of {wanted.cloud.name}")
    return found, name


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Test in a subscription of your own what this project assumes about Azure.",
        epilog=f"examples:\n  {prog} --region westeurope\n  {prog} --region westeurope --yes",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--subscription", metavar="ID", help="where to ask; default: the login's")
    parser.add_argument("--region", metavar="NAME", help="such as westeurope")
    parser.add_argument("--yes", action="store_true", help="do it; default: only say what would be done")
    parser.add_argument("--clean", action="store_true", help="only remove what an earlier probe left")
    waits = "how long to wait for each answer at most; default 90"
    parser.add_argument("--minutes", type=float, default=90, help=waits)
    parser.add_argument("--out", type=Path, default=Path(".probe"), help="folder to write to; default .probe")
    return parser


if __name__ == "__main__":
    sys.exit(main())
