"""Findings: what an auditor would ask about, from the facts, in one order.

Owns the rules over what was read; what could not be read is a finding, too. What the service
demands and what a grant gives are core's (`demands`, `rights`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import NamedTuple

from core import demands, rights
from core.facts import Account, Key, KeyVersion, Vault
from core.key_uris import KeyUri
from core.rights import Access
from operate.evidence.access import PrincipalRight, controllers, unwrappers
from operate.evidence.collect import NO_VAULT
from operate.evidence.model import (
    DiagnosticSetting,
    Facts,
    KeyUseLog,
    NotChecked,
    PolicyResults,
    Service,
    UseRow,
    moment,
)
from operate.evidence.rotation import newest, next_rotation
from operate.evidence.use import UNWRAPS, rows_of


class AuditSeverity(IntEnum):
    """`ERROR`: the data is not protected as it should be, or that could not be shown. `WARNING`: it is, but
    less well than it could be. `NOTE`: good to know."""

    ERROR = 0
    WARNING = 1
    NOTE = 2

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class AuditFinding:
    """One finding about one `subject` (an account's or another resource's name)."""

    rule: str
    severity: AuditSeverity
    subject: str
    text: str
    fix: str


ERROR, WARNING, NOTE = AuditSeverity.ERROR, AuditSeverity.WARNING, AuditSeverity.NOTE
EXPIRES_SOON_DAYS = 60
"""Within this time a rotation should be planned; the key's own policy notifies 30 days before."""
_GRANT = "grant the identity get, wrapKey and unwrapKey on the key"
DEMAND_FIXES = {
    "same-region": "bind the account to a key in its own region",
    "same-tenant": "bind the account to a key in its own tenant",
    "soft-delete": "az keyvault update --name {vault} --enable-soft-delete true",
    "purge-protection": "az keyvault update --name {vault} --enable-purge-protection true",
    "trusted-services": "az keyvault update --name {vault} --bypass AzureServices",
    "key-type": "create an RSA key of 2048 bits and bind the account to it",
    "key-operations": "az keyvault key set-attributes --id {key} --ops wrapKey unwrapKey",
    "key-usable": "enable the version with az keyvault key set-attributes --id {version} --enabled true; one "
    "that has expired, rotate instead and bind the account to the new one",
    "tier": "change the account's tier to S",
    "outbound": "add the vault's host to allowedFqdnList of the account",
}
"""How to meet each demand of the service, which is an error until then."""
_READ = "collect the evidence again with a login that may read it (docs/evidence.md lists the roles)"
_GONE = "look for it among what is soft-deleted, and recover it"
# What shows whether the data is protected; the rest only says more about it.
_DECISIVE = ("account", "vault", "key", "who can unwrap")


class BrokenRule(NamedTuple):
    """A rule that does not hold: its name, what was found, how to fix it."""

    rule: str
    severity: AuditSeverity
    text: str
    fix: str

    def about(self, subject: str) -> AuditFinding:
        """The finding about a subject."""
        return AuditFinding(self.rule, self.severity, subject, self.text, self.fix)


def findings(facts: Facts) -> tuple[AuditFinding, ...]:
    """All findings, the severest first."""
    found = [one.about(service.name) for service in facts.services for one in _of_service(service, facts)]
    if isinstance(facts.deleted, NotChecked):
        unread = _not_checked("soft-deleted vaults and accounts", facts.deleted)
        found.append(unread.about("all subscriptions"))
    found += _policies(facts.policies)
    return tuple(sorted(found, key=lambda f: (f.severity, f.subject, f.rule, f.text)))


def _of_service(service: Service, facts: Facts) -> Iterator[BrokenRule]:
    for what, part in service.unread:
        yield _not_checked(what, part)
    account, vault, key = service.account, service.vault, service.key
    if not isinstance(account, Account):
        return
    yield from _account(account)
    if isinstance(vault, Vault):
        yield from _demands(account, vault, key if isinstance(key, Key) else None, facts)
        if vault.network.is_open:
            yield BrokenRule(
                "vault-network-open",
                WARNING,
                f"vault {vault.name} accepts connections from every network",
                "set network.access: selected, private or closed",
            )
    if not (isinstance(vault, Vault) and isinstance(key, Key)):
        return
    yield from _binding(account, key, facts)
    yield from _key(key, facts)
    yield from _access(service, account, vault, key)
    if not (service.audit is None or isinstance(service.audit, NotChecked)):
        yield from _audit(vault, service.audit)
    if isinstance(service.use, KeyUseLog):
        yield from _use(account, rows_of(key.name, service.use))


def _not_checked(what: str, part: NotChecked) -> BrokenRule:
    severity = ERROR if what in _DECISIVE else WARNING
    # Absent is not the same as forbidden: what protects the data may have been deleted.
    gone = part.why.startswith(("404 ", NO_VAULT))
    fix = _GONE if gone and severity is ERROR else _READ
    return BrokenRule("not-checked", severity, f"{what}: not checked: {part.why}", fix)


def _account(account: Account) -> Iterator[BrokenRule]:
    if not account.encryption.is_customer_managed:
        yield BrokenRule(
            "not-under-customer-key",
            ERROR,
            f"the data is encrypted with Microsoft-managed keys (keySource {account.encryption.key_source})",
            "set encryption: customerManaged for the service and run pulumi up",
        )
    elif account.key_user is None:
        yield BrokenRule(
            "identity-missing",
            ERROR,
            "the account is bound to a key, but the identity that used it is gone: its data cannot be read",
            "give the account an identity again, grant it the key, and bind the account again",
        )
    if account.local_auth:
        yield BrokenRule(
            "local-auth-on",
            WARNING,
            "anyone with an account key can read the data; no log says who",
            "turn local authentication off (disableLocalAuth: true)",
        )
    if account.network.is_open:
        yield BrokenRule(
            "account-network-open",
            WARNING,
            "the account's endpoint accepts connections from every network",
            "set network.access: selected, private or closed",
        )
    if account.provisioning_state != "Succeeded":
        yield BrokenRule(
            "account-not-settled",
            WARNING,
            f"the account's provisioning state is {account.provisioning_state or 'unknown'}",
            "wait until its operation has ended, then collect the evidence again",
        )


def _demands(account: Account, vault: Vault, key: Key | None, facts: Facts) -> Iterator[BrokenRule]:
    """The demands of the service that are not met, whether or not the key could be read."""
    bound = account.encryption.key
    unmet = [
        demands.region(account.location, vault.location),
        demands.tenant(account.tenant_id or vault.tenant_id, vault.tenant_id),
        demands.soft_delete(vault.soft_delete, vault.purge_protection),
        demands.purge_protection(vault.purge_protection),
        demands.trusted_services(vault.network),
        demands.tier(account.kind, account.sku, account.capabilities),
        demands.outbound(account.restricts_outbound, account.allowed_fqdns, account.encryption.key_vault_uri),
    ]
    if key:
        unmet += [demands.key_type(key.type, key.size), demands.key_operations(key.operations)]
        if version := key.version(account.encryption.key_version):
            unmet += demands.key_usable(version, facts.taken.timestamp())
    for one in unmet:
        if one:
            fix = DEMAND_FIXES[one.demand].format(
                vault=vault.name,
                key=bound and KeyUri(bound.vault_uri, bound.name).text,
                version=bound and bound.text,
            )
            yield BrokenRule(one.demand, ERROR, one.text, fix)


def _binding(account: Account, key: Key, facts: Facts) -> Iterator[BrokenRule]:
    name = account.encryption.key_version
    if not name:
        yield BrokenRule(
            "bound-without-version",
            ERROR,
            "the binding names no version; the service does not follow rotations",
            "bind the account to a version of the key",
        )
        return
    version = key.version(name)
    if version is None:
        yield BrokenRule(
            "bound-version-missing",
            ERROR,
            f"the account is bound to version {name}, which the key does not have: its data cannot be read",
            "recover the key or vault, or restore the key from its backup",
        )
        return
    expires = moment(version.expires)
    if expires and timedelta() < expires - facts.taken < timedelta(days=EXPIRES_SOON_DAYS):
        yield BrokenRule(
            "bound-version-expires-soon",
            WARNING,
            f"the bound version {name} expires {expires:%Y-%m-%d}, in {(expires - facts.taken).days} days",
            "rotate the key and bind the account to the new version before that day",
        )
    latest = newest(key, facts.taken)
    if latest and latest.version != version.version:
        yield BrokenRule(
            "bound-version-not-newest",
            WARNING,
            f"the account is bound to {name}; the newest usable version is {latest.version} of "
            f"{moment(latest.created):%Y-%m-%d}",
            "run pulumi up, which binds the newest version, or record why key.pin keeps the old one",
        )
    older = [v for v in _before(key, version) if v.enabled]
    if older:
        yield BrokenRule(
            "old-versions-enabled",
            NOTE,
            f"{len(older)} older version{'s' * (len(older) > 1)} of the key can still be used",
            "disable a version once no account is bound to it and nothing is encrypted under it any more",
        )


def _before(key: Key, version: KeyVersion) -> Sequence[KeyVersion]:
    return key.versions[: key.versions.index(version)]


def _key(key: Key, facts: Facts) -> Iterator[BrokenRule]:
    more = sorted(set(key.operations or ()) - set(demands.KEY_OPERATIONS))
    if more:
        yield BrokenRule(
            "key-can-do-more",
            NOTE,
            f"the key {key.name} also allows {', '.join(more)}, which the service does not need",
            "create keys for encryption at rest with wrapKey and unwrapKey only",
        )
    due = next_rotation(key)
    if due is None:
        yield BrokenRule(
            "no-rotation-policy",
            WARNING,
            f"the key {key.name} has no policy by which the vault rotates it",
            "give the key a rotation policy with az keyvault key rotation-policy update",
        )
    elif due < facts.taken:
        yield BrokenRule(
            "rotation-overdue",
            WARNING,
            f"the vault should have created a new version of {key.name} on {due:%Y-%m-%d}",
            "rotate the key, and find out why the vault did not",
        )


def _access(service: Service, account: Account, vault: Vault, key: Key) -> Iterator[BrokenRule]:
    user = account.key_user
    read = None if isinstance(service.assignments, NotChecked) else service.assignments
    if user and (read is not None or not vault.uses_rbac):
        denials = () if isinstance(service.denials, NotChecked) else service.denials
        own = rights.on_key(vault, user, key.id, read, denials)
        if own.level is Access.NONE:
            yield BrokenRule(
                "no-access-to-key",
                ERROR,
                f"the account's identity {user} may not use the key, so the data cannot be read: no grant "
                "allows it, or a deny assignment forbids it. Grants to groups are not evaluated",
                f"{_GRANT}; or, if access is revoked on purpose, record that",
            )
        elif own.level is Access.NARROWER:
            yield BrokenRule(
                "access-too-narrow",
                ERROR,
                f"the account's identity {user} lacks {' and '.join(own.missing)} on the key, which the "
                "service needs: data may become unreadable at any time",
                _GRANT,
            )
        elif own.level is Access.UNKNOWN:
            yield BrokenRule(
                "access-uncertain",
                ERROR,
                f"whether the account's identity {user} may use the key is not certain: "
                f"{'; '.join(own.uncertain)}",
                f"{_GRANT}, without a condition",
            )
        # A role cannot be cut down; what it permits beyond the need is the role's, not the grant's.
        if own.excess and not vault.uses_rbac:
            yield BrokenRule(
                "access-too-wide",
                WARNING,
                f"the account's identity may also {', '.join(own.excess)}, which the service does not need",
                "grant get, wrapKey and unwrapKey and nothing else",
            )
    yield from _others(unwrappers(service), controllers(service), user)


def _others(
    able: Sequence[PrincipalRight] | NotChecked,
    granting: Sequence[PrincipalRight] | NotChecked,
    user: str | None,
) -> Iterator[BrokenRule]:
    others = () if isinstance(able, NotChecked) else [grant for grant in able if not grant.is_of(user)]
    if others:
        who = sorted({grant.principal_id + grant.through for grant in others})
        yield BrokenRule(
            "others-can-unwrap",
            WARNING,
            f"{len(who)} other principal{'s' * (len(who) > 1)} can unwrap or decrypt with the key: "
            f"{', '.join(who)}",
            "remove the right, or record why each of them has it",
        )
    might = set() if isinstance(granting, NotChecked) else {grant.principal_id for grant in granting}
    if might:
        yield BrokenRule(
            "others-can-grant",
            NOTE,
            f"{len(might)} principal{'s' * (len(might) > 1)} could give themselves or others access to "
            "the key",
            "keep such roles few, time-limited (PIM) and reviewed; alert on changes of access",
        )


def _audit(vault: Vault, settings: Sequence[DiagnosticSetting]) -> Iterator[BrokenRule]:
    if not any(setting.is_audit for setting in settings):
        yield BrokenRule(
            "key-use-not-recorded",
            WARNING,
            f"no diagnostic setting sends the audit log of vault {vault.name} to a workspace, so use of the "
            "key is not recorded",
            "set audit.newWorkspace or audit.workspaceId, or send AuditEvent to a workspace",
        )


def _use(account: Account, rows: Sequence[UseRow]) -> Iterator[BrokenRule]:
    own = (account.key_user or "").lower()
    strangers = sorted(
        {r.identity for r in rows if r.identity.lower() != own and not r.refused and r.operation in UNWRAPS}
    )
    if strangers:
        yield BrokenRule(
            "others-did-unwrap",
            ERROR,
            f"principals other than the account unwrapped or decrypted with the key: {', '.join(strangers)}",
            "find out who and why; if the key was meant for this account alone, rotate it",
        )
    refused = sum(r.uses for r in rows if r.refused and r.identity.lower() == own)
    if refused:
        yield BrokenRule(
            "account-was-refused",
            WARNING,
            f"{refused} use{'s' * (refused > 1)} of the key by the account's identity failed: data could not "
            "be read or written then",
            "compare the times with changes of access, key versions and network",
        )
    attempts = sum(r.uses for r in rows if r.refused and r.identity.lower() != own)
    if attempts:
        yield BrokenRule(
            "others-were-refused",
            WARNING,
            f"{attempts} attempt{'s' * (attempts > 1)} of others to use the key failed",
            "find out who they are in the table of key use",
        )


def _policies(results: PolicyResults | NotChecked | None) -> Iterator[AuditFinding]:
    if isinstance(results, NotChecked):
        yield _not_checked("policy results", results).about("policy pack")
    elif results is not None:
        for violation in results.violations:
            severity = ERROR if violation.level == "mandatory" else NOTE
            # The pack's messages are lines; the first is the rule itself.
            lines = dict(line.partition(": ")[::2] for line in violation.text.split("\n")[1:])
            text = lines.get("found", violation.text.split("\n", 1)[0])
            yield AuditFinding(
                f"policy:{violation.rule}",
                severity,
                violation.resource,
                f"breaks a rule of the policy pack ({violation.level}): {text}",
                lines.get("fix", "see the policy results"),
            )
