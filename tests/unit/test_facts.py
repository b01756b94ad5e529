"""docs/facts.py, which reads Azure's pages again: here from a folder of files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs import facts

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "azure-facts.md").read_text()
KEYS = "azure/foundry/concepts/encryption-keys-portal"
DATED = re.compile(r"\b(page|note|notice) of 20\d\d-\d\d-\d\d|in the refusal|a copy without its date").search
STAY = "Projects can be updated from Microsoft-managed keys to CMKs but not reverted."


@pytest.fixture
def pages() -> dict[tuple[str, str], str]:
    """Each page as it was when it was read, the longest day ago."""
    found: dict[tuple[str, str], str] = {}
    for fact in facts.facts(DOCUMENT):
        for place in filter(None, map(facts.place, fact.pages)):
            said = found.setdefault(place, "ms.date: 01/01/2025\n")
            found[place] = said + "".join(f"\n- {sentence}\n" for sentence in fact.quotes)
    return found


def told(pages: dict[tuple[str, str], str]) -> tuple[list[str], list[str]]:
    def read(repository: str, path: str) -> str:
        if (repository, path) not in pages:
            raise OSError("404")
        return pages[repository, path]

    return facts.report(DOCUMENT, read)


def at(page: str) -> tuple[str, str]:
    found = facts.place(page)
    assert found is not None
    return found


def test_each_fact_of_a_page_has_its_sentence_and_the_pages_own_date() -> None:
    """Except lists and tables, and a page that a newer one contradicts."""
    without = {page for fact in facts.facts(DOCUMENT) if not fact.quotes for page in fact.pages}
    assert without == {
        "azure/ai-foundry/concepts/encryption-keys-portal",
        "azure/key-vault/general/assign-access-policy",
        "azure/reliability/regions-list",
        "azure/security/fundamentals/encryption-customer-managed-keys-support",
    }
    undated = [
        fact.text for fact in facts.facts(DOCUMENT) if fact.quotes and fact.pages and not DATED(fact.text)
    ]
    assert undated == []


def test_what_a_page_quotes_of_azure_is_a_fact_that_is_read_again() -> None:
    """Each sentence about the stores of agents, or its part."""
    rows = re.findall(r"^\|.+\|$", (ROOT / "docs" / "agents.md").read_text(), re.MULTILINE)
    quoted = re.findall(r'"([^"]+)"', "\n".join(rows))
    sentences = " ".join(sentence for fact in facts.facts(DOCUMENT) for sentence in fact.quotes)
    assert len(quoted) > 5
    assert [one for one in quoted if one not in sentences] == []


def test_pages_as_they_were_read_change_nothing(pages: dict[tuple[str, str], str]) -> None:
    """Whatever their markup and line breaks."""
    marked = {one: text.replace("Projects can", "**Projects**\n  [can](x.md)") for one, text in pages.items()}
    assert marked != pages
    assert told(marked) == ([], [])


def test_a_sentence_that_is_gone_is_told_with_what_rests_on_it(pages: dict[tuple[str, str], str]) -> None:
    """The lines of code and the switch."""
    pages[at(KEYS)] = pages[at(KEYS)].replace("but not reverted", "and back")
    (found,), unread = told(pages)
    assert unread == []
    assert f'{KEYS} no longer says "{STAY}"' in found
    assert "core/kind_limits.py (by its facts)" in found
    assert "`key_source_with_projects`" in found
    line = next(
        n for n, text in enumerate((ROOT / "core/kind_limits.py").read_text().splitlines(), 1) if KEYS in text
    )
    assert f"core/kind_limits.py:{line}" in found


def test_a_newer_page_without_a_quotation_and_one_that_cannot_be_read_are_told(
    pages: dict[tuple[str, str], str],
) -> None:
    """By their dates, also that of a page that is included; nobody reads that as no change."""
    repository, path = at("azure/reliability/regions-list")
    pages[repository, path] += "[!INCLUDE [more](includes/more.md)]"
    pages[repository, path.replace("regions-list", "includes/more")] = "ms.date: 12/31/2026"
    del pages[at(KEYS)]
    found, unread = told(pages)
    assert any(
        "regions-list is of 2026-12-31, and was read on 2026-12-02: The regions" in one for one in found
    )
    assert unread == [f"{KEYS}: 404"]


def test_it_ends_with_1_if_a_page_has_changed(
    tmp_path: Path, pages: dict[tuple[str, str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    """So that the weekly job opens an issue with what it printed."""
    for (repository, path), text in pages.items():
        file = tmp_path / repository / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert facts.main([str(tmp_path)]) == 0
    file = tmp_path.joinpath(*at(KEYS))
    file.write_text(file.read_text().replace(STAY, ""))
    assert facts.main([str(tmp_path)]) == 1
    assert STAY in capsys.readouterr().out
