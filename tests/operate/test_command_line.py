"""The manners that all commands share."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from operate.__main__ import COMMANDS, main
from operate.fleet.command import ACTIONS
from tests.support.stack import ROOT

RUN = [sys.executable, "-m", "operate"]


@pytest.mark.parametrize(
    "command", ["", *sorted({*COMMANDS} - {"fleet"}), *(f"fleet {one}" for one in ACTIONS)]
)
def test_help_names_the_stack(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command has its help, and takes --stack and --json, as each action of `fleet` does; the whole has
    a line for each command, and the exit codes."""
    with pytest.raises(SystemExit, match="0"):
        main([*command.split(), "--help"])
    printed = capsys.readouterr().out
    assert (
        {"--stack NAME", "--json"} <= {*re.findall(r"--stack NAME|--json", printed)}
        if command
        else (all(name in printed for name in (*COMMANDS, "exit codes: 0 success;")))
    )


def test_the_pulumi_cli_is_run_in_one_way() -> None:
    """By the Automation API, in operate/stack.py. Nothing else starts a process, but fleets start git, and a
    process of its own makes the policy pack's configuration."""
    files = (ROOT / "operate").rglob("*.py")
    starts = re.compile(
        r"subprocess\.(?:run|Popen)\((?P<command>\w+)|os\.(?:system|exec|spawn)|create_subprocess"
    )
    found = {one.relative_to(ROOT).as_posix(): starts.findall(one.read_text()) for one in files}
    assert {name: each for name, each in found.items() if each} == {
        "operate/fleet/files.py": ["command"],
        "operate/stack.py": ["words"],
    }
    assert "[_git_command(), *words]" in (ROOT / "operate/fleet/files.py").read_text()
    assert '"policies.configuration"' in (ROOT / "operate/stack.py").read_text()


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (["settings", "--stack", "none"], [{"about": "settings", "result": "FAILED"}]),
        (["doctor", "--stack", "none"], [{"about": "backend", "result": "FAILED"}]),
    ],
)
def test_json_is_all_that_a_command_prints(
    words: list[str],
    written: list[dict[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Also where something is wrong."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main([*words, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [{name: one[name] for name in written[0]} for one in found][:1] == written


@pytest.mark.parametrize("words", [["nothing"], [], ["verify"], ["recover", "--stack"]])
def test_wrong_words_are_a_usage_error(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, with the usage."""
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert "usage: python -m operate" in capsys.readouterr().err


NEED_A_STACK = ("verify", "evidence", "revoke-commands", "recover")


@pytest.mark.parametrize("command", NEED_A_STACK)
def test_without_the_pulumi_cli_each_says_how_to_get_it(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, no traceback, exit code 2."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([command, "--stack", "dev"]) == 2
    printed = capsys.readouterr().err
    assert f"{command}: the Pulumi CLI is not on PATH: for a stack on the local Azure, run" in printed
    assert "Traceback" not in printed


def fake_pulumi(folder: Path, script: str) -> dict[str, str]:
    """An environment whose Pulumi CLI is a shell script."""
    file = folder / "pulumi"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("command", NEED_A_STACK)
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("incorrect passphrase", "incorrect passphrase"),
        ("no stack named dev", "`pulumi stack ls` lists those that it has"),
    ],
)
def test_what_the_engine_says_is_the_error(
    command: str,
    words: str,
    said: str,
    *,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No traceback; of a stack that is not there, how to find its name."""
    monkeypatch.setenv("PATH", fake_pulumi(tmp_path, f"echo error: {words} >&2; exit 255")["PATH"])
    assert main([command, "--stack", "dev"]) == 2
    assert said in capsys.readouterr().err


def test_a_python_without_the_packages_names_the_one_that_has_them() -> None:
    """Another than the clone's: the command is told with the interpreter, and there is no traceback."""
    words = [sys.executable, "-S", "-m", "operate", "verify"]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert f"{ROOT / '.venv' / 'bin' / 'python'} -m operate" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_ctrl_c_is_quiet(tmp_path: Path) -> None:
    """One word on stderr and exit code 130."""
    started = tmp_path / "started"
    env = fake_pulumi(tmp_path, f"touch {started}; exec sleep 60")
    running = subprocess.Popen(
        [*RUN, "verify", "--stack", "dev"],
        cwd=ROOT,
        env=env,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not started.exists() and running.poll() is None:
        time.sleep(0.02)
    # A terminal tells all that runs in its foreground.
    os.killpg(running.pid, signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert (running.returncode, errors) == (130, "verify: interrupted\n")


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    """Whoever pages the output and quits early sees no traceback."""
    outputs = tmp_path / "outputs.json"
    vault = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv"
    service = {
        "accountId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a",
        "principalId": "p",
        "vaultId": vault,
        "keyUriWithVersion": f"https://kv.vault.azure.net/keys/k/{'0' * 32}",
        "grantId": f"{vault}/accessPolicy/p",
        "kind": "TextAnalytics",
    }
    outputs.write_text(json.dumps({"services": {str(n): service for n in range(200)}}))
    words = f"{sys.executable} -m operate revoke-commands --stack dev --outputs {outputs} | head -1"
    done = subprocess.run(["bash", "-c", words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("# Emergency")
    assert done.stderr == ""
