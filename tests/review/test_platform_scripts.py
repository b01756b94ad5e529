"""What the workflows of GitHub and the pipelines of Azure DevOps run, with their platforms on loopback."""

import base64
import gzip
import html
import itertools
import json
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.review.loopback import Platform, recorded_tool, serving
from tests.review.running import bash, run
from tests.support.stack import ROOT

RUNNER, FEDERATED = "runner-token-6d1f", "federated-token-90ab"
SUBSCRIPTION, HEAD = "subscription-1", "c" * 40
LOGINS = (".github/login.sh", ".azuredevops/login.sh")
each_login = pytest.mark.parametrize("script", LOGINS)


def runner(folder: Path, platform: Platform, **more: str) -> dict[str, str]:
    """What both platforms' runners give a step that logs in."""
    recorded_tool(folder, "az", then=f"echo {SUBSCRIPTION}")
    return {
        "PATH": recorded_tool(folder, "curl"),
        "RUNNER_TEMP": str(folder),
        "ARM_CLIENT_ID": "client-of-github",
        "ARM_TENANT_ID": "tenant-of-github",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": RUNNER,
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{platform.url}token?api-version=2.0",
        "AGENT_TEMPDIRECTORY": str(folder),
        "servicePrincipalId": "client-of-devops",
        "tenantId": "tenant-of-devops",
        "idToken": FEDERATED,
        **more,
    }


@each_login
def test_a_login_keeps_its_token_in_a_file_and_prints_none(script: str, tmp_path: Path) -> None:
    """In a file that only its owner reads. On GitHub the runner's token buys it, for Azure's audience; the
    connection of Azure DevOps has it, and its identity is the providers', too."""
    step = f'source {ROOT / script}\ncp --preserve=mode "$AZURE_FEDERATED_TOKEN_FILE" kept\necho ---\nenv'
    with serving({"value": FEDERATED}) as platform:
        done = bash(step, tmp_path, runner(tmp_path, platform))
    said, shown = done.stdout.split("---\n")
    assert (done.returncode, said, done.stderr) == (0, "", "")
    found = dict(line.split("=", 1) for line in shown.splitlines())
    assert Path(found["AZURE_FEDERATED_TOKEN_FILE"]).parent == tmp_path
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o600
    assert (tmp_path / "kept").read_text() == FEDERATED
    assert found["PATH"].startswith(f"{tmp_path}/.pulumi/bin:")
    of = "github" if "github" in script else "devops"
    for name in ("CLIENT", "TENANT"):
        given = f"{name.lower()}-of-{of}"
        assert (found[f"AZURE_{name}_ID"], found[f"ARM_{name}_ID"]) == (given, given)
    if of == "devops":
        assert (found["ARM_SUBSCRIPTION_ID"], found["ARM_USE_OIDC"]) == (SUBSCRIPTION, "true")
        assert (tmp_path / "az.asked").read_text() == "account show --query id --output tsv\n"
        return
    (asked,) = platform.asked
    assert (asked.method, asked.authorization) == ("GET", f"bearer {RUNNER}")
    assert asked.path == "/token?api-version=2.0&audience=api://AzureADTokenExchange"
    assert RUNNER not in (tmp_path / "curl.asked").read_text()


@pytest.mark.parametrize("end", ["true", "exit 3", "wait $!"])
def test_a_step_leaves_no_assertion_behind(tmp_path: Path, end: str) -> None:
    """Nor does its end change its exit code, whether the renewal still runs or not."""
    with serving({}) as platform:
        env = runner(tmp_path, platform, ASSERTION_SECONDS="x" if "wait" in end else "60")
        step = f'source {ROOT / LOGINS[1]}\ncp "$AZURE_FEDERATED_TOKEN_FILE"{{,.new}}\n{end} || true'
        done = bash(step, tmp_path, env)
    assert done.returncode == (3 if end == "exit 3" else 0), done.stderr
    assert list(tmp_path.glob("oidc.*")) == []


@pytest.mark.parametrize(
    ("script", "missing", "status", "hint"),
    [
        (LOGINS[0], "", 403, "403"),
        # Without id-token: write GitHub gives the job nothing to ask with.
        (LOGINS[0], "ACTIONS_ID_TOKEN_REQUEST_TOKEN", 200, "the job needs id-token: write"),
        # A task that keeps its identity to itself, or a connection with a secret.
        (LOGINS[1], "servicePrincipalId", 200, "expected addSpnToEnvironment: true"),
        (LOGINS[1], "idToken", 200, "with workload identity federation"),
    ],
)
def test_a_login_without_what_it_needs_ends_the_step(
    tmp_path: Path, script: str, missing: str, status: int, hint: str
) -> None:
    """It says what is missing, and no token."""
    with serving({}, status) as platform:
        env = runner(tmp_path, platform)
        env.pop(missing, None)
        done = bash(f"source {ROOT / script}\necho on", tmp_path, env)
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


@each_login
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
        env = runner(
            tmp_path,
            platform,
            SYSTEM_ACCESSTOKEN=RUNNER,
            SYSTEM_OIDCREQUESTURI=f"{platform.url}token",
            AZURESUBSCRIPTION_SERVICE_CONNECTION_ID="connection-1",
            ASSERTION_SECONDS="0.1",
        )
        done = bash(AGAIN.format(login=ROOT / script), tmp_path, env)
    assert (done.returncode, done.stderr) == (0, "")
    *found, names = done.stdout.split("\n", 3)
    assert len(found) == 3
    assert found == sorted(set(found))
    assert not {"#2", "#3"} & set(found)
    assert "AZURE_FEDERATED_TOKEN_FILE" in names.splitlines()
    if "azuredevops" in script:
        assert not {"SYSTEM_ACCESSTOKEN", "idToken"} & set(names.splitlines())


# The comments: a script for each platform, with the same claims.


def a_review(stack: str = "prod", text: str = '### `$(id)` "quoted" \u2713') -> str:
    return f"<!-- encryption-review {stack} {'0123456789abcdef' * 4} -->\n{text}\n"


def sent(stacks: str, *reviews: str) -> dict[str, str]:
    """Reviews as a job hands them on."""
    packed = (base64.b64encode(gzip.compress(text.encode())).decode() for text in reviews)
    return {"COMMENTS": " ".join(packed), "STACKS": stacks}


def gh(folder: Path, answers: Mapping[str, str]) -> dict[str, str]:
    """The variables of a step whose `gh` has these answers, by what its arguments are like, and keeps in
    gh.written what it writes."""
    writes = f'for last; do :; done; {{ cat "${{last#body=@}}"; printf "\\0"; }} >>{folder}/gh.written'
    arms = "".join(f"{like}) printf '{answer}' ;;\n" for like, answer in answers.items())
    path = recorded_tool(folder, "gh", then=f'case "$*" in\n*PATCH* | *POST*) {writes} ;;\n{arms}esac')
    (folder / "gh.written").touch()
    return {"PATH": path}


Written = tuple[int, str, list[tuple[str, str]]]
"""The exit code of a script, what it said, and the comments that it made or changed, in order."""


def on_github(
    folder: Path, given: Mapping[str, str], *, found: bool = False, newest: str = HEAD, number: str = "7"
) -> Written:
    env = gh(folder, {"*/comments*": "42\\n43" if found else "", "*pulls/7*": newest})
    done = bash(f"{ROOT}/.github/comment.sh o/r '{number}' {HEAD} https://run", folder, {**env, **given})
    names = {"PATCH repos/o/r/issues/comments/42": "own", "POST repos/o/r/issues/7/comments": "new"}
    asked = (folder / "gh.asked").read_text() if (folder / "gh.asked").exists() else ""
    places = [names[line.split(" --")[2][7:]] for line in asked.splitlines() if "--method" in line]
    texts = (folder / "gh.written").read_text().split("\0")[:-1]
    for stack in given["STACKS"].split() if texts else ():
        # Only the platform's own account writes it, and only this stack's is taken.
        mine = f'"github-actions[bot]" and (.body | startswith("<!-- encryption-review {stack} "))'
        assert mine in asked
    return done.returncode, done.stderr, list(zip(places, texts, strict=True))


ME = "11111111-2222-4333-8444-555555555555"
THREADS = "/project-1/_apis/git/repositories/repository-1/pullRequests/7/threads"
DEVOPS = {
    "SYSTEM_ACCESSTOKEN": RUNNER,
    "SYSTEM_TEAMPROJECTID": "project-1",
    "BUILD_REPOSITORY_ID": "repository-1",
}


def thread(number: int, content: str | None, author: str = ME, **more: Any) -> dict[str, Any]:
    first = {"id": number + 10, "content": content, "author": {"id": author}}
    return {"id": number, "comments": [first], **more}


# The last two are one that was deleted, and a copy by the author of the pull request.
OTHERS = [
    thread(1, "hello"),
    {"id": 3, "comments": []},
    thread(4, None),
    thread(7, a_review("another")),
    thread(5, a_review(), isDeleted=True),
    thread(6, a_review(), author="mallory"),
]


def on_devops(
    folder: Path,
    given: Mapping[str, str],
    *,
    found: bool = False,
    newest: str = HEAD,
    number: str = "7",
    status: int = 200,
) -> Written:
    own = [thread(2, a_review() + "and all is well"), thread(8, a_review())]
    # One answer to all that is read: each reader takes its part.
    answer = {
        "value": [*OTHERS, *(own if found else ())],
        "authenticatedUser": {"id": ME},
        "lastMergeSourceCommit": {"commitId": newest},
    }
    with serving(answer, status) as platform:
        env = {"PATH": recorded_tool(folder, "curl"), "SYSTEM_COLLECTIONURI": platform.url, **DEVOPS}
        env |= {"SYSTEM_PULLREQUEST_PULLREQUESTID": number, **given}
        done = bash(f"{ROOT}/.azuredevops/comment.sh {HEAD} https://run", folder, env)
    asked = (folder / "curl.asked").read_text() if platform.asked else ""
    assert RUNNER not in done.stdout + done.stderr + asked
    assert {one.authorization for one in platform.asked} <= {f"Bearer {RUNNER}"}
    names = {f"PATCH {THREADS}/2/comments/12": "own", f"POST {THREADS}": "new"}
    written = []
    for one in platform.asked:
        if one.method != "GET":
            (comment,) = one.body.get("comments", [one.body])
            # A new thread is closed, and its comment is text.
            new = {"comments": [{"content": comment["content"], "commentType": 1}], "status": 4}
            place = names[f"{one.method} {one.path.removesuffix('?api-version=7.1')}"]
            assert one.body == (new if place == "new" else {"content": comment["content"]})
            written.append((place, comment["content"]))
    return done.returncode, done.stderr, written


ONE, TWO = a_review("org/shop/prod", "one"), a_review("test", "two")
NONE = (
    f"<!-- encryption-review prod {'0' * 64} -->\n### \u26d4 Encryption: no review of `prod`\n"
    f"The review of commit `{HEAD}` failed: see its [run](https://run).\n"
)
PROD = sent("prod", a_review())
OVERTAKEN = f"comment: {HEAD} is no longer the newest commit of the pull request; nothing is written\n"


@pytest.mark.parametrize("comment", [on_github, on_devops])
@pytest.mark.parametrize(
    ("given", "of_platform", "expected"),
    [
        # Each stack has its own, also where its name has slashes.
        (sent("org/shop/prod test", ONE, TWO), {}, (0, "", [("new", ONE), ("new", TWO)])),
        # Later runs write the same one whole, whatever somebody edited into it.
        (PROD, {"found": True}, (0, "", [("own", a_review())])),
        # A review that failed leaves none about an older commit.
        (sent("prod"), {"found": True}, (0, "", [("own", NONE)])),
        (PROD, {"newest": "d" * 40}, (0, OVERTAKEN, [])),
        # Only a number names a pull request, only a review goes into it, and a name is a name.
        (PROD, {"number": "7; id"}, (2, 'comment: "7; id" is not the number of a pull request\n', [])),
        *(
            (sent("prod", text), {}, (2, "comment: this is not a review\n", []))
            for text in ("all is well", a_review("../../etc/passwd; id"), a_review("x -->\n@everyone <!--"))
        ),
    ],
)
def test_a_stack_has_one_comment_with_the_review_of_the_newest_commit(
    tmp_path: Path,
    comment: Callable[..., Written],
    given: dict[str, str],
    of_platform: dict[str, Any],
    expected: Written,
) -> None:
    """Or none, and the step says why."""
    assert comment(tmp_path, given, **of_platform) == expected


def test_a_build_service_that_may_not_contribute_ends_the_step(tmp_path: Path) -> None:
    """With Azure DevOps's own answer."""
    code, said, written = on_devops(tmp_path, PROD, status=403)
    assert (bool(code), written) == (True, [])
    assert "The requested URL returned error: 403" in said


@pytest.mark.parametrize(
    ("merged", "approved", "said"),
    [
        (
            f"7 {HEAD} mallory\\n",
            "carol\\nalice\\nalice\\n",
            "--author=mallory\n--approvers=alice,carol\npull request 7; approved by alice,carol\n",
        ),
        (f"7 {HEAD} mallory\\n", "", "--author=mallory\n--approvers=\npull request 7\n"),
        # Then the platform tells nothing; branch protection is what keeps such a commit out.
        ("", "", ""),
    ],
)
def test_a_deployment_knows_who_wrote_and_who_approved(
    tmp_path: Path, merged: str, approved: str, said: str
) -> None:
    """By the pull request that was merged; only approvals of its last commit are asked for."""
    env = gh(tmp_path, {"*commits/*/pulls*": merged, "*reviews*": approved})
    done = run(ROOT / ".github" / "people.sh", "o/r", "a" * 40, env=env)
    assert (done.returncode, done.stdout) == (0, said), done.stderr
    assert merged == "" or f'.commit_id == "{HEAD}"' in (tmp_path / "gh.asked").read_text()


UNFORKED = {"FORK": "false", "LOCAL": "success", "IDENTITY": "id"}
FORKED = {"FORK": "true", "REVIEW": "skipped"}
NOT_REVIEWED = {"REVIEW": "skipped", "IDENTITY": ""}


@pytest.mark.parametrize(
    ("env", "code", "said"),
    [
        ({"CODE": "0"}, 0, "nobody approved"),
        ({"CODE": "3"}, 1, "needs a named approval"),
        ({"CODE": "4"}, 1, "ended with 4"),
        ({}, 1, "ended with nothing"),
        ({"REVIEW": "failure"}, 1, "did not run"),
        ({"REVIEW": "cancelled", "CODE": "0"}, 1, "did not run"),
        # The jobs of a fork run its own code, so a maintainer takes it over; its run is told no variables of
        # the repository, so that an empty identity says nothing.
        (FORKED, 1, "A maintainer reads it"),
        ({**FORKED, "IDENTITY": "", "FORK": ""}, 1, "A maintainer reads it"),
        # A repository without an identity deploys nothing.
        (NOT_REVIEWED, 0, ""),
        ({**NOT_REVIEWED, "LOCAL": "failure"}, 1, ""),
        ({**NOT_REVIEWED, "IDENTITY": "id"}, 1, ""),
    ],
)
def test_the_check_passes_what_was_reviewed_and_nothing_else(
    env: dict[str, str], code: int, said: str
) -> None:
    """A job that broke off, a code that nobody knows or a missing approval is never a pass; nor is a fork's
    own run."""
    told = {"REVIEW": "success", "CODE": "", **UNFORKED, **env}
    done = run(ROOT / ".github" / "verdict.sh", env=told)
    assert (done.returncode, said in done.stdout) == (code, True)
    assert ("A maintainer reads it" in done.stdout) is (told["FORK"] != "false")


@pytest.mark.parametrize(("found", "word"), [("5", "issue comment 5"), ("", "issue create")])
def test_drift_is_told_in_one_issue(tmp_path: Path, found: str, word: str) -> None:
    """An open issue is commented on; without one it is made. A report too long for it is cut off."""
    (tmp_path / "drift.md").write_text("drift\n" * 50_000)
    env = gh(tmp_path, {"*'issue list'*": found})
    done = run(ROOT / ".github" / "issue.sh", "o/r", tmp_path / "drift.md", env=env)
    assert done.returncode == 0, done.stderr
    assert word in (tmp_path / "gh.asked").read_text()


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
        env = {"PATH": recorded_tool(tmp_path, "curl"), "SYSTEM_COLLECTIONURI": platform.url, **DEVOPS}
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
