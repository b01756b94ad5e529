"""A step of a pipeline that takes longer than a federated assertion lives: each process of it logs in at the
local Azure with a fresh one, on both platforms."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest

from localazure import login, seed
from localazure.cloud import Cloud
from localazure.front import Raw
from tests.review.loopback import serving
from tests.review.running import bash
from tests.review.test_platform_scripts import CLIENT, SUBSCRIPTION, TENANT
from tests.support.front import Door
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


@pytest.fixture(autouse=True)
def a_minute_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local Azure's login takes an assertion, whose text is the time of its making, for a minute."""

    def prove(cloud: Cloud, form: Mapping[str, str]) -> None:
        if float(form["client_assertion"]) + LIFE_SECONDS <= cloud.clock.now():
            raise login.RefusedError(700027, client=form["client_id"])

    monkeypatch.setattr(login, "_prove", prove)


@dataclass
class Platform:
    """A platform that makes assertions by the clock of a local Azure, and hands them on to its login."""

    door: Door = field(default_factory=Door)
    gives: bool = True
    refused: int = 0
    logins: int = 0

    @property
    def now(self) -> int:
        return int(self.door.cloud.clock.now())

    def token(self, assertion: str) -> int:
        """The status with which the login host answers an assertion."""
        form = {
            "grant_type": "client_credentials",
            "scope": "https://management.azure.com/.default",
            "client_id": seed.DEPLOYER.client_id,
            "client_assertion": assertion,
        }
        path, host = f"/{seed.TENANT_ID}/oauth2/v2.0/token", "login.microsoftonline.com"
        raw = Raw("POST", host, path, "", {"host": host}, urlencode(form).encode())
        with self.door.one_at_a_time:
            return self.door.front.answer(raw).status

    def answer(self, path: str, sent: str) -> tuple[int, str]:
        status, text = 200, ""
        if "/token" in path:
            self.refused += not self.gives
            status = 200 if self.gives else 500
            text = json.dumps({"value": str(self.now), "oidcToken": str(self.now)})
        elif "/now" in path:
            text = str(self.now)
        elif "/an-hour" in path:
            self.door.cloud.clock.advance(3600)
        elif "/gives" in path:
            self.gives = path == "/gives"
        elif "/refused" in path:
            text = str(self.refused)
        else:
            status = self.token(sent)
            self.logins += status == 200
        return status, text


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


@pytest.mark.parametrize("script", [".github/login.sh", ".azuredevops/login.sh"])
def test_each_process_of_a_long_step_logs_in(script: str, tmp_path: Path) -> None:
    """An hour after another, each with an assertion that lives a minute: the first one is refused by then."""
    own = Platform()
    first = str(own.now)
    with serving(own.answer) as platform:
        step = STEP.format(login=ROOT / script, url=platform.url)
        done = bash(step, tmp_path, environment(tmp_path, platform.url))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (own.logins, own.token(first), own.token(str(own.now))) == (3, 401, 200)


def test_a_platform_that_gives_none_for_a_while_is_asked_again(tmp_path: Path) -> None:
    """The assertion that is there stays until there is another."""
    first = (own := Platform()).now
    with serving(own.answer) as platform:
        step = OUTAGE.format(url=platform.url, login=ROOT / ".github/login.sh")
        done = bash(step, tmp_path, environment(tmp_path, platform.url))
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{first}\n", "")


def test_azure_devops_keeps_its_tokens_from_what_the_step_runs(tmp_path: Path) -> None:
    """The program and the providers have the assertion's file alone; only the renewal has what makes one."""
    with serving(Platform().answer) as platform:
        given = environment(tmp_path, platform.url)
        done = bash(f"source {ROOT / '.azuredevops/login.sh'}\nenv", tmp_path, given)
    assert done.returncode == 0, done.stderr
    names = {line.partition("=")[0] for line in done.stdout.splitlines()}
    assert "AZURE_FEDERATED_TOKEN_FILE" in names
    assert not names & {"SYSTEM_ACCESSTOKEN", "idToken"}
