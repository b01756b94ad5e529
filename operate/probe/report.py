"""What a probe found, as files: probe.json, probe.md and profile.json.

probe.json: {"format": 1, "at": ISO time, "region": name, "answers": [{"switch", "assumed", "answer":
"confirmed" | "refuted" | "unknown", "value", "why", "exchanges": [numbers]}], "exchanges": [{"method", "url",
"sent", "status", "headers", "body"}], "left": [texts]}. The exchanges are sanitized. profile.json: the
switches that were found out, as `POST /behaviour` of the local Azure takes them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

FORMAT = 1
CONFIRMED, REFUTED, UNKNOWN = "confirmed", "refuted", "unknown"


@dataclass(frozen=True)
class Answer:
    """The answer to one question; `exchanges` are the numbers of those that it was read from."""

    switch: str
    assumed: Any
    answer: str
    value: Any
    why: str
    exchanges: tuple[int, ...]


def profile(answers: Sequence[Answer]) -> dict[str, Any]:
    """The switches as they were seen."""
    return {one.switch: one.value for one in answers if one.answer != UNKNOWN}


def files(
    answers: Sequence[Answer],
    exchanges: Sequence[Mapping[str, Any]],
    left: Sequence[str],
    about: Mapping[str, str],
) -> dict[str, str]:
    """The contents of the files by their names."""
    whole = {
        "format": FORMAT,
        **about,
        "answers": [asdict(one) for one in answers],
        "exchanges": list(exchanges),
        "left": list(left),
    }
    return {
        "probe.json": json.dumps(whole, indent=1) + "\n",
        "probe.md": _markdown(answers, exchanges, left, about),
        "profile.json": json.dumps(profile(answers), indent=1) + "\n",
    }


def _markdown(
    answers: Sequence[Answer],
    exchanges: Sequence[Mapping[str, Any]],
    left: Sequence[str],
    about: Mapping[str, str],
) -> str:
    lines = [
        "# What this Azure does",
        f"Asked at {about['at']} in {about['region']}. Ids, names and tokens are replaced.",
        "",
        "| switch | assumed | answer | value | why | exchanges |",
        "|---|---|---|---|---|---|",
    ]
    for one in answers:
        value = "" if one.answer == UNKNOWN else f"`{json.dumps(one.value)}`"
        numbers = ", ".join(map(str, one.exchanges[-6:]))
        why = one.why.replace("|", "\\|").replace("\n", " ")
        lines.append(
            f"| `{one.switch}` | `{json.dumps(one.assumed)}` | {one.answer} | {value} | {why} | {numbers} |"
        )
    lines += ["", "## What stays", *([f"- {text}" for text in left] or ["Nothing."]), "", "## Exchanges"]
    for number, exchange in enumerate(exchanges):
        lines += [
            f"### {number}: {exchange['method']} {urlsplit(exchange['url']).path}",
            "```json",
            json.dumps(exchange, indent=1),
            "```",
        ]
    return "\n".join(lines) + "\n"
