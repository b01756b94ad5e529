"""The files of a report: evidence.json, index.html, manifest.json and SHA256SUMS; of a signed one also the
public key, and beside the sums their signature and timestamp.

The same cloud at the same time gives the same bytes: everything is in a fixed order, times are UTC in whole
seconds, and a part that could not be read is `{"notChecked": WHY}`. manifest.json has the SHA-256 of each
file and of each answer of the cloud, so that a reader notices a changed file, and an answer that differs
today. `sha256sum --check` takes SHA256SUMS.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from core import coverage, documents
from core.facts import Account, Key, KeyVersion
from operate.azure import SentQuery
from operate.errors import DeclinedError, OperateError
from operate.evidence import signature
from operate.evidence.access import controllers, destroyers, log_deleters, unwrappers
from operate.evidence.continuity import of_service
from operate.evidence.findings import AuditFinding
from operate.evidence.history import bound_since, newest, next_rotation
from operate.evidence.model import EarlierReport, Facts, NotChecked, Service, moment
from operate.evidence.page import page
from operate.evidence.rules import CONTROLS, AuditSeverity

SCHEMA = "language-cmk/evidence/2"
"""Changes whenever a program that reads older reports would misread a new one."""
SUMS = "SHA256SUMS"
_ALWAYS = frozenset({"evidence.json", "index.html", "manifest.json"})
"""The files that the sums of every report cover."""
_FILES = _ALWAYS | {signature.PUBLIC_KEY}
_TIMES = ("created", "not_before", "expires")


def files(
    facts: Facts,
    found: Sequence[AuditFinding],
    queries: Iterable[SentQuery],
    version: str,
) -> dict[str, str]:
    """The content of each file. `version` is the tool's."""
    shown = _text(document(facts, found, version))
    made = {
        "evidence.json": shown,
        "index.html": page(facts, found, version=version, digest=sha256(shown)),
    }
    if facts.signer:
        made[signature.PUBLIC_KEY] = facts.signer.pem
    made["manifest.json"] = _text(
        {
            "schema": SCHEMA,
            "tool": {"name": "language-cmk", "version": version},
            "files": {name: sha256(text) for name, text in sorted(made.items())},
            "answers": _plain(list(queries)),
        }
    )
    return {**made, SUMS: "".join(f"{sha256(made[name])}  {name}\n" for name in sorted(made))}


def write(folder: Path, made: Mapping[str, str], beside: Mapping[str, bytes] | None = None) -> None:
    """Writes the files of a report in place of an earlier one's, whose signature and timestamp it removes."""
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in (signature.PUBLIC_KEY, signature.SIGNATURE, signature.TIMESTAMP):
        (folder / earlier).unlink(missing_ok=True)
    for name, text in made.items():
        (folder / name).write_bytes(text.encode())
    for name, content in (beside or {}).items():
        (folder / name).write_bytes(content)


@dataclass(frozen=True)
class WrittenReport:
    """The files of a report in a folder that match its SHA256SUMS; `listed` are their names."""

    folder: Path
    sums: bytes
    listed: frozenset[str]
    evidence: Mapping[str, Any]
    manifest: Mapping[str, Any]

    @property
    def sums_sha256(self) -> str:
        """By which a later report names this one."""
        return hashlib.sha256(self.sums).hexdigest()

    @property
    def read_from(self) -> datetime:
        """When the first answer was given."""
        return datetime.fromisoformat(self.evidence["readFrom"])


def written(folder: Path) -> WrittenReport:
    """The report in a folder. Raises OperateError if a file does not match the report's SHA256SUMS."""
    try:
        sums = (folder / SUMS).read_bytes()
        lines = [line.partition("  ") for line in sums.decode().splitlines()]
        digests = {name: digest for digest, _, name in lines}
        if digests.keys() - _FILES:
            raise OperateError(f"{folder / SUMS} lists other files than a report has")
        contents = {name: (folder / name).read_bytes() for name in digests.keys() | _ALWAYS}
        for name, content in contents.items():
            if hashlib.sha256(content).hexdigest() != digests.get(name):
                raise DeclinedError(f"{folder / name} differs from {SUMS}: the report was changed")
        evidence, manifest = (
            documents.of_json(contents[name].decode()) for name in ("evidence.json", "manifest.json")
        )
    except (OSError, ValueError) as error:
        raise OperateError(f"{folder} is no report of the evidence: {error}") from error
    schema = evidence.get("schema") if isinstance(evidence, dict) else None
    if schema != SCHEMA:
        raise OperateError(
            f"{folder}: found a report of the schema {schema!r}, expected {SCHEMA!r}; collect one with --days"
        )
    return WrittenReport(folder, sums, frozenset(digests), evidence, manifest)


def earlier(folder: Path, at: datetime) -> EarlierReport:
    """The report before `at` in a folder. Raises OperateError."""
    report = written(folder)
    if report.read_from >= at:
        raise OperateError(f"{folder} was read at {report.read_from}, which is not before {at}")
    return EarlierReport(report.read_from, report.sums_sha256)


def document(facts: Facts, found: Sequence[AuditFinding], version: str) -> dict[str, Any]:
    """The content of evidence.json."""
    counts = {s.word: sum(finding.severity is s for finding in found) for s in AuditSeverity}
    shown: dict[str, Any] = _plain(
        {
            "schema": SCHEMA,
            "tool": {"name": "language-cmk", "version": version},
            "readFrom": facts.taken,
            "readUntil": facts.read_until,
            "judgedAt": facts.at,
            "subject": facts.subject,
            "since": facts.since,
            "follows": facts.follows,
            "signedBy": facts.signer,
            "source": facts.source,
            "notFromAzure": getattr(facts.source, "warning", ""),
            "subscriptions": facts.subscriptions,
            "summary": {"services": len(facts.services), "findings": counts},
            "findings": [
                {**_fields(one), "controls": [[each.framework, each.id] for each in one.controls]}
                for one in found
            ],
            "controls": CONTROLS,
            "services": [_service(service, facts) for service in facts.services],
            "stack": facts.stack,
            "knownIdentities": dict(facts.names),
            "groups": dict(facts.groups),
        }
    )
    return shown


def as_json(shown: Any) -> str:
    """Any part of a report in the form of evidence.json."""
    return json.dumps(_plain(shown), indent=2, ensure_ascii=False)


def sha256(text: str) -> str:
    """The hash of a file's content."""
    return hashlib.sha256(text.encode()).hexdigest()


def _text(shown: Mapping[str, Any]) -> str:
    return json.dumps(shown, indent=2, ensure_ascii=False) + "\n"


def _service(service: Service, facts: Facts) -> dict[str, Any]:
    shown = {"name": service.name, **_fields(service)}
    if isinstance(service.account, Account) and service.account.encryption.is_customer_managed:
        shown["changes"] = of_service(service, facts)
        shown["underTheKey"] = coverage.COVERED
        shown["notUnderTheKey"] = coverage.named(service.account.kind).elsewhere
        shown["revoking"] = coverage.named(service.account.kind).revoked
        shown["boundSince"] = bound_since(service.account, service.key, service.use)
        shown["whoCanUnwrap"] = unwrappers(service)
        shown["whoCouldGrantAccess"] = controllers(service)
        shown["whoCanDeleteOrDisable"] = destroyers(service)
        shown["whoCanDeleteTheLog"] = log_deleters(service)
    if isinstance(service.key, Key):
        shown["keyProtection"] = service.key.protection
        shown["newestVersion"] = newest(service.key, facts.at)
        shown["nextRotation"] = next_rotation(service.key)
    return shown


def _fields(value: Any) -> dict[str, Any]:
    found = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, KeyVersion):
        found.update({name: moment(found[name]) for name in _TIMES})
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, NotChecked):
        return {"notChecked": value.why}
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Enum):
        return value.name.lower()
    if is_dataclass(value):
        return _plain(_fields(value))
    if isinstance(value, Mapping):
        return {_camel(str(name)): _plain(found) for name, found in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
