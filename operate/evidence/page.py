"""The whole page: one file that needs nothing else, for a screen and for paper.

Owns: the frame, the summary, what concerns all accounts. Does not own: an account's pages (page_service.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from operate.evidence.finding import Finding, Severity
from operate.evidence.findings import unread
from operate.evidence.html import Html, badge, code, element, join, table
from operate.evidence.model import Facts, PolicyResults
from operate.evidence.page_cells import day, minute, unless_unread
from operate.evidence.page_service import anchor, deleted_table, service_pages
from operate.evidence.rotation import rows

_STYLE = Path(__file__).with_name("page.css")


def page(facts: Facts, found: Sequence[Finding], *, version: str, digest: str) -> str:
    """The document. `digest` is the SHA-256 of evidence.json, `version` the tool's."""
    title = f"Encryption evidence: {facts.subject}"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        # Nothing is fetched, whatever a name in the cloud may hold.
        element(
            "meta",
            http_equiv="Content-Security-Policy",
            content="default-src 'none'; style-src 'unsafe-inline'",
        ),
        element("title", title),
        element("style", Html(_STYLE.read_text(encoding="utf-8"))),
    )
    body = element(
        "body",
        element("header", *_head(facts, found, version)),
        element("main", *_main(facts, found)),
        element("footer", *_foot(facts, version, digest)),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _head(facts: Facts, found: Sequence[Finding], version: str) -> Iterator[Html]:
    yield element("h1", "Encryption evidence")
    yield element(
        "p",
        f"{facts.subject}. Read from the live cloud on {minute(facts.taken)} by language-cmk {version}.",
        class_="lead",
    )
    counts = {severity: sum(f.severity is severity for f in found) for severity in Severity}
    errors = counts[Severity.ERROR]
    what = "Every account was read, and its data is under a customer's key. What could be better is below."
    if not facts.services:
        what = "There is no account here that this login can see, so nothing is shown of any."
    if errors:
        what = "At least one account is not protected as it should be, or that could not be shown."
    words = f"{errors} open finding{'s' * (errors != 1)} of severity error" if errors else "No open error"
    yield element(
        "div",
        element("strong", words),
        element("span", what),
        class_=f"verdict {'error' if errors else 'good' if facts.services else 'warning'}",
    )
    not_checked = sum(f.rule == "not-checked" for f in found)
    figures = (
        (len(facts.services), "accounts"),
        (sum(row.is_newest for row in rows(facts.services, facts.taken)), "bound to the newest version"),
        (errors, "errors"),
        (counts[Severity.WARNING], "warnings"),
        (counts[Severity.NOTE], "notes"),
        (not_checked, "things not checked"),
    )
    yield element(
        "ul",
        *(element("li", element("b", n), element("span", text)) for n, text in figures),
        class_="figures",
    )


def _main(facts: Facts, found: Sequence[Finding]) -> Iterator[Html]:
    yield element(
        "nav",
        element("h3", "Accounts"),
        element("ol", *(element("li", element("a", s.name, href=f"#{anchor(s)}")) for s in facts.services)),
        aria_label="Accounts",
    )
    yield element("h2", "Rotation")
    yield _rotation(facts)
    yield element("h2", "Open findings")
    yield _findings(found)
    yield from (service_pages(service, facts) for service in facts.services)
    yield element("section", *_rest(facts), class_="service")


def _rest(facts: Facts) -> Iterator[object]:
    yield element("h2", "Policies")
    if facts.policies is None:
        yield element("p", "No stack was named, so the policy pack was not run.", class_="empty")
    else:
        yield unless_unread(facts.policies, _policies)
    yield element("h2", "Soft-deleted vaults and accounts")
    yield unless_unread(facts.deleted, lambda found: deleted_table(found, "None in these subscriptions."))
    yield element("h2", "Not checked")
    missing = [(s.name, what, part.why) for s in facts.services for what, part in unread(s)]
    yield table("Not checked", ("Account", "What", "Why"), missing, empty="Everything asked was answered.")
    yield element(
        "p",
        "Never checked, because no answer of Azure's tells it here: accounts and assignments that this login "
        "may not see, members of groups, roles that somebody "
        "could activate, deny assignments, what others hold copies of, and whether an operator of Azure had "
        "access.",
    )


def _findings(found: Sequence[Finding]) -> Html:
    return table(
        "Open findings",
        ("Severity", "Subject", "Finding", "What to do"),
        (
            (
                badge(f.severity.word, f.severity.word),
                f.subject,
                join([f.text, element("div", code(f.rule), class_="soft")]),
                f.fix,
            )
            for f in found
        ),
        empty="No open findings.",
    )


def _rotation(facts: Facts) -> Html:
    return table(
        "Rotation of all accounts",
        ("Account", "Bound version", "Newest version", "Age", "Expires", "Next rotation", ""),
        (
            (
                row.service,
                code(row.bound) if row.bound else "—",
                badge("same", "good") if row.is_newest else code(row.newest) if row.newest else "—",
                f"{row.age_days} d" if row.age_days is not None else "—",
                day(row.bound_expires, "none" if row.bound else "—"),
                day(row.next_rotation),
                row.note,
            )
            for row in rows(facts.services, facts.taken)
        ),
        empty="There are no accounts.",
    )


def _policies(results: PolicyResults) -> Html:
    broken = table(
        "Violations",
        ("Rule", "Level", "Resource", "What"),
        (
            (
                v.rule,
                badge(v.level, "error" if v.level == "mandatory" else "note"),
                v.resource,
                join(element("div", line) for line in v.text.split("\n")),
            )
            for v in results.violations
        ),
        empty="No rule is broken.",
    )
    exempt = element("ul", *(element("li", text) for text in results.exemptions))
    return join(
        [
            element("p", f"{results.pack}. Source: {results.source}.", class_="soft"),
            broken,
            element("h3", "Exemptions from rules of the pack"),
            exempt if results.exemptions else element("p", "None.", class_="empty"),
        ]
    )


def _foot(facts: Facts, version: str, digest: str) -> Iterator[Html]:
    yield element("p", f"language-cmk {version}. SHA-256 of evidence.json: ", code(digest))
    yield element(
        "p",
        "manifest.json lists the SHA-256 of each file and of each answer of the cloud. Facts are as Azure "
        f"Resource Manager, Key Vault and Log Analytics told them up to {minute(facts.taken)}.",
    )
