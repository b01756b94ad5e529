"""The pages in a browser: nothing that axe objects to, nothing wider than a telephone, in light and dark; and
on paper."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localazure.page.sessions import document
from localazure.page.snapshot import snapshot
from operate.evidence.findings import findings
from operate.evidence.page import page as evidence_page
from operate.source import Source
from tests.clients.programs import BROWSER
from tests.localazure.page.scene import scene
from tests.operate.evidence.made import rich

pytestmark = pytest.mark.timeout(600)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium: apt-get install chromium, then it runs"
)
BROKEN = """<!doctype html><title>x</title><img src="x.png"><p style="width: 2000px">x</p>
<div class="scroll" aria-label="cut" style="overflow: auto"><p style="width: 2000px">x</p></div>
<table><tbody><tr><td style="display: block; width: 20px; overflow-wrap: anywhere">unbreakable</td></tr>
<tr><td>no head</td></tr></tbody></table>"""
ELSEWHERE = Source("public", "management.azure.com", False, "t", "o", "", "a", "OIDC")


@pytest.fixture
def pages(tmp_path: Path) -> list[str]:
    """The addresses of the evidence's page and of the local Azure's."""
    of = replace(rich(), source=ELSEWHERE)
    texts = {
        "evidence": evidence_page(of, findings(of), version="9.9", digest="d" * 64),
        "azure": document(snapshot(scene().cloud)),
    }
    return [written(tmp_path, name, text) for name, text in texts.items()]


def written(folder: Path, name: str, text: str) -> str:
    page = folder / f"{name}.html"
    page.write_text(text, encoding="utf-8")
    return page.as_uri()


def browsed(script: str, wanted: list[Any]) -> Any:
    """What a script of tests/clients/browser tells."""
    program = BROWSER.ready()
    command = ["node", str(program / script), str(CHROMIUM)]
    done = subprocess.run(
        command, input=json.dumps(wanted), capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_browser
def test_the_pages_are_accessible_and_fit_a_telephone(pages: list[str], tmp_path: Path) -> None:
    """Evidence and local Azure, from a telephone to a large screen, light and dark: axe finds nothing, no
    page is wider than its window, no table scrolls sideways, no word stands on two lines, and each cell has
    its column's head beside it or above; a bad page is found."""
    looks = [
        {"url": url, "width": width, "dark": dark, "picture": f"{tmp_path}/{number}-{width}-{dark}.png"}
        for number, url in enumerate([*pages, written(tmp_path, "broken", BROKEN)])
        for width, dark in ((390, False), (768, True), (1280, False), (1920, True))
    ]
    found = browsed("look.js", looks)
    sound, broken = found[:-4], found[-4:]
    for look, one in zip(looks, sound, strict=False):
        wrong = {name: told for name, told in one.items() if told and name != "console"}
        assert wrong == {}, look
    for one in broken:
        assert one["overflow"] > 50
        assert one["cut"] == ["cut"]
        assert one["broken"] == ["unbreakable"]
        assert one["unlabelled"] == ["unbreakable", "no head"]
        assert any(text.startswith("image-alt") for text in one["violations"])


@needs_browser
def test_each_printed_sheet_says_what_it_is_of(pages: list[str]) -> None:
    """Whoever holds one sheet of the evidence knows its stack, its time, its number, and that it is not from
    Azure. The local Azure's page prints its facts, without what can only be clicked."""
    sheets, local = browsed("print.js", pages)
    # A summary, a sheet or more for each of four accounts, and what concerns all of them.
    assert len(sheets) >= 6
    for number, sheet in enumerate(sheets, 1):
        assert "Encryption evidence: Stack test, 2026-06-01 12:00 UTC" in sheet
        assert f"{number} / {len(sheets)}" in sheet
        assert "NOT FROM AZURE" in sheet
    # What is folded on a screen is printed.
    assert "actions/runs/00000000001" in "".join("".join(sheets).split())
    printed = " ".join(" ".join(local).split())
    for words in ("Local Azure", "no access policy allows its identity to unwrap", "Audit log of key uses"):
        assert words in printed
    assert "name, key version, id" not in printed
