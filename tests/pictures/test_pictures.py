"""The committed pictures are what the code draws, of what a real run shows; and they are readable."""

import json
import re
from pathlib import Path

import pytest

from tests.pictures import pictures, runs
from tests.pictures.drawing import WIDTH, letter

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
RECORD = FOLDER / "runs.json"
DRAWN = pictures.drawn(RECORD)
_TEXT = re.compile(r'<text class="([^"]*)" x="([\d.]+)" y="[\d.]+"(?: text-anchor="(\w+)")?>([^<]*)</text>')


def test_the_committed_pictures_are_what_the_code_draws() -> None:
    """`make pictures` makes them anew; where only the drawing has changed, `python -m tests.pictures draw
    docs/pictures`."""
    assert {one.name: one.read_text() for one in FOLDER.glob("*.svg")} == DRAWN


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_is_small_and_nothing_of_it_is_cut(name: str) -> None:
    """Below 150 kB; each text ends within the picture, in a wide font; a screen reader has a title and a
    description; and it has colours for a dark screen."""
    svg = DRAWN[name]
    assert len(svg.encode()) < 150_000
    found = _TEXT.findall(svg)
    assert len(found) > 3
    assert len(found) == svg.count("<text ")
    for style, x, anchor, text in found:
        width = len(text) * letter(style)
        begin = float(x) - {"end": width, "middle": width / 2}.get(anchor, 0)
        assert begin >= -1, text
        assert begin + width <= WIDTH, text
    assert "<title>" in svg
    assert "<desc>" in svg
    assert "prefers-color-scheme: dark" in svg


@pytest.mark.engine
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_run_shows_what_the_pictures_show() -> None:
    """But for times and ids: what a preview, a review or a proof says may not age in a
    picture."""
    recorded = pictures.told(json.loads(RECORD.read_text()))
    assert pictures.told(runs.record(lambda _: None)) == recorded
