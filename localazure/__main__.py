"""The command line: `python3 -m localazure up|preview|review|evidence|down|setup [--stack NAME]` for a
checkout, `start|serve|stop|status|env|page|reset` for its local Azure, and `exec -- COMMAND`.

Whatever comes before `serve` is standard library only, so that a bare Python can begin.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import re
import shlex
import sys
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

if sys.version_info < (3, 11):  # noqa: UP036 - said before the first import that an older one cannot read
    sys.exit(
        "local Azure: found Python {}.{}, expected 3.11 or newer: install one, and name it, such as "
        "`python3.12 -m localazure up` or `make PYTHON=python3.12 up`".format(*sys.version_info)
    )

from localazure import checkout, execution, facts, process
from localazure.home import IN_CHECKOUT, SERVICES, Home, HomeError, home_of

Word = Callable[[Home, str], int]
"""What a command about a stack does, given the stack's name; its exit code."""


def main(
    arguments: list[str] | None = None, *, prog: str = "localazure", project: Mapping[str, Word] | None = None
) -> int:
    """Runs one command; the exit code is 0 if it succeeded. `project` has the commands about a stack where
    the caller brings them; a checkout has its own."""
    of_checkout = project is None and IN_CHECKOUT
    stacks = checkout.WORDS if of_checkout else project or {}
    typed = prog if project else f"python3 -m {prog}"
    words = sys.argv[1:] if arguments is None else arguments
    own, command = words, []
    if "--" in words:
        own, command = words[: words.index("--")], words[words.index("--") + 1 :]
    parser = _parser(prog, typed, {*stacks, *_COMMANDS, *(["setup"] if of_checkout else [])})
    given = parser.parse_args(own, argparse.Namespace(run=command))
    if bool(command) != (given.command == "exec"):
        parser.error(f"a command to run goes with exec: {typed} exec -- COMMAND")
    home = home_of(given.home, os.environ)
    try:
        if wanted := dict(given.port):
            _remember(home, {**home.ports(), **wanted})
        if given.command in _COMMANDS:
            code = _COMMANDS[given.command](home, given)
            sys.stdout.flush()
            return code
        done = checkout.set_up(words) if of_checkout else None
        return stacks[given.command](home, given.stack) if done is None else done
    except BrokenPipeError:
        # Whoever read the output has enough; what the interpreter still flushes at its end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except HomeError as error:
        print(f"local Azure: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{given.command}: interrupted", file=sys.stderr)
        return 130


def _parser(prog: str, typed: str, offered: Collection[str]) -> argparse.ArgumentParser:
    """The options; `typed` is what a person types for `prog`, `offered` are the commands that there are."""
    meanings = {word: text.format(typed=typed) for word, text in _MEANINGS.items() if word in offered}
    examples = [word for word in ("up", "status", "down") if word in offered]
    parser = argparse.ArgumentParser(
        prog=prog,
        description="A local Azure on loopback.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="commands:\n"
        + "".join(f"  {word:9} {meaning}\n" for word, meaning in meanings.items())
        + "examples:\n"
        + "".join(f"  {typed} {word}\n" for word in examples),
    )
    parser.add_argument("command", choices=meanings, metavar="COMMAND", help="one of the commands below")
    for name, option in _OPTIONS.items():
        parser.add_argument(f"--{name}", help=_FACTS["options"][name], **option)
    return parser


def _remember(home: Home, ports: Mapping[str, int]) -> None:
    """Stores the ports for the next start. Raises HomeError if a server runs and the ports are others,
    because clients find that server by the stored ports."""
    home.make()
    if ports != home.ports() and home.serving() is not None:
        raise HomeError(
            "the local Azure is running, and its ports are chosen when it starts; run `python3 -m localazure "
            "stop`, then this command again"
        )
    home.remember_ports(ports)


def _stack(text: str) -> str:
    if not re.fullmatch(r"[\w.-]+", text, re.ASCII):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a stack's name: expected letters, digits, hyphens, underscores and periods"
        )
    return text


def _port(text: str) -> tuple[str, int]:
    service, _, number = text.partition("=")
    if service not in SERVICES or not number.isdigit() or not 0 < int(number) < 65536:
        wanted = "|".join(SERVICES)
        raise argparse.ArgumentTypeError(f"{text!r} is not {wanted}=NUMBER with a number from 1 to 65535")
    return service, int(number)


def _start(home: Home, given: argparse.Namespace) -> int:
    begun = time.monotonic()
    how = process.start(home).format(f"{time.monotonic() - begun:.1f} s")
    print(f"local Azure: {how}, process {home.serving()}, state in {home.path}")
    return 0


def _exec(home: Home, given: argparse.Namespace) -> int:
    process.start(home)
    execution.run(home, given.run)


def _serve(home: Home, given: argparse.Namespace) -> int:
    # Only the server needs these, and every command counts its milliseconds.
    try:
        import uvloop  # noqa: PLC0415

        from localazure.serve import serve  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise HomeError(
            f"the package {error.name} is not installed; run `python3 -m localazure setup` first"
        ) from error

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        idle = None if given.idle is None else 60 * given.idle
        runner.run(serve(home, until_eof=given.until_eof, idle=idle))
    return 0


def _stop(home: Home, given: argparse.Namespace) -> int:
    stopped = process.stop(home)
    print(f"local Azure: {'stopped' if stopped else 'was not running'}, state in {home.path}")
    return 0


def _status(home: Home, given: argparse.Namespace) -> int:
    if not process.healthy(home):
        print(f"local Azure: not running, state in {home.path}")
        return 3
    ports = ", ".join(f"{name} {port}" for name, port in home.ports().items())
    print(f"local Azure: running, process {home.serving()}, ports: {ports}, state in {home.path}")
    print(f"its page, good for one login within ten minutes: {process.page_address(home)}")
    return 0


def _env(home: Home, given: argparse.Namespace) -> int:
    for name, value in execution.exports(home, os.environ):
        print(f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}")
    return 0


def _page(home: Home, given: argparse.Namespace) -> int:
    print(process.page_address(home))
    return 0


def _reset(home: Home, given: argparse.Namespace) -> int:
    was_running = process.stop(home)
    home.forget()
    print(f"local Azure: emptied, state in {home.path}")
    return _start(home, given) if was_running else 0


_FACTS = facts.read("commands.json")
_MEANINGS = _FACTS["meanings"]
_OPTIONS: dict[str, dict[str, Any]] = {
    "stack": {"type": _stack, "default": "dev"},
    "home": {},
    "port": {"type": _port, "action": "append", "default": [], "metavar": "SERVICE=NUMBER"},
    "until-eof": {"action": "store_true"},
    "idle": {"type": float, "metavar": "MINUTES"},
}
_COMMANDS = {
    "start": _start,
    "stop": _stop,
    "status": _status,
    "env": _env,
    "page": _page,
    "reset": _reset,
    "exec": _exec,
    "serve": _serve,
}

if __name__ == "__main__":
    raise SystemExit(main())
