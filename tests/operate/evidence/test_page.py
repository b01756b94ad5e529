"""The page: it shows everything, fetches nothing, and no name becomes markup. tests/clients/test_pages.py
looks at it in a browser and on paper."""

import re
from dataclasses import replace
from html import unescape

import pytest

from core.facts import RotationPolicy
from operate.evidence.charts import uses
from operate.evidence.findings import findings
from operate.evidence.model import Facts, NotChecked
from operate.evidence.page import of_runs, page
from operate.evidence.report import document
from operate.source import Source
from tests.operate.evidence.made import (
    NEW,
    NOW,
    OLD,
    OPEN,
    OTHER,
    OWN,
    account,
    deployment,
    facts,
    key,
    rich,
    row,
    service,
    use,
    version,
)

EVIL = "<img src=x onerror=alert(1)>'\"&"


def shown(of: Facts) -> str:
    return page(of, findings(of), version="9.9", digest="d" * 64)


def test_it_shows_every_finding_and_version() -> None:
    """Whatever is in the document is on the page."""
    text = unescape(shown(rich()))
    plain = re.sub("</?code>|<wbr>", "", text)
    for finding in findings(rich()):
        assert finding.text in text
        assert finding.fix.replace("`", "") in plain
    for words in (NEW, OLD, OTHER, "9.9", "d" * 64, "403 Auth"):
        assert words in text, words


ELSEWHERE = Source("public", "management.azure.com", False, "t-1", "o-1", "", "a-1", "OIDC")
IN_ANOTHER = account(id=account().id.replace("00000000000a", "00000000000b"))
GOOD, BAD = 'class="verdict good"', 'class="verdict error"'


def of_kind(kind: str) -> Facts:
    return facts(service(account=account(kind=kind)))


def rotating(after: str, expires: str) -> Facts:
    policy = RotationPolicy(rotates_after_create=after, expires_after=expires)
    return facts(service(key=key(rotation=policy)))


@pytest.mark.parametrize(
    ("of", "words", "absent"),
    [
        # Green only without an open error; a login that sees no account has shown nothing.
        (facts(), [GOOD, "Every account was read"], []),
        (rich(), [BAD, "4 open findings of severity error"], [GOOD]),
        (
            Facts(NOW, "Subscription x", ()),
            ["no account here that this login can see"],
            [GOOD, "Every account was read"],
        ),
        # Where it was read: host, tenant, subscription, reader; another cloud is marked, on each sheet, too.
        (
            facts(service(account=IN_ANOTHER), source=ELSEWHERE),
            [
                *("management.azure.com", "t-1", "00000000000a", "00000000000b", "o-1", "logged in by OIDC"),
                *("<strong>Not from Azure: no public", '@top-center { content: "NOT FROM AZURE"'),
            ],
            [],
        ),
        (facts(source=replace(ELSEWHERE, is_public=True)), [], ["Not from Azure", "NOT FROM AZURE"]),
        (facts(source=NotChecked("503")), ["where the answers come from: not checked: 503"], []),
        # What the key does not cover, and what a revocation deletes.
        (of_kind("TextTranslation"), ["deletes all data uploaded to Custom Translator"], []),
        (of_kind("AIServices"), ["OpenAI Assistants"], []),
        (of_kind("ImmersiveReader"), ["may delete data"], []),
        # Durations of ISO 8601 in words; what is none as Azure sent it.
        (rich(), ["a new version 540 days after one is created, valid for 730 days"], ["P540D"]),
        (rotating("P1Y6M", "PT0S"), ["a new version 1 year and 6 months after", "valid for PT0S"], []),
        (rotating("PT12H", "soon"), ["a new version 12 hours after", "valid for soon"], []),
        # One of a thing is singular.
        (rich(), ["closed except for 1 address rule and 0 subnets, 1 private endpoint"], []),
    ],
)
def test_it_says(of: Facts, words: list[str], absent: list[str]) -> None:
    """The verdict, the source, the limits of the key and the times."""
    text = unescape(shown(of))
    assert [one for one in words if one not in text] == []
    assert [one for one in absent if one in text] == []


def test_the_document_says_so_too() -> None:
    """What the key does not cover, and what a revocation deletes."""
    (told,) = document(of_kind("TextTranslation"), [], "9.9")["services"]
    assert "deletes all data uploaded to Custom Translator" in told["revoking"]
    (told,) = document(of_kind("AIServices"), [], "9.9")["services"]
    assert "OpenAI Assistants" in told["notUnderTheKey"]


def test_what_is_wrong_comes_first_and_the_history_is_folded() -> None:
    """Then a sentence about each account; an update and the refresh of its run are one row, with commit and
    plan in short, and two of one kind are two."""
    text = shown(rich())
    heads = re.findall("<h2[^>]*>([^<]*)", text)
    assert [head.partition(" since")[0] for head in heads[:3]] == ["Open findings", "Accounts", "Deployments"]
    accounts = " ".join(unescape(re.sub("<[^>]*>", "", text.split("<h2>Accounts</h2>")[1])).split())
    for words in (
        "lang-contoso : under kv-contoso/cmk; its own identity can unwrap with it , and so can 1 other ;",
        "it last unwrapped its data on 2026-05-31 11:00 UTC.",
        "bbbbbbbb 2026-05-20 to 2028-05-19, bound, newest; aaaaaaaa 2025-04-07 to",
        "lang-plain : its data is under Microsoft-managed keys.",
        "lang-unread : not read, 403 AuthorizationFailed",
    ):
        assert words.replace(" ", "") in accounts.replace(" ", ""), words
    assert "<details><summary>12 runs in the stack" in text
    rows = text.split('aria-label="Deployments"')[1].split("</table>")[0].split("<tr>")[2:]
    assert len(rows) == 12
    assert rows[0].index("update, succeeded") < rows[0].index("refresh, succeeded")
    assert "<code>01010101</code>" in rows[0]
    assert len(of_runs([deployment(1), deployment(1), deployment(2, "refresh")])) == 3


def test_a_green_box_names_the_warnings() -> None:
    """With the way to them."""
    warned = shown(facts(service(account=account(network=OPEN))))
    assert GOOD in warned
    assert '<a href="#findings">1 warning</a> is open.' in warned
    assert '<a href="#findings">' not in shown(facts())


def test_it_needs_nothing_but_itself() -> None:
    """No script, and nothing that a browser would fetch; its policy forbids both."""
    text = shown(rich())
    assert "default-src 'none'" in unescape(text)
    assert not re.search(r"<script|<link|<img|<iframe|\bsrc=|url\(|@import", text)
    assert set(re.findall(r'href="([^"]*)"', text)) == {
        f"#service-{name}" for name in ("lang-contoso", "lang-fabrikam", "lang-plain", "lang-unread")
    }


def test_no_name_is_ever_markup() -> None:
    """Tags in names, ids and refusals are shown as text."""
    evil = replace(account(), name=EVIL, id=f"/a/{EVIL}", kind=EVIL, sku=EVIL, location=EVIL)
    of = facts(
        service(
            account=evil, use=NotChecked(EVIL), key=key(replace(version(NEW, 3), version=EVIL), name=EVIL)
        )
    )
    text = shown(replace(of, subject=EVIL, names=(("x", EVIL),)))
    assert "<img" not in text
    assert unescape(text).count(EVIL) > 8


def test_a_name_cannot_end_the_string_of_the_footer() -> None:
    """Which stands in the style of each sheet of paper."""
    evil = shown(replace(facts(), subject='"}</style>\\\n'))
    (rule,) = re.findall(r"@bottom-left \{ content: (.*) \}", evil)
    assert re.fullmatch(r'"[A-Za-z0-9 .,:\\-]*";', rule)


def test_every_bar_stands_in_a_row_that_says_the_same() -> None:
    """Who does not see the bars misses nothing: they are hidden from who listens, and lie in their cell. Of
    four versions one is bound, and today is in each row."""
    text = shown(rich())
    assert text.count('<td aria-hidden="true"><div class="track">') > 10
    places = re.findall(r'style="left: ([0-9.]+)%; width: ([0-9.]+)%"', text)
    assert len(places) == text.count('class="bar ')
    assert all(float(left) >= 0 and float(left) + float(width) <= 100.2 for left, width in places)
    _, _, table, *_ = text.split("Versions of the key of")
    counts = {name: table.count(f'class="bar {name}"') for name in ("valid", "bound", "now")}
    assert counts == {"valid": 4, "bound": 1, "now": 4}


def test_uses_are_counted_by_identity_and_by_day() -> None:
    """Wraps, unwraps and refusals of each identity, whatever the case of its id; decrypt counted as unwrap,
    encrypt as wrap. Each use is in the row of its day, and under one colour."""
    rows = [
        row(5, uses=2),
        row(5, OWN.upper(), operation="KeyWrap"),
        row(3, operation="KeyDecrypt"),
        row(2, operation="KeyEncrypt"),
        row(2, operation="KeyEncrypt", refused=True, uses=4),
        row(1, OTHER, uses=7),
    ]
    table = shown(facts(service(use=use(*rows)))).split("by identity</caption>")[1].split("</table>")[0]
    cells = [re.findall(r"<td>(\d+)</td>", line) for line in table.split("<tr>")[2:]]
    assert cells == [["2", "3", "4"], ["0", "7", "0"]]
    found = uses(rows, OWN)
    assert [[*one.counts.values()] for one in found] == [[3, 0, 0], [1, 0, 0], [1, 0, 4], [0, 7, 0]]
    assert [*found[0].counts] == ["own", "others", "refused"]
    assert {bar.name for bar in found[2].bars} == {"own", "refused"}
    (widest,) = found[3].bars
    assert (widest.name, widest.left, widest.width) == ("others", 0.0, 100.0)
