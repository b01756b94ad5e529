"""The evidence of a fleet as one folder: each stack's own files, an index with their hashes, and a page.

Owns: the index and the page. Does not own: a stack's evidence (operate/evidence).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment

from operate.evidence.report import sha256, tool_version
from operate.fleet.work import Done

SCHEMA = "language-cmk/fleet-evidence/1"
_PAGE = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Evidence of the fleet</title>
<style>
body { font: 15px system-ui, sans-serif; margin: 2em auto; max-width: 60em }
table { border-collapse: collapse; width: 100% }
td, th { border-bottom: 1px solid #ccc; padding: .3em .6em; text-align: left }
code { font-size: 12px }
.not-azure { border: 2px solid #b3261e; padding: .5em 1em; color: #b3261e }
</style>
{% for one in warnings %}<p class="not-azure">{{ one }}</p>{% endfor %}
<h1>Evidence of {{ stacks | length }} stacks</h1>
<table><tr><th>stack<th>errors<th>warnings<th>notes<th>SHA-256 of its manifest
{% for one in stacks %}
<tr><td>{% if one.reason %}{{ one.stack }}<td colspan="4">not read: {{ one.reason }}{% else %}
<a href="{{ one.stack }}/index.html">{{ one.stack }}</a>
<td>{{ one.findings.error or 0 }}<td>{{ one.findings.warning or 0 }}<td>{{ one.findings.note or 0 }}
<td><code>{{ one.manifest }}</code>{% endif %}
{% endfor %}
</table>
<p>language-cmk {{ version }}; SHA-256 of fleet.json: <code>{{ digest }}</code></p>
</html>
"""


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
    page = Environment(autoescape=True).from_string(_PAGE)
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
