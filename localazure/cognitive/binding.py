"""Puts an account's data key under the key its encryption block names, and keeps the history of that."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from localazure.cloud import Cloud, iso
from localazure.cognitive import data, rules
from localazure.cognitive.identity import key_user, own_client_id
from localazure.cognitive.models import KEY_VAULT, MICROSOFT, Account
from localazure.keyvault import trusted_services
from localazure.refusals import refused
from localazure.web import Json, ServiceError, bad_request

_NO_GRANT = frozenset({"ForbiddenByPolicy", "ForbiddenByRbac", "AccessDenied"})
_WORDINGS: Mapping[str, Callable[[], ServiceError]] = {
    "access_policy_not_configured": lambda: refused("AccessPolicyNotConfiguredForKeyVault"),
    "authentication_failure": lambda: refused("KeyVaultAuthenticationFailure"),
    "properties_invalid": lambda: bad_request(rules.INVALID),
    "fails_later": lambda: refused("AccessPolicyNotConfiguredForKeyVault"),
}
"""The refusal that a value of `missing_grant` stands for."""


def bind_new(cloud: Cloud, account: Account, correlation_id: str) -> tuple[Account, ServiceError | None]:
    """A new account with a new data key, wrapped as its encryption block says. Raises ServiceError.

    With it, why the operation will fail (`missing_grant` of `fails_later`), or None.
    """
    _check(cloud, account, creating=True)
    data_key = data.new_data_key()
    kept = data.wrap_for_microsoft(cloud, data_key)
    return _wrapped(cloud, account, data_key, correlation_id, kept=kept)


def rebind(
    cloud: Cloud, old: Account, new: Account, correlation_id: str
) -> tuple[Account, ServiceError | None]:
    """`new` with the data key of `old`, wrapped as the encryption block of `new` says; and, as from
    `bind_new`, why the operation will fail.

    The stored data stays as it is. Raises ServiceError if a rule forbids the binding, or if the old key can
    no longer be used: going on would lose the data. The refusal and its text are assumed; the switch
    `move_without_old_key` assumes otherwise, as `same_key_again` does for a write that leaves the key as
    it is. If the identity that used the key is gone, the one that `new` names may use it instead
    (assumed).
    """
    if new.key_vault_properties == old.key_vault_properties and cloud.behaviour.same_key_again == "taken":
        check_settings(cloud, new)
        return new, None
    _check(cloud, new, creating=False)
    try:
        gone = key_user(cloud, old)[0] is None
        data_key = data.unwrap(cloud, new if gone else old, correlation_id)
    except trusted_services.KeyRefused as error:
        remembered = data.remembered(cloud, old)
        if cloud.behaviour.move_without_old_key == "refused" or remembered is None:
            raise rules.refusal(f"the current key cannot be used: {_line(error.message)}") from error
        data_key = remembered
    return _wrapped(cloud, new, data_key, correlation_id, kept=old.wrapping)


def check_settings(cloud: Cloud, account: Account) -> None:
    """Raises 400 if a write to a bound account would take away something that its key needs.

    A write may remove the identity: the service allows that, and nobody can then read the data.
    """
    if account.key_vault_properties is not None:
        rules.refuse(rules.settings_findings(facts_of(cloud, account, creating=False)))


def record(cloud: Cloud, account: Account, why: str, correlation_id: str) -> None:
    """Adds an entry to the account's encryption history, after trying whether its data can be read."""
    target = account.key_vault_properties
    cloud.store.append(
        "encryption",
        account.id,
        {
            "time": iso(cloud.clock.now()),
            "keySource": MICROSOFT if target is None else KEY_VAULT,
            "keyUri": None if target is None else key_uri(account),
            "identity": None if target is None else key_user(cloud, account)[0],
            "why": why,
            "readable": account.deleted_at is None and data.readable(cloud, account, correlation_id),
        },
    )


def key_uri(account: Account) -> str:
    """`https://VAULT.vault.azure.net/keys/KEY/VERSION` of a bound account, or without the version."""
    target = account.key_vault_properties or {}
    uri = f"{target['keyVaultUri'].rstrip('/')}/keys/{target['keyName']}/{target.get('keyVersion') or ''}"
    return uri.rstrip("/")


def facts_of(cloud: Cloud, account: Account, *, creating: bool) -> rules.Facts:
    """The facts that decide whether the account may have the key that its encryption block names."""
    target, follows = account.key_vault_properties or {}, cloud.behaviour.versionless_key
    uri, name, version = (str(target.get(word) or "") for word in ("keyVaultUri", "keyName", "keyVersion"))
    principal_id, no_principal = key_user(cloud, account, creating=creating)
    vault = trusted_services.vault_at(cloud, uri) if uri else None
    return rules.Facts(
        account,
        uri,
        name,
        version,
        follows_key=follows == "taken" or (follows == "documented" and account.kind == "AIServices"),
        principal_id=principal_id,
        no_principal=no_principal,
        vault=vault,
        key=trusted_services.key_at(cloud, uri, name, version) if vault and name else None,
        now=cloud.clock.now(),
    )


def _check(cloud: Cloud, account: Account, *, creating: bool) -> None:
    if account.key_vault_properties is not None:
        rules.refuse(rules.findings(facts_of(cloud, account, creating=creating)))


def _wrapped(
    cloud: Cloud, account: Account, data_key: bytes, correlation_id: str, *, kept: Json
) -> tuple[Account, ServiceError | None]:
    """The account with its data key wrapped; or with the wrapping that is `kept`, and why its operation will
    fail (`missing_grant` of `fails_later`)."""
    try:
        wrapped = replace(account, wrapping=data.wrap(cloud, account, data_key, correlation_id))
        return _with_own_client_id(cloud, wrapped), None
    except trusted_services.KeyRefused as error:
        refusal = _refusal(cloud, error)
        if error.code in _NO_GRANT and cloud.behaviour.missing_grant == "fails_later":
            return replace(account, wrapping=kept), refusal
        raise refusal from error


def _with_own_client_id(cloud: Cloud, account: Account) -> Account:
    """The account as it shows a binding by its own identity (`system_identity_client_id`)."""
    target = account.key_vault_properties
    own = own_client_id(cloud, account)
    if target is None or target.get("identityClientId") or not own:
        return account
    encryption = {**(account.encryption or {}), "keyVaultProperties": {**target, "identityClientId": own}}
    return replace(account, properties={**account.properties, "encryption": encryption})


def _refusal(cloud: Cloud, error: trusted_services.KeyRefused) -> ServiceError:
    """The refusal of a binding whose identity cannot use the key (`missing_grant`).

    Of 403, status and code are assumed, and the text is Key Vault's own, as sibling providers pass it on.
    """
    header = {"x-localazure-findings": f"the identity cannot use the key: {_line(error.message)}"}
    wording = _WORDINGS.get(cloud.behaviour.missing_grant) if error.code in _NO_GRANT else None
    if wording is None:
        return ServiceError(403, "Forbidden", error.message, headers=header)
    refusal = wording()
    refusal.headers = header
    return refusal


def _line(text: str) -> str:
    return " ".join(text.split())
