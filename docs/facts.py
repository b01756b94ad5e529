"""Whether Azure's pages still say what docs/azure-facts.md has of them: `python docs/facts.py [FOLDER]`.

Reads the Markdown of each page from Microsoft's public documentation repositories, or from FOLDER, which has
the same files at REPOSITORY/PATH. Prints each fact whose quoted sentence is gone and, of the facts without
one, each whose page is newer than its reading; with the lines of code and the switch that rest on it. Ends
with 1 if it printed any. A page that is no Markdown file of these repositories is not checked.
"""

from __future__ import annotations

import posixpath
import re
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
AI, SECURITY, DATABASES, AZURE = (
    "MicrosoftDocs/azure-ai-docs",
    "MicrosoftDocs/azure-security-docs",
    "MicrosoftDocs/azure-databases-docs",
    "MicrosoftDocs/azure-docs",
)
REPOSITORIES = {
    "azure/foundry": AI,
    "azure/ai-": AI,
    "azure/search": AI,
    "azure/cosmos-db": DATABASES,
    "azure/storage": AZURE,
    "azure/key-vault": SECURITY,
    "azure/security": AZURE,
    "azure/role-based-access-control": AZURE,
    "azure/azure-resource-manager": AZURE,
    "azure/reliability": AZURE,
    "azure/azure-monitor": "MicrosoftDocs/azure-monitor-docs",
}
"""Where the pages are, by the beginning of their path."""
ROOMS = ("components", "core", "localazure", "operate", "policies", "probe", "provider", "review", "settings")
_LEARN = re.compile(r"https://learn\.microsoft\.com/([^)#?\s]+)")
_QUOTE = re.compile(r'"([^"]{20,})"')
_INCLUDE = re.compile(r"\[!INCLUDE\s*\[[^\]]*\]\(([^)]+\.md)\)\]")
_DATE = re.compile(r"^ms\.date:\s*(\d\d/\d\d/\d{4})", re.MULTILINE)
_MARKUP = re.compile(r"[*`_>\\]|\[([^\]]*)\]\([^)]*\)")
Read = Callable[[str, str], str]
"""Reads a file by its repository and path. Raises OSError."""


@dataclass(frozen=True)
class Fact:
    """A row of docs/azure-facts.md: the module of core that rests on it, its pages' paths, and the rest."""

    module: str
    text: str
    pages: tuple[str, ...]
    read: date
    switch: str

    @property
    def quotes(self) -> list[str]:
        """The sentences that it quotes."""
        return _QUOTE.findall(self.text)


@dataclass(frozen=True)
class Page:
    """A page's text, with the pages that it includes, and the newest of their own dates."""

    text: str
    dated: date


def facts(document: str) -> Iterator[Fact]:
    """The facts of docs/azure-facts.md."""
    for section in document.split("\n## `")[1:]:
        for row in re.findall(r"^\| (?!fact \|)(.+) \|$", section, re.MULTILINE):
            text, source, read, _, switch = (cell.strip(" |") for cell in row.split(" | "))
            pages = tuple(dict.fromkeys(_LEARN.findall(source)))
            yield Fact(section.partition("`")[0], text, pages, date.fromisoformat(read), switch)


def place(page: str) -> tuple[str, str] | None:
    """The repository and the path of a page's Markdown; None for a page that is not in these."""
    for beginning, repository in REPOSITORIES.items():
        if page.startswith(beginning):
            return repository, f"articles/{page.removeprefix('azure/')}.md"
    return None


def page_at(repository: str, path: str, read: Read) -> Page:
    """A page. Raises OSError if it, or a page that it includes, cannot be read."""
    text = read(repository, path)
    for included in _INCLUDE.findall(text):
        if not included.startswith(("~", "/")):
            text += "\n" + read(repository, posixpath.normpath(f"{posixpath.dirname(path)}/{included}"))
    days = [datetime.strptime(day, "%m/%d/%Y").date() for day in _DATE.findall(text)]  # noqa: DTZ007
    return Page(plain(text), max(days, default=date.min))


def plain(text: str) -> str:
    """A text without its markup, on one line."""
    return " ".join(_MARKUP.sub(lambda found: found[1] or "", text).split())


def changes(fact: Fact, page: Page) -> Iterator[str]:
    """What a page no longer says of a fact; or, of a fact without a quotation, that it is newer."""
    for sentence in fact.quotes:
        if plain(sentence) not in page.text:
            yield f'no longer says "{sentence}"'
    if not fact.quotes and page.dated > fact.read:
        yield f"is of {page.dated}, and was read on {fact.read}: {fact.text}"


def resting(page: str, root: Path) -> Iterator[str]:
    """The lines of code that name a page."""
    for room in ROOMS:
        for file in sorted((root / room).rglob("*")):
            if file.suffix in (".py", ".json", ".yaml") and file.is_file():
                for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                    if page in line:
                        yield f"{file.relative_to(root)}:{number}"


def report(document: str, read: Read, root: Path = ROOT) -> tuple[list[str], list[str]]:
    """The facts whose pages have changed, each with what rests on it; and the pages that were not read."""
    found: list[str] = []
    unread: dict[str, str] = {}
    for fact in facts(document):
        texts: list[Page] = []
        for page in fact.pages:
            try:
                if at := place(page):
                    texts.append(page_at(*at, read))
            except OSError as error:
                unread[page] = str(error)
        if not texts or any(page in unread for page in fact.pages):
            continue
        whole = Page(" ".join(one.text for one in texts), max(one.dated for one in texts))
        for text in changes(fact, whole):
            lines = [line for page in fact.pages for line in resting(page, root)]
            rests = ", ".join([f"{fact.module} (by its facts)", *lines, *filter(None, [fact.switch])])
            found.append(f"{' and '.join(fact.pages)} {text}\n  {rests}")
    return found, [f"{page}: {why}" for page, why in unread.items()]


@cache
def _from_the_net(repository: str, path: str) -> str:
    url = f"https://raw.githubusercontent.com/{repository}/main/{path}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        text: str = answer.read().decode("utf-8")
    return text


def main(arguments: list[str]) -> int:
    """Prints the report; the exit code."""
    document = (ROOT / "docs" / "azure-facts.md").read_text(encoding="utf-8")
    folder = Path(arguments[0]) if arguments else None

    def from_folder(repository: str, path: str) -> str:
        return Path(folder or ".", repository, path).read_text(encoding="utf-8")

    found, unread = report(document, from_folder if folder else _from_the_net)
    for text in found:
        sys.stdout.write(f"- {text}\n")
    for text in unread:
        sys.stderr.write(f"- not read: {text}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
