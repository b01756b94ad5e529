"""Each picture, drawn from the record of the runs and from the table of lives in docs/every-azure.md."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.azure_variants.life import FACTORS, MODE, REFRESH
from tests.azure_variants.results import DOCUMENT, rows
from tests.pictures.drawing import MARGIN, WIDTH, Drawing
from tests.pictures.runs import COMMANDS, Record

_VERSION = re.compile(r"\b[0-9a-f]{32}\b")


def drawn(record: Path) -> dict[str, str]:
    """Every picture by the name of its file."""
    found = json.loads(record.read_text(encoding="utf-8"))
    pictures: Mapping[str, Callable[[Record], str]] = {
        "two-phases.svg": two_phases,
        "review.svg": review,
        "rotation.svg": rotation,
        "revoke-and-restore.svg": revoke_and_restore,
        "costs.svg": costs,
    }
    return {**{name: draw(found) for name, draw in pictures.items()}, "every-azure.svg": every_azure()}


def _short(text: str) -> str:
    """A text whose key versions are cut off after eight digits."""
    return _VERSION.sub(lambda found: f"{found[0][:8]}…", text)


def two_phases(record: Record) -> str:
    """The first update."""
    made, proof = record["first"]["created"], record["first"]["proof"]
    picture = Drawing(
        "One pulumi up, in two phases",
        "Phase one makes vault, key and account on Microsoft's keys. Then the account's identity gets access "
        "to the key. Phase two binds the account to one version of the key, and reads it back.",
    )
    picture.card(
        [
            ("Phase one: Microsoft's keys", "strong"),
            (f"Vault: soft delete, purge protection ({made['Vault']} s)", ""),
            (f"Key: RSA 2048, wrap and unwrap only ({made['Key']} s)", ""),
            (f"Account: now it has an identity ({made['Account']} s)", ""),
        ]
    )
    picture.arrow("the identity is known")
    picture.card(
        [
            ("The grant", "strong"),
            (f"get, wrapKey, unwrapKey, no more ({made['AccessPolicy']} s)", ""),
        ]
    )
    picture.arrow("everything is read, and judged")
    picture.card(
        [
            ("Phase two: your key", "strong"),
            (f"Account bound to one key version ({made['CustomerManagedKey']} s)", ""),
            ("Read back from the account:", "small"),
            *(
                (f"{claim}: {_short(proof[claim])}", "code good")
                for claim in ("keySource", "keyVersion", "project written and read")
            ),
        ],
        tone="good",
    )
    picture.text("Recorded on the local Azure, whose answers are quick.", style="small")
    return picture.svg()


def review(record: Record) -> str:
    """The comment on the pull request that revokes access."""
    told = record["revoked"]["review"]
    row = told["row"]
    picture = Drawing(
        "Review: a pull request revokes access",
        "The comment blocks the merge: without access to the key, the service can no longer read the data.",
    )
    grant = next(fact for fact in row["facts"] if fact["name"] == "grant")
    verdicts = [one["verdict"] for one in row["verdicts"]]
    picture.card(
        [
            (f"Encryption: {' '.join(told['headline']['text'])} in dev", "title"),
            (row["name"], "code strong"),
            *((f"{one['name']}: {one['words']}", "bad strong") for one in verdicts),
            (f"grant before: {grant['before']}", "code"),
            (f"grant after: {grant['after'] or 'none'}", "code"),
            ("It merges once somebody else approves exactly this loss, by its code:", "small"),
            (f"review: {row['verdicts'][0]['code'][:16]}…", "code"),
        ],
        tone="bad",
    )
    return picture.svg()


def _step(picture: Drawing, heading: str, step: Record, result: list[str], tone: str) -> None:
    """A change, its preview's last line, and what is then read."""
    picture.arrow(heading)
    style = "good" if tone == "good" else "bad"
    picture.card(
        [
            (f"The preview: {', '.join(step['changes'])}", ""),
            (_short(step["effect"].partition("; not under it")[0]), "strong"),
            ("Then read from the account:", "small"),
            *((_short(line), f"code {style}") for line in result),
        ],
        tone=tone,
    )


def rotation(record: Record) -> str:
    """One rotation."""
    first, step = record["first"]["proof"], record["rotated"]
    picture = Drawing(
        "A rotation",
        "A higher generation makes a new version of the key; the account is bound to it in place.",
    )
    picture.card(
        [("Before", "strong"), (f"keyVersion: {_short(first['keyVersion'])}", "code good")], tone="good"
    )
    version = f"keyVersion: {step['proof']['keyVersion']}"
    _step(picture, "generation: 1 becomes generation: 2", step, [version], "good")
    picture.text("The older version stays enabled, and nothing is re-encrypted.", style="small")
    return picture.svg()


def revoke_and_restore(record: Record) -> str:
    """Access that is taken away and given back."""
    picture = Drawing(
        "Access is revoked, and restored",
        "access: revoked removes the grant, and the data answers 403; access: granted brings it back.",
    )
    written = "project written and read"
    picture.card(
        [("Before", "strong"), (f"{written}: {record['first']['proof'][written]}", "code good")], tone="good"
    )
    claim = "revoked"
    refused = f"{claim}: {record['revoked']['proof'][claim]}"
    _step(picture, "access: revoked", record["revoked"], [refused], "bad")
    again = f"{written}: {record['restored']['proof'][written]}"
    _step(picture, "access: granted", record["restored"], [again], "good")
    return picture.svg()


def costs(record: Record) -> str:
    """What more services take."""
    picture = Drawing(
        "What more services in a stack take",
        "Calls to Resource Manager of previews and updates, by the number of services in the stack.",
    )
    curves = {
        name: {int(services): record["costs"][services][name] for services in record["costs"]}
        for name in COMMANDS
    }
    _chart(picture, "Calls to Resource Manager", curves)
    for number, (name, curve) in enumerate(curves.items()):
        picture.put(f'<path class="curve c{number}" d="M{MARGIN} {picture.y - 5}h26"/>')
        few, many = min(curve), max(curve)
        more = (curve[many] - curve[few]) / (many - few)
        picture.text(f"{name}: {more:.0f} more with each service", x=MARGIN + 34, style="small")
    return picture.svg()


def _chart(picture: Drawing, what: str, curves: Mapping[str, Mapping[int, float]]) -> None:
    """Services to the right, `what` upwards, a curve for each command."""
    left, right, height = MARGIN + 44, WIDTH - MARGIN - 14, 190
    picture.text(what, style="strong")
    bottom = picture.y + height
    most = max(value for curve in curves.values() for value in curve.values())
    widest = max(services for curve in curves.values() for services in curve)

    def place(services: float, value: float) -> tuple[float, float]:
        across = (services - 1) / (widest - 1)
        return round(left + across * (right - left), 1), round(bottom - value / most * height, 1)

    for share in (0, 0.5, 1):
        y = place(1, most * share)[1]
        picture.put(f'<path class="rule" d="M{left} {y}H{right}"/>')
        picture.label(f"{most * share:.0f}", left - 8, y + 4, anchor="end")
    for number, curve in enumerate(curves.values()):
        path = "L".join(f"{x} {y}" for x, y in (place(*point) for point in sorted(curve.items())))
        picture.put(f'<path class="curve c{number}" d="M{path}"/>')
    for services in sorted(next(iter(curves.values()))):
        picture.label(str(services), place(services, 0)[0], bottom + 18, anchor="middle")
    picture.label("services", (left + right) / 2, bottom + 36, anchor="middle")
    picture.y = bottom + 66


def every_azure() -> str:
    """The lives under combinations of switches: what each switch was, and whether all held."""
    lives, results = rows(), _results()
    if len(lives) != len(results):
        raise ValueError(f"{DOCUMENT.name} has {len(results)} lives, expected {len(lives)}: make it anew")
    switches = [name for name in FACTORS if name not in (MODE, REFRESH)]
    picture = Drawing(
        f"{len(lives)} lives under {len(switches)} switches of Azure",
        "A column is a life, a row a switch, a colour its value. The last row tells whether everything held.",
    )
    left, size = MARGIN + 216, 13
    width = min(size, (WIDTH - MARGIN - left) / len(lives))
    for name in switches:
        picture.label(name, left - 6, picture.y - 2, anchor="end")
        for number, life in enumerate(lives):
            value = FACTORS[name].index(life[name])
            picture.box((left + number * width, picture.y - 11), (width - 1, size - 1), f"h{min(value, 2)}")
        picture.y += size
    picture.label("everything held", left - 6, picture.y + 4, anchor="end", style="small strong")
    for number, result in enumerate(results):
        tone = "good" if result == "held" else "bad"
        picture.box((left + number * width, picture.y - 6), (width - 1, size - 1), f"fill-{tone}")
    picture.y += size + 20
    for style, text in (("h0", "as assumed"), ("h1", "another value"), ("h2", "a third or fourth value")):
        picture.box((MARGIN, picture.y - 10), (12, 12), style)
        picture.text(text, x=MARGIN + 20, style="small")
    return picture.svg()


def _results() -> list[str]:
    """The last column of the table of lives."""
    table = DOCUMENT.read_text(encoding="utf-8").partition("<!-- lives:")[2]
    return [row[-1] for row in re.findall(r"^\| (\d+) \|.*\| ([^|]*) \|$", table, re.MULTILINE)]


def told(record: Any) -> Any:
    """A record without what differs from run to run: times, versions, ids and counts of calls."""
    if isinstance(record, dict):
        return {
            name: told(value) for name, value in record.items() if name not in ("created", "costs", "code")
        }
    if isinstance(record, list):
        return [told(value) for value in record]
    if isinstance(record, str):
        return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{32}\b", "…", record)
    return record
