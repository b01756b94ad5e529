"""A step of a pipeline that takes longer than a federated assertion lives: each process of it logs in with a
fresh one, on both platforms."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.review.test_platform_scripts import CLIENT, SUBSCRIPTION, TENANT, bash
from tests.support.stack import ROOT

LIFE_SECONDS = 60
STEP = """
source {login}
for number in 1 2 3; do
  pulumi up
  curl --silent {url}an-hour-passes
  # The file's text is the time of its assertion.
  until [[ $(cat "$AZURE_FEDERATED_TOKEN_FILE") -ge $(curl --silent {url}now) ]]; do :; done
done
"""
OUTAGE = """
source {login}
curl --silent {url}gives-none
until [[ $(curl --silent {url}refused) -ge 2 ]]; do :; done
echo "$(cat "$AZURE_FEDERATED_TOKEN_FILE")"
curl --silent {url}an-hour-passes
curl --silent {url}gives
until [[ $(cat "$AZURE_FEDERATED_TOKEN_FILE") -ge $(curl --silent {url}now) ]]; do :; done
"""
PULUMI = """#!/bin/bash
curl --silent --fail --data @"$AZURE_FEDERATED_TOKEN_FILE" {url}login || echo AADSTS700024
"""


@dataclass
class Entra:
    """A platform that makes assertions, and a login that takes each for a minute, by one clock."""

    url: str = ""
    now: int = 1_000_000
    gives: bool = True
    refused: int = 0
    logins: int = 0


@contextmanager
def platform() -> Iterator[Entra]:
    entra = Entra()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            status, answer = 200, ""
            if "/token" in self.path:
                entra.refused += not entra.gives
                status = 200 if entra.gives else 500
                answer = json.dumps({"value": str(entra.now), "oidcToken": str(entra.now)})
            elif "/now" in self.path:
                answer = str(entra.now)
            elif "/an-hour" in self.path:
                entra.now += 3600
            elif "/gives" in self.path:
                entra.gives = self.path == "/gives"
            elif "/refused" in self.path:
                answer = str(entra.refused)
            elif int(sent) + LIFE_SECONDS > entra.now:
                entra.logins += 1
            else:
                status = 401
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """A test's output is the scripts' own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    entra.url = f"http://127.0.0.1:{server.server_port}/"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield entra
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def environment(folder: Path, url: str) -> dict[str, str]:
    """A runner's, of both platforms, with a Pulumi CLI that only logs in."""
    bin = folder / "bin"
    bin.mkdir()
    for name, text in (("pulumi", PULUMI.format(url=url)), ("az", f"#!/bin/bash\necho {SUBSCRIPTION}\n")):
        (bin / name).write_text(text)
        (bin / name).chmod(0o755)
    github = {
        "RUNNER_TEMP": str(folder),
        "ARM_CLIENT_ID": CLIENT,
        "ARM_TENANT_ID": TENANT,
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "runner",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{url}token?api-version=2.0",
    }
    devops = {
        "AGENT_TEMPDIRECTORY": str(folder),
        "servicePrincipalId": CLIENT,
        "tenantId": TENANT,
        "idToken": "0",
        "SYSTEM_ACCESSTOKEN": "build",
        "SYSTEM_OIDCREQUESTURI": f"{url}token",
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "connection-1",
    }
    path = f"{bin}{os.pathsep}{os.environ['PATH']}"
    return {**github, **devops, "PATH": path, "ASSERTION_SECONDS": "0.1", "NO_PROXY": "127.0.0.1"}


@pytest.mark.parametrize("login", [".github/login.sh", ".azuredevops/login.sh"])
def test_each_process_of_a_long_step_logs_in(login: str, tmp_path: Path) -> None:
    """An hour after another, each with an assertion that lives a minute."""
    with platform() as entra:
        step = STEP.format(login=ROOT / login, url=entra.url)
        done = bash(step, tmp_path, environment(tmp_path, entra.url))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert entra.logins == 3


def test_a_platform_that_gives_none_for_a_while_is_asked_again(tmp_path: Path) -> None:
    """The assertion that is there stays until there is another."""
    with platform() as entra:
        step = OUTAGE.format(url=entra.url, login=ROOT / ".github/login.sh")
        done = bash(step, tmp_path, environment(tmp_path, entra.url))
    assert (done.returncode, done.stdout, done.stderr) == (0, "1000000\n", "")


def test_azure_devops_keeps_its_tokens_from_what_the_step_runs(tmp_path: Path) -> None:
    """The program and the providers have the assertion's file alone; only the renewal has what makes one."""
    with platform() as entra:
        given = environment(tmp_path, entra.url)
        done = bash(f"source {ROOT / '.azuredevops/login.sh'}\nenv", tmp_path, given)
    assert done.returncode == 0, done.stderr
    names = {line.partition("=")[0] for line in done.stdout.splitlines()}
    assert "AZURE_FEDERATED_TOKEN_FILE" in names
    assert not names & {"SYSTEM_ACCESSTOKEN", "idToken"}
