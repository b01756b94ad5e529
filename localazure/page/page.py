"""The page: a snapshot as HTML, for a person who wants to see what the local Azure holds and does.

Its templates escape every value: no name can be markup. Pure functions. Does not own: what is read
(snapshot.py), who may see it (sessions.py).
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from localazure.page import tables
from localazure.page.accounts import AccountView, shown_accounts
from localazure.page.snapshot import Snapshot
from localazure.page.timeline import TimeLine, time_line

if TYPE_CHECKING:
    from jinja2 import Environment

_PLACES = (
    ("accounts", "accounts"),
    ("vaults", "vaults"),
    ("unwrap", "key access"),
    ("operations", "operations"),
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


def page(seen: Snapshot) -> str:
    """The whole document."""
    return _rendered("page.html.j2", places=_PLACES, style=style(), script=script(), **_shown(seen))


def content(seen: Snapshot) -> str:
    """The part that changes while a deployment runs: everything below the header."""
    return _rendered("main.html.j2", **_shown(seen))


def notice(text: str) -> str:
    """One sentence, for who may not see the page."""
    return _templates().from_string("<p>{{ text }}</p>").render(text=text)


class Figure(NamedTuple):
    """A number at the top of the page: kind is `bad`, `warn` or empty."""

    value: str
    what: str
    kind: str = ""


@functools.cache
def _templates() -> Environment:
    # Only who looks at the page needs it, and a start counts its milliseconds.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _rendered(template: str, **values: Any) -> str:
    return _templates().get_template(template).render(values)


def _shown(seen: Snapshot) -> dict[str, Any]:
    """What the templates show."""
    return {
        "seen": seen,
        "view": seen.view,
        "tables": tables,
        "figures": _figures(seen),
        "accounts": shown_accounts(seen.view, seen.accounts),
        "operations": seen.view.part(
            "operations", seen.operations, lambda found: (found.id, *found.about.values())
        ),
        "lines": _line,
        "shown_groups": lambda row: [str(g["name"]) for g in row.groups if seen.view.finds((g["name"],))],
    }


def _line(account: AccountView) -> TimeLine:
    return time_line(account.history, "" if account.deleted else account.unreadable)


def _figures(seen: Snapshot) -> tuple[Figure, ...]:
    now = tables.moment(seen.now)
    live = [account for account in seen.accounts if not account.deleted]
    lost = sum(bool(account.unreadable) for account in live)
    bound = sum(bool(account.key_uri) for account in live)
    running = len(seen.operations)
    return (
        Figure(f"{bound} of {len(live)}", "accounts on a customer-managed key"),
        Figure(str(lost), "accounts with unreadable data", "bad" if lost else ""),
        Figure(str(sum(view.vault.deleted is None for view in seen.vaults)), "live vaults"),
        Figure(str(running), "running operations", "warn" if running else ""),
        Figure(now[11:], f"UTC on {now[:10]}, {_moved(seen.offset)}"),
    )


def _moved(offset: float) -> str:
    if not offset:
        return "the machine's clock"
    days, rest = divmod(round(abs(offset)), 86400)
    return f"{days} d {rest // 3600} h {rest % 3600 // 60} min {'ahead' if offset > 0 else 'behind'}"
