"""A customer-managed key names a vault of a known cloud, a key and a version."""

from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

from core import clouds, facts, key_uris, kind_limits, values
from core.arm_ids import MalformedError
from core.protection import StatedEncryption, encryption_of
from core.resource_types import Kind
from core.values import Mark, Value
from policies.rule import (
    SERVICE_DOCUMENT,
    Findings,
    Options,
    ResourceRule,
    RuleFinding,
    Subject,
    expect,
    hidden,
)

_SUFFIXES: Final = tuple(suffix for cloud in clouds.ALL for suffix in (cloud.vault_suffix, cloud.hsm_suffix))
_INLINE = "properties.encryption.keyVaultProperties"


def judge(subject: Subject, _: Options) -> Iterable[RuleFinding]:
    """An account's inline encryption, and the URI of a binding. Encryption that the program ignores is what
    Azure last reported: after a refresh azure-native has of it the parts alone that have changed."""
    if subject.resource.kind is Kind.BINDING:
        return _judge_uri(subject.name("keyUriWithVersion"))
    encryption = None if subject.resource.leaves_encryption else encryption_of(subject.resource)
    if isinstance(encryption, Mark):
        return [hidden("properties.encryption", encryption)]
    return () if encryption is None else _judge_inline(encryption, subject.name("kind"))


def _judge_inline(encryption: StatedEncryption, kind: Value) -> Findings:
    if not encryption.is_customer_key:
        yield from expect(
            "properties.encryption.keySource",
            encryption.source,
            encryption.source == facts.MICROSOFT_MANAGED.lower(),
            required=f"{facts.CUSTOMER_MANAGED} or {facts.MICROSOFT_MANAGED}",
            fix=f'set keySource to "{facts.CUSTOMER_MANAGED}"',
        )
        return
    yield from _judge_vault(f"{_INLINE}.keyVaultUri", encryption.vault_uri)
    named = "name the key that the vault holds"
    yield from _judge_part(f"{_INLINE}.keyName", encryption.key_name, key_uris.key_name, named)
    if encryption.key_version is None and isinstance(kind, str) and kind_limits.key_version(kind, "") is None:
        return
    one = "name one version of the key; the service does not follow a rotation by itself"
    yield from _judge_part(f"{_INLINE}.keyVersion", encryption.key_version, key_uris.version, one)


def _judge_uri(uri: Value) -> Findings:
    if isinstance(uri, Mark):
        yield hidden("keyUriWithVersion", uri)
        return
    try:
        key_uris.parse(uri or "")
    except MalformedError as problem:
        yield RuleFinding(
            found=f"keyUriWithVersion is {values.shown(uri)}: {problem}",
            required="the URI of a key in a vault or managed HSM",
            fix="take keyUriWithVersion from the key, or from KeyVersion",
        )


def _judge_vault(where: str, uri: Value) -> Iterable[RuleFinding]:
    return expect(
        where,
        uri,
        isinstance(uri, str) and key_uris.place(uri) is not None and not urlsplit(uri).path.strip("/"),
        required="https://NAME." + " or https://NAME.".join(_SUFFIXES),
        fix="name the vault by its own URI, as properties.vaultUri of the vault gives it, or "
        "properties.hsmUri of a managed HSM",
    )


def _judge_part(where: str, value: Value, check: Callable[[str], str], fix: str) -> Findings:
    if isinstance(value, Mark):
        yield hidden(where, value)
        return
    try:
        check(value or "")
    except MalformedError as problem:
        required = str(problem).partition("expected ")[2] or str(problem)
        yield RuleFinding(f"{where} is {values.shown(value)}", required, fix)


RULE = ResourceRule(
    why="the service refuses a key that it cannot find, or silently keeps an old one",
    source=SERVICE_DOCUMENT,
    severity="high",
    same_as="cnspec:cognitive-services-cmk-encryption",
    kinds=(Kind.ACCOUNT, Kind.BINDING),
    judge=judge,
)
