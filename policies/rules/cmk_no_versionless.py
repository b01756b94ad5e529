"""A customer-managed key states its version, unless the account follows the key by itself."""

from core import key_uris, kind_limits, values
from core.arm_ids import MalformedError
from core.protection import Protections
from core.resource_types import Kind
from core.stack import Stack, StackResource
from core.values import Mark, Value
from policies.rule import (
    SERVICE_DOCUMENT,
    Findings,
    Options,
    RuleFinding,
    StackRule,
    customer_key,
    hidden,
    undecided,
)

_URI, _INLINE = "keyUriWithVersion", "properties.encryption.keyVaultProperties.keyVersion"


def judge(protections: Protections, _: Options) -> Findings:
    """Judges only whether a version is stated; cmk-complete judges its form, before the step."""
    for binding in protections.stack.of(Kind.BINDING):
        uri = values.name(binding.found(_URI))
        kinds = {one.kind for one in protections.stack.sources(binding, _URI)}
        account = protections.stack.target(binding, Kind.ACCOUNT, "accountId")
        if uri is Mark.UNKNOWN and Kind.KEY_VERSION not in kinds:
            yield undecided(f"whether {_URI} has a version: it comes from no KeyVersion", binding.urn)
        elif uri is Mark.UNKNOWN and not (_follows(account) or _takes_version(protections.stack, binding)):
            yield undecided(f"whether {_URI} is a KeyVersion's keyUriWithVersion or its keyUri", binding.urn)
        else:
            yield from _judge_version(binding, account, _URI, uri, _version_in(uri))
    for account in protections.stack.of(Kind.ACCOUNT):
        key = customer_key(protections.inline(account), account.urn)
        if isinstance(key, RuleFinding):
            yield key
        elif key is not None:
            yield from _judge_version(account, account, _INLINE, key.key_version, key.key_version)


def _follows(account: StackResource | None) -> bool:
    """Whether an account is known to follow a key by itself."""
    kind = values.name(account.found("kind")) if account else None
    return isinstance(kind, str) and kind_limits.key_version(kind, "") is None


def _takes_version(stack: Stack, binding: StackResource) -> bool:
    """Whether a component of this project made the binding, with one version: it shows `automatic`."""
    components = [*stack.around(binding)]
    return bool(components) and all(one.stated("version") is None for one in components)


def _version_in(uri: Value) -> Value:
    """The version of a key's URI; what is no such URI is left to cmk-complete."""
    if not isinstance(uri, str):
        return uri
    try:
        return key_uris.parse(uri).version or None
    except MalformedError:
        return uri


def _judge_version(
    writer: StackResource, account: StackResource | None, where: str, stated: Value, version: Value
) -> Findings:
    if isinstance(version, Mark):
        yield hidden(where, version, writer.urn)
    elif version is None and _follows(account):
        yield undecided(f"{where} names no version: which one is in use is Azure's choice", writer.urn)
    elif version is None:
        yield RuleFinding(
            found=f"{where} is {values.shown(stated)}, without a version",
            required="one version of the key",
            fix="state the version (KeyVersion gives the newest), and bind again after each rotation",
            urn=writer.urn,
        )


RULE = StackRule(
    why="when the key is rotated, the account must be updated to the new key URI; kind AIServices alone "
    "follows by itself, and which version it uses is then Azure's choice, which is told as advice",
    source=SERVICE_DOCUMENT,
    severity="high",
    judge=judge,
)
