"""A page of docs/runbooks/ as its test runs it: the commands that stand on it, in their order.

A page's fenced blocks that begin with ```console are run; all other blocks are for people alone. In such a
block

- a line that begins with `$ ` is a command, run by bash in the checkout, and a line after one that ends in a
  backslash goes on with it. What a command exports is there for the next ones.
- every other line is what a person should read: it must be found in what the command printed, in this order,
  on a line of its own or as a part of one. Runs of spaces count as one, and `…` stands for anything.
- a command must end with exit code 0; in a block that begins with ```console exit=N, the last one with N.

Owns: how a page is read and run. Does not own: what must be true of the cloud in between; the tests say that.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.support.stack import PATIENCE_SECONDS

# A reader of a page has set everything up before; make would look whether that still holds.
_PREAMBLE = """\
make() { command make --no-print-directory -o .venv/.synced "$@"; }
test ! -f .exports || source .exports
trap 'code=$?; export -p > .exports; exit $code' EXIT
"""
_PART = re.compile(r"^#+ (.*)$|^```(\w*) ?(?:exit=(\d+))?\n((?:.*\n)*?)```$", re.MULTILINE)
_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def run(path: Path, folder: Path, env: Mapping[str, str]) -> Iterator[str]:
    """Runs a page in the checkout at `folder`; gives each heading with console blocks once their commands
    have run. Raises AssertionError where a command ends or prints otherwise than the page says, and for a
    block without a command."""
    heading, sections = "", dict[str, list[tuple[str, str, int]]]()
    for title, kind, code, block in _PART.findall(path.read_text()):
        heading = title or heading
        if kind == "console":
            commands = _COMMAND.findall(block)
            assert commands, f"a console block below {heading!r} has no line that begins with '$ '"
            codes = [*[0] * (len(commands) - 1), int(code or 0)]
            own = [(text, prints, ends) for (text, prints), ends in zip(commands, codes, strict=True)]
            sections.setdefault(heading, []).extend(own)
    for heading, commands in sections.items():
        for text, prints, ends in commands:
            done = ran(text, folder, env)
            where = f"{path.name}: $ {text}\nprinted:\n{done.stdout}"
            assert done.returncode == ends, f"{where}\nended with {done.returncode}, expected {ends}"
            assert (lost := _missing(done.stdout, prints)) is None, f"{where}\nbut not, in this place: {lost}"
        yield heading


def ran(text: str, folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A line, run as a page's reader does in their shell."""
    return subprocess.run(
        ["bash", "-c", f"{_PREAMBLE}{text}"],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def _missing(printed: str, expected: str) -> str | None:
    """The first of the expected lines that is not printed after those before it; None when all are."""
    lines = iter(" ".join(line.split()) for line in printed.splitlines())
    for wanted in filter(None, (" ".join(line.split()) for line in expected.splitlines())):
        pattern = re.compile(".*".join(re.escape(part) for part in wanted.split("…")))
        if not any(pattern.search(line) for line in lines):
            return wanted
    return None
