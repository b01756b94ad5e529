"""What runs wherever Pulumi does assumes nothing of POSIX: program, components, provider, policies, review,
operations. The local Azure, the engine's installation and the pipelines' scripts are for Linux and macOS."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EVERYWHERE = ("core", "components", "settings", "provider", "policies", "review", "operate")
POSIX = re.compile(
    r"^\s*(?:import|from) (?:fcntl|grp|pwd|resource|syslog|termios|tty|pty|uvloop)\b"
    r"|\bos\.(?:fork|forkpty|getuid|geteuid|getgid|kill|killpg|setsid|mkfifo|chown)\b"
    r"|\bsignal\.(?:SIGKILL|SIGHUP|SIGUSR1|SIGUSR2|SIGALRM|alarm|pause|sigwait)\b"
    r"|\bsocket\.AF_UNIX\b|\b(?:start_new_session|preexec_fn|process_group)="
    r"|^from (?:os|signal|socket) import",
    re.MULTILINE,
)
"""What Windows does not have (docs.python.org/3/library, "Availability: Unix"), or what does something else
there: os.kill(pid, 0) is Ctrl-C."""
FILES = [path for folder in EVERYWHERE for path in (ROOT / folder).rglob("*.py")] + [ROOT / "__main__.py"]


def test_nothing_assumes_posix_where_windows_has_another_way() -> None:
    """In no part that runs wherever Pulumi does."""
    assert POSIX.search("import os\nos.kill(1, 0)")
    found = {path.relative_to(ROOT).as_posix(): POSIX.findall(path.read_text("utf-8")) for path in FILES}
    assert {name: each for name, each in found.items() if each} == {}


def test_every_file_is_read_and_written_in_one_encoding() -> None:
    """Windows would take its own code page for a text without a name for its encoding."""
    missing = [
        f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"
        for path in FILES
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
