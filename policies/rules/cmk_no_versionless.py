"""A customer-managed key states its version."""

from dataclasses import replace

from core import key_uris
from core.arm_ids import MalformedError
from core.resource_types import Kind
from policies import sources
from policies.encryption import Text, leaves_encryption, stated_key
from policies.relations import Relations
from policies.rule import Findings, NotYetKnown, Options, StackRule, Undecided, Violation
from policies.stack_index import Node
from policies.view import UNKNOWN, shown

_URI, _INLINE = "keyUriWithVersion", "properties.encryption.keyVaultProperties.keyVersion"


def judge(relations: Relations, _: Options) -> Findings:
    """Judges only whether a version is stated; cmk-complete judges its form, before the step."""
    for binding in relations.index.of(Kind.BINDING):
        uri = binding.view.text(_URI)
        kinds = {one.kind for one in relations.index.sources_of(binding, _URI)}
        if uri is UNKNOWN and Kind.KEY_VERSION not in kinds:
            yield Undecided(f"whether {_URI} has a version: it comes from no KeyVersion", binding.urn)
        else:
            yield from _judge_version(binding, _URI, uri, _version_in(uri))
    for account in relations.index.of(Kind.ACCOUNT):
        ignored = leaves_encryption(account.ignore_changes)
        key = None if ignored else stated_key(relations.index.stated(account))
        if isinstance(key, NotYetKnown):
            yield replace(key, urn=account.urn)
        elif key is not None:
            yield from _judge_version(account, _INLINE, key.key_version, key.key_version)


def _version_in(uri: Text) -> Text:
    """The version of a key's URI; what is no such URI is left to cmk-complete."""
    if not isinstance(uri, str):
        return uri
    try:
        return key_uris.parse(uri).version or None
    except MalformedError:
        return uri


def _judge_version(node: Node, where: str, stated: Text, version: Text) -> Findings:
    if version is UNKNOWN:
        yield NotYetKnown(f"{where} is not known yet", node.urn)
    elif version is None:
        yield Violation(
            found=f"{where} is {shown(stated)}, without a version",
            required="one version of the key",
            fix="state the version (KeyVersion gives the newest), and bind again after each rotation",
            urn=node.urn,
        )


RULE = StackRule(
    why="when the key is rotated, the account must be updated to the new key URI; it does not follow by "
    "itself",
    source=sources.SERVICE_DOCUMENT,
    severity="high",
    judge=judge,
)
