"""The evidence of a fleet as one folder: each stack's own files, an index with their hashes, and a page.

Owns: the index and the page. Does not own: a stack's evidence (operate/evidence).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from operate.evidence.report import sha256, tool_version
from operate.evidence.templates import templates
from operate.fleet.work import Done

SCHEMA = "language-cmk/fleet-evidence/1"


def write(folder: Path, done: Sequence[Done]) -> Path:
    """Writes the bundle; the page's path. A stack that could not be read is in the index, with the reason."""
    stacks: list[dict[str, Any]] = []
    for one in sorted(done, key=lambda each: each.outcome.stack):
        outcome, own = one.outcome, folder / one.outcome.stack
        if one.files:
            own.mkdir(parents=True, exist_ok=True)
        for name, text in one.files.items():
            (own / name).write_text(text, encoding="utf-8")
        manifest = sha256(one.files["manifest.json"]) if one.files else ""
        stacks.append(
            {
                "stack": outcome.stack,
                "reason": outcome.reason,
                "findings": dict(outcome.findings),
                "manifest": manifest,
            }
        )
    folder.mkdir(parents=True, exist_ok=True)
    version = tool_version()
    index = json.dumps({"schema": SCHEMA, "tool": version, "stacks": stacks}, indent=2) + "\n"
    warnings = {json.loads(one.files["evidence.json"])["notFromAzure"] for one in done if one.files}
    page = templates(Path(__file__).parent).get_template("bundle.html.j2")
    made = {
        "fleet.json": index,
        "index.html": page.render(
            stacks=stacks, warnings=sorted(filter(None, warnings)), version=version, digest=sha256(index)
        ),
    }
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    sums = "".join(f"{sha256(text)}  {name}\n" for name, text in sorted(made.items()))
    (folder / "SHA256SUMS").write_text(sums, encoding="utf-8")
    return folder / "index.html"
