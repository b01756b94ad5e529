"""The command: `python -m operate evidence verify FOLDER`: what a report proves, and what it does not.

It reads files and nothing else: no cloud, no login. Exit code: 0 if nothing is wrong, 1 otherwise.
"""

import argparse
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from operate.errors import OperateError
from operate.evidence import report, signature
from operate.evidence.report import WrittenReport
from operate.evidence.times import contradictions


class Status(StrEnum):
    """`WRONG`: the report contradicts itself, or what it was compared with."""

    PROVEN = "proven"
    OPEN = "not proven"
    WRONG = "wrong"


class Statement(NamedTuple):
    """What a report shows, or does not show."""

    verdict: Status
    text: str


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; its exit code."""
    newest, *before = [report.written(folder) for folder in (arguments.folder, *arguments.since)]
    found = statements(newest, before, key=arguments.signed_by, authority=arguments.authority)
    if arguments.json:
        print(report.as_json([statement._asdict() for statement in found]))
    else:
        for statement in found:
            print(f"{statement.verdict:12}{statement.text}")
    return 1 if Status.WRONG in {verdict for verdict, _ in found} else 0


def statements(
    newest: WrittenReport, before: Sequence[WrittenReport], *, key: str, authority: Path | None
) -> list[Statement]:
    """Everything about a report and those before it, the latest first. `key` is the SHA-256 of the public key
    that should have signed it, or ""; `authority` a file with certificates that vouch for the timestamp."""
    try:
        return [
            *_files(newest),
            *_times(newest),
            *_source(newest),
            *_signature(newest, key.lower()),
            *_timestamp(newest, authority),
            *_chain([newest, *before]),
        ]
    except (AttributeError, KeyError, TypeError, ValueError, OSError) as error:
        raise OperateError(f"{newest.folder} cannot be read: {type(error).__name__}: {error}") from error


def _files(found: WrittenReport) -> Iterator[Statement]:
    yield Statement(Status.PROVEN, f"the files match {report.SUMS}: {', '.join(sorted(found.listed))}")
    listed = {*found.listed, report.SUMS, signature.SIGNATURE, signature.TIMESTAMP}
    if others := sorted(file.name for file in found.folder.iterdir() if file.name not in listed):
        yield Statement(Status.OPEN, f"no part of the report: {', '.join(others)}")


def _times(found: WrittenReport) -> Iterator[Statement]:
    wrong = list(contradictions(found.evidence, found.manifest))
    for text in wrong:
        yield Statement(Status.WRONG, f"{found.folder}: {text}")
    if wrong:
        return
    first, last, judged = (found.evidence[name] for name in ("readFrom", "readUntil", "judgedAt"))
    text = f"its times agree: answers from {first} to {last} by their own Date headers, judged as of {judged}"
    yield Statement(Status.PROVEN, f"{found.folder}: {text}")


def _source(found: WrittenReport) -> Iterator[Statement]:
    if warning := found.evidence["notFromAzure"]:
        yield Statement(Status.OPEN, f"that Azure gave these answers: {warning}")
    else:
        why = "Azure does not sign them; whoever signed the report vouches for it"
        yield Statement(Status.OPEN, f"that Azure gave these answers, at these times: {why}")


def _signature(found: WrittenReport, key: str) -> Iterator[Statement]:
    signer, file = found.evidence["signedBy"], found.folder / signature.SIGNATURE
    if not signer and not file.exists():
        yield Statement(Status.WRONG if key else Status.OPEN, "who made it: it is not signed")
        return
    pem = (found.folder / signature.PUBLIC_KEY).read_bytes()
    own = signature.fingerprint(pem)
    named = signer and signature.PUBLIC_KEY in found.listed and signer["fingerprint"] == own
    if not named or not signature.is_signed(found.sums, file.read_bytes(), pem):
        yield Statement(Status.WRONG, f"{file.name} is no signature of the key that evidence.json names")
        return
    yield Statement(Status.PROVEN, f"signed with the key whose public half has the SHA-256 {own}")
    if not key:
        download = f"az keyvault key download --id {signer['key']} --encoding PEM --file key.pem"
        text = f"that it is the key {signer['key']}: compare it with the one that `{download}` downloads"
        yield Statement(Status.OPEN, text)
    elif key != own:
        yield Statement(Status.WRONG, f"--signed-by names another key, {key}")


def _timestamp(found: WrittenReport, authority: Path | None) -> Iterator[Statement]:
    file = found.folder / signature.TIMESTAMP
    if not file.exists():
        yield Statement(Status.WRONG if authority else Status.OPEN, "when it existed: it has no timestamp")
    elif authority is None:
        text = f"what {file.name} says: give the certificates of the service's authority with --authority"
        yield Statement(Status.OPEN, text)
    else:
        time = signature.stamped(found.sums, file.read_bytes(), authority.read_bytes())
        if time is None:
            yield Statement(Status.WRONG, f"{file.name} is no timestamp of this report by {authority}")
        elif time < datetime.fromisoformat(found.evidence["readUntil"]):
            yield Statement(Status.WRONG, f"it was stamped at {time}, before its last answer")
        else:
            yield Statement(Status.PROVEN, f"it existed at {time}, when the service stamped it")


def _chain(reports: Sequence[WrittenReport]) -> Iterator[Statement]:
    """Whether each report goes on from the one after it in the list, and leaves out no time between them."""
    for later, before in pairwise(reports):
        yield from _times(before)
        follows, since = later.evidence["follows"], datetime.fromisoformat(later.evidence["since"])
        if not follows or follows["sumsSha256"] != before.sums_sha256:
            yield Statement(Status.WRONG, f"{later.folder} does not go on from {before.folder}")
        elif since > before.read_from:
            yield Statement(Status.WRONG, f"{later.folder} begins at {since}, after {before.folder} was read")
        else:
            text = f"{later.folder} goes on from {before.folder}, and leaves out no time since"
            yield Statement(Status.PROVEN, text)
    if follows := reports[-1].evidence["follows"]:
        text = f"what was before {follows['readFrom']}: give the report whose SHA256SUMS has the SHA-256"
        yield Statement(Status.OPEN, f"{text} {follows['sumsSha256']} with --since")
