"""A customer-managed key states its version."""

from core import key_uris
from core.arm_ids import MalformedError
from core.resource_types import Kind
from policies import sources
from policies.encryption import Text, stated_key
from policies.rule import Findings, NotYetKnown, Options, ResourceRule, Subject, Violation
from policies.view import UNKNOWN, shown


def judge(subject: Subject, _: Options) -> Findings:
    """Only whether there is a version; cmk-complete says whether it can be one."""
    if subject.kind is Kind.BINDING:
        uri = subject.view.text("keyUriWithVersion")
        yield from _judge_version("keyUriWithVersion", uri, _version_in(uri))
        return
    key = stated_key(subject.view)
    if isinstance(key, NotYetKnown):
        yield key
    elif key is not None:
        where = "properties.encryption.keyVaultProperties.keyVersion"
        yield from _judge_version(where, key.key_version, key.key_version)


def _version_in(uri: Text) -> Text:
    """The version of a key's URI; what is no such URI is left to cmk-complete."""
    if not isinstance(uri, str):
        return uri
    try:
        return key_uris.parse(uri).version or None
    except MalformedError:
        return uri


def _judge_version(where: str, stated: Text, version: Text) -> Findings:
    if version is UNKNOWN:
        yield NotYetKnown(f"{where} is not known yet")
    elif version is None:
        yield Violation(
            found=f"{where} is {shown(stated)}, without a version",
            required="one version of the key",
            fix="state the version (KeyVersion gives the newest), and bind again after each rotation",
        )


RULE = ResourceRule(
    why="when the key is rotated, the account must be updated to the new key URI; it does not follow by "
    "itself",
    source=sources.SERVICE_DOCUMENT,
    severity="high",
    kinds=(Kind.ACCOUNT, Kind.BINDING),
    judge=judge,
)
