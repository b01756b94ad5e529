"""The page: it shows everything, fetches nothing, and no name becomes markup. tests/clients/test_pages.py
looks at it in a browser and on paper."""

import re
from dataclasses import replace
from html import unescape

import pytest

from operate.evidence.charts import uses
from operate.evidence.findings import findings
from operate.evidence.model import Facts, NotChecked
from operate.evidence.page import length, page
from operate.evidence.report import document
from operate.source import Source
from tests.operate.evidence.made import (
    NEW,
    NOW,
    OLD,
    OTHER,
    OWN,
    account,
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
    for finding in findings(rich()):
        assert finding.text in text
        assert finding.fix in text
    for words in (NEW, OLD, OTHER, "9.9", "d" * 64, "403 Auth"):
        assert words in text, words


def test_the_verdict_is_that_of_the_findings() -> None:
    """Green only without an open error; a login that sees no account has shown nothing."""
    assert 'class="verdict good"' in shown(facts())
    assert 'class="verdict error"' in shown(rich())
    assert "4 open findings of severity error" in shown(rich())
    none = shown(Facts(NOW, "Subscription x", ()))
    assert 'class="verdict good"' not in none
    assert "no account here that this login can see" in none
    assert "Every account was read" not in none


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


ELSEWHERE = Source("public", "management.azure.com", False, "t-1", "o-1", "", "a-1", "OIDC")


def test_it_tells_where_it_was_read() -> None:
    """Host, tenant, subscriptions, reader; another cloud is marked, on paper on each sheet."""
    own = service(account=account(id=account().id.replace("00000000000a", "00000000000b")))
    text = unescape(shown(facts(own, source=ELSEWHERE)))
    subscriptions = [f"{'0' * 8}-0000-0000-0000-{'0' * 11}{one}" for one in "ab"]
    for words in ("management.azure.com", "t-1", *subscriptions, "o-1", "a-1", "logged in by OIDC"):
        assert words in text, words
    assert "<strong>Not from Azure: no public certificate authority" in text
    assert '@top-center { content: "NOT FROM AZURE"' in text
    public = shown(facts(source=replace(ELSEWHERE, is_public=True)))
    assert "not from azure" not in public.lower()
    (unread,) = findings(facts(source=NotChecked("503")))
    assert unread.text == "where the answers come from: not checked: 503"


def test_a_name_cannot_end_the_string_of_the_footer() -> None:
    """Which stands in the style of each sheet of paper."""
    evil = shown(replace(facts(), subject='"}</style>\\\n'))
    (rule,) = re.findall(r"@bottom-left \{ content: (.*) \}", evil)
    assert re.fullmatch(r'"[A-Za-z0-9 .,:\\-]*";', rule)


def test_units_and_plurals_are_words() -> None:
    """No `P540D`, no `30 d`, no `1 rules`."""
    text = unescape(shown(rich()))
    assert "a new version 540 days after one is created, valid for 730 days" in text
    assert "on, kept 90 days" in text
    assert "closed except for 1 address rule and 0 subnets, 1 private endpoint" in text
    one = "1 (rules|subnets|days|accounts|errors|versions|uses|(un)?wraps|private endpoints)"
    assert not re.search(rf"\b(P\d+[DMY]|\d+ d\b|{one})", text)


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


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("TextTranslation", "deletes all data uploaded to Custom Translator"),
        ("AIServices", "OpenAI Assistants"),
        ("ImmersiveReader", "may delete data"),
    ],
)
def test_it_tells_what_the_key_does_not_cover_and_what_a_revocation_deletes(kind: str, words: str) -> None:
    """On the page and in the document."""
    of = facts(service(account=account(kind=kind)))
    assert words in unescape(shown(of))
    (told,) = document(of, [], "9.9")["services"]
    assert words in f"{told['revoking']} {told['notUnderTheKey']}"


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        ("P540D", "540 days"),
        ("P1Y6M", "1 year and 6 months"),
        ("PT12H", "12 hours"),
        ("PT0S", "PT0S"),
        ("soon", "soon"),
    ],
)
def test_a_duration_is_in_words(duration: str, words: str) -> None:
    """Key Vault's durations are ISO 8601; what is none is shown as Azure sent it."""
    assert length(duration) == words
