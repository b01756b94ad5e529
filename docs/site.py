"""The pages of the documentation's site: `python docs/site.py DIR` writes them, for zensical to build from.

The pages stay where people look for them in a repository, and their links lead to its files. Here those pages
get their place in the site; a link to a file that is no page leads to the repository.
"""

from __future__ import annotations

import posixpath
import re
import shutil
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "CONTRIBUTING.md": "contributing.md",
    "policies/README.md": "policies.md",
}
"""Pages that lie outside docs/, and their place in the site."""
LEFT_OUT = {"docs/_index.md", "docs/installation-configuration.md"}
"""Pages in the form of Pulumi's registry, which shows them (docs/publish.md)."""
PICTURES = {
    "two-phases": "The first update",
    "rotation": "A rotation",
    "revoke-and-restore": "Access is taken away and given back",
    "review": "The review of a pull request that takes access away",
}
"""The pictures of docs/pictures."""
NARROW = ("narrow.css", "narrow.js")
"""What makes the tables of the pages fit a telephone."""
_LINK = re.compile(r"\[([^\[\]]*)\]\(([^)\s]+)\)")
_BADGE = re.compile(r"^\[!\[.*\]\(\.\./\.\./actions/.*\n", re.MULTILINE)


def place_of(path: str) -> str | None:
    """Where a file of the repository is in the site; None where it is no page of it."""
    if path in OUTSIDE:
        return OUTSIDE[path]
    page = path.startswith("docs/") and path.endswith(".md") and path not in LEFT_OUT
    return path.removeprefix("docs/") if page and "examples" not in path else None


def rewritten(text: str, path: str, repository: str) -> str:
    """A page of the repository as the site has it: each link leads to a page of it or to the repository. The
    text of a link to the repository stays without the link if its address is ""."""
    here = posixpath.dirname(place_of(path) or "")

    def link(found: re.Match[str]) -> str:
        text, (target, mark, anchor) = found[1], found[2].partition("#")
        if not target or "://" in target or target.startswith("mailto:"):
            return found[0]
        full = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        place = place_of(full)
        if full.endswith(".svg"):
            place = full.removeprefix("docs/")
        if place is None and not repository:
            return text
        if place is None:
            kind = "tree" if (ROOT / full).is_dir() else "blob"
            return f"[{text}]({repository}/{kind}/main/{full}{mark}{anchor})"
        return f"[{text}]({posixpath.relpath(place, here or '.')}{mark}{anchor})"

    return _LINK.sub(link, _BADGE.sub("", text))


def pictures() -> str:
    """The page of pictures."""
    shown = (f"\n## {title}\n\n![{title}](pictures/{name}.svg)\n" for name, title in PICTURES.items())
    return "# Pictures\n\nThey show a run on the local Azure.\n" + "".join(shown)


def pages() -> dict[str, str]:
    """Every page by its place in the site."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    repository = project["urls"]["repository"].rstrip("/")
    found = [*OUTSIDE, *(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))]
    return {
        **{
            place: rewritten((ROOT / path).read_text(encoding="utf-8"), path, repository)
            for path in found
            if (place := place_of(path))
        },
        "pictures.md": pictures(),
    }


def write(folder: Path) -> None:
    """Makes the folder of pages, and of the pictures and styles that they show, anew."""
    shutil.rmtree(folder, ignore_errors=True)
    for place, text in pages().items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text, encoding="utf-8")
    for name in NARROW:
        shutil.copy(ROOT / "docs" / name, folder / name)
    shutil.copytree(ROOT / "docs" / "pictures", folder / "pictures")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
