"""The command line. Each command is a module with `run(arguments) -> exit code`; options.py has its options.

Exit codes of every command: 0 success; 1 something is wrong, and all of it was printed; 2 the command
cannot run (wrong arguments, no login, no stack, no Pulumi CLI); 130 interrupted.
"""

import argparse
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

try:
    from azure.core.exceptions import AzureError
except ModuleNotFoundError:
    print(
        "operate: this Python has no packages of Azure; expected the clone's, which `python3 -m localazure "
        f"setup` installs: {Path(__file__).resolve().parents[1] / '.venv' / 'bin' / 'python'} -m operate",
        file=sys.stderr,
    )
    sys.exit(2)

from core.login import LoginError
from core.published import PACKAGE
from operate import options
from operate.errors import OperateError


class Command(NamedTuple):
    """A command: its module in this package, a sentence for the help, and what people type after the
    program's name."""

    module: str
    text: str
    examples: tuple[str, ...]


COMMANDS = {
    "doctor": Command(
        "doctor",
        "check what would prevent a first deployment",
        ("doctor --stack prod",),
    ),
    "settings": Command(
        "checked_settings",
        "check a stack's settings, without Pulumi and Azure",
        ("settings --stack prod", "settings --stack prod --fix"),
    ),
    "verify": Command(
        "verify",
        "prove that a stack's accounts are under its keys, or cut off from them",
        ("verify --stack prod", "verify --stack prod --write-project", "verify --stack prod --revoked"),
    ),
    "scan": Command(
        "scan",
        "list each AI account of subscriptions with its key and one next step",
        ("scan --subscription 11111111-1111-4111-8111-111111111111",),
    ),
    "evidence": Command(
        "evidence.command",
        "write what an auditor asks about keys, signed if you like",
        (
            "evidence --stack prod --out evidence-2026-q4",
            "evidence --subscription 11111111-1111-4111-8111-111111111111",
            "evidence --stack prod --sign-with https://kv-audit.vault.azure.net/keys/evidence",
        ),
    ),
    "evidence verify": Command(
        "evidence.verify",
        "say what a report proves, from its files alone",
        ("evidence verify evidence-2026-q4",),
    ),
    "adopt": Command(
        "adopt.command",
        "write settings and an import file for existing accounts",
        ('adopt --stack adopted --account "$ACCOUNT_ID" --name claims',),
    ),
    "revoke-commands": Command(
        "revoke",
        "print the az commands that take access to the keys away",
        ("revoke-commands --stack prod > revoke.sh",),
    ),
    "revoke": Command(
        "drill",
        "drill: take access to a key away, measure, and give it back",
        ("revoke --drill --stack rehearsal",),
    ),
    "recover": Command(
        "recover",
        "repair a stack's state after a crash",
        ("recover --stack prod", "recover --stack prod --yes"),
    ),
    "fleet": Command(
        "fleet.command",
        "preview, update, rotate and prove many stacks at once",
        ("fleet preview", "fleet up --ring canary --yes"),
    ),
}


def main(
    words: Sequence[str] | None = None,
    *,
    prog: str = "python -m operate",
    more: Mapping[str, str] = MappingProxyType({}),
) -> int:
    """Runs a command; its exit code. Failures are one message on stderr, never a traceback. `more` are the
    commands that the caller runs itself, each with a sentence for the help."""
    given = sys.argv[1:] if words is None else list(words)
    # The clients warn of what a command reports itself; a logger without a handler prints it.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    is_completing = "_ARGCOMPLETE" in os.environ
    typed = os.environ["COMP_LINE"].split()[1:] if is_completing else given
    chosen = next((word for word in typed if not word.startswith("-")), "")
    try:
        parser = _parser(chosen, prog, more)
        if is_completing:
            import argcomplete  # noqa: PLC0415 - a shell asks what can follow; it ends this process

            argcomplete.autocomplete(parser)
        arguments = parser.parse_args(given)
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except ModuleNotFoundError as error:
        install = "pip install 'language-cmk[operate]'" if PACKAGE else "python3 -m localazure setup"
        print(f"{chosen}: the Python package {error.name} is not installed: run `{install}`", file=sys.stderr)
        return 2
    except (OperateError, LoginError, AzureError) as error:
        print(f"{chosen}: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, OperateError) else 2
    except KeyboardInterrupt:
        print(f"{chosen}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of the output closed it, so the interpreter's last flush goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _parser(chosen: str, prog: str, more: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Operate services whose data is encrypted with your key.",
        epilog="exit codes: 0 success; 1 something is wrong; 2 the command cannot run",
    )
    commands = {"": parser.add_subparsers(required=True, metavar="COMMAND")}
    for name, command in COMMANDS.items():
        parent, _, word = name.rpartition(" ")
        if parent not in commands:
            continue
        own = commands[parent].add_parser(
            word,
            help=command.text,
            description=f"{command.text[0].upper()}{command.text[1:]}.",
            epilog="\n  ".join(["examples:", *(f"{prog} {words}" for words in command.examples)]),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        # The others' modules, with the SDKs that they need, are not loaded.
        if chosen in (name, parent):
            module = import_module(f"{__package__}.{command.module}")
            if name == "fleet":
                module.configure(own)
            else:
                for option, how in options.OPTIONS[name]:
                    own.add_argument(option, **how)
            own.set_defaults(run=module.run)
            if any(other.startswith(f"{name} ") for other in COMMANDS):
                commands[name] = own.add_subparsers(metavar="COMMAND")
    for name, text in more.items():
        commands[""].add_parser(name, help=text)
    return parser


if __name__ == "__main__":
    sys.exit(main())
