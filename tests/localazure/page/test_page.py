"""The page: what it shows, and who may see it."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from localazure.control import Control
from localazure.faults import add_fault
from localazure.front import Answer, Raw
from localazure.page import page
from localazure.page.accounts import shown_accounts
from localazure.page.snapshot import Snapshot, snapshot
from localazure.page.timeline import states
from localazure.page.view import view_of
from tests.localazure.page import scene as page_scene
from tests.localazure.page.scene import EVIL
from tests.support.front import SECRETS, Door
from tests.support.front import token as door_token


def evidence_style() -> str:
    """The style sheet of the evidence, without what is for paper alone."""
    sheet = Path(__file__).parents[3] / "operate" / "evidence" / "page.css"
    return sheet.read_text(encoding="utf-8").partition("@media print")[0]


@pytest.fixture(scope="module")
def played() -> Door:
    door = Door()

    def send(method: str, url: str, body: Any) -> Any:
        vault = "vault.azure.net" in url
        bearer = door_token(audience="https://vault.azure.net") if vault else None
        reply = door.send(method, url, body, bearer=bearer)
        assert reply.status < 300, reply
        return reply.body

    page_scene.play(send)
    return door


@pytest.fixture
def seen(played: Door) -> Snapshot:
    return snapshot(played.cloud)


def _get(control: Control, target: str, cookie: str = "") -> Answer:
    path, _, query = target.partition("?")
    return control.answer(Raw("GET", "127.0.0.1:4711", path, query, {"cookie": cookie}, b""))


def _signed_in(control: Control) -> str:
    answer = _get(control, f"/login?code={control.door.new_code()}")
    assert answer.status == 303
    return answer.headers["set-cookie"]


def test_it_shows_who_lives_on_which_key(seen: Snapshot) -> None:
    """A rotated account is bound to the newer version, one without access is unreadable and says why."""
    accounts = {account.name: account for account in seen.accounts}
    assert accounts["plain"].key_uri == ""
    assert accounts["rotated"].unreadable == ""
    assert accounts["cut-off"].unreadable == "no access policy allows its identity to unwrap"
    (view,) = seen.vaults
    old, new = view.keys[0].versions
    assert accounts["rotated"].key_uri.endswith(new.version)
    assert seen.users[accounts["cut-off"].key_uri.lower()] == ("cut-off",)
    assert accounts["cut-off"].key_uri.endswith(old.version)
    assert {seen.names[grant.object_id] for grant in view.grants} == {"deployer", "rotated"}


def test_the_time_line_tells_every_state(seen: Snapshot) -> None:
    """Microsoft's keys, the customer's key, and that the data cannot be read now, in this order."""
    account = next(account for account in seen.accounts if account.name == "cut-off")
    kinds = [state.kind for state in states(account.history, account.unreadable)]
    assert kinds == ["microsoft", "customer", "unreadable"]


def test_a_look_changes_nothing(played: Door) -> None:
    """Looking at the page writes nothing: no audit event, no poll of an operation, no rotation."""
    before = played.cloud.store.changes
    page.page(snapshot(played.cloud))
    assert played.cloud.store.changes == before


def test_an_operation_that_nobody_watched_is_not_shown_for_ever() -> None:
    """An account is shown as creating while it is, and as ready once the time is over, looked at or not."""
    door = Door()
    door.cloud.behave(operation_seconds=60)
    for url, body in (
        (f"{page_scene.GROUP}?api-version=2024-03-01", {"location": "westeurope"}),
        (page_scene.account("made"), page_scene._account("made")),
    ):
        assert door.send("PUT", url, body).status == 201
    assert [account.state for account in snapshot(door.cloud).accounts] == ["Creating"]
    door.cloud.clock.advance(3600)
    assert [account.state for account in snapshot(door.cloud).accounts] == ["Succeeded"]


def test_an_account_whose_operation_failed_shows_as_failed() -> None:
    """Before anybody polls the operation, and afterwards."""
    door = Door()
    door.send("PUT", f"{page_scene.GROUP}?api-version=2024-03-01", {"location": "westeurope"})
    door.cloud.behave(failing_operations="CapacityExceeded")
    door.send("PUT", page_scene.account("made"), page_scene._account("made"))
    door.cloud.clock.advance(60)
    assert [account.state for account in snapshot(door.cloud).accounts] == ["Failed"]
    door.send("GET", page_scene.account("made"))
    assert [account.state for account in snapshot(door.cloud).accounts] == ["Failed"]


def test_no_name_is_ever_markup(played: Door, seen: Snapshot) -> None:
    """Tags in any name, fault, event or id are shown as text."""
    add_fault(played.cloud, {"host": "language", "path": f"/{EVIL}", "code": EVIL})
    evil = replace(
        snapshot(played.cloud),
        accounts=tuple(
            replace(a, name=EVIL, id=EVIL, group=EVIL, kind=EVIL, unreadable=EVIL) for a in seen.accounts
        ),
        audit=replace(seen.audit, rows=[dict.fromkeys(event, EVIL) for event in seen.audit.rows]),
        names=dict.fromkeys(seen.names, EVIL),
        behaviour={EVIL: EVIL},
        version=EVIL,
    )
    shown = page.page(evil)
    assert "<img" not in shown
    assert shown.count(EVIL) == 0
    assert unescape(shown).count(EVIL) > 10


def test_an_address_signs_in_once_and_its_cookie_only_looks(played: Door) -> None:
    """The second use of a code is refused, and the cookie opens the page and nothing else of the control."""
    control = Control(played.cloud, SECRETS)
    code = control.door.new_code()
    first, second = (_get(control, f"/login?code={code}") for _ in range(2))
    assert (first.status, second.status) == (303, 401)
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert _get(control, "/", cookie).status == 200
    assert _get(control, "/seeds", cookie).status == 401


@pytest.mark.parametrize("cookie", ["", "localazure-4711=guessed", "localazure-4711", ";;=,\x00"])
def test_fails_without_a_session(played: Door, cookie: str) -> None:
    """Neither the page nor its main part is shown to a browser that did not sign in."""
    control = Control(played.cloud, SECRETS)
    for path in ("/", "/main?seen=", "/login?code=", "/login?code=guessed"):
        answer = _get(control, path, cookie)
        assert answer.status == 401, path
        assert b"rotated" not in answer.content


def test_the_main_part_comes_only_when_something_changed(played: Door) -> None:
    """A browser that has seen the newest state gets 204 without content, and the new one after a change."""
    control = Control(played.cloud, SECRETS)
    cookie = _signed_in(control)
    version = _get(control, "/main", cookie).headers["x-version"]
    assert _get(control, f"/main?seen={version}", cookie).status == 204
    played.cloud.clock.advance(1)
    assert _get(control, f"/main?seen={version}", cookie).status == 200


def _crowded(seen: Snapshot, count: int, query: str) -> Snapshot:
    """The scene with so many accounts and grants, as a query shows it."""
    accounts = tuple(replace(seen.accounts[0], name=f"acc-{n:04}", id=f"/x/acc-{n:04}") for n in range(count))
    vault = replace(seen.vaults[0], grants=seen.vaults[0].grants[:1] * count)
    return replace(seen, accounts=accounts, vaults=(vault,), view=view_of(query))


def test_columns_are_named_ids_are_whole_and_tables_say_that_they_scroll(seen: Snapshot) -> None:
    """No column without a name, no heading out of order; versions and correlation ids stand in full."""
    shown = page.page(seen)
    assert '<th scope="col"></th>' not in shown
    levels = [int(level) for level in re.findall(r"<h([1-6])\b", shown)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    text = re.sub(r' title="[^"]*"', "", shown)
    assert all(str(event["correlationId"]) in text for event in seen.audit.rows)
    assert all(account.key_uri in text for account in seen.accounts)
    assert shown.count(', scrolls sideways"><') == shown.count("<table") + shown.count("<svg") > 6
    assert "it is not to scale" in shown


@pytest.mark.parametrize("sheet", [page.style(), evidence_style()], ids=["local Azure", "evidence"])
def test_texts_can_be_read_on_their_grounds(sheet: str) -> None:
    """Each text has the contrast of WCAG 2.2, 1.4.3 (4.5 to 1) on what it stands on, in light and dark."""
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", part)) for part in sheet.split("dark)", 1))
    grounds: dict[str, tuple[str, ...]] = {
        "ink": ("paper", "card", "tint"),
        "soft": ("paper", "card", "tint"),
    }
    for name in ("good", "bad", "warn", "error", "warning", "note", "mark"):
        grounds[name] = ("paper", "card", f"{name}-back", f"{name}-tint")
    for theme in (light, {**light, **dark}):
        pairs = [
            (text, ground)
            for text, under in grounds.items()
            for ground in under
            if text in theme and ground in theme
        ]
        assert len(pairs) > 9
        poor = {pair: contrast(*(theme[name] for name in pair)) for pair in pairs}
        assert not {pair: ratio for pair, ratio in poor.items() if ratio < 4.5}


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, as WCAG 2.2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_a_long_list_has_pages_and_says_how_long_it_is(seen: Snapshot) -> None:
    """Fifty rows of each list at a time, with the way to the next ones: none is cut off silently."""
    first, second, last = (page.content(_crowded(seen, 120, q)) for q in ("", "accounts=2", "accounts=99"))
    assert "1 to 50 of 120" in first
    assert ("/x/acc-0049" in first, "/x/acc-0050" in first) == (True, False)
    assert 'href="/?accounts=2#accounts"' in first
    assert 'href="/?unwrap=2#unwrap"' in first
    assert ("/x/acc-0049" in second, "/x/acc-0050" in second) == (False, True)
    assert "51 to 100 of 120" in second
    assert "and 100 more: use the search" in first
    assert "101 to 120 of 120" in last
    assert 'href="/?accounts=2&amp;unwrap=2#unwrap"' in second
    assert len(page.content(_crowded(seen, 5000, ""))) < 1.1 * len(first)


def test_a_search_finds_in_every_list_and_is_kept(seen: Snapshot) -> None:
    """What is searched for is found by name, key version or principal; pages and field keep it."""
    shown = page.page(_crowded(seen, 1000, "find=ACC-00"))
    assert "1 to 50 of 100 that match 'acc-00', of 1000" in shown
    assert 'href="/?find=acc-00&amp;accounts=2#accounts"' in shown
    assert 'value="acc-00"' in shown
    version = seen.accounts[0].key_uri.rsplit("/", 1)[-1]
    found = [a.name for a in shown_accounts(view_of(f"find={version}"), seen.accounts).rows]
    assert found == [seen.accounts[0].name]


def test_the_audit_log_is_searched_where_it_is_kept(played: Door) -> None:
    """The log is as long as it is; a page of it, its length and a search by who come from the store."""
    whole = snapshot(played.cloud).audit
    assert whole.total == whole.found == len(played.cloud.store.events("audit"))
    found = snapshot(played.cloud, view_of("find=Cut-Off")).audit
    assert 0 < found.found < whole.total
    names = snapshot(played.cloud).names
    assert {names[row["objectId"]] for row in found.rows} == {"cut-off"}
    assert snapshot(played.cloud, view_of("find=no such thing")).audit.found == 0


@pytest.mark.parametrize("query", ["accounts=0", "accounts=-1", "accounts=x", "accounts=9999999", "audit=7"])
def test_a_page_that_is_none_shows_one_that_is(played: Door, query: str) -> None:
    """Whatever number an address has, it shows a page that exists."""
    shown = page.content(snapshot(played.cloud, view_of(query)))
    assert "rotated" in shown
    assert "KeyUnwrap" in shown


def test_a_start_loads_no_sdk() -> None:
    """The server comes up without the Pulumi SDK and aiohttp, which would double its start-up time."""
    program = (
        "import sys, localazure.serve as _; print([m for m in ('pulumi', 'aiohttp') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
