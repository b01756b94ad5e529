"""The preflight's rules about the key version; `key_version` asks the same of the versions it may choose."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from provider.binding import bound
from provider.facts import KeyVersion
from provider.finding import Finding, Subject, Verdict


def key_version_exists(subject: Subject) -> Iterator[Finding]:
    """The version that is to be bound exists."""
    key = subject.key
    if key and subject.around.key_asked and subject.around.key is None:
        yield Finding(
            "key-version-exists",
            Verdict.CHANGEABLE,
            f"there is no version {key.version} of the key {key.name} in {key.host}",
            f"az keyvault key list-versions --vault-name {key.vault_name} --name {key.name}",
        )


def key_exists(subject: Subject) -> Iterator[Finding]:
    """The key that is to be rotated exists."""
    key = subject.key
    if key and subject.around.key_asked and subject.around.key is None:
        yield Finding(
            "key-exists",
            Verdict.REFUSED,
            f"there is no key {key.name} in {key.host}",
            f"az keyvault key recover --vault-name {key.vault_name} --name {key.name}",
        )


def key_is_rsa_2048(subject: Subject) -> Iterator[Finding]:
    """ "Only RSA keys of size 2048 are supported"."""
    key = subject.around.key
    if key:
        for text in unfit_kind(key):
            yield Finding("key-is-rsa-2048", Verdict.REFUSED, text, "use a new RSA key of 2048 bits")


def key_is_usable(subject: Subject) -> Iterator[Finding]:
    """The version is enabled and within its dates."""
    key, named = subject.around.key, subject.key
    if key and named:
        for text in unusable_now(key, subject.now):
            yield Finding(
                "key-is-usable",
                Verdict.CHANGEABLE,
                text,
                f"az keyvault key set-attributes --id {named.text} --enabled true, or bind a valid version",
            )


def bound_version_is_usable(subject: Subject) -> Iterator[Finding]:
    """The version that the account is on can be used, for the service has to open the data's key with it
    before it locks it with another; an expired one still opens ("About keys": unwrap works after `exp`).

    That the service needs the old version is assumed. One that is disabled may have been so on purpose.
    """
    account, now = subject.around.account, subject.around.bound_key
    found = bound(account) if account and subject.around.bound_key_asked else None
    if found is None or (now and now.enabled):
        return
    state = "is disabled" if now else "is not in the vault any more"
    way = (
        f"az keyvault key set-attributes --id {found.key.text} --enabled true"
        if now
        else (f"az keyvault key recover --vault-name {found.key.vault_name} --name {found.key.name}")
    )
    yield Finding(
        "bound-version-is-usable",
        Verdict.REFUSED,
        f"the version {found.key.version} that the account is bound to {state}, so its data is out of "
        "reach, and no other version can be bound before it can be used again",
        f"{way}; or, where it was disabled on purpose, set access: revoked",
    )


def key_allows_wrapping(subject: Subject) -> Iterator[Finding]:
    """The key may wrap and unwrap, which is all that a binding does with it."""
    key, named = subject.around.key, subject.key
    if key and named:
        for text in unfit_operations(key):
            yield Finding(
                "key-allows-wrapping",
                Verdict.CHANGEABLE,
                text,
                f"az keyvault key set-attributes --id {named.text} --ops wrapKey unwrapKey",
            )


def key_was_told(subject: Subject) -> Iterator[Finding]:
    """What Azure did not tell about the key was not checked, which is said."""
    key = subject.around.key
    if key:
        values: dict[str, object] = {"kty": key.kty, "keyOps": key.operations}
        if (key.kty or "RSA").upper().startswith("RSA"):
            values["keySize"] = key.size
        if untold := [name for name, value in values.items() if value is None]:
            yield Finding(
                "key-was-told",
                Verdict.UNCHECKED,
                f"Azure did not tell {', '.join(untold)} of the key version",
            )


def unfit_kind(key: KeyVersion) -> list[str]:
    """Why a key's kind is not one that the service takes: RSA or RSA-HSM of 2048 bits."""
    kty = (key.kty or "RSA").upper()
    if kty not in {"RSA", "RSA-HSM"}:
        return [f"the key is of type {key.kty}, wanted RSA or RSA-HSM of 2048 bits"]
    if key.size not in (None, 2048):
        return [f"the key has {key.size} bits, wanted 2048"]
    return []


def unfit_operations(key: KeyVersion) -> list[str]:
    """Why a key version does not do what a binding needs; nothing when its operations are not told."""
    if key.operations is None:
        return []
    absent = [o for o in ("wrapKey", "unwrapKey") if o.lower() not in {k.lower() for k in key.operations}]
    return [f"the key version does not allow {' and '.join(absent)}"] if absent else []


def unusable_now(key: KeyVersion, now: float) -> list[str]:
    """Why a key version cannot be used at `now` (seconds since 1970)."""
    reasons = [] if key.enabled else [f"the key version {key.version} is disabled"]
    if key.not_before is not None and key.not_before > now:
        reasons.append(f"the key version {key.version} is not valid before {_date(key.not_before)}")
    if key.expires is not None and key.expires <= now:
        reasons.append(f"the key version {key.version} expired on {_date(key.expires)}")
    return reasons


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
