"""The page: a snapshot as HTML, for a person who wants to see what the local Azure holds and does.

Pure functions. Does not own: what is read (snapshot.py), who may see it (sessions.py).
"""

from __future__ import annotations

import functools
from pathlib import Path

from localazure.page.accounts import AccountView, shown_accounts
from localazure.page.html import Html, badge, code, element, join
from localazure.page.snapshot import Snapshot
from localazure.page.tables import audit, groups, moment, operations, settings, unwrappers, vaults
from localazure.page.timeline import states, time_line
from localazure.page.view import pager, search

_PLACES = (
    ("accounts", "accounts"),
    ("vaults", "vaults"),
    ("unwrap", "key access"),
    ("audit", "audit log"),
    ("subscriptions", "subscriptions"),
    ("settings", "settings"),
)
_FOLDER = Path(__file__).parent


@functools.cache
def style() -> str:
    """The style sheet."""
    return (_FOLDER / "page.css").read_text(encoding="utf-8")


@functools.cache
def script() -> str:
    """The script that keeps the page up to date."""
    return (_FOLDER / "page.js").read_text(encoding="utf-8")


def page(seen: Snapshot) -> Html:
    """The whole document."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", "Local Azure"),
        element("style", Html(style())),
    )
    top = element(
        "header",
        element("h1", "Local Azure"),
        element("nav", *(element("a", word, href=f"#{id}") for id, word in _PLACES)),
        search(seen.view),
        element("p", "up to date", id="state", role="status"),
    )
    body = element(
        "body",
        top,
        element("main", content(seen), data_version=seen.version),
        element("script", Html(script())),
    )
    return Html(f"<!doctype html>{element('html', head, body, lang='en')}")


def content(seen: Snapshot) -> Html:
    """The part that changes while a deployment runs: everything below the header."""
    sections = (
        ("accounts", "Accounts", _accounts(seen)),
        ("vaults", "Vaults and keys", vaults(seen)),
        ("unwrap", "Who can unwrap with which key", unwrappers(seen)),
        ("operations", "Running operations", operations(seen)),
        ("audit", "Audit log of key uses, latest first", audit(seen)),
        ("subscriptions", "Subscriptions and resource groups", groups(seen)),
        ("settings", "Clock, behaviour and faults", settings(seen)),
    )
    shown = (element("section", element("h2", title), part, id=id) for id, title, part in sections)
    return join([_figures(seen), *shown])


def _figures(seen: Snapshot) -> Html:
    now = moment(seen.now)
    live = [account for account in seen.accounts if not account.deleted]
    lost = sum(bool(account.unreadable) for account in live)
    bound = sum(bool(account.key_uri) for account in live)
    facts = (
        (f"{bound} of {len(live)}", "accounts on a customer-managed key", ""),
        (str(lost), "accounts with unreadable data", "bad" if lost else ""),
        (str(sum(view.vault.deleted is None for view in seen.vaults)), "live vaults", ""),
        (str(len(seen.operations)), "running operations", "warn" if seen.operations else ""),
        (now[11:], f"UTC on {now[:10]}, {_moved(seen.offset)}", ""),
    )
    return element(
        "dl",
        *(
            element("div", element("dd", value), element("dt", word), class_=f"figure {kind}".strip())
            for value, word, kind in facts
        ),
        class_="figures",
    )


def _moved(offset: float) -> str:
    if not offset:
        return "the machine's clock"
    days, rest = divmod(round(abs(offset)), 86400)
    return f"{days} d {rest // 3600} h {rest % 3600 // 60} min {'ahead' if offset > 0 else 'behind'}"


def _accounts(seen: Snapshot) -> Html:
    if not seen.accounts:
        return element("p", "no accounts yet: run make up to create one", class_="empty")
    part = shown_accounts(seen.view, seen.accounts)
    return join([pager(seen.view, part), *(_account(account) for account in part.rows)])


def _account(account: AccountView) -> Html:
    facts = (f"{account.kind} {account.sku}", account.group, account.location)
    about = element(
        "div",
        element(
            "h3",
            element("span", account.name, title=account.id),
            _encryption(account),
            badge(account.state.lower(), "warn") if account.state != "Succeeded" else None,
            badge("soft-deleted", "warn") if account.deleted else None,
        ),
        element("p", " · ".join(facts), class_="note"),
        _key(account.key_uri) if account.key_uri else None,
        element("p", account.unreadable, class_="bad") if account.unreadable else None,
    )
    line = time_line(states(account.history, "" if account.deleted else account.unreadable))
    return element("article", about, line, class_="account")


def _key(uri: str) -> Html:
    vault, _, key = uri.removeprefix("https://").partition(".vault.azure.net/keys/")
    return element("p", "key ", code(uri, f"{vault}/{key[:-24]}"), class_="note")


def _encryption(account: AccountView) -> Html:
    if not account.key_uri:
        return badge("Microsoft-managed key")
    return badge("unreadable", "bad") if account.unreadable else badge("customer-managed key", "good")
