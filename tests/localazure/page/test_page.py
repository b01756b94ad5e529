"""The page: what it shows, and who may see it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from localazure import operations
from localazure.cloud import Cloud
from localazure.control import Control
from localazure.front import Answer, Raw
from localazure.page.sessions import document
from localazure.page.snapshot import MOST, snapshot
from localazure.web import Json
from tests.localazure.driver import ACCOUNT, Case
from tests.localazure.page.scene import EVIL, scene
from tests.support.front import SECRETS


@pytest.fixture(scope="module")
def played() -> Case:
    return scene()


@pytest.fixture
def seen(played: Case) -> Json:
    return snapshot(played.cloud)


def rows(seen: Json, id: str) -> list[dict[str, Any]]:
    """The rows of a section, each the texts by their columns."""
    section = next(one for one in seen["sections"] if one["id"] == id)
    texts = [
        [cell.get("text", cell) if isinstance(cell, dict) else cell for cell in row]
        for row in section["rows"]
    ]
    return [dict(zip(section["columns"], row, strict=True)) for row in texts]


@pytest.fixture
def control(played: Case) -> Control:
    return Control(played.cloud, SECRETS)


def _get(control: Control, target: str, cookie: str = "") -> Answer:
    path, _, query = target.partition("?")
    return control.answer(Raw("GET", "127.0.0.1:4711", path, query, {"cookie": cookie}, b""))


def test_it_shows_who_lives_on_which_key(seen: Json) -> None:
    """A rotated account is bound to the newer version, one without access is unreadable and says why, and its
    history says what it was before."""
    accounts = {row["account"]: row for row in rows(seen, "accounts")}
    assert accounts["plain"]["key"] == "Microsoft-managed key"
    assert [accounts[name]["data"] for name in ("rotated", "cut-off")] == [
        "readable",
        "no access policy allows its identity to unwrap",
    ]
    new, old = rows(seen, "vaults")
    assert [row["bound accounts"] for row in (new, old)] == ["rotated", "cut-off"]
    assert accounts["rotated"]["key"].endswith(new["version"])
    assert accounts["cut-off"]["key"].endswith(old["version"])
    assert [row["principal"] for row in rows(seen, "unwrap")] == ["deployer", "rotated"]
    assert ["1", "accounts with unreadable data", "bad"] in seen["figures"]
    kinds = [state["kind"] for state in accounts["cut-off"]["history"]["states"]]
    assert kinds == ["microsoft", "customer", "unreadable"]


def test_a_look_changes_nothing(played: Case) -> None:
    """Looking at the page writes nothing: no audit event, no poll of an operation, no rotation."""
    before = played.cloud.store.changes
    snapshot(played.cloud)
    assert played.cloud.store.changes == before


@pytest.mark.parametrize("fails", ["", "CapacityExceeded"])
def test_an_operation_that_nobody_watched_is_not_shown_for_ever(fails: str) -> None:
    """An account is shown as creating while it is, and by how that ended afterwards, looked at or not."""
    case = Case()
    case.cloud.behave(operation_seconds=60, failing_operations=fails)
    case.do(f"PUT {ACCOUNT} with account")

    def states() -> list[str]:
        return [row["state"] for row in rows(snapshot(case.cloud), "accounts")]

    assert states() == ["Creating"]
    case.cloud.clock.advance(3600)
    ended = ["Failed" if fails else "Succeeded"]
    assert states() == ended
    case.do(f"GET {ACCOUNT}")
    assert states() == ended


def test_no_name_is_ever_markup(seen: Json) -> None:
    """No text of a snapshot ends the element that it is in, and each comes out of it as it was."""
    seen["find"] = f"</script>{EVIL}"
    shown = document(seen)
    assert "<img" not in shown
    told = shown.partition('id="seen">')[2].partition("</script>")[0]
    assert json.loads(told) == seen
    assert not re.search(r"innerHTML|insertAdjacent|document\.write", shown)


def test_an_address_signs_in_once_and_its_cookie_only_looks(played: Case, control: Control) -> None:
    """The second use of a code is refused, and the cookie opens the page and nothing else of the control. A
    browser that has seen the newest state gets 204 without content, and the new one after a change."""
    code = control.door.new_code()
    first, second = (_get(control, f"/login?code={code}") for _ in range(2))
    assert (first.status, second.status) == (303, 401)
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert _get(control, "/", cookie).status == 200
    assert _get(control, "/seeds", cookie).status == 401
    version = json.loads(_get(control, "/snapshot", cookie).content)["version"]
    assert _get(control, f"/snapshot?seen={version}", cookie).status == 204
    played.cloud.clock.advance(1)
    assert _get(control, f"/snapshot?seen={version}", cookie).status == 200


@pytest.mark.parametrize("cookie", ["", "localazure-4711=guessed", "localazure-4711", ";;=,\x00"])
def test_fails_without_a_session(control: Control, cookie: str) -> None:
    """Neither the page nor its snapshot is shown to a browser that did not sign in."""
    for path in ("/", "/snapshot?seen=", "/login?code=", "/login?code=guessed"):
        answer = _get(control, path, cookie)
        assert answer.status == 401, path
        assert b"rotated" not in answer.content


def test_a_long_list_says_how_long_it_is_and_a_search_leads_to_the_rest() -> None:
    """Neither cut off silently nor ever longer than a browser can show."""
    cloud = Cloud()
    cloud.behave(operation_seconds=60)
    for number in range(MOST + 50):
        operations.begin(cloud, {"group": f"/subscriptions/s/resourceGroups/g-{number:03}"})
    for find, shown, count in (("", MOST, MOST + 50), ("G-24", 10, 10)):
        found = snapshot(cloud, find)["sections"][3]
        assert (len(found["rows"]), found["found"], found["total"]) == (shown, count, MOST + 50)


def test_a_search_finds_in_every_list_and_in_the_audit_log_where_it_is_kept(played: Case) -> None:
    """By name, key version or who used the key; the log's length and search come from the store."""
    version = rows(snapshot(played.cloud), "vaults")[0]["version"]
    assert [row["account"] for row in rows(snapshot(played.cloud, version), "accounts")] == ["rotated"]
    whole, found, none = (snapshot(played.cloud, find)["sections"][4] for find in ("", "Cut-Off", "nothing"))
    assert whole["total"] == whole["found"] == len(played.cloud.store.events("audit"))
    assert none["found"] == 0 < found["found"] < found["total"] == whole["total"]
    assert {row["by"] for row in rows(snapshot(played.cloud, "cut-off"), "audit")} == {"cut-off"}


def test_a_start_loads_no_sdk() -> None:
    """The server comes up without the Pulumi SDK and aiohttp, which would double its start-up time."""
    program = (
        "import sys, localazure.serve as _; print([m for m in ('pulumi', 'aiohttp') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
