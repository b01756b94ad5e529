"""How pages are read, and that each of them is run."""

import re
from pathlib import Path

import pytest

from tests.runbooks import page
from tests.runbooks.conftest import PAGES
from tests.support.az import COMMANDS, commands_in

TEXT = """\
Words, and `$ not a command`.
## First
```console
$ export A="b \\
  c"
$ echo "a  $A"; echo else; exit 2
a b c
else
```
```sh
$ for people alone
```
## Second
```console
$ echo "d $A e"
d … e
```
"""


def followed(folder: Path, text: str) -> list[str]:
    (folder / "x.md").write_text(text)
    return list(page.run(folder / "x.md", folder, {"PATH": "/usr/bin:/bin"}))


def test_commands_are_run_in_order_with_what_they_export(tmp_path: Path) -> None:
    """Continued lines belong to a command, other lines are what it prints; only console blocks count."""
    assert followed(tmp_path, TEXT.replace("console", "console exit=2", 1)) == ["First", "Second"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", "ended with 2, expected 0"),
        ("exit 2\na b c\nelse", "true\nelse\na b c", "in this place: a b c"),
        ("exit 2\na b c\nelse", "true\nelse\nelse", "in this place: else"),
        ("exit 2\na b c", "true\nb … d", "in this place: b … d"),
        ('$ echo "d', 'echo "d', "below 'Second' has no line that begins with"),
    ],
)
def test_fails_where_a_command_ends_or_prints_otherwise(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    """The message has the page, the command and what it printed."""
    text = TEXT.replace(old, new)
    with pytest.raises(AssertionError, match=said):
        followed(tmp_path, text)


_RUN = re.compile(r"^```console.*\n(?:.*\n)*?```$", re.MULTILINE)
_TYPED = re.compile(r"^```sh\n((?:.*\n)*?)```$|`([^`]+)`", re.MULTILINE)


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.md")), ids=lambda path: path.stem)
def test_the_commands_of_a_page_are_typed_as_they_stand(path: Path) -> None:
    """Those that no test runs: az has each with its options, and requires no other; a word in capitals is
    the only form of what is left for the reader."""
    text = _RUN.sub("", path.read_text().replace("\\\n", ""))
    commands = [command for found in _TYPED.findall(text) for command in found if command]
    assert [command for command in commands if "…" in command or re.search(r" <[\w-]+>", command)] == []
    for words, options in commands_in("; ".join(commands)):
        assert not options or {*COMMANDS[words]["required"]} <= {*options}


def test_every_page_is_run_by_a_test_and_listed() -> None:
    """A page that nobody runs soon says what no longer holds."""
    tests = Path(__file__).with_name("test_runbooks.py").read_text()
    index = (PAGES / "README.md").read_text()
    names = {file.stem for file in PAGES.glob("*.md")} - {"README"}
    assert {name for name in names if f'("{name}"' not in tests} == set()
    assert {name for name in names if f"]({name}.md)" not in index} == set()
