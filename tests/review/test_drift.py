import json
import os
from pathlib import Path
from typing import Any

import pytest

from review import printers
from review.drift import changes
from review.printers import Form, ReportLine
from tests.review.running import run
from tests.support.stack import ROOT

FIXTURES = Path(__file__).resolve().parent / "fixtures"
KEYS = "https://v.vault.azure.net/keys/k"
OLD = {
    "keyUriWithVersion": f"{KEYS}/{'a' * 32}",
    "keySize": 3072,
    "attributes": {"created": 1, "updated": 1, "expires": 100, "enabled": True},
}
ROTATED = {
    **OLD,
    "keyUriWithVersion": f"{KEYS}/{'b' * 32}",
    "attributes": {"created": 2, "updated": 2, "expires": 200, "enabled": True},
}


def lines(document: Any) -> str:
    return "\n".join(f"- {printers.markdown([ReportLine(Form.TEXT, (line,))])}" for line in changes(document))


def of_key(new: dict[str, Any], name: str = "key") -> str:
    """The line on a key that a refresh finds so."""
    token = "azure-native:keyvault:Key"
    step = {
        "op": "update",
        "urn": f"urn:pulumi:dev::p::{token}::{name}",
        "oldState": {"type": token, "outputs": OLD},
        "newState": {"type": token, "outputs": new},
    }
    return lines({"steps": [step]})


def test_a_rotation_is_called_a_newer_version() -> None:
    """A version's own name and times change with it, and nobody changed anything."""
    assert of_key(ROTATED) == "- `key` has a newer version; the next update takes it unless it is pinned"


@pytest.mark.parametrize(
    ("new", "what"),
    [
        ({**OLD, "attributes": {**OLD["attributes"], "expires": 9}}, "`attributes`"),  # type: ignore[dict-item]
        (
            {**ROTATED, "attributes": {**ROTATED["attributes"], "enabled": False}},  # type: ignore[dict-item]
            "`attributes`, `keyUriWithVersion`",
        ),
        ({**ROTATED, "keySize": 2048}, "`keySize`"),
        ({}, "`keySize`"),
    ],
)
def test_any_other_change_of_a_key_is_drift(new: dict[str, Any], what: str) -> None:
    """An end moved without a new version, a version that is disabled, another size, nothing at all."""
    line = of_key(new)
    assert "was changed outside Pulumi" in line
    assert what in line


def test_what_was_deleted_and_changed_is_named() -> None:
    """By the resource's name and the properties that differ, from a real refresh."""
    assert lines(json.loads((FIXTURES / "drift.json").read_text())) == (
        "- `account` was changed outside Pulumi: `properties`\n- `binding` was deleted outside Pulumi"
    )


def test_names_are_inert() -> None:
    """A name is shown in a code span that it cannot end."""
    assert of_key(ROTATED, "a` @team <b>").startswith("- `a' @team <b>` has")


@pytest.mark.parametrize(("review", "expected"), [(0, 0), (1, 2), (2, 2), (3, 3), (4, 4)])
@pytest.mark.parametrize("of", ["refresh.json", "preview.json"])
def test_a_review_that_broke_off_is_not_a_quiet_night(
    tmp_path: Path, of: str, review: int, expected: int
) -> None:
    """Python ends with 1 when a program breaks off, which is the script's own word for passing drift."""
    python, pulumi = tmp_path / "python", tmp_path / "pulumi"
    python.write_text(f'#!/bin/sh\ncase "$*" in *{of}*) exit {review} ;; esac\n')
    pulumi.write_text("#!/bin/sh\necho '{}'\n")
    for tool in (python, pulumi):
        tool.chmod(0o755)
    (tmp_path / "night").mkdir()
    env = {"PYTHON": str(python), "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = run(ROOT / "review" / "drift.sh", "dev", tmp_path / "night", env=env)
    assert done.returncode == expected, done.stderr
