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

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.stack import PATIENCE_SECONDS

# A reader of a page has set everything up before; make would look whether that still holds.
_PREAMBLE = """\
make() { command make --no-print-directory -o .venv/.synced "$@"; }
test ! -f .exports || source .exports
trap 'code=$?; export -p > .exports; exit $code' EXIT
"""
_FENCE = re.compile(r"^```(\w*) ?(.*)$")


@dataclass(frozen=True)
class Command:
    """One command, the exit code that it ends with, and the lines that it prints, among others."""

    text: str
    code: int
    prints: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """What stands below one heading."""

    heading: str
    commands: tuple[Command, ...]


def sections(page: str) -> list[Section]:
    """The sections of a page that have commands. Raises ValueError for a block that has none."""
    found: list[Section] = []
    heading, lines, wanted = "", iter(page.splitlines()), ""
    for line in lines:
        if line.startswith("#"):
            heading = line.lstrip("# ")
        fence = _FENCE.match(line)
        if fence is None:
            continue
        block = list(_block(lines))
        if fence[1] != "console":
            continue
        wanted = fence[2].removeprefix("exit=") or "0"
        commands = tuple(_commands(block, int(wanted)))
        if not commands:
            raise ValueError(f"a console block below {heading!r} has no line that begins with '$ '")
        if found and found[-1].heading == heading:
            commands = found.pop().commands + commands
        found.append(Section(heading, commands))
    return found


def missing(printed: str, expected: tuple[str, ...]) -> str | None:
    """The first of the expected lines that is not printed after those before it; None when all are."""
    lines = iter(" ".join(line.split()) for line in printed.splitlines())
    for wanted in expected:
        words = " ".join(wanted.split())
        pattern = re.compile(".*".join(re.escape(part) for part in words.split("…")))
        if not any(pattern.search(line) for line in lines):
            return wanted
    return None


def run(path: Path, folder: Path, env: Mapping[str, str]) -> Iterator[str]:
    """Runs a page in the checkout at `folder`; gives each section's heading once its commands have run.

    Raises AssertionError where a command ends or prints otherwise than the page says.
    """
    for section in sections(path.read_text()):
        for command in section.commands:
            _run(command, path.name, folder, env)
        yield section.heading


def _run(command: Command, page: str, folder: Path, env: Mapping[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{_PREAMBLE}{command.text}"],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    where = f"{page}: $ {command.text}"
    assert done.returncode == command.code, (
        f"{where}\nended with {done.returncode}, expected {command.code}:\n{done.stdout}"
    )
    lost = missing(done.stdout, command.prints)
    assert lost is None, f"{where}\ndid not print, in this place: {lost}\nbut:\n{done.stdout}"


def _block(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith("```"):
            return
        yield line


def _commands(block: list[str], last: int) -> Iterator[Command]:
    texts: list[list[str]] = []
    prints: list[list[str]] = []
    for line in block:
        if line.startswith("$ "):
            texts.append([line[2:]])
            prints.append([])
        elif texts and texts[-1][-1].endswith("\\") and not prints[-1]:
            texts[-1].append(line)
        elif texts and line.strip():
            prints[-1].append(line)
    for at, (text, printed) in enumerate(zip(texts, prints, strict=True)):
        yield Command("\n".join(text), last if at == len(texts) - 1 else 0, tuple(printed))
