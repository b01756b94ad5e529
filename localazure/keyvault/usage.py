"""One use of a vault's keys: admission, the act, the audit event. Every caller comes through here.

Owns: the order of the checks, and those of a key's own state. Does not own: HTTP.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from localazure import authorization, definitions
from localazure.cloud import Cloud
from localazure.directory import find_principal
from localazure.keyvault import access, audit, crypto, key_store, local_roles
from localazure.keyvault.access import Operation
from localazure.keyvault.errors import bad_parameter
from localazure.keyvault.models import Key, KeyVersion, Vault
from localazure.refusals import refused
from localazure.web import Caller, Json, ServiceError

T = TypeVar("T")
_NEEDS_VALIDITY = ("KeyWrap", "KeyEncrypt", "KeySign")
ACTS: Mapping[str, Callable[[str, str, bytes], bytes]] = {
    "KeyWrap": crypto.encrypt,
    "KeyUnwrap": crypto.decrypt,
    "KeyEncrypt": crypto.encrypt,
    "KeyDecrypt": crypto.decrypt,
    "KeySign": crypto.sign,
}
"""The cryptographic operations by name: functions of a private half, an algorithm and the sent value."""


@dataclass(frozen=True)
class Use:
    """Somebody about to do something with a key or secret (`key_name` empty: with all keys of the vault).

    `trusted` marks one of Azure's own services, which the firewall's bypass lets in, `policies_only` one that
    looks for an access policy whatever the vault goes by; `address` is where the caller comes from.
    """

    vault: Vault
    caller: Caller
    operation: Operation
    key_name: str = ""
    version: str = ""
    trusted: bool = False
    policies_only: bool = False
    address: str = access.LOOPBACK
    correlation_id: str = ""


def carry_out(cloud: Cloud, use: Use, act: Callable[[str], tuple[str, T]]) -> T:
    """Admits the caller, acts, records. `act` gets the role assignment that let the caller in ("" for none),
    and returns the key version it touched (or "") and its result.

    Raises the ServiceError with which Key Vault refuses; that is recorded too.
    """
    try:
        version, result = act(admit(cloud, use))
    except ServiceError as error:
        _record(cloud, use, use.version, error.status)
        raise
    _record(cloud, use, version, 200)
    return result


def admit(cloud: Cloud, use: Use) -> str:
    """The role assignment by which the caller gets in, "" where the vault is not under Azure RBAC.

    Raises 401 for a caller of another tenant, and 403 Forbidden where the firewall, the access policies or
    the roles refuse it; a managed HSM asks the roles that it has itself.
    """
    vault, caller = use.vault, use.caller
    if caller.tenant_id.lower() != vault.tenant_id.lower():
        raise refused("InvalidIssuer", expected=vault.tenant_id, found=caller.tenant_id)
    if refusal := access.firewall_refusal(vault, caller, trusted=use.trusted, address=use.address):
        raise refusal
    if vault.hsm:
        scope = f"/keys/{use.key_name}" if use.key_name else "/keys"
        local_roles.require(cloud, vault, caller.object_id, use.operation.hsm_action, scope)
        return ""
    if vault.rbac and use.policies_only:
        # Never observed. Assumed: the refusal is that of a caller whom no access policy names.
        raise access.no_policy(vault, caller, use.operation)
    if vault.rbac:
        resource = f"{vault.id}/{use.operation.collection}/{use.key_name}" if use.key_name else vault.id
        assignment = authorization.allows_data(cloud, caller.object_id, use.operation.data_action, resource)
        if assignment is None:
            raise access.rbac_refusal(vault, caller, use.operation, resource)
        return assignment
    now, delay = cloud.clock.now(), cloud.behaviour.grant_delay_seconds
    refusal = access.policy_refusal(vault, caller, use.operation, now=now, delay=delay)
    if refusal is None and find_principal(cloud, caller.object_id) is None:
        # A grant outlives its principal, and then grants nothing.
        refusal = refused("ForbiddenPrincipalIsGone", principal=caller.object_id)
    if refusal is not None:
        raise refusal
    return ""


def find_key(cloud: Cloud, vault: Vault, name: str) -> Key:
    """The key as a caller finds it. Raises 404 KeyNotFound."""
    key = key_store.find(cloud, vault, name)
    if key is None or key.visible > cloud.clock.now():
        raise refused("KeyNotFound", what=name)
    return key


def find_version(key: Key, version: str) -> KeyVersion:
    """A version of a key, the current one for "". Raises 404 KeyNotFound."""
    found = key.version(version)
    if found is None:
        raise refused("KeyNotFound", what=f"{key.name}/{version}")
    return found


def require_state(version: KeyVersion, operation: Operation, now: float) -> None:
    """Raises 403 where a key version's own state forbids a cryptographic use of it.

    Outside its validity a key still decrypts and unwraps (Key Vault: "Date-time controlled
    operations"), so that old data can be recovered.
    """
    word, needs_validity = operation.permission.replace("key", "Key"), operation.audit in _NEEDS_VALIDITY
    if operation.permission not in {o.lower() for o in version.operations}:
        raise refused("KeyOperationForbidden", word=word)
    if not version.enabled:
        raise refused("KeyDisabled", word=word)
    if needs_validity and version.not_before is not None and now < version.not_before:
        raise refused("KeyNotYetValid", word=word)
    if needs_validity and version.expires is not None and now >= version.expires:
        raise refused("KeyExpired", word=word)


def opened(cloud: Cloud, use: Use) -> tuple[Key, KeyVersion, str]:
    """The key, the version and its private half for a cryptographic use. Raises ServiceError: 404, or 403 by
    the state of the version."""
    key = find_key(cloud, use.vault, use.key_name)
    version = find_version(key, use.version)
    require_state(version, use.operation, cloud.clock.now())
    return key, version, key_store.private_half(cloud, key, version)


def transform(cloud: Cloud, use: Use, algorithm: str, data: bytes) -> tuple[Key, KeyVersion, bytes]:
    """Wraps, unwraps, encrypts, decrypts or signs, as the use says. Raises ServiceError."""
    key, version, private = opened(cloud, use)
    try:
        return key, version, ACTS[use.operation.audit](private, algorithm, data)
    except crypto.CryptoError as error:
        raise bad_parameter(str(error)) from error


def require_defined(type: str, body: Json) -> None:
    """Raises Key Vault's 400 for a body that the definition rules out (definitions.json)."""
    if found := definitions.faults(type, body):
        raise bad_parameter(f"{found[0].path} has to be {found[0].expected}")


def _record(cloud: Cloud, use: Use, version: str, status: int) -> None:
    audit.record(
        cloud,
        use.vault,
        operation=use.operation.audit,
        key=use.key_name,
        collection=use.operation.collection,
        version=version,
        object_id=use.caller.object_id,
        status=status,
        correlation_id=use.correlation_id,
    )
