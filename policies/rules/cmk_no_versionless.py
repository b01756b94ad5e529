"""A customer-managed key states its version."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_policy import Severity

from core import key_uris
from core.arm_ids import MalformedError
from core.resource_types import Kind
from policies import sources
from policies.encryption import Text, encryption_of
from policies.rule import Finding, NotYetKnown, Options, ResourceRule, Subject, Violation
from policies.view import UNKNOWN, shown


def judge(subject: Subject, _: Options) -> Iterable[Finding]:
    """Only whether there is a version; cmk-complete says whether it can be one."""
    if subject.kind is Kind.BINDING:
        uri = subject.view.text("keyUriWithVersion")
        yield from _judge_version("keyUriWithVersion", uri, _version_in(uri))
        return
    encryption = encryption_of(subject.view)
    if encryption is UNKNOWN:
        yield NotYetKnown("properties.encryption is not known yet")
    elif encryption is not None and encryption.source is UNKNOWN:
        yield NotYetKnown("properties.encryption.keySource is not known yet")
    elif encryption is not None and encryption.is_customer_key:
        where = "properties.encryption.keyVaultProperties.keyVersion"
        yield from _judge_version(where, encryption.key_version, encryption.key_version)


def _version_in(uri: Text) -> Text:
    """The version of a key's URI; what is no such URI is left to cmk-complete."""
    if not isinstance(uri, str):
        return uri
    try:
        return key_uris.parse(uri).version or None
    except MalformedError:
        return uri


def _judge_version(where: str, stated: Text, version: Text) -> Iterable[Finding]:
    if version is UNKNOWN:
        yield NotYetKnown(f"{where} is not known yet")
    elif version is None:
        yield Violation(
            found=f"{where} is {shown(stated)}, without a version",
            required="one version of the key",
            fix="state the version (KeyVersion gives the newest), and bind again after each rotation",
        )


RULE = ResourceRule(
    name="cmk-no-versionless",
    title="A customer-managed key states its version",
    why="when the key is rotated, the account must be updated to the new key URI; it does not follow by "
    "itself",
    source=sources.SERVICE_DOCUMENT,
    severity=Severity.HIGH,
    kinds=(Kind.ACCOUNT, Kind.BINDING),
    judge=judge,
)
