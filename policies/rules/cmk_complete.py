"""A customer-managed key names a vault of a known cloud, a key and a version."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from core import clouds, key_uris
from core.arm_ids import MalformedError
from core.resource_types import Kind
from policies import sources
from policies.encryption import SERVICE_SOURCE, DeclaredEncryption, Text, encryption_of, leaves_encryption
from policies.rule import Findings, NotYetKnown, Options, ResourceRule, Subject, Violation, expect
from policies.view import UNKNOWN, shown

_SUFFIXES: Final = tuple(suffix for cloud in clouds.ALL for suffix in (cloud.vault_suffix, cloud.hsm_suffix))
_INLINE = "properties.encryption.keyVaultProperties"


def judge(subject: Subject, _: Options) -> Findings:
    """An account's inline encryption, and the URI of a binding. Encryption that the program ignores is what
    Azure last reported: after a refresh azure-native has of it the parts alone that have changed."""
    if subject.kind is Kind.BINDING:
        yield from _judge_uri(subject.view.text("keyUriWithVersion"))
        return
    if leaves_encryption(subject.ignore_changes):
        return
    encryption = encryption_of(subject.view)
    if encryption is UNKNOWN:
        yield NotYetKnown("properties.encryption is not known yet")
    elif encryption is not None:
        yield from _judge_inline(encryption)


def _judge_inline(encryption: DeclaredEncryption) -> Findings:
    if encryption.is_customer_key:
        yield from _judge_vault(f"{_INLINE}.keyVaultUri", encryption.vault_uri)
        yield from _judge_part(
            f"{_INLINE}.keyName", encryption.key_name, key_uris.key_name, "name the key that the vault holds"
        )
        yield from _judge_part(
            f"{_INLINE}.keyVersion",
            encryption.key_version,
            key_uris.version,
            "name one version of the key; the service does not follow a rotation by itself",
        )
    else:
        yield from expect(
            "properties.encryption.keySource",
            encryption.source,
            encryption.source == SERVICE_SOURCE,
            required="Microsoft.KeyVault or Microsoft.CognitiveServices",
            fix='set keySource to "Microsoft.KeyVault"',
        )


def _judge_uri(uri: Text) -> Findings:
    if uri is UNKNOWN:
        yield NotYetKnown("keyUriWithVersion is not known yet; the update checks it before it binds")
        return
    try:
        key_uris.parse_versioned(uri or "")
    except MalformedError as problem:
        yield Violation(
            found=f"keyUriWithVersion is {shown(uri)}: {problem}",
            required="the URI of one version of a key in a vault or managed HSM",
            fix="take keyUriWithVersion from the key, or from KeyVersion",
        )


def _judge_vault(where: str, uri: Text) -> Findings:
    yield from expect(
        where,
        uri,
        isinstance(uri, str) and key_uris.place(uri) is not None and not urlsplit(uri).path.strip("/"),
        required="https://NAME." + " or https://NAME.".join(_SUFFIXES),
        fix="name the vault by its own URI, as properties.vaultUri of the vault gives it, or "
        "properties.hsmUri of a managed HSM",
    )


def _judge_part(where: str, value: Text, check: Callable[[str], str], fix: str) -> Findings:
    if value is UNKNOWN:
        yield NotYetKnown(f"{where} is not known yet")
        return
    try:
        check(value or "")
    except MalformedError as problem:
        yield Violation(found=f"{where} is {shown(value)}", required=_expected(problem), fix=fix)


def _expected(problem: MalformedError) -> str:
    return str(problem).partition("expected ")[2] or str(problem)


RULE = ResourceRule(
    why="the service refuses a key that it cannot find, or silently keeps an old one",
    source=sources.SERVICE_DOCUMENT,
    severity="high",
    same_as="cnspec:cognitive-services-cmk-encryption",
    kinds=(Kind.ACCOUNT, Kind.BINDING),
    judge=judge,
)
