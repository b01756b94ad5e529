"""The versions, the rotation and the use of one account's key.

Owns: what is shown of them, in which order and words.
"""

from __future__ import annotations

from datetime import datetime

from operate.evidence.chart_use import use_chart, use_legend
from operate.evidence.chart_versions import versions_chart, versions_legend
from operate.evidence.html import Html, badge, code, element, join, pairs, table
from operate.evidence.model import Account, Facts, Key, KeyUse, Service
from operate.evidence.page_cells import day, minute, unless_unread, who
from operate.evidence.rotation import is_usable, newest, next_rotation
from operate.evidence.use import rows_of
from operate.evidence.views import use_by_identity


def rotation(account: Account, key: Key, service: Service, now: datetime) -> Html:
    """The key, its rotation policy, and its versions against the binding."""
    latest = newest(key, now)
    rows = [
        (
            code(version.version),
            minute(version.created),
            day(version.expires, "none"),
            "usable"
            if is_usable(version, now)
            else "disabled"
            if not version.enabled
            else "not in its dates",
            join(
                badge(word, kind)
                for word, kind, holds in (
                    ("bound", "good", version.version.lower() == account.binding.key_version.lower()),
                    ("newest", "note", version == latest),
                )
                if holds
            ),
        )
        for version in reversed(key.versions)
    ]
    policy = key.rotation
    words = "none"
    if policy and (policy.rotates_after_create or policy.rotates_before_expiry):
        when = (
            f"{policy.rotates_after_create} after a version is made"
            if policy.rotates_after_create
            else f"{policy.rotates_before_expiry} before a version expires"
        )
        words = f"a new version {when}, valid for {policy.expires_after or 'ever'}"
    size = f" of {key.size} bits" if key.size else ""
    return join(
        [
            pairs(
                [
                    ("Type", f"{key.type}{size}; may {', '.join(key.operations) or 'do nothing'}"),
                    ("Rotation policy", words),
                    ("Next rotation", day(next_rotation(key), "none by policy")),
                ]
            ),
            element("figure", versions_chart(account, key, service.use, now), versions_legend()),
            table(
                f"Versions of {key.name}, newest first",
                ("Version", "Created", "Expires", "State", ""),
                rows,
                empty="The key has no versions.",
            ),
        ]
    )


def use_of_key(service: Service, use: KeyUse, account: Account, facts: Facts) -> Html:
    """Who used the key, and when."""
    own = account.user.principal_id if account.user else ""
    mine = rows_of(account.binding.key_name, use)
    rows = unless_unread(
        use_by_identity(service),
        lambda users: table(
            "Use of the key by identity",
            ("Identity", "Wraps", "Unwraps", "Refused", "First", "Last"),
            (
                (
                    who(user.identity, facts) if user.identity else "not told",
                    user.wraps,
                    user.unwraps,
                    user.refused,
                    minute(user.first),
                    minute(user.last),
                )
                for user in users
            ),
            empty="The log has no use of the key in this time.",
        ),
    )
    source = f"Audit log of the vault in the workspace {use.workspace_id}, "
    span = (
        f"{day(use.since)} to {minute(use.until)}. Records arrive with a delay of minutes; of the time "
        "before the vault's diagnostic setting was made, which Azure does not tell, there are none."
    )
    chart = element("figure", use_chart(mine, own, use.since, use.until), use_legend()) if mine else None
    return join([chart, rows, element("p", source, span, class_="soft")])
