"""Each picture, drawn from the record of the runs."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.pictures.drawing import Drawing
from tests.pictures.runs import Record

_VERSION = re.compile(r"\b[0-9a-f]{32}\b")
_WRITTEN = "project written and read"


def drawn(record: Path) -> dict[str, str]:
    """Every picture by the name of its file."""
    found = json.loads(record.read_text(encoding="utf-8"))
    pictures: Mapping[str, Callable[[Record], Drawing]] = {
        "two-phases.svg": two_phases,
        "review.svg": review,
        "rotation.svg": rotation,
        "revoke-and-restore.svg": revoke_and_restore,
    }
    return {name: draw(found).svg() for name, draw in pictures.items()}


def _short(text: str) -> str:
    """A text whose key versions are cut off after eight digits."""
    return _VERSION.sub(lambda found: f"{found[0][:8]}…", text)


def two_phases(record: Record) -> Drawing:
    """The first update."""
    made, proof = record["first"]["created"], record["first"]["proof"]
    picture = Drawing(
        "One pulumi up, in two phases",
        "Phase one makes vault, key and account on Microsoft's keys. Then the account's identity gets access "
        "to the key. Phase two binds the account to one version of the key, and reads it back.",
    )
    picture.card(
        ("Phase one: Microsoft's keys", "strong"),
        (f"Vault: soft delete, purge protection ({made['Vault']} s)", ""),
        (f"Key: RSA 2048, wrap and unwrap only ({made['Key']} s)", ""),
        (f"Account: now it has an identity ({made['Account']} s)", ""),
    )
    picture.arrow("the identity is known")
    granted = f"get, wrapKey, unwrapKey, no more ({made['AccessPolicy']} s)"
    picture.card(("The grant", "strong"), (granted, ""))
    picture.arrow("everything is read, and judged")
    read = [
        (f"{claim}: {_short(proof[claim])}", "code good") for claim in ("keySource", "keyVersion", _WRITTEN)
    ]
    picture.card(
        ("Phase two: your key", "strong"),
        (f"Account bound to one key version ({made['CustomerManagedKey']} s)", ""),
        ("Read back from the account:", "small"),
        *read,
        tone="good",
    )
    picture.text("Recorded on the local Azure, whose answers are quick.", style="small")
    return picture


def review(record: Record) -> Drawing:
    """The comment on the pull request that revokes access."""
    told = record["revoked"]["review"]
    row = told["row"]
    picture = Drawing(
        "Review: a pull request revokes access",
        "The comment blocks the merge: without access to the key, the service can no longer read the data.",
    )
    grant = next(fact for fact in row["facts"] if fact["name"] == "grant")
    picture.card(
        (f"Encryption: {' '.join(told['headline']['text'])} in dev", "title"),
        (row["name"], "code strong"),
        *((f"{one['verdict']['name']}: {one['verdict']['words']}", "bad strong") for one in row["verdicts"]),
        (f"grant before: {grant['before']}", "code"),
        (f"grant after: {grant['after'] or 'none'}", "code"),
        ("It merges once somebody else approves exactly this loss, by its code:", "small"),
        (f"review: {row['verdicts'][0]['code'][:16]}…", "code"),
        tone="bad",
    )
    return picture


def _before(picture: Drawing, record: Record, claim: str) -> None:
    """What is read before the first change."""
    proof = f"{claim}: {_short(record['first']['proof'][claim])}"
    picture.card(("Before", "strong"), (proof, "code good"), tone="good")


def _step(picture: Drawing, heading: str, step: Record, claim: str, tone: str = "good") -> None:
    """A change, its preview's last line, and what is then read."""
    picture.arrow(heading)
    picture.card(
        (f"The preview: {', '.join(step['changes'])}", ""),
        (_short(step["effect"].partition("; not under it")[0]), "strong"),
        ("Then read from the account:", "small"),
        (_short(f"{claim}: {step['proof'][claim]}"), f"code {tone}"),
        tone=tone,
    )


def rotation(record: Record) -> Drawing:
    """One rotation."""
    picture = Drawing(
        "A rotation",
        "A higher generation makes a new version of the key; the account is bound to it in place.",
    )
    _before(picture, record, "keyVersion")
    _step(picture, "generation: 1 becomes generation: 2", record["rotated"], "keyVersion")
    picture.text("The older version stays enabled, and nothing is re-encrypted.", style="small")
    return picture


def revoke_and_restore(record: Record) -> Drawing:
    """Access that is taken away and given back."""
    picture = Drawing(
        "Access is revoked, and restored",
        "access: revoked removes the grant, and the data answers 403; access: granted brings it back.",
    )
    _before(picture, record, _WRITTEN)
    _step(picture, "access: revoked", record["revoked"], "revoked", "bad")
    _step(picture, "access: granted", record["restored"], _WRITTEN)
    return picture


def told(record: Record) -> str:
    """A record without what differs from run to run: times, versions and ids."""
    text = re.sub(r'"(created|code)": ("[^"]*"|{[^}]*})', "", json.dumps(record, indent=1))
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{32}\b", "…", text)
