import base64
import gzip
import html
import itertools
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.review.loopback import Platform, recorded_tool, serving
from tests.review.running import bash
from tests.support.stack import ROOT

RUNNER, FEDERATED = "runner-token-6d1f", "federated-token-90ab"
CLIENT, TENANT, SUBSCRIPTION = "client-1", "tenant-1", "subscription-1"
REVIEW = f'<!-- encryption-review prod {"0123456789abcdef" * 4} -->\n### `$(id)` "quoted" \u2713\n'
THREADS = "project-1/_apis/git/repositories/repository-1/pullRequests/7/threads"
_SHOWN = (
    "AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_ID", "AZURE_TENANT_ID",
    "ARM_CLIENT_ID", "ARM_TENANT_ID", "ARM_SUBSCRIPTION_ID", "ARM_USE_OIDC", "PATH",
)  # fmt: skip


def logged_in(folder: Path, script: str, env: dict[str, str]) -> dict[str, str]:
    """The environment that a script which is sourced leaves to the commands after it."""
    show = "".join(f'echo "{name}=${{{name}:-}}"\n' for name in _SHOWN)
    show += 'cp --preserve=mode "$AZURE_FEDERATED_TOKEN_FILE" kept\n'  # the step's end removes it
    done = bash(f"source {ROOT / script}\necho ---\n{show}", folder, env)
    assert done.returncode == 0, done.stderr
    said, shown = done.stdout.split("---\n")
    assert said + done.stderr == ""
    return dict(line.split("=", 1) for line in shown.splitlines())


def kept_token(environment: dict[str, str], folder: Path) -> str:
    """The token that was kept, in a file that only its owner reads."""
    file = Path(environment["AZURE_FEDERATED_TOKEN_FILE"])
    assert file.parent == folder
    assert stat.S_IMODE((folder / "kept").stat().st_mode) == 0o600
    return (folder / "kept").read_text()


def github(folder: Path, platform: Platform) -> dict[str, str]:
    return {
        "PATH": recorded_tool(folder, "curl"),
        "RUNNER_TEMP": str(folder),
        "ARM_CLIENT_ID": CLIENT,
        "ARM_TENANT_ID": TENANT,
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": RUNNER,
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{platform.url}token?api-version=2.0",
    }


def test_github_login_keeps_the_token_for_azure_in_a_file_and_prints_none(tmp_path: Path) -> None:
    """The runner's token buys one for Azure's audience; neither is printed nor among any tool's arguments."""
    with serving({"value": FEDERATED}) as platform:
        found = logged_in(tmp_path, ".github/login.sh", github(tmp_path, platform))
    (asked,) = platform.asked
    assert (asked.method, asked.authorization) == ("GET", f"bearer {RUNNER}")
    assert asked.path == "/token?api-version=2.0&audience=api://AzureADTokenExchange"
    assert kept_token(found, tmp_path) == FEDERATED
    assert (found["AZURE_CLIENT_ID"], found["AZURE_TENANT_ID"]) == (CLIENT, TENANT)
    assert found["PATH"].startswith(f"{tmp_path}/.pulumi/bin:")
    assert RUNNER not in (tmp_path / "curl.asked").read_text()


def devops(folder: Path) -> dict[str, str]:
    return {
        "PATH": recorded_tool(folder, "az", then=f"echo {SUBSCRIPTION}"),
        "AGENT_TEMPDIRECTORY": str(folder),
        "servicePrincipalId": CLIENT,
        "tenantId": TENANT,
        "idToken": FEDERATED,
    }


def test_azure_devops_login_hands_the_connection_on_and_prints_no_token(tmp_path: Path) -> None:
    """The service connection's identity is the providers' and, by a file, the backend's."""
    found = logged_in(tmp_path, ".azuredevops/login.sh", devops(tmp_path))
    assert kept_token(found, tmp_path) == FEDERATED
    assert found["ARM_CLIENT_ID"] == found["AZURE_CLIENT_ID"] == CLIENT
    assert found["ARM_TENANT_ID"] == found["AZURE_TENANT_ID"] == TENANT
    assert (found["ARM_SUBSCRIPTION_ID"], found["ARM_USE_OIDC"]) == (SUBSCRIPTION, "true")
    assert found["PATH"].startswith(f"{tmp_path}/.pulumi/bin:")
    assert (tmp_path / "az.asked").read_text() == "account show --query id --output tsv\n"


@pytest.mark.parametrize("end", ["true", "exit 3", "wait $!"])
def test_a_step_leaves_no_assertion_behind(tmp_path: Path, end: str) -> None:
    """Nor does its end change its exit code, whether the renewal still runs or not."""
    env = {**devops(tmp_path), "ASSERTION_SECONDS": "x" if "wait" in end else "60"}
    step = f'source {ROOT}/.azuredevops/login.sh\ncp "$AZURE_FEDERATED_TOKEN_FILE"{{,.new}}\n{end} || true'
    done = bash(step, tmp_path, env)
    assert done.returncode == (3 if end == "exit 3" else 0), done.stderr
    assert list(tmp_path.glob("oidc.*")) == []


@pytest.mark.parametrize(
    ("script", "missing", "status", "hint"),
    [
        (".github/login.sh", "", 403, "403"),
        # Without id-token: write GitHub gives the job nothing to ask with.
        (".github/login.sh", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", 200, "the job needs id-token: write"),
        # A task that keeps its identity to itself, or a connection with a secret.
        (".azuredevops/login.sh", "servicePrincipalId", 200, "expected addSpnToEnvironment: true"),
        (".azuredevops/login.sh", "idToken", 200, "with workload identity federation"),
    ],
)
def test_a_login_without_what_it_needs_ends_the_step(
    tmp_path: Path, script: str, missing: str, status: int, hint: str
) -> None:
    """It says what is missing, and no token."""
    with serving({}, status) as platform:
        env = {**github(tmp_path, platform), **devops(tmp_path)}
        env.pop(missing, None)
        done = bash(f"source {ROOT}/{script}\necho on", tmp_path, env)
    assert done.returncode != 0
    assert "on" not in done.stdout.splitlines()
    assert hint in done.stderr
    assert not [token for token in (RUNNER, FEDERATED) if token in done.stdout + done.stderr]
    assert (platform.asked == []) is (status == 200)


AGAIN = """
source {login}
held=$(cat "$AZURE_FEDERATED_TOKEN_FILE")
for number in 1 2 3; do
  cat "$AZURE_FEDERATED_TOKEN_FILE"
  until [[ $(cat "$AZURE_FEDERATED_TOKEN_FILE") != "$held" ]]; do :; done
  held=$(cat "$AZURE_FEDERATED_TOKEN_FILE")
done
env | cut -d = -f 1
"""


@pytest.mark.parametrize("script", [".github/login.sh", ".azuredevops/login.sh"])
def test_each_process_of_a_long_step_finds_a_fresh_assertion(script: str, tmp_path: Path) -> None:
    """One lives for minutes, and each process logs in with the one that is there. What the platform refuses
    for a while is asked for again, and until then the one before stays. What the step runs has the file
    alone."""
    given = itertools.count()

    def answer(path: str, sent: str) -> tuple[int, str]:
        number = next(given)
        status = 403 if number in {2, 3} else 200
        return status, json.dumps({"value": f"#{number}\n", "oidcToken": f"#{number}\n"})

    with serving(answer) as platform:
        env = {
            **github(tmp_path, platform),
            **devops(tmp_path),
            "SYSTEM_ACCESSTOKEN": RUNNER,
            "SYSTEM_OIDCREQUESTURI": f"{platform.url}token",
            "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "connection-1",
            "ASSERTION_SECONDS": "0.1",
        }
        done = bash(AGAIN.format(login=ROOT / script), tmp_path, env)
    assert (done.returncode, done.stderr) == (0, "")
    *found, names = done.stdout.split("\n", 3)
    assert len(found) == 3
    assert found == sorted(set(found))
    assert not {"#2", "#3"} & set(found)
    assert "AZURE_FEDERATED_TOKEN_FILE" in names.splitlines()
    if "azuredevops" in script:
        assert not {"SYSTEM_ACCESSTOKEN", "idToken"} & set(names.splitlines())


ME = "11111111-2222-4333-8444-555555555555"
HEAD = "c" * 40


def commented(
    folder: Path, threads: list[dict[str, Any]], status: int = 200, newest: str = HEAD
) -> tuple[Platform, str, int]:
    """Puts the review into a pull request that has these threads; what was asked, said, and the exit code."""
    # One answer to all that is read: each reader takes its part.
    answer = {
        "value": threads,
        "authenticatedUser": {"id": ME},
        "lastMergeSourceCommit": {"commitId": newest},
    }
    with serving(answer, status) as platform:
        env = {
            "PATH": recorded_tool(folder, "curl"),
            "SYSTEM_ACCESSTOKEN": RUNNER,
            "SYSTEM_COLLECTIONURI": platform.url,
            "SYSTEM_TEAMPROJECTID": "project-1",
            "BUILD_REPOSITORY_ID": "repository-1",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
            "STACKS": "prod",
            "COMMENTS": base64.b64encode(gzip.compress(REVIEW.encode())).decode(),
        }
        done = bash(f"{ROOT}/.azuredevops/comment.sh {HEAD} https://run", folder, env)
    assert RUNNER not in done.stdout + done.stderr + (folder / "curl.asked").read_text()
    return platform, done.stdout + done.stderr, done.returncode


def thread(number: int, content: str | None, author: str = ME, **more: Any) -> dict[str, Any]:
    first = {"id": number + 10, "content": content, "author": {"id": author}}
    return {"id": number, "comments": [first], **more}


CLOSED = {"comments": [{"content": REVIEW, "commentType": 1}], "status": 4}
NEW = ("POST", f"/{THREADS}?api-version=7.1", CLOSED)
OTHERS = [thread(1, "hello"), {"id": 2, "comments": []}, thread(3, None), thread(4, REVIEW, isDeleted=True)]
OURS = [thread(1, "hello"), thread(2, REVIEW + "and all is well"), thread(3, REVIEW)]
THEIRS = [thread(1, REVIEW, author="mallory"), thread(2, REVIEW.replace("prod", "test"))]


@pytest.mark.parametrize(
    ("threads", "of_platform", "says", "expected"),
    [
        # Among others' threads, and one of ours that was deleted, a new one is made, closed, as text.
        (OTHERS, {}, "", [NEW]),
        # Later runs write the first comment of the thread that is there, whatever was edited into it.
        (OURS, {}, "", [("PATCH", f"/{THREADS}/2/comments/12?api-version=7.1", {"content": REVIEW})]),
        # A copy of the review by the author of the pull request is his.
        (THEIRS, {}, "", [NEW]),
        # The comment always tells the newest commit.
        ([], {"newest": "d" * 40}, "no longer the newest commit", []),
        # A build service without the right to contribute ends the step.
        ([], {"status": 403}, "The requested URL returned error: 403", []),
    ],
)
def test_azure_devops_has_one_comment_of_its_own(
    tmp_path: Path, threads: list[Any], of_platform: dict[str, Any], says: str, expected: list[Any]
) -> None:
    """With the review of the newest commit."""
    platform, said, code = commented(tmp_path, threads, **of_platform)
    assert bool(code) is ("error" in says)
    assert says in said if says else said == ""
    written = [one for one in platform.asked if one.method != "GET"]
    assert [(one.method, one.path, one.body) for one in written] == expected
    assert {one.authorization for one in platform.asked} == {f"Bearer {RUNNER}"}


ALARMS = "1 new\n- <b>`prod`</b> 'quoted' & more\n"


@pytest.mark.parametrize(
    ("open_ones", "method", "path", "fields"),
    [
        ([], "POST", "workitems/$Task", {"Title", "Description", "Tags"}),
        ([{"id": 42}, {"id": 43}], "PATCH", "workitems/42", {"History"}),
    ],
)
def test_alarms_are_told_in_one_work_item(
    tmp_path: Path, open_ones: list[Any], method: str, path: str, fields: set[str]
) -> None:
    """An open one is added to, without one it is made. What a report quotes stays text, and no tool has the
    token among its arguments. What is too long for it is cut off."""
    (tmp_path / "alarms.md").write_text(ALARMS + " " * 200_000)
    with serving({"workItems": open_ones}) as platform:
        env = {
            "PATH": recorded_tool(tmp_path, "curl"),
            "SYSTEM_ACCESSTOKEN": RUNNER,
            "SYSTEM_COLLECTIONURI": platform.url,
            "SYSTEM_TEAMPROJECTID": "project-1",
        }
        done = bash(f"{ROOT}/.azuredevops/work_item.sh alarms.md", tmp_path, env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    query, written = platform.asked
    assert query.path == "/project-1/_apis/wit/wiql?api-version=7.1"
    assert "[System.Tags] CONTAINS 'language-cmk'" in query.body["query"]
    assert (written.method, written.path) == (method, f"/project-1/_apis/wit/{path}?api-version=7.1")
    assert written.authorization == f"Bearer {RUNNER}"
    values = {one["path"].rpartition(".")[2]: one["value"] for one in written.body}
    assert set(values) == fields
    text = values.get("History") or values["Description"]
    assert text == f"<pre>{html.escape(ALARMS + ' ' * (60_000 - len(ALARMS)))}</pre>"
    assert RUNNER not in (tmp_path / "curl.asked").read_text()
