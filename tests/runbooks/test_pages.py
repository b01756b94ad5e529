"""How pages are read, and that each of them is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runbooks import page
from tests.runbooks.conftest import PAGES

TEXT = """\
# A page
Words, and `$ not a command`.
## First
```console
$ one --a \\
    --b
read this
$ two
```
```sh
$ for people alone
```
```console exit=2
$ three
```
## Second
```console
$ four
```
"""


def test_commands_are_read_by_section_with_what_they_print() -> None:
    """Continued lines belong to a command, other lines are what it prints; only console blocks count."""
    first, second = page.sections(TEXT)
    assert (first.heading, second.heading) == ("First", "Second")
    assert [command.text for command in first.commands] == ["one --a \\\n    --b", "two", "three"]
    assert [command.code for command in first.commands] == [0, 0, 2]
    assert first.commands[0].prints == ("read this",)


def test_fails_on_a_block_without_a_command() -> None:
    """A block that looks as if it were tested, and is not, is refused."""
    with pytest.raises(ValueError, match="has no line that begins with"):
        page.sections("## H\n```console\nprinted\n```\n")


@pytest.mark.parametrize(
    ("expected", "lost"),
    [
        (("ok  vault", "done"), None),
        (("ok … kv-one", "done"), None),
        (("done", "ok vault"), "ok vault"),
        (("done", "done"), "done"),
        (("ok …kv-two",), "ok …kv-two"),
    ],
)
def test_printed_lines_are_looked_for_in_order(expected: tuple[str, ...], lost: str | None) -> None:
    """Each on a line of its own, with runs of spaces as one and … for anything."""
    assert page.missing("  ok   vault kv-one\nelse\ndone", expected) == lost


@pytest.mark.parametrize(
    ("command", "code", "prints"), [("false", 0, ()), ("echo a", 1, ()), ("echo a", 0, ("b",))]
)
def test_fails_where_a_command_ends_or_prints_otherwise(
    command: str, code: int, prints: tuple[str, ...], tmp_path: Path
) -> None:
    """The message has the page, the command and what it printed."""
    text = "\n".join(["## H", f"```console exit={code}", f"$ {command}", *prints, "```"])
    file = tmp_path / "x.md"
    file.write_text(text)
    with pytest.raises(AssertionError, match=rf"x\.md: \$ {command}"):
        list(page.run(file, tmp_path, {"PATH": "/usr/bin:/bin"}))


def test_what_one_command_exports_the_next_one_has(tmp_path: Path) -> None:
    """As in the shell of the person who follows the page."""
    file = tmp_path / "x.md"
    file.write_text("## H\n```console\n$ export A=b\n$ echo $A\nb\n```\n")
    assert list(page.run(file, tmp_path, {"PATH": "/usr/bin:/bin"})) == ["H"]


def test_every_page_is_run_by_a_test_and_listed() -> None:
    """A page that nobody runs soon says what no longer holds."""
    tests = "".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))
    index = (PAGES / "README.md").read_text()
    names = {file.stem for file in PAGES.glob("*.md")} - {"README"}
    assert {name for name in names if f'run("{name}")' not in tests} == set()
    assert {name for name in names if f"]({name}.md)" not in index} == set()
