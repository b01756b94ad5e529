"""Pictures of real runs for the documentation: `python -m tests.clients.pictures FOLDER`.

Deploys a clone of this checkout on a local Azure of its own, rotates the key, and looks with Chromium at what
a person would: the local Azure's page and the evidence; the review of the rotation is kept as the text it is.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.clients.programs import BROWSER
from tests.support.readme import clone

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def take(folder: Path) -> None:
    """Makes azure.png, evidence.png and review.md. Raises CalledProcessError where a run fails."""
    with tempfile.TemporaryDirectory() as scratch:
        checkout = clone(Path(scratch) / "language-cmk")
        environ = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}

        def run(word: str, codes: tuple[int, ...] = (0,)) -> str:
            command = [sys.executable, "-m", "localazure", word]
            done = subprocess.run(
                command, cwd=checkout, env=environ, check=False, capture_output=True, text=True
            )
            if done.returncode not in codes:
                sys.stderr.write(done.stdout + done.stderr)
                done.check_returncode()
            return done.stdout

        try:
            run("up")
            stack = checkout / "Pulumi.dev.yaml"
            stack.write_text(stack.read_text().replace("generation: 1", "generation: 2"))
            # A rotation is a note; a review ends with 3 or 4 where somebody has to approve.
            run("review", (0, 3, 4))
            run("up")
            run("evidence")
            address = re.findall(r"http://127\.0\.0\.1\S+", run("page"))[0]
            folder.mkdir(parents=True, exist_ok=True)
            looks = {
                "azure": address,
                "evidence": (checkout / ".evidence" / "index.html").as_uri(),
            }
            look(folder, looks)
            shutil.copy(checkout / ".review" / "comment.md", folder / "review.md")
        finally:
            run("down")


def look(folder: Path, pages: dict[str, str]) -> None:
    """A picture of each page, by its name."""
    wanted = [
        {"url": url, "width": 1280, "dark": False, "picture": str(folder / f"{name}.png")}
        for name, url in pages.items()
    ]
    command = ["node", str(BROWSER.ready() / "look.js"), str(CHROMIUM)]
    subprocess.run(command, input=json.dumps(wanted), text=True, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    if CHROMIUM is None:
        sys.exit("pictures: found no Chromium, expected chromium or google-chrome on PATH; install one")
    take(Path(sys.argv[1]).absolute())
