"""What README and docs name is there: every link, and every command of this repository's own; and as a site,
its pages are the repository's, and every link leads somewhere."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from docs import settings_pages
from localazure import checkout
from operate.__main__ import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "policies" / "README.md"]
    if "sdks" not in path.parts and "node_modules" not in path.parts
)
PRODUCT = ("components", "core", "engine", "hosts", "operate", "policies", "provider", "settings")
_SERVER = {"start", "serve", "stop", "status", "env", "page", "reset", "exec", "setup"}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_commands_of_a_page_exist(page: Path) -> None:
    """A link leads to a file of the repository; `make` has the target, `python -m` the module and its
    word."""
    text = page.read_text()
    links = [one.partition("#")[0] for one in re.findall(r"\]\(([^)\s]+)\)", text)]
    # GitHub resolves a badge's address against the page's own, so that it works in every clone and fork.
    badges = {f"../../actions/workflows/{one.name}" for one in (ROOT / ".github" / "workflows").iterdir()}
    links = [one for one in links if one.removesuffix("/badge.svg") not in badges]
    own = [one for one in links if one and "://" not in one and not one.startswith("mailto:")]
    assert [one for one in own if not (page.parent / one).exists()] == []
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^\$ |`)make (?:-s )?(\w+)", text, re.MULTILINE)) <= targets
    modules = re.findall(r"python3? -m ([a-z]\w*(?:\.\w+)*)(?: (\w[\w-]*))?", text)
    there = {name for name, _ in modules if (ROOT / name.replace(".", "/")).with_suffix(".py").is_file()}
    there |= {name for name, _ in modules if (ROOT / name.replace(".", "/") / "__main__.py").is_file()}
    assert {name for name, _ in modules} - there <= {"pip", "venv", "mkdocs", "pytest"}
    assert {word for name, word in modules if name == "operate" and word} <= set(COMMANDS)
    assert {word for name, word in modules if name == "localazure" and word} <= {*checkout.WORDS, *_SERVER}


@pytest.mark.parametrize(
    ("page", "tables", "unshown"),
    [("SECURITY.md", 1, ["[the table]"]), ("docs/pull-requests.md", 2, ["no test can"])],
)
def test_each_line_of_what_is_protected_names_its_test(page: str, tables: int, unshown: list[str]) -> None:
    """Each test that a page names is there; each line of a table with the column "shown by" names one, or
    says that none can. `::test` is one of the file named before it."""
    text = (ROOT / page).read_text()
    found = re.findall(r"^\|.*\| shown by \|\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert len(found) == tables
    cells = [row.split(" | ")[-1].removesuffix(" |") for table in found for row in table.splitlines()]
    named, file, others = [], "", []
    for cell in cells:
        tests = re.findall(r"`(tests/[\w/]+\.py)?::(test_\w+)`", cell)
        if not tests:
            others.append(cell)
        for own, name in tests:
            file = own or file
            named.append((file, name))
    assert [one for one in others if not any(words in one for words in unshown)] == []
    assert len(others) == len(unshown)
    missing = [
        f"{file}::{name}"
        for file, name in named
        if f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8")
    ]
    assert missing == []
    assert text.count("::test_") == len(named)


SAID_BY_OTHERS = {
    *("No module named 'azure'", "incorrect passphrase", "501", "the stack is currently locked"),
    *("NoRegisteredProviderFound", "ScopeLocked", "AADSTS7000222", "AADSTS700024", "KeyNotFound"),
    "does not have authorization to perform action",
    "resource monitor shut down",
}
"""Python's, Pulumi's, HTTP's and Azure's own words."""


def test_each_symptom_is_what_somebody_can_see() -> None:
    """The first column of the troubleshooting page quotes texts that the product, or what it passes on,
    says: a text that has changed fails here."""
    rows = re.findall(
        r"^\| (?!you see)(.+?) \|", (ROOT / "docs" / "troubleshooting.md").read_text(), re.MULTILINE
    )
    quoted = {text for row in rows for text in re.findall(r"`([^`]+)`", row)} - SAID_BY_OTHERS
    own = [path for folder in PRODUCT for path in (ROOT / folder).rglob("*.py")]
    said = re.sub(r'"\s*f?"', "", " ".join(path.read_text() for path in own))
    assert len(quoted) > 15
    assert {text for text in quoted if text not in said} == set()


def test_the_page_on_unit_tests_shows_the_test_that_runs() -> None:
    """Whoever copies it copies what passes here."""
    assert (ROOT / "tests" / "test_program.py").read_text() in (ROOT / "docs" / "unit-tests.md").read_text()


OUTPUTS = {"bound", "exampleCommand"}


def test_what_is_claimed_here_is_a_setting() -> None:
    """Each word in code of the column `here` of docs/comparison.md is a setting, a group, or an output."""
    tables = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8").partition("## Run side by side")[0]
    rows = [
        line.split("|") for line in tables.splitlines() if line.startswith("| ") and "| here |" not in line
    ]
    paths = set(re.findall(r"^\| `([\w.]+)", settings_pages.page(), re.MULTILINE))
    known = OUTPUTS | paths | {path.rpartition(".")[0] for path in paths if "." in path}
    claimed = {row[1]: set(re.findall(r"`([A-Za-z][\w.]*)(?:: \w+)?`", row[2])) for row in rows}
    assert {feature: words - known for feature, words in claimed.items() if words - known} == {}
    assert {"callers", "names", "searchServiceId"} <= set().union(*claimed.values())


REPO = "https://example.com/repo"


SITE = SimpleNamespace(**runpy.run_path(str(ROOT / "docs" / "site.py")))
EXAMPLES = {"typescript": "index.ts", "python": "__main__.py", "go": "main.go", "yaml": "Pulumi.yaml"}
REGISTRY = {"_index.md", "installation-configuration.md"}
"""Shown by Pulumi's registry, in a form of its own."""


@pytest.mark.parametrize(
    ("path", "link", "expected"),
    [
        ("README.md", "docs/settings.md", "settings.md"),
        ("README.md", "policies/README.md", "policies.md"),
        ("README.md", "docs/roles", f"{REPO}/tree/main/docs/roles"),
        ("docs/runbooks/rotate.md", "../evidence.md", "../evidence.md"),
        ("docs/evidence.md", "localazure.md#the-control-endpoint", "localazure.md#the-control-endpoint"),
        ("docs/evidence.md", "../operate/x.py", f"{REPO}/blob/main/operate/x.py"),
        ("docs/runbooks/rotate.md", "../pictures/rotation.svg", "../pictures/rotation.svg"),
    ],
)
def test_a_link_leads_where_the_site_has_what_it_names(path: str, link: str, expected: str) -> None:
    """To a page of the site, or to a file of the repository; what leads elsewhere stays."""
    assert SITE.rewritten(f"[x]({link})", path, REPO) == f"[x]({expected})"
    unpublished = "x" if expected.startswith(REPO) else f"[x]({expected})"
    assert SITE.rewritten(f"[x]({link})", path, "") == unpublished


def test_every_page_is_in_the_navigation() -> None:
    """No page of docs/ is out of reach, and each that is named is there or made."""
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    named = set(re.findall(r"[\w./-]+\.md", str(config["nav"])))
    assert named == SITE.pages().keys(), "list each page under nav in mkdocs.yml"


def test_the_readme_is_short_and_begins_with_a_command() -> None:
    """1,200 words at most, a command on the first screen, and early that it was not run against Azure."""
    text = (ROOT / "README.md").read_text()
    first = "\n".join(text.splitlines()[:30])
    assert len(text.split()) <= 1200
    assert "python3 -m localazure up" in first
    assert "**not been run against Azure**" in first


QUOTED = {
    "review": ("Encryption: BLOCKED", "access-revoked: access to the key REMOVED"),
    "revoke-and-restore": ("revoked: data answers: 403, because the key cannot be used",),
    "rotation": ("~ 2 to update", "keyVersion: "),
    "two-phases": ("keySource: Microsoft.KeyVault", "project written and read: customer-managed-key-proof"),
}
"""What each picture shows of what a command prints."""


def test_each_picture_shows_what_a_command_of_a_runbook_prints() -> None:
    """Those pages are run as they stand (tests/runbooks), so that a picture does not age. Each has its place
    on the site; a screen reader has a title and a description of it, and a dark screen its own colours."""
    pictures = {one.stem: one.read_text() for one in (ROOT / "docs" / "pictures").glob("*.svg")}
    assert set(re.findall(r"pictures/([\w-]+)\.svg", SITE.pictures())) == set(pictures) == set(QUOTED)
    runbooks = "".join(one.read_text() for one in (ROOT / "docs" / "runbooks").glob("*.md"))
    printed = "".join(re.findall(r"^```console.*?^```", runbooks, re.MULTILINE | re.DOTALL))
    for name, svg in pictures.items():
        shown = " ".join(re.findall(r"<text [^>]*>([^<]*)</text>", svg))
        assert [words for words in QUOTED[name] if words not in shown or words not in printed] == []
        parts = ("<title>", "<desc>", "prefers-color-scheme: dark")
        assert [part for part in parts if part not in svg] == []


def test_the_registrys_pages_have_its_form_and_the_examples_that_run() -> None:
    """Title, description and layout, and one program in each language (README of
    https://github.com/pulumi/registry, read 2026-11-29): the examples, which tests deploy."""
    for name in REGISTRY:
        head = yaml.safe_load((ROOT / "docs" / name).read_text().split("---\n")[1])
        assert head.keys() == {"title", "meta_desc", "layout"}
        assert head["layout"] == "package"
    page = (ROOT / "docs" / "_index.md").read_text()
    for language, file in EXAMPLES.items():
        program = (ROOT / "docs" / "examples" / language / file).read_text().strip()
        assert f"```{language}\n{program}\n```" in page, language


def test_each_folder_of_tests_is_on_their_page() -> None:
    """Whoever adds one says what it proves."""
    folders = {file.parent for file in (ROOT / "tests").glob("*/*.py")}
    rows = [
        line for line in (ROOT / "tests" / "README.md").read_text().splitlines() if line.startswith("| `")
    ]
    named = re.findall(r"`(\w+)/`", " ".join(row.split("|")[1] for row in rows))
    assert sorted(named) == sorted(folder.name for folder in folders)
