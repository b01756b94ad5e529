"""What runs wherever Pulumi does assumes nothing of POSIX: program, components, provider, policies, review,
operations. The local Azure, the engine's installation and the pipelines' scripts are for Linux and macOS."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EVERYWHERE = ("core", "components", "settings", "provider", "policies", "review", "operate")
POSIX_MODULES = {"fcntl", "grp", "pwd", "resource", "syslog", "termios", "tty", "pty", "uvloop"}
"""Modules that Windows does not have. Source: docs.python.org/3/library, "Availability: Unix"."""
POSIX_NAMES = {
    "os": {"fork", "forkpty", "getuid", "geteuid", "getgid", "kill", "killpg", "setsid", "mkfifo", "chown"},
    "signal": {"SIGKILL", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "alarm", "pause", "sigwait"},
    "socket": {"AF_UNIX"},
}
"""Names that Windows does not have, or that do something else there: os.kill(pid, 0) is Ctrl-C."""


def assumed(tree: ast.AST) -> Iterator[str]:
    """The names of POSIX that a program uses."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name in POSIX_MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in POSIX_MODULES:
            yield str(node.module)
        elif isinstance(node, ast.ImportFrom) and node.module in POSIX_NAMES:
            names = POSIX_NAMES[str(node.module)]
            yield from (f"{node.module}.{one.name}" for one in node.names if one.name in names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in POSIX_NAMES.get(node.value.id, ()):
                yield f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.keyword) and node.arg in {
            "start_new_session",
            "preexec_fn",
            "process_group",
        }:
            yield str(node.arg)


def test_nothing_assumes_posix_where_windows_has_another_way() -> None:
    """In no part that runs wherever Pulumi does."""
    found = {
        (path.relative_to(ROOT).as_posix(), name)
        for folder in EVERYWHERE
        for path in (ROOT / folder).rglob("*.py")
        for name in assumed(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == set()
    assert not list(assumed(ast.parse((ROOT / "__main__.py").read_text())))


@pytest.mark.parametrize(
    ("program", "names"),
    [
        ("import fcntl", ["fcntl"]),
        ("from signal import SIGKILL, SIGINT", ["signal.SIGKILL"]),
        ("import os\nos.kill(1, 0)", ["os.kill"]),
        ("run(start_new_session=True)", ["start_new_session"]),
        ("import os, signal\nos.getpid()\nsignal.SIGINT", []),
    ],
)
def test_what_is_of_posix_is_seen(program: str, names: list[str]) -> None:
    """The walk finds modules, names and arguments, and nothing that every system has."""
    assert list(assumed(ast.parse(program))) == names


def test_every_file_is_read_and_written_in_one_encoding() -> None:
    """Windows would take its own code page for a text without a name for its encoding."""
    missing = [
        f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"
        for folder in EVERYWHERE
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"read_text", "write_text"}
        and not any(one.arg == "encoding" for one in node.keywords)
        and len(node.args) < (1 if node.func.attr == "read_text" else 2)
    ]
    assert missing == []


def test_the_readme_names_what_needs_linux_or_macos() -> None:
    """Who has Windows learns it before the first command fails."""
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert "On Windows, use WSL 2: the local Azure and the pipelines' scripts" in text
