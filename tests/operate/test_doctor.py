"""`doctor` tells before any stack exists what a first deployment would meet."""

import argparse
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.login import Login
from localazure import seed
from localazure.authorization import assign_role
from localazure.directory import create_principal
from operate import checked_settings, doctor
from operate.__main__ import main
from operate.stack import StackError
from operate.stack_file import PROGRAM
from tests.components.guards.first_deployments import (
    ROWS,
    SUBSCRIPTION,
    FirstDeployment,
    account,
    as_settings,
)
from tests.components.test_managed_hsm import KEY as HSM_KEY
from tests.components.test_role_files import make_role, permissions
from tests.support.az import carry_out
from tests.support.local_deployment import Deployment

Printed = pytest.CaptureFixture[str]
LOGIN = Login(settings={"subscriptionId": seed.SUBSCRIPTION_ID})
SETTINGS = "config:\n  language-cmk:name: claims\n  language-cmk:location: westeurope\n"


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """A cloud in this process that the command asks, and a settings file of a stack that does not exist."""
    made = Deployment()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.first.yaml").write_text(SETTINGS)
    monkeypatch.setattr(doctor, "connect", lambda found: made.azure)
    monkeypatch.setattr("operate.login.of_new_stack", lambda stack: LOGIN)
    monkeypatch.setattr(doctor, "outputs", fails("no stack"))
    monkeypatch.setattr(doctor, "backend", lambda: checked_settings.Line("backend", "ok", ""))
    return made


def fails(text: str) -> Callable[[str], Any]:
    def fail(stack: str) -> Any:
        raise StackError(text)

    return fail


def told(capsys: Printed) -> tuple[int, list[dict[str, str]]]:
    """The exit code and the lines of a run."""
    code = doctor.run(argparse.Namespace(stack="first", json=True))
    return code, json.loads(capsys.readouterr().out)[1:]


def test_all_is_well(deployment: Deployment, capsys: Printed) -> None:
    """Each check says that nothing is in the way, nothing is written, and the exit code is 0; of the terms
    nobody can tell before there is an account of the kind."""
    code, lines = told(capsys)
    (rights, terms) = [line for line in lines if line["result"] != "ok"]
    assert rights["about"] == "rights"
    assert "whether the terms of kind TextAnalytics are accepted" in terms["found"]
    account(SUBSCRIPTION, "rg-hub", "lang-other")(deployment)
    deployment.sent.clear()
    code, lines = told(capsys)
    assert [line for line in lines if line["result"] != "ok"] == [rights]
    assert {"names", "validation", "locks"} <= {line["about"] for line in lines}
    assert (code, deployment.writes()) == (0, [])


def test_a_missing_cli_is_told_once(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    """The login is read by the CLI, too: no line advises a login where the CLI is what lacks."""
    monkeypatch.setattr("operate.login.of_new_stack", fails("the Pulumi CLI is not on PATH"))
    code, lines = told(capsys)
    assert (code, lines[-1]["about"], "az login" in str(lines)) == (1, "login", False)
    failed = checked_settings.Line("backend", "FAILED", "the Pulumi CLI is not on PATH")
    monkeypatch.setattr(doctor, "backend", lambda: failed)
    assert [line["about"] for line in told(capsys)[1]] == ["settings"]


@pytest.mark.parametrize("file", ["config:\n  shop:color: red\nencryptionsalt: v1:x\n", None])
def test_a_program_of_ones_own_is_left_to_its_preview(
    file: str | None, deployment: Deployment, capsys: Printed
) -> None:
    """It has no settings of this project, whether or not its stack has a file yet: one line says who asks
    Azure in its place, and the login is looked at all the same."""
    Path("Pulumi.yaml").write_text("name: shop\nruntime: yaml\n")
    path = Path("Pulumi.first.yaml")
    path.unlink() if file is None else path.write_text(file)
    code, (settings, *others) = told(capsys)
    assert (settings["about"], settings["result"]) == ("settings", "not checked")
    assert settings["found"].startswith(f"{Path.cwd()} has a program of its own")
    assert "`pulumi preview`" in settings["fix"]
    assert [(one["about"], one["result"]) for one in others] == [("login", "ok"), ("rights", "note")]
    assert code == 0


def test_a_stack_without_a_file_is_told_how_to_begin(
    deployment: Deployment, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the clone, by the README's own command, and which of its ids are still to be put in."""
    Path("Pulumi.first.yaml").unlink()
    for name in ("Pulumi.yaml", "Pulumi.prod.example.yaml"):
        Path(name).write_text((PROGRAM / name).read_text())
    monkeypatch.setattr(checked_settings, "PROGRAM", Path.cwd())
    code, (line,) = told(capsys)
    assert (code, line["result"], line["found"]) == (1, "FAILED", "found no Pulumi.first.yaml")
    subprocess.run(line["fix"].partition(",")[0], shell=True, check=True)
    _, (line,) = told(capsys)
    assert "azure-native:tenantId: found the zeros of the example" in line["found"]
    path = Path("Pulumi.first.yaml")
    path.write_text(re.sub("00000000-.*", seed.SUBSCRIPTION_ID, path.read_text()))
    _, (line, *_) = told(capsys)
    assert (line["about"], line["result"]) == ("settings", "ok")


def test_a_service_that_is_deployed_is_left_to_the_preview(
    deployment: Deployment, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the stack has would only be told as taken, by itself."""
    deployment.up({"claims": {}})
    monkeypatch.setattr(doctor, "outputs", lambda stack: {"accountId": "/subscriptions/x"})
    code, lines = told(capsys)
    assert code == 0
    assert [line["found"] for line in lines if line["result"] == "not checked"] == [
        "the stack is deployed, and `pulumi preview` checks its changes"
    ]


def test_who_can_give_itself_more_is_told_with_the_way_out(deployment: Deployment, capsys: Printed) -> None:
    """An Owner is, and the commands of the advice, on this Azure, make it one that is not: the role with its
    condition, and the wide role gone. The exit code stays, because a person may well be Owner."""

    def line() -> dict[str, str]:
        code, lines = told(capsys)
        assert code == 0
        return next(one for one in lines if one["about"] == "rights")

    principal = create_principal(
        deployment.door.cloud, tenant_id=seed.TENANT_ID, name="pipeline", managed_identity=False
    )
    make_role(deployment, "Language CMK deploy", permissions("deploy"), 1)
    assign_role(deployment.door.cloud, principal.object_id, "Owner", SUBSCRIPTION)
    deployment.principal = principal
    note = line()
    assert note["result"] == "note"
    assert (
        f"can give itself any role, and so delete the key and the data, by Owner at {SUBSCRIPTION}"
        in note["found"]
    )
    assert carry_out(deployment.door, note["fix"]) == 2
    assert line()["result"] == "ok"


@pytest.mark.parametrize(
    "row",
    [pytest.param(one, marks=() if at == 0 else pytest.mark.long) for at, one in enumerate(ROWS)],
    ids=lambda row: row.name,
)
def test_what_fails_a_first_deployment_is_told_before_there_is_a_stack(
    row: FirstDeployment, deployment: Deployment, capsys: Printed
) -> None:
    """The cause and the fix, under the setting that a preview would name, and nothing is written."""
    args = {"name": "claims", "location": "westeurope", **as_settings(row.args)}
    config = {f"language-cmk:{name}": value for name, value in args.items()}
    Path("Pulumi.first.yaml").write_text(yaml.safe_dump({"config": config}))
    row.cloud(deployment)
    code, lines = told(capsys)
    failed = [line for line in lines if line["result"] == "FAILED" and line["about"] == f"claims, {row.path}"]
    about = [f"{line['found']} {line['fix']}" for line in failed]
    assert [text for text in row.says if not any(text in one for one in about)] == [], lines
    assert (code, deployment.writes()) == (1, [])


def test_settings_are_checked_without_pulumi_and_azure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    """All problems at once, or what Azure's pages say of the kind, as in a preview. By itself nothing is
    asked: there is no CLI on the PATH and no login."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    file = tmp_path / "Pulumi.first.yaml"
    file.write_text(SETTINGS)
    assert main(["settings", "--stack", "first"]) == 0
    said = capsys.readouterr().out
    assert "ok" in said
    assert "note" not in said
    file.write_text(SETTINGS + f"  language-cmk:key: {{id: {HSM_KEY}}}\n")
    assert main(["settings", "--stack", "first"]) == 0
    noted = capsys.readouterr().out.splitlines()[-1]
    assert noted.split()[0] == "note"
    assert "lists no managed HSM for Azure AI Language" in noted
    file.write_text(SETTINGS + "  language-cmk:skuu: S0\n  language-cmk:access: perhaps\n")
    assert main(["settings", "--stack", "first"]) == 1
    told = capsys.readouterr().out
    assert "skuu" in told
    assert "access: found 'perhaps', expected 'granted' or 'revoked'" in told
    assert main(["doctor", "--stack", "first"]) == 1
