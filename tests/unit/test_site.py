"""The documentation as a site: its pages are the repository's, and every link leads somewhere."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from components import package_schema

ROOT = Path(__file__).resolve().parents[2]
REPO = "https://example.com/repo"


def hook() -> ModuleType:
    """docs/site.py, which MkDocs loads by its path, too."""
    spec = importlib.util.spec_from_file_location("docs_site", ROOT / "docs" / "site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SITE = hook()


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
    ],
)
def test_a_link_leads_where_the_site_has_what_it_names(path: str, link: str, expected: str) -> None:
    """To a page of the site, or to a file of the repository; what leads elsewhere stays."""
    assert SITE.rewritten(f"[x]({link})", path, REPO) == f"[x]({expected})"


def test_every_page_is_in_the_navigation() -> None:
    """No page of docs/ is out of reach, and each that is named is there or made."""
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    named = set(re.findall(r"[\w./-]+\.md", str(config["nav"])))
    listed = subprocess.run(
        ["git", "ls-files", "docs/*.md", "docs/runbooks/*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    pages = {name.removeprefix("docs/") for name in listed.stdout.split() if "examples" not in name}
    assert named == pages | set(SITE.OUTSIDE.values()) | {"pictures.md"}, (
        "list each page under nav in mkdocs.yml"
    )
    assert config["repo_url"] == package_schema.REPOSITORY


def test_pictures_are_made_and_never_kept(tmp_path: Path) -> None:
    """The page has those that were made, each with its command; none is in the repository."""
    assert "##" not in SITE.pictures(tmp_path)
    (tmp_path / "azure.png").write_bytes(b"")
    (tmp_path / "review.md").write_text("# A review\n\ntext\n")
    shown = SITE.pictures(tmp_path)
    assert "`python3 -m localazure up`" in shown
    assert "![The local Azure's page after a rotation](pictures/azure.png)" in shown
    assert "> # A review" in shown
    assert "evidence.png" not in shown
    listed = subprocess.run(
        ["git", "ls-files", "*.png", "*.jpg"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert listed.stdout == ""
