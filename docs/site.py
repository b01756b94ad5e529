"""What makes a site of pages that are written for the repository: a hook of MkDocs, named in mkdocs.yml.

The pages stay where people look for them in a repository, and their links lead to its files. Here those pages
get their place in the site; a link to a file that is no page leads to the repository.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig  # type: ignore[import-not-found, unused-ignore]
    from mkdocs.structure.files import Files  # type: ignore[import-not-found, unused-ignore]
    from mkdocs.structure.pages import Page  # type: ignore[import-not-found, unused-ignore]

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "CONTRIBUTING.md": "contributing.md",
    "policies/README.md": "policies.md",
}
"""Pages that lie outside docs/, and their place in the site."""
PICTURES = {
    "azure.png": ("The local Azure's page after a rotation", "python3 -m localazure up"),
    "evidence.png": ("The evidence of the stack", "python3 -m localazure evidence"),
    "review.md": (
        "The encryption review of the rotation, as a pull request shows it",
        "python3 -m localazure review",
    ),
}
"""The pictures of docs/pictures, which `make pictures` makes of real runs. None is in the repository, where
it would age."""
_LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")
_BADGE = re.compile(r"^\[!\[.*\]\(\.\./\.\./actions/.*\n", re.MULTILINE)


def place_of(path: str) -> str | None:
    """Where a file of the repository is in the site; None where it is no page of it."""
    if path in OUTSIDE:
        return OUTSIDE[path]
    return path.removeprefix("docs/") if path.startswith("docs/") and path.endswith(".md") else None


def rewritten(text: str, path: str, repository: str) -> str:
    """A page of the repository as the site has it: each link leads to a page of it or to the repository."""
    here = posixpath.dirname(place_of(path) or "")

    def link(found: re.Match[str]) -> str:
        target, mark, anchor = found[1].partition("#")
        if not target or "://" in target or target.startswith("mailto:"):
            return found[1]
        full = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        place = place_of(full)
        if place is None:
            kind = "tree" if (ROOT / full).is_dir() else "blob"
            return f"{repository}/{kind}/main/{full}{mark}{anchor}"
        return posixpath.relpath(place, here or ".") + mark + anchor

    return _LINK.sub(link, _BADGE.sub("", text))


def pictures(folder: Path) -> str:
    """The page of pictures: those that are there, each with the command that it shows."""
    parts = ["# Pictures\n\n`make pictures` makes them of real runs on the local Azure.\n"]
    for name, (title, command) in PICTURES.items():
        file = folder / name
        if file.exists():
            shown = f"![{title}](pictures/{name})" if file.suffix == ".png" else _quoted(file)
            parts.append(f"\n## {title}\n\n`{command}`\n\n{shown}\n")
    return "".join(parts)


def _quoted(file: Path) -> str:
    """A text of Markdown inside another: its headings are not the page's."""
    return "".join(f"> {line}\n" for line in file.read_text(encoding="utf-8").splitlines())


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that lie outside docs/."""
    # Only a build has it.
    from mkdocs.structure.files import File  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

    made = {place: (ROOT / path).read_text(encoding="utf-8") for path, place in OUTSIDE.items()}
    made["pictures.md"] = pictures(ROOT / "docs" / "pictures")
    for place, text in made.items():
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Lets a page's links lead where the site has what they name."""
    place = page.file.src_uri
    path = next((one for one, other in OUTSIDE.items() if other == place), f"docs/{place}")
    return markdown if place == "pictures.md" else rewritten(markdown, path, str(config.repo_url).rstrip("/"))
