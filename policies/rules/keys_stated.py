"""Rules on how a customer-managed key is named: by a binding, or inline in the account."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from core import clouds, key_uris, kind_limits, values
from core.arm_ids import MalformedError
from core.facts import StatedEncryption
from core.protection import encryption_of
from core.resource_types import Kind
from core.stack import StackResource
from core.values import Hidden, Value
from policies.rule import (
    Findings,
    RuleContext,
    RuleFinding,
    RuleSubject,
    customer_key,
    hidden,
    rule,
    undecided,
)

_SUFFIXES: Final = [suffix for cloud in clouds.ALL for suffix in (cloud.vault_suffix, cloud.hsm_suffix)]
_PARTS, _URI = "properties.encryption.keyVaultProperties", "keyUriWithVersion"


@rule(RuleSubject.STEP, Kind.ACCOUNT, Kind.BINDING)
def cmk_complete(subject: StackResource, _: RuleContext) -> Findings:
    """A customer-managed key names a vault of a known cloud, a key and a version.

    An account's inline encryption, and the URI of a binding. Encryption that the program ignores is what
    Azure last reported: after a refresh azure-native has of it the parts alone that have changed."""
    if subject.kind is Kind.BINDING:
        fix = "take keyUriWithVersion from the key, or from KeyVersion"
        yield from _judge_part(
            "keyUriWithVersion", values.name(subject.input("keyUriWithVersion")), key_uris.parse, fix
        )
        return
    key = customer_key(StatedEncryption() if subject.leaves_encryption else encryption_of(subject))
    if isinstance(key, RuleFinding):
        yield key
    elif key is not None:
        by_uri = "name the vault by its own URI: properties.vaultUri, or properties.hsmUri of a managed HSM"
        yield from _judge_part(f"{_PARTS}.keyVaultUri", key.key_vault_uri, _vault_uri, by_uri)
        named = "name the key that the vault holds"
        yield from _judge_part(f"{_PARTS}.keyName", key.key_name, key_uris.key_name, named)
        if key.key_version or not _follows(subject):
            one = "name one version of the key; the service does not follow a rotation by itself"
            yield from _judge_part(f"{_PARTS}.keyVersion", key.key_version, key_uris.version, one)


def _judge_part(where: str, value: Value, check: Callable[[str], object], fix: str) -> Findings:
    if isinstance(value, Hidden):
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


@rule(RuleSubject.EACH, Kind.BINDING, Kind.ACCOUNT)
def cmk_no_versionless(writer: StackResource, context: RuleContext) -> Findings:
    """A customer-managed key states its version, unless the account follows the key by itself.

    Judges only whether a version is stated; cmk-complete judges its form, before the step."""
    if writer.kind is Kind.ACCOUNT:
        key = customer_key(context.protections.inline(writer))
        if isinstance(key, RuleFinding):
            yield key
        elif key is not None:
            yield from _judge_version(
                writer, f"{_PARTS}.keyVersion", key.key_version or None, key.key_version or None
            )
        return
    uri, version = values.name(writer.output(_URI)), context.protections.use_by_binding(writer).version
    account = context.protections.stack.target(writer, Kind.ACCOUNT, "accountId")
    # cmk-complete judges a URI that names no version because it is malformed.
    yield from _judge_version(account, _URI, uri, uri if isinstance(version, Hidden) else version)


def _follows(account: StackResource | None) -> bool:
    """Whether an account is known to follow a key by itself."""
    kind = values.known_name(account.output("kind")) if account else ""
    return kind != "" and kind_limits.key_version(kind, "") is None


def _judge_version(account: StackResource | None, where: str, stated: Value, version: Value) -> Findings:
    if isinstance(version, Hidden):
        yield hidden(where, version)
    elif version is None and _follows(account):
        yield undecided(f"{where} names no version, so Azure chooses which one is in use")
    elif version is None:
        yield RuleFinding(
            found=f"{where} is {values.shown(stated)}, without a version",
            required="one version of the key",
            fix="state the version (KeyVersion gives the newest), and bind again after each rotation",
        )


@rule(RuleSubject.EACH, Kind.ACCOUNT)
def cmk_not_at_create_with_system_identity(account: StackResource, context: RuleContext) -> Findings:
    """A key that the account's own identity uses is bound after the account exists.

    Judges the accounts that this preview makes. An account that exists has its identity, and grant-present
    judges the identity's access. Skips an account whose program ignores `encryption`, because the engine then
    shows the encryption that Azure last reported, not what the program declares."""
    key = None if account.exists else customer_key(context.protections.inline(account))
    if isinstance(key, RuleFinding):
        yield key
    elif key is not None and not key.identity_client_id:
        yield RuleFinding(
            found=f"identity.type is {values.shown(account.input('identity.type'))}, and "
            "properties.encryption names a key without an identityClientId that could use it",
            required="no inline key with a system-assigned identity, which has no rights before the account "
            "exists",
            fix="leave encryption out of the account and bind the key with azure-cmk's CustomerManagedKey "
            "after the grant; or attach a user-assigned identity that has access already and state its "
            "identityClientId",
        )
