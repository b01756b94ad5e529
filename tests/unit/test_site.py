"""The documentation as a site: its pages are the repository's, and every link leads somewhere."""

import re
import runpy
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
REPO = "https://example.com/repo"


SITE = SimpleNamespace(**runpy.run_path(str(ROOT / "docs" / "site.py")))
EXAMPLES = {"typescript": "index.ts", "python": "__main__.py", "go": "main.go", "yaml": "Pulumi.yaml"}
REGISTRY = {"_index.md", "installation-configuration.md"}
"""Shown by Pulumi's registry, in a form of its own."""


@pytest.mark.parametrize(
    ("path", "link", "expected"),
    [
        ("README.md", "docs/settings.md", "settings.md"),
        ("README.md", "docs/runbooks/README.md", "runbooks/README.md"),
        ("README.md", "CHANGELOG.md", "changelog.md"),
        ("README.md", "policies/README.md", "policies.md"),
        ("README.md", "Pulumi.dev.yaml", f"{REPO}/blob/main/Pulumi.dev.yaml"),
        ("README.md", "docs/roles", f"{REPO}/tree/main/docs/roles"),
        ("docs/runbooks/rotate.md", "../evidence.md", "../evidence.md"),
        ("docs/runbooks/README.md", "../../policies/README.md", "../policies.md"),
        ("docs/evidence.md", "localazure.md#the-control-endpoint", "localazure.md#the-control-endpoint"),
        ("docs/evidence.md", "../operate/x.py", f"{REPO}/blob/main/operate/x.py"),
        ("docs/evidence.md", "https://pulumi.com", "https://pulumi.com"),
        ("docs/evidence.md", "#findings", "#findings"),
        ("README.md", "docs/pictures/two-phases.svg", "pictures/two-phases.svg"),
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
    listed = subprocess.run(
        ["git", "ls-files", "docs/*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    pages = {name.removeprefix("docs/") for name in listed.stdout.split() if "examples" not in name}
    assert named == pages - REGISTRY | set(SITE.OUTSIDE.values()) | {"pictures.md"}


def test_the_page_of_pictures_shows_each() -> None:
    """Each that is in docs/pictures has its place, and the site has the file."""
    shown = set(re.findall(r"pictures/([\w-]+)\.svg", SITE.pictures()))
    assert shown == {one.stem for one in (ROOT / "docs" / "pictures").glob("*.svg")}


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


def test_the_build_keeps_the_pages_that_it_builds_from() -> None:
    """zensical's `--clean` empties .cache: pages and environment lie elsewhere, where the build looks for
    them."""
    folder = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["docs_dir"]
    makefile = (ROOT / "Makefile").read_text()
    assert f"docs/site.py {folder}\n" in makefile
    environment = re.findall(r"UV_PROJECT_ENVIRONMENT=(\S+)", makefile)
    assert [path for path in (folder, *environment) if path.startswith(".cache")] == []
    assert len(environment) == 1


def test_what_makes_tables_narrow_is_in_the_site(tmp_path: Path) -> None:
    """Style and script that the site names are beside its pages."""
    SITE.write(tmp_path)
    named = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    assert {*named["extra_css"], *named["extra_javascript"]} == set(SITE.NARROW)
    assert all((tmp_path / name).is_file() for name in SITE.NARROW)
