"""The manners that all commands share; what a stack says, and what is said where the engine refuses."""

import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
from azure.core.exceptions import ClientAuthenticationError
from pulumi import automation
from pulumi.automation import CommandResult

from core.service.outputs import service_outputs
from operate import stack as engine
from operate.__main__ import COMMANDS, _parser, main
from operate.azure import UnansweredError, _answered
from operate.errors import OperateError
from operate.evidence.command import deployments
from operate.options import _account
from operate.stack import services
from operate.stack_file import stack_file
from tests.operate.test_revoke import OUTPUTS
from tests.support.stack import ROOT

GROUP = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg(1)"
ACCOUNT = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/lang-x"


ADOPT = ["adopt", "--stack", "x", "--name", "x", "--account"]
SHAPE = "/resourceGroups/GROUP/providers/Microsoft.CognitiveServices"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_each_command_has_examples_that_it_takes(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is parsed as a person would type it, and the help begins with a capital letter and keeps names."""
    command = COMMANDS[name]
    with pytest.raises(SystemExit, match="0"):
        main([*name.split(), "--help"], prog="language-cmk")
    help = capsys.readouterr().out
    assert f"{command.text[0].upper()}{command.text[1:]}." in " ".join(help.split())
    monkeypatch.setenv("ACCOUNT_ID", ACCOUNT)
    for example in command.examples:
        assert f"language-cmk {example}" in help
        words = shlex.split(os.path.expandvars(example.partition(" > ")[0]))
        assert _parser(words[0], "language-cmk", {}).parse_args(words).run


def test_a_shell_completes_commands_and_their_options(tmp_path: Path) -> None:
    """By argcomplete's protocol: the options are those of the command that the line has."""

    def completed(line: str) -> set[str]:
        offered = tmp_path / "offered"
        protocol = {
            "_ARGCOMPLETE": "1",
            "_ARGCOMPLETE_IFS": "\n",
            "_ARGCOMPLETE_STDOUT_FILENAME": str(offered),
            "COMP_LINE": line,
            "COMP_POINT": str(len(line)),
            "COMP_TYPE": "9",
        }
        command = [sys.executable, "-m", "operate"]
        subprocess.run(command, cwd=ROOT, env={**os.environ, **protocol}, capture_output=True, check=True)
        return {word.strip() for word in offered.read_text().split("\n")}

    assert completed("language-cmk ver") == {"verify"}
    assert {"--stack", "--revoked", "--write-project"} <= completed("language-cmk verify --")


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever installed the package without its extra reads that, and no traceback."""
    monkeypatch.setitem(sys.modules, "operate.verify", None)
    monkeypatch.setattr("operate.__main__.PACKAGE", "language_cmk.")
    assert main(["verify", "--stack", "prod"]) == 2
    assert "run `pip install 'language-cmk[operate]'`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        *((words, "") for words in (["nothing"], [], ["verify"], ["recover", "--stack"])),
        *((["fleet", *words], "") for words in (["preview", "--yes"], ["matrix", "--yes"], ["evidence"])),
        *(
            (["evidence", "--account", text], SHAPE)
            for text in ("lang-x", GROUP, f"{ACCOUNT}/projects/p", "")
        ),
        ([*ADOPT, f"{ACCOUNT}?a=b"], SHAPE),
        (["evidence", "--stack", "dev", "--sign-with", "evidence"], "'evidence' is not an https URI"),
    ],
)
def test_wrong_words_are_a_usage_error(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, with the usage, and nothing is asked. An action of a fleet takes no option of another,
    which would be passed over in silence."""
    with pytest.raises(SystemExit, match="2"):
        main(words)
    printed = capsys.readouterr().err
    assert "usage: python -m operate" in printed
    assert said in printed


def fake_pulumi(folder: Path, script: str) -> dict[str, str]:
    """An environment whose Pulumi CLI is a shell script."""
    file = folder / "pulumi"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("command", ["verify", "evidence", "revoke-commands", "recover"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "the Pulumi CLI is not on PATH: for a stack on the local Azure, run"),
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
    """In one line, without a traceback, exit code 2. Without the CLI, how to get it; of a stack that is not
    there, how to find its name."""
    environ = fake_pulumi(tmp_path, f"echo error: {words} >&2; exit 255") if words else {}
    monkeypatch.setenv("PATH", environ.get("PATH", "/none"))
    assert main([command, "--stack", "dev"]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith(f"{command}: ")
    assert said in printed
    assert "Traceback" not in printed


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
    words = [sys.executable, "-m", "operate", "verify", "--stack", "dev"]
    running = subprocess.Popen(
        words, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True, start_new_session=True
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
    outputs.write_text(json.dumps({"services": dict.fromkeys(map(str, range(200)), OUTPUTS)}))
    words = f"{sys.executable} -m operate revoke-commands --stack dev --outputs {outputs} | head -1"
    done = subprocess.run(["bash", "-c", words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("# Emergency")
    assert done.stderr == ""


def test_an_account_id_is_taken_as_people_paste_it() -> None:
    """In any case, with blanks around it or a slash at its end."""
    assert _account(f" {ACCOUNT}/\n") == ACCOUNT
    assert _account(ACCOUNT.upper()) == ACCOUNT.upper()


def test_a_refused_login_is_told_in_the_words_of_entra() -> None:
    """In one line, without the trace ids that mean nothing to who reads it."""
    said = "AADSTS7000215: Invalid client secret provided. Trace ID: 1 Correlation ID: 2"
    body = json.dumps({"error": "invalid_client", "error_description": said})
    response = SimpleNamespace(status_code=401, reason="", headers={}, text=lambda: body)
    error = ClientAuthenticationError(message="Authentication failed", response=response)
    with pytest.raises(UnansweredError, match=r"^the login was refused: AADSTS7000215: .* provided\.$"):
        _answered(MagicMock(side_effect=error))


def test_the_sdk_says_nothing_beside_the_command() -> None:
    """azure-identity warns of what the command reports itself; without a handler, Python prints that."""
    program = (
        "import logging, operate.__main__ as command\n"
        "try: command.main(['--help'])\n"
        "except SystemExit: logging.getLogger('azure.identity').warning('said twice')\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (ran.stderr, "usage" in ran.stdout) == ("", True)


ONE, TWO = {"accountId": "/a"}, {"accountId": "/b"}
FIRST, SECOND = map(service_outputs, (ONE, TWO))


def test_a_stack_has_one_service_or_several() -> None:
    """The only service needs no name, and may be asked for by it; of several each has its name. Stacks that
    were deployed before have the outputs of a single one at the top."""
    assert services({"services": {"x": ONE}, **ONE}) == {"": FIRST}
    assert services({"services": {"x": ONE}, **ONE}, "x") == {"x": FIRST}
    assert services(ONE) == {"": FIRST}
    several = {"services": {"x": ONE, "y": TWO}}
    assert services(several) == {"x": FIRST, "y": SECOND}
    assert services(several, "y") == {"y": SECOND}
    with pytest.raises(engine.StackError, match="no service 'z'; it has 'x', 'y'"):
        services(several, "z")


def test_a_tab_in_a_stacks_file_is_shown_in_its_line(tmp_path: Path) -> None:
    """YAML takes none there: the message has the file, the line and the text."""
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text("config:\n\ta: b\n")
    with pytest.raises(
        OperateError, match=r"(?s)Pulumi\.dev\.yaml cannot be read: .* at line 2, column 1.*a: b"
    ):
        stack_file(path)


def test_a_stack_that_has_nothing_was_never_updated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The backend dates it by its making, though an update of it takes many more calls than of another."""
    one = {"current": True, "lastUpdate": "2026-11-26T19:24:34.159Z"}
    stacks = json.dumps([{**one, "name": "a", "resourceCount": 17}, {**one, "name": "b", "resourceCount": 0}])
    monkeypatch.setenv("PATH", fake_pulumi(tmp_path, f"echo '{stacks}'")["PATH"])
    found = engine.last_updates()
    assert (found["a"][:19], found["b"], len(found)) == ("2026-11-26T19:24:34", "", 2)


LOCK = (
    "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or "
    "delete the lock file with `pulumi cancel`.\n  x.json: created by me@there (pid 7) at 9"
)


def made() -> engine.EngineStack:
    stack = engine.EngineStack.__new__(engine.EngineStack)
    stack.name = "prod-a"
    return stack


def failed(text: str) -> CommandResult:
    return CommandResult("", text, 255)


@pytest.mark.parametrize(
    ("error", "told", "way_out"),
    [
        (
            automation.StackNotFoundError(failed("error: no stack named 'prod-a' found")),
            engine.NoStackError,
            "`pulumi stack init prod-a`",
        ),
        (
            automation.ConcurrentUpdateError(failed(LOCK)),
            engine.LockedError,
            r"me@there \(pid 7\).*`pulumi cancel --stack prod-a --yes` and `.* recover --stack prod-a`",
        ),
        # A refresh logs in with the secret of the last update, whatever the stack's file says now.
        (
            automation.CommandError(failed("error: refused: AADSTS7000215: Invalid")),
            engine.UpdateError,
            "`pulumi up --stack prod-a --refresh --run-program`",
        ),
    ],
    ids=["no stack in the backend", "a lock", "a login that only the state still has"],
)
def test_what_keeps_a_refresh_from_running_is_told_with_its_way_out(
    error: Exception, told: type[Exception], way_out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not as an update that failed, which a repair could mend."""

    monkeypatch.setattr(automation.Stack, "preview_refresh", MagicMock(side_effect=error))
    with pytest.raises(told, match=way_out):
        made().drifted()


@pytest.mark.parametrize("command", ["planned", "updated", "drifted"])
def test_a_refresh_that_meets_a_deleted_key_is_followed_by_the_programs_words(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """azure-native fails on Key Vault's KeyNotFound before the program runs, which knows the way back."""
    unread, lost = 'Status=404 Code="KeyNotFound" Message="..."', "run `az keyvault key recover`"

    def run(*_: Any, refresh: bool = False, **__: Any) -> None:
        raise automation.CommandError(failed(f"error: {unread if refresh else lost}"))

    monkeypatch.setattr(automation.Stack, "preview", run)
    monkeypatch.setattr(automation.Stack, "up", run)
    monkeypatch.setattr(automation.Stack, "preview_refresh", partial(run, refresh=True))
    monkeypatch.setattr(engine, "_pack", dict)
    (plan := tmp_path / "plan.json").write_text("{}")
    with pytest.raises(engine.UpdateError) as told:
        getattr(made(), command)(*([plan] if command == "updated" else []))
    assert [one in str(told.value) for one in (unread, lost)] == [True, True]


def test_an_update_of_a_fleet_records_its_plan_and_who_approved_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the message of the stack's history, as the evidence reads it."""
    up = MagicMock(return_value=SimpleNamespace(outputs={}))
    monkeypatch.setattr(automation.Stack, "up", up)
    monkeypatch.setattr(automation.Stack, "refresh", lambda *_, **__: None)
    monkeypatch.setattr(engine, "_pack", dict)
    monkeypatch.setenv("APPROVAL", "pull request 7; approved by alice")
    (tmp_path / "plan.json").write_text("{}")
    made().updated(tmp_path / "plan.json")
    said, planned = up.call_args.kwargs, {"updatePlan": str(bool(up.call_args.kwargs["plan"])).lower()}
    update = {"kind": "update", "startTime": "2026-11-30T00:00:00Z", "result": "", "message": said["message"]}
    (found,) = deployments([{**update, "environment": planned}], datetime(2026, 1, 1, tzinfo=UTC))
    assert found.plan == hashlib.sha256(b"{}").hexdigest()
    assert (found.pull_request, found.approved_by) == ("7", "alice")
