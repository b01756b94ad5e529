"""A customer-managed key names a vault of a known cloud, a key and a version."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from core import clouds, facts, key_uris, kind_limits, values
from core.arm_ids import MalformedError
from core.protection import encryption_of
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

_SUFFIXES: Final = [suffix for cloud in clouds.ALL for suffix in (cloud.vault_suffix, cloud.hsm_suffix)]
_INLINE = "properties.encryption.keyVaultProperties"


def judge(subject: Subject, _: Options) -> Findings:
    """An account's inline encryption, and the URI of a binding. Encryption that the program ignores is what
    Azure last reported: after a refresh azure-native has of it the parts alone that have changed."""
    if subject.resource.kind is Kind.BINDING:
        fix = "take keyUriWithVersion from the key, or from KeyVersion"
        yield from _judge_part("keyUriWithVersion", subject.name("keyUriWithVersion"), key_uris.parse, fix)
        return
    encryption = None if subject.resource.leaves_encryption else encryption_of(subject.resource)
    if isinstance(encryption, Mark):
        yield hidden("properties.encryption", encryption)
    elif encryption is not None and not encryption.is_customer_key:
        yield from expect(
            "properties.encryption.keySource",
            encryption.source,
            encryption.source == facts.MICROSOFT_MANAGED.lower(),
            required=f"{facts.CUSTOMER_MANAGED} or {facts.MICROSOFT_MANAGED}",
            fix=f'set keySource to "{facts.CUSTOMER_MANAGED}"',
        )
    elif encryption is not None:
        by_uri = "name the vault by its own URI: properties.vaultUri, or properties.hsmUri of a managed HSM"
        yield from _judge_part(f"{_INLINE}.keyVaultUri", encryption.vault_uri, _vault_uri, by_uri)
        named = "name the key that the vault holds"
        yield from _judge_part(f"{_INLINE}.keyName", encryption.key_name, key_uris.key_name, named)
        kind = subject.name("kind")
        follows = isinstance(kind, str) and kind_limits.key_version(kind, "") is None
        if encryption.key_version is not None or not follows:
            one = "name one version of the key; the service does not follow a rotation by itself"
            yield from _judge_part(f"{_INLINE}.keyVersion", encryption.key_version, key_uris.version, one)


def _judge_part(where: str, value: Value, check: Callable[[str], object], fix: str) -> Findings:
    if isinstance(value, Mark):
        yield hidden(where, value)
        return
    try:
        check(value or "")
    except MalformedError as problem:
        required = str(problem).partition("expected ")[2] or str(problem)
        yield RuleFinding(f"{where} is {values.shown(value)}", required, fix)


def _vault_uri(uri: str) -> None:
    if key_uris.place(uri) is None or urlsplit(uri).path.strip("/"):
        raise MalformedError(f"expected https://NAME.{' or https://NAME.'.join(_SUFFIXES)}")


RULE = ResourceRule(
    why="the service refuses a key that it cannot find, or silently keeps an old one",
    source=SERVICE_DOCUMENT,
    severity="high",
    same_as="cnspec:cognitive-services-cmk-encryption",
    kinds=(Kind.ACCOUNT, Kind.BINDING),
    judge=judge,
)
