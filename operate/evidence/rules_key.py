"""What is to be found about the account, its binding, its key and the key's rotation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from operate.evidence.finding import Finding, Severity
from operate.evidence.model import Account, Key, Vault
from operate.evidence.rotation import newest, next_rotation

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
EXPIRES_SOON_DAYS = 60
"""Within this time a rotation should be planned; the key's own policy notifies 30 days before."""


@dataclass(frozen=True)
class Bound:
    """An account that is under a customer's key, with all that was read of it."""

    account: Account
    vault: Vault
    key: Key
    now: datetime

    def found(self, rule: str, severity: Severity, text: str, fix: str) -> Finding:
        return Finding(rule, severity, self.account.name, text, fix)


def account_rules(account: Account) -> Iterator[Finding]:
    """What is wrong with an account, whatever key it is under."""

    def found(rule: str, severity: Severity, text: str, fix: str) -> Finding:
        return Finding(rule, severity, account.name, text, fix)

    if not account.binding.is_customer_managed:
        yield found(
            "not-under-customer-key",
            ERROR,
            f"the data is encrypted with Microsoft's keys (keySource {account.binding.key_source})",
            "set encryption: customerManaged for the service and run pulumi up",
        )
    elif account.user is None:
        yield found(
            "identity-missing",
            ERROR,
            "the account is bound to a key, and the identity that used it is gone: its data cannot be read",
            "give the account an identity again, grant it the key, and bind the account anew",
        )
    if account.local_auth:
        yield found(
            "local-auth-on",
            WARNING,
            "whoever has an account key can read the data; such use names nobody in any log",
            "turn local authentication off (disableLocalAuth: true)",
        )
    if account.network.is_open:
        yield found(
            "account-network-open",
            WARNING,
            "the account's endpoint can be reached from every network",
            "set network.access: selected, private or closed",
        )
    if account.state != "Succeeded":
        yield found(
            "account-not-settled",
            WARNING,
            f"the account's provisioning state is {account.state or 'not told'}",
            "wait until its operation has ended, then collect the evidence again",
        )


def binding_rules(bound: Bound) -> Iterator[Finding]:
    """What is wrong with the version that the account is bound to."""
    name, version = bound.account.binding.key_version, None
    if not name:
        yield bound.found(
            "bound-without-version",
            ERROR,
            "the binding names no version; the service does not follow rotations",
            "bind the account to a version of the key",
        )
        return
    version = bound.key.version(name)
    if version is None:
        yield bound.found(
            "bound-version-missing",
            ERROR,
            f"the key has no version {name}, to which the account is bound: its data cannot be read",
            "recover the key or vault, or restore the key from its backup",
        )
        return
    if not version.enabled:
        yield bound.found(
            "bound-version-disabled",
            ERROR,
            f"the bound version {name} is disabled: the account's data cannot be read",
            f"enable it: az keyvault key set-attributes --id {bound.account.binding.key_uri} --enabled true",
        )
    if version.expires and version.expires <= bound.now:
        yield bound.found(
            "bound-version-expired",
            ERROR,
            f"the bound version {name} expired {version.expires:%Y-%m-%d}: nothing new can be encrypted",
            "rotate the key and bind the account to the new version",
        )
    elif version.expires and version.expires - bound.now < timedelta(days=EXPIRES_SOON_DAYS):
        yield bound.found(
            "bound-version-expires-soon",
            WARNING,
            f"the bound version {name} expires {version.expires:%Y-%m-%d}, in "
            f"{(version.expires - bound.now).days} days",
            "rotate the key and bind the account to the new version before that day",
        )
    latest = newest(bound.key, bound.now)
    if latest and latest.version != version.version:
        yield bound.found(
            "bound-version-not-newest",
            WARNING,
            f"the account is bound to {name}; the newest version that can be used is {latest.version} of "
            f"{latest.created:%Y-%m-%d}",
            "run pulumi up, which binds the newest version, or record why key.pin keeps the old one",
        )
    before = bound.key.versions[: bound.key.versions.index(version)]
    older = [v for v in before if v.enabled]
    if older:
        yield bound.found(
            "old-versions-enabled",
            NOTE,
            f"{len(older)} older version{'s' * (len(older) > 1)} of the key can still be used",
            "disable a version once nothing is bound to it or encrypted under it any more",
        )


def key_rules(bound: Bound) -> Iterator[Finding]:
    """What is wrong with the key and its rotation."""
    key = bound.key
    if key.type.upper() not in ("RSA", "RSA-HSM") or key.size != 2048:
        yield bound.found(
            "key-not-rsa-2048",
            ERROR,
            f"the key {key.name} is {key.type} of {key.size or 'unknown'} bits; the service takes RSA 2048",
            "make an RSA key of 2048 bits and bind the account to it",
        )
    more = sorted(set(key.operations) - {"wrapKey", "unwrapKey"})
    if more:
        yield bound.found(
            "key-can-do-more",
            NOTE,
            f"the key {key.name} can also {', '.join(more)}, which the service does not need",
            "make keys for encryption at rest with wrapKey and unwrapKey only",
        )
    due = next_rotation(key)
    if due is None:
        yield bound.found(
            "no-rotation-policy",
            WARNING,
            f"the key {key.name} has no policy by which the vault rotates it",
            "give the key a rotation policy with az keyvault key rotation-policy update",
        )
    elif due < bound.now:
        yield bound.found(
            "rotation-overdue",
            WARNING,
            f"the vault should have made a new version of {key.name} on {due:%Y-%m-%d}",
            "rotate the key, and find out why the vault did not",
        )
