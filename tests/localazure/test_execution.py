"""A command that is run in the local Azure reaches nothing else."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from localazure import checkout, execution, process
from localazure.__main__ import main
from localazure.environment import onward_of
from localazure.home import Home, HomeError
from tests.support.azure import RunningAzure, running_azure

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = {
    "ARM_CLIENT_SECRET": "mine",
    "AZURE_CLIENT_ID": "mine",
    "PULUMI_BACKEND_URL": "https://api.pulumi.example",
    "PULUMI_ACCESS_TOKEN": "mine",
    "https_proxy": "http://proxy.example:3128",
    "ALL_PROXY": "http://proxy.example:3128",
    "NO_PROXY": "management.azure.com,.vault.azure.net",
    "SSL_CERT_FILE": "/mine.pem",
    "IDENTITY_ENDPOINT": "http://169.254.169.254",
    "MSI_ENDPOINT": "http://169.254.169.254",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://token.example",
}


REGISTRIES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE")


@pytest.fixture
def steps(shared_azure: RunningAzure) -> checkout.Steps:
    return checkout.Steps(shared_azure.home, "dev")


def _exec(azure: RunningAzure, *command: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "localazure", "exec", "--home", str(azure.home.path), "--", *command]
    return subprocess.run(
        words, cwd=ROOT, env={**os.environ, **OUTSIDE}, capture_output=True, text=True, check=False
    )


def _without_outside(printed: str) -> dict[str, str]:
    """The environment that a command printed, in which nothing of the shell's own is."""
    found = dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)
    assert not {name for name in found if found[name] == OUTSIDE.get(name)}
    return found


def test_nothing_of_the_users_own_comes_along(shared_azure: RunningAzure) -> None:
    """Logins, backends, proxies and certificates of the shell are replaced or left out; a command's exit code
    comes back, and a missing one is told in a line."""
    found = _without_outside(_exec(shared_azure, "env").stdout)
    assert found["PULUMI_BACKEND_URL"].startswith("file://")
    assert found["HTTPS_PROXY"].startswith("http://127.0.0.1:")
    assert found["NO_PROXY"] == "127.0.0.1,localhost,::1"
    assert _exec(shared_azure, "sh", "-c", "exit 7").returncode == 7
    missing = _exec(shared_azure, "no-such-command")
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)
    assert "no command 'no-such-command'" in missing.stderr


def test_azure_native_counts_as_installed(tmp_path: Path) -> None:
    """`pulumi install` looks for the plugin of the Python package's version, finds a program, and downloads
    nothing: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/workspace/plugins.go, HasPlugin."""
    (tmp_path / "requirements.txt").write_text("pulumi==3.0.0\npulumi-azure-native==1.2.3 \\\n    --hash=x\n")
    for _ in range(2):
        execution.count_azure_native_as_installed(tmp_path, tmp_path / "home")
    plugin = tmp_path / "home" / "plugins" / "resource-azure-native-v1.2.3" / "pulumi-resource-azure-native"
    done = subprocess.run([plugin], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "azure-native is served by the local Azure\n")


def test_an_evaluated_environment_is_the_same(tmp_path: Path) -> None:
    """`make env` unsets what it does not set, whatever the folder is called; evaluated twice, the checkout's
    folders lead PATH once."""
    home = Home(tmp_path / 'it\'s $HOME "here"')
    printed = f'eval "$({sys.executable} -m localazure env --home {shlex.quote(str(home.path))})"'
    with running_azure(home.path):
        done = subprocess.run(
            ["sh", "-c", f"{printed}; {printed}; env"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **OUTSIDE},
            capture_output=True,
            text=True,
            check=True,
        )
    found = _without_outside(done.stdout)
    assert home.ca_bundle.read_text() in Path(found["SSL_CERT_FILE"]).read_text()
    folders = found["PATH"].split(os.pathsep)
    assert folders[:2] == [str(ROOT / ".pulumi" / "bin"), str(ROOT / ".venv" / "bin")]
    assert len([f for f in folders if f.startswith(str(ROOT))]) == 2


@pytest.mark.parametrize("certified", [False, True], ids=["no TLS", "a certificate of an authority outside"])
def test_fails_where_something_else_answers(
    shared_azure: RunningAzure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, certified: bool
) -> None:
    """A proxy that leads elsewhere is noticed before the command runs, also one that leads to Azure, whose
    authority the command trusts."""
    real, company = process.environment_of(shared_azure.home), trustme.CA()
    company.cert_pem.write_to_path(tmp_path / "company.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    company.issue_cert("management.azure.com").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as impostor:

        def answer() -> None:
            connection, _ = impostor.accept()
            with connection, suppress(ssl.SSLError):
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                if certified:
                    context.wrap_socket(connection, server_side=True)
                else:
                    connection.sendall(b"not TLS at all")

        threading.Thread(target=answer, daemon=True).start()
        found = {**real, "HTTPS_PROXY": f"http://127.0.0.1:{impostor.getsockname()[1]}"}
        monkeypatch.setattr(process, "environment_of", lambda *_: found)
        told = r"behind 127\.0\.0\.1:\d+ is not the local Azure .*nothing was run"
        outside = {"PATH": os.environ["PATH"], "SSL_CERT_FILE": str(tmp_path / "company.pem")}
        with pytest.raises(HomeError, match=told):
            execution.environment_for(shared_azure.home, outside)


def test_fails_where_none_runs(tmp_path: Path) -> None:
    """Without a server there is no environment."""
    with pytest.raises(HomeError, match="no local Azure is running"):
        execution.environment_for(Home(tmp_path), os.environ)


def test_fails_for_what_is_no_name_of_a_stack(capsys: pytest.CaptureFixture[str]) -> None:
    """Before a file of that name is asked for."""
    with pytest.raises(SystemExit):
        main(["preview", "--stack", "../dev"])
    assert "'../dev' is not a stack's name: expected letters, digits, hyphens" in capsys.readouterr().err


def test_no_line_of_the_makefile_reaches_a_cloud_by_itself() -> None:
    """GNU make 3.81, which macOS has, ignores `.ONESHELL` and `.SHELLFLAGS`: each line must be safe alone.
    Those that deploy, ask or destroy are one word of `python3 -m localazure` each."""
    text = (ROOT / "Makefile").read_text()
    assert ".ONESHELL" not in text
    recipes = dict(re.findall(r"^(\w+):.*\n((?:\t.*\n)+)", text, re.MULTILINE))
    assert {word: recipes[word].strip() for word in checkout.WORDS} == {
        word: f"@$(LOCAL) {word} --stack $(STACK)" for word in checkout.WORDS
    }
    others = "".join(recipe for word, recipe in recipes.items() if word not in checkout.WORDS)
    assert re.findall(r"-m operate|(?<![\w./])pulumi(?= )|review/\S+\.sh", others) == []


def test_registries_stay_within_reach(shared_azure: RunningAzure, tmp_path: Path) -> None:
    """Every client keeps the authorities that it had beside the local Azure's, and the shell's own proxy is
    kept for what is not Azure's, however deep one environment is in another."""
    company = trustme.CA().cert_pem.bytes().decode()
    authorities = {
        "REQUESTS_CA_BUNDLE": company,
        "SSL_CERT_FILE": "# OpenSSL's",
        "NODE_EXTRA_CA_CERTS": "# Node's",
    }
    outside = {**OUTSIDE, "PATH": os.environ["PATH"]}
    outside.pop("ALL_PROXY")
    for name, text in authorities.items():
        outside[name] = str(tmp_path / f"{name}.pem")
        Path(outside[name]).write_text(text)
    once = execution.environment_for(shared_azure.home, outside)
    trusted = {Path(once[name]) for name in REGISTRIES}
    whole = "\n".join([shared_azure.home.ca_bundle.read_text(), *authorities.values()])
    assert [file.read_text() for file in trusted] == [whole]
    assert len(ssl.create_default_context(cafile=once["SSL_CERT_FILE"]).get_ca_certs()) == 2
    assert onward_of(once) == ("http://proxy.example:3128", "management.azure.com,.vault.azure.net")
    twice = execution.environment_for(shared_azure.home, once)
    assert {name: twice.get(name) for name in once} == once


def test_the_login_of_a_proxy_stays_with_the_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They send it themselves, as they did before; the server, which anyone may ask, never has it."""
    monkeypatch.setenv("HTTPS_PROXY", "http://me:p%40ss@proxy.example:3128")
    with running_azure(tmp_path / "home") as azure:
        found = execution.environment_for(azure.home, os.environ)
        assert execution.environment_for(azure.home, found) == found
        server = Path(f"/proc/{azure.home.serving()}/environ").read_text().split("\0")
    assert found["HTTPS_PROXY"] == found["https_proxy"]
    assert re.fullmatch(r"http://me:p%40ss@127\.0\.0\.1:\d+", found["HTTPS_PROXY"])
    assert "LOCALAZURE_ONWARD_PROXY=http://proxy.example:3128" in server
    assert "p%40ss" not in str(server)


def test_every_step_of_a_word_runs_in_the_local_azure(
    shared_azure: RunningAzure, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """`up`, `preview`, `down` and the others hand nothing of the shell's own on to what they run; what runs
    quietly is heard where it fails."""
    for name, value in OUTSIDE.items():
        monkeypatch.setenv(name, value)
    steps = checkout.Steps(shared_azure.home, "dev")
    assert steps.run("env") == 0
    assert _without_outside(capfd.readouterr().out)["PULUMI_BACKEND_URL"].startswith("file://")
    assert [steps.quietly(("sh", "-c", f"echo why; exit {code}")) for code in (0, 3)] == [0, 3]
    assert capfd.readouterr() == ("", "why\n")
    assert (
        steps.quietly(
            ("sh", "-c", "exit 0"), ("sh", "-c", "echo one; exit 4"), ("sh", "-c", "echo two; exit 5")
        )
        == 4
    )
    assert capfd.readouterr() == ("", "one\ntwo\n")


def test_a_stack_without_settings_is_not_made(shared_azure: RunningAzure) -> None:
    """Pulumi would write a file with nothing but a salt, which a copied example then has to replace."""
    with pytest.raises(HomeError, match=r"found no Pulumi\.nowhere\.yaml; cp Pulumi\.prod\.example\.yaml"):
        checkout.Steps(shared_azure.home, "nowhere").select()
    assert not (ROOT / "Pulumi.nowhere.yaml").exists()


def test_an_interrupt_is_left_to_the_step(steps: checkout.Steps, tmp_path: Path) -> None:
    """Ctrl-C reaches the engine too, which ends its update in order: nobody kills it meanwhile, and the word
    ends after it."""
    ended = tmp_path / "ended"
    program = (
        "import os, pathlib, signal, time\n"
        "os.kill(os.getppid(), signal.SIGINT)\n"
        "while time.process_time() < 1: pass\n"
        f"pathlib.Path({str(ended)!r}).touch()\n"
    )
    with pytest.raises(KeyboardInterrupt):
        steps.run(sys.executable, "-c", program)
    assert ended.exists()


def test_a_checkout_is_set_up_once_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkout's own Python believes whoever started it, and looks for itself otherwise. Bytecode is
    kept, whatever a container image says: nothing compiles again what it imports."""
    run: list[object] = []

    def recorded(command: object, **_: object) -> subprocess.CompletedProcess[str]:
        run.append(command)
        return subprocess.CompletedProcess([], 0)

    monkeypatch.setattr(subprocess, "run", recorded)
    monkeypatch.setattr(sys, "prefix", str(ROOT / ".venv"))
    monkeypatch.setenv("LOCALAZURE_SET_UP", "true")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert checkout.set_up(["up"]) is None
    assert not run
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ
    assert checkout.set_up(["up"]) is None
    assert checkout.set_up(["setup"]) == 0
    assert len(run) == 2


@pytest.mark.parametrize(("word", "fails"), [(checkout.up, "up"), (checkout.preview, "preview")])
def test_a_step_that_fails_ends_the_word(
    word: Callable[[Home, str], int], fails: str, monkeypatch: pytest.MonkeyPatch, shared_azure: RunningAzure
) -> None:
    """Nothing is deployed where a step before it failed, and no proof is asked where `up` failed."""
    run: list[tuple[str, ...]] = []

    def recorded(_: checkout.Steps, command: Sequence[str], environ: object) -> int:
        run.append((command[0], command[1]))
        return 7 if command[:2] == ("pulumi", fails) else 0

    monkeypatch.setattr(checkout.Steps, "_run", recorded)
    monkeypatch.setattr(
        checkout.Steps, "quietly", lambda _, *commands: run.extend((one[0], one[1]) for one in commands)
    )
    assert word(shared_azure.home, "dev") == 7
    python = str(checkout.PYTHON)
    steps = [("pulumi", "stack"), *[(python, "-m")] * 2, ("pulumi", "preview"), ("pulumi", "up")]
    assert run == steps[: steps.index(("pulumi", fails)) + 1]


@pytest.mark.parametrize("verb", ["preview", "up", "destroy"])
def test_a_login_that_only_the_state_still_has_is_replaced(
    verb: str, monkeypatch: pytest.MonkeyPatch, steps: checkout.Steps, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refresh logs in with what the state has; the command is told that logs in as the settings say."""

    def refused(_: checkout.Steps, command: Sequence[str], environ: object) -> int:
        assert environ == {"PULUMI_DEBUG_COMMANDS": "true"}
        log = Path(command[command.index("--event-log") + 1])
        log.write_text('{"diagnosticEvent": {"message": "login was refused: AADSTS7000215: Invalid"}}')
        return 255

    monkeypatch.setattr(checkout.Steps, "_run", refused)
    assert steps.run("pulumi", verb) == 255
    printed = "`python3 -m localazure exec -- pulumi up --stack dev --refresh --run-program`"
    assert printed in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["preview", "up"])
def test_a_refresh_that_fails_at_what_is_gone_is_followed_by_the_programs_words(
    verb: str, monkeypatch: pytest.MonkeyPatch, steps: checkout.Steps
) -> None:
    """In a preview without a refresh, whose outcome changes nothing: the command has failed."""
    run: list[tuple[str, ...]] = []
    said = {"diagnosticEvent": {"message": 'Preview failed: Status=404 Code="KeyNotFound" Message=""'}}

    def refused(_: checkout.Steps, command: Sequence[str], environ: object) -> int:
        run.append((command[0], command[1]))
        if "--refresh" in command:
            Path(command[command.index("--event-log") + 1]).write_text(json.dumps(said))
        return 255 if "--refresh" in command else 0

    monkeypatch.setattr(checkout.Steps, "_run", refused)
    assert steps.run("pulumi", verb, "--refresh") == 255
    assert run == [("pulumi", verb), ("pulumi", "preview")]


@pytest.mark.parametrize("inside", [False, True])
def test_a_failure_says_once_how_its_commands_run_in_the_users_shell(
    inside: bool, monkeypatch: pytest.MonkeyPatch, steps: checkout.Steps, capsys: pytest.CaptureFixture[str]
) -> None:
    """pulumi and python are not on the PATH of whoever only said `up`; a shell that has the exports needs
    nothing."""
    monkeypatch.setattr(checkout.Steps, "_run", lambda *_: 255)
    if inside:
        monkeypatch.setenv("PULUMI_BACKEND_URL", steps._environ["PULUMI_BACKEND_URL"])
    assert steps.run("pulumi", "up") == 255
    assert capsys.readouterr().err.count('eval "$(python3 -m localazure env)"') == (not inside)


def test_who_comes_second_is_told_to_wait(
    monkeypatch: pytest.MonkeyPatch, steps: checkout.Steps, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The engine advises to cancel, which would let two updates overwrite each other's state. Of a process
    that is gone the command is named that removes its lock, as it runs in the user's own shell."""
    lock = tmp_path / "dev" / "0f8fad5b.json"
    lock.parent.mkdir()
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    monkeypatch.setattr(checkout, "_LOCKS", tmp_path)
    for pid, waits in ((os.getpid(), True), (gone.pid, False)):
        lock.write_text(json.dumps({"pid": pid, "username": "me", "hostname": "here"}))
        for quietly in (True, False):
            fails = ("sh", "-c", "exit 255")
            assert (steps.quietly(fails) if quietly else steps.run(*fails)) == 255
            told = capsys.readouterr().err
            assert (f"process {pid} is updating stack dev: wait" in told) is waits
            assert "eval" not in told
            cancels = "run `python3 -m localazure exec -- pulumi cancel --stack dev --yes`"
            assert (f"process {pid}, which locked stack dev, is gone: {cancels}" in told) is not waits


def test_down_keeps_what_other_stacks_need(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their vaults and accounts are in the same local Azure, and their states in the same backend: both go
    with the last stack, and each that is destroyed is named. What it prints names each of the others, and
    ends them when it is pasted; of one that is protected, what to set."""
    states = tmp_path / ".pulumi" / "backend" / ".pulumi" / "stacks" / "language-cmk"
    home, other, protected = Home(tmp_path / "azure"), states.parent / "claims" / "dev.json", 255

    class Recorded:
        def __init__(self, home: Home, stack: str) -> None:
            self._state = states / f"{stack}.json"

        def exists(self) -> bool:
            return self._state.exists()

        def run(self, *command: str) -> int:
            if command[1] == "destroy" and not protected:
                self._state.unlink()
            return protected

    for file in (home.path / "file", other, *(states / f"{name}.json" for name in ("dev", "staging"))):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    monkeypatch.setattr(checkout, "Steps", Recorded)
    monkeypatch.setattr(checkout, "ROOT", tmp_path)
    monkeypatch.setattr(checkout, "_STATES", states)
    assert checkout.down(home, "dev") == 255
    assert "set language-cmk:protect: false in Pulumi.dev.yaml" in capsys.readouterr().err
    protected = 0
    ending = "project claims, with the exports of `python3 -m localazure env`: pulumi destroy --stack dev && "
    for stack, last in (("dev", " --stack staging"), ("staging", "")):
        assert checkout.down(home, stack) == 0
        said = capsys.readouterr().out
        assert "goes on, because it has other stacks" in said
        of_other, own = re.findall(r"^  (.+)$", said, re.MULTILINE)
        assert of_other.endswith(f"{ending}pulumi stack rm dev")
        assert own == f"python3 -m localazure down{last}"
    assert home.path.exists()
    other.unlink()
    assert checkout.down(home, "dev") == 0
    assert capsys.readouterr().out == ""
    assert not home.path.exists()
    assert not (tmp_path / ".pulumi" / "backend").exists()
