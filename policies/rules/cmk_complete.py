"""A customer-managed key is named in full: a vault of a known cloud, a key, a version."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_policy import Severity

from policies import sources
from policies.encryption import KEY_VAULT_SOURCE, SERVICE_SOURCE, Encryption, Text, encryption_of
from policies.key_uri import HOSTS, KEY_NAME, VERSION, split_key_uri, vault_name
from policies.kinds import Kind
from policies.rule import Finding, NotYetKnown, Options, References, ResourceRule, Subject, Violation, kinds
from policies.view import UNKNOWN, shown

_INLINE = "properties.encryption.keyVaultProperties"


def judge(subject: Subject, _: Options) -> Iterable[Finding]:
    """An account's inline encryption, and the URI of a binding."""
    if subject.kind is Kind.BINDING:
        yield from _judge_uri(subject.view.text("keyUriWithVersion"))
        return
    encryption = encryption_of(subject.view)
    if encryption is UNKNOWN:
        yield NotYetKnown("properties.encryption is not known yet")
    elif encryption is not None:
        yield from _judge_inline(encryption)


def _judge_inline(encryption: Encryption) -> Iterable[Finding]:
    if encryption.source is UNKNOWN:
        yield NotYetKnown("properties.encryption.keySource is not known yet")
    elif encryption.is_customer_key:
        yield from _judge_vault(f"{_INLINE}.keyVaultUri", encryption.vault_uri)
        yield from _judge_key(f"{_INLINE}.keyName", encryption.key_name)
        yield from _judge_version(f"{_INLINE}.keyVersion", encryption.key_version)
    elif encryption.source != SERVICE_SOURCE:
        yield Violation(
            found=f"properties.encryption.keySource is {shown(encryption.source)}",
            required="Microsoft.KeyVault or Microsoft.CognitiveServices",
            fix=f'set keySource to "Microsoft.KeyVault" ({KEY_VAULT_SOURCE} in any case)',
        )


def _judge_uri(uri: Text) -> Iterable[Finding]:
    if uri is UNKNOWN:
        yield NotYetKnown("keyUriWithVersion is not known yet; the update checks it before it binds")
        return
    parts = split_key_uri(uri) if uri is not None else None
    if parts is None:
        yield Violation(
            found=f"keyUriWithVersion is {shown(uri)}",
            required="https://VAULT.vault.azure.net/keys/KEY/VERSION",
            fix="take keyUriWithVersion from the key, or from KeyVersion",
        )
        return
    vault, key, version = parts
    yield from _judge_vault("the vault in keyUriWithVersion", vault)
    yield from _judge_key("the key's name in keyUriWithVersion", key)
    yield from _judge_version("the version in keyUriWithVersion", version)


def _judge_vault(where: str, uri: Text) -> Iterable[Finding]:
    if uri is UNKNOWN:
        yield NotYetKnown(f"{where} is not known yet")
    elif uri is None or vault_name(uri) is None:
        yield Violation(
            found=f"{where} is {shown(uri)}",
            required=f"https://NAME.{HOSTS[0]} (or {', '.join(HOSTS[1:])})",
            fix="name the vault by its own URI, as properties.vaultUri of the vault gives it",
        )


def _judge_key(where: str, name: Text) -> Iterable[Finding]:
    if name is UNKNOWN:
        yield NotYetKnown(f"{where} is not known yet")
    elif name is None or not KEY_NAME.match(name):
        yield Violation(
            found=f"{where} is {shown(name)}",
            required="a key's name: 1 to 127 letters, digits and hyphens",
            fix="name the key that the vault holds",
        )


def _judge_version(where: str, version: Text) -> Iterable[Finding]:
    if version is UNKNOWN:
        yield NotYetKnown(f"{where} is not known yet")
    elif version is None or not VERSION.match(version):
        yield Violation(
            found=f"{where} is {shown(version)}",
            required="the 32 hexadecimal digits of a key version",
            fix="name one version of the key; the service does not follow a rotation by itself",
        )


RULE = ResourceRule(
    name="cmk-complete",
    title="A customer-managed key names a vault of a known cloud, a key and a version",
    why="the service refuses a key that it cannot find, or keeps an old one without a word",
    source=sources.SERVICE_DOCUMENT,
    severity=Severity.HIGH,
    references=References(others=("cnspec:cognitive-services-cmk-encryption",)),
    kinds=kinds(Kind.ACCOUNT, Kind.BINDING),
    judge=judge,
)
