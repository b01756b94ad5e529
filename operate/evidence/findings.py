"""Findings: what an auditor would ask about, from the facts. What could not be read is a finding, too.

core's `demands` and `rights` say what the service demands and what a grant gives. What several accounts share
(a vault, a key) is found once, under its own name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import Any, Final

from core import audit_log, demands, kind_limits, kinds, rights, roles
from core.commands import in_subscription
from core.facts import Account, Key, KeyVersion, Vault
from core.key_uris import KeyUri
from core.rights import Access
from operate.evidence import continuity
from operate.evidence.access import PrincipalRight, controllers, log_deleters, unwrappers
from operate.evidence.collect import NO_LOG, NO_VAULT
from operate.evidence.controls import CONTROLS, Control
from operate.evidence.model import Facts, KeyUseLog, NotChecked, Service, UseRow, moment
from operate.evidence.rotation import newest, next_rotation
from operate.evidence.use import UNWRAPS, rows_of
from operate.evidence.words import counted


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

    @property
    def controls(self) -> tuple[Control, ...]:
        """The controls of common frameworks on which it bears."""
        return CONTROLS.get(self.rule, ())


ERROR, WARNING, NOTE = AuditSeverity.ERROR, AuditSeverity.WARNING, AuditSeverity.NOTE
EXPIRES_SOON_DAYS = 60
"""Within this time a rotation should be planned; the key's own policy notifies 30 days before."""
_GRANT = (
    "grant the identity get, wrapKey and unwrapKey on the key: set access: revoked and run pulumi up, then "
    "set access: granted and run it again"
)
_CLOSE = "set network.access to closed, selected or private"
_ROTATE = "raise key.generation and run pulumi up"
DEMAND_FIXES = {
    **{
        demand: demands.FIXES[demand].command
        for demand in ("soft-delete", "purge-protection", "trusted-services", "key-operations")
    },
    "same-region": "bind the account to a key in its own region",
    "same-tenant": "bind the account to a key in its own tenant",
    "key-type": "create an RSA key of 2048 bits and bind the account to it",
    "key-usable": "enable the version with az keyvault key set-attributes --id {version} --enabled true; if "
    "it has expired, rotate instead and bind the account to the new version",
    "tier": "set sku to a paid tier of the account's kind, S for Language",
    "outbound": "add the vault's host to allowedFqdnList of the account",
}
"""How to meet each demand of the service, which is an error until then."""
RULES: Final = {
    **{demand: (ERROR, "{text}", fix) for demand, fix in DEMAND_FIXES.items()},
    "not-under-customer-key": (
        ERROR,
        "the data is encrypted with Microsoft-managed keys (keySource {source})",
        "set encryption: customerManaged and run pulumi up",
    ),
    "identity-missing": (
        ERROR,
        "the account is bound to a key, but the identity that used it is gone: its data cannot be read",
        "give the account an identity again, grant it the key, and bind the account again",
    ),
    "local-auth-on": (
        WARNING,
        "anyone with an account key can read the data; no log says who",
        "run pulumi up --refresh, which turns it off (disableLocalAuth: true)",
    ),
    "account-network-open": (
        WARNING,
        "the account's endpoint accepts connections from every network",
        _CLOSE,
    ),
    "kind-ends": (NOTE, "{text}", "{instead}"),
    "account-not-settled": (
        WARNING,
        "the account's provisioning state is {state}",
        "wait until its operation has ended, then collect the evidence again",
    ),
    "vault-network-open": (
        WARNING,
        "{noun} {vault} accepts connections from every network",
        "{close}, unless the service reaches its key in no other way",
    ),
    "bound-without-version": (
        ERROR,
        (
            "Azure shows no key version: the binding names none, and the service does not follow rotations, "
            "or Azure does not show it"
        ),
        "bind the account to a version of the key",
    ),
    "follows-key": (
        NOTE,
        "Azure shows no key version: the account follows its key by itself, or Azure does not show it",
        "set key.version: pinned where an auditor asks for the version",
    ),
    "bound-version-missing": (
        ERROR,
        "the account is bound to version {version}, which the key does not have: its data cannot be read",
        "recover the key or vault, or restore the key from its backup",
    ),
    "bound-version-expires-soon": (
        WARNING,
        "the version in use, {version}, expires {expires:%Y-%m-%d}, in {count}",
        f"{_ROTATE} before that day",
    ),
    "bound-version-not-newest": (
        WARNING,
        "the account is bound to {version}; the newest usable version is {newest} of {created:%Y-%m-%d}",
        "run pulumi up, which binds the newest version unless key.pin keeps another",
    ),
    "old-versions-enabled": (
        NOTE,
        "{count} of the key can still be used",
        "disable the versions under which nothing is encrypted now with python -m operate disable-version",
    ),
    "key-can-do-more": (
        NOTE,
        "the key {key} also allows {more}, which the service does not need",
        "create keys for encryption at rest with wrapKey and unwrapKey only",
    ),
    "no-rotation-policy": (
        WARNING,
        "the key {key} has no policy by which the {noun} rotates it",
        (
            "give it one with az keyvault key rotation-policy update; key.rotatesAfterDays counts only when "
            "a key is made"
        ),
    ),
    "rotation-overdue": (
        WARNING,
        "the {noun} should have created a new version of {key} on {due:%Y-%m-%d}",
        _ROTATE + ", and find out why the {noun} did not rotate",
    ),
    "no-access-to-key": (
        ERROR,
        (
            "the account's identity {user} may not use the key, so the data cannot be read: no grant allows "
            "it, or a deny assignment forbids it. Grants to groups are not evaluated"
        ),
        f"{_GRANT}, unless access: revoked is meant",
    ),
    "access-too-narrow": (
        ERROR,
        (
            "the account's identity {user} lacks {missing} on the key, which the service needs: data may "
            "become unreadable at any time"
        ),
        _GRANT,
    ),
    "access-uncertain": (
        ERROR,
        "it is not certain whether the account's identity {user} may use the key: {why}",
        f"{_GRANT}, without a condition",
    ),
    "access-too-wide": (
        WARNING,
        "the account's identity may also {excess}, which the service does not need",
        "grant get, wrapKey and unwrapKey and nothing else",
    ),
    "role-by-page": (
        NOTE,
        "the account's identity has the role {role} of its kind's page, wider than the service needs",
        "assign {narrow}, once it is known to be enough (python -m probe)",
    ),
    "others-can-unwrap": (
        WARNING,
        "{count} can unwrap or decrypt with the key: {who}",
        "remove the right of each that does not need it",
    ),
    "others-can-grant": (
        NOTE,
        "{count} could give themselves or others access to the key",
        "keep such roles few, time-limited (PIM) and reviewed; alert on changes of access",
    ),
    "key-use-not-recorded": (
        WARNING,
        (
            "no diagnostic setting sends the audit log of {noun} {vault} to a workspace, storage or an event "
            "hub, so use of the key is not recorded"
        ),
        "{record}",
    ),
    "others-can-delete-log": (
        NOTE,
        "{count} could delete records of the audit log, or end it: {who}",
        "keep the log in a workspace that people other than the key's operators administer, with few roles",
    ),
    "log-gap": (
        WARNING,
        "records may be missing from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}: {why}",
        (
            "ask whoever did it; keep the log for longer than the time between two reports, and let only the "
            "program change the diagnostic setting"
        ),
    ),
    "drill-failed": (
        ERROR,
        "in the drill of {time:%Y-%m-%d %H:%M} {what}",
        (
            "look for other grants of the key to the account's identity, then run python -m operate revoke "
            "--drill again"
        ),
    ),
    "others-did-unwrap": (
        ERROR,
        "principals other than the account unwrapped or decrypted with the key: {who}",
        f"find out who and why; if the key was meant for this account alone, {_ROTATE}",
    ),
    "account-was-refused": (
        WARNING,
        "{count} of the key by the account's identity failed: data could not be read or written then",
        "compare the times with changes of access, key versions and network",
    ),
    "others-were-refused": (
        WARNING,
        "{count} of others to use the key failed",
        "find out who they are in the table of key use",
    ),
}
"""The severity, the text and the fix of each rule over what was read."""
_UNDECIDED: Final = (
    WARNING,
    "{demand}: not checked: {text}",
    "look it up in the Azure portal, and keep the answer with this evidence",
)
"""The same of a demand of which what was read does not tell."""
Broken = tuple[str, dict[str, Any]]
"""A rule that does not hold, and the values of its texts."""
_READ = "collect the evidence again with a login that may read it (docs/evidence.md lists the roles)"
_ELSEWHERE = (
    "also set audit.newWorkspace: true, or audit.workspaceId, and run pulumi up, or read it where it goes"
)
_GONE = "look for it among what is soft-deleted, and recover it"
_OF_VAULT = frozenset(
    {
        "soft-delete",
        "purge-protection",
        "trusted-services",
        "vault-network-open",
        "key-use-not-recorded",
        "others-can-delete-log",
        "log-gap",
    }
)
_OF_KEY = frozenset(
    {
        "key-type",
        "key-operations",
        "key-can-do-more",
        "no-rotation-policy",
        "rotation-overdue",
        "others-can-grant",
    }
)
# What shows whether the data is protected; the rest only says more about it.
_DECISIVE = ("account", "vault", "key", "who can unwrap")


def findings(facts: Facts) -> tuple[AuditFinding, ...]:
    """All findings, each once, the severest first."""
    found: list[AuditFinding] = []
    for service in facts.services:
        found += [_not_checked(service.name, what, part) for what, part in service.unread]
        for rule, found_values in _of_service(service, facts):
            severity, text, fix = _UNDECIDED if rule == "not-checked" else RULES[rule]
            values = {**_words(service.vault), **found_values}
            subject = _subject(service, rule)
            found.append(AuditFinding(rule, severity, subject, text.format(**values), fix.format(**values)))
    for rule, values in _of_stack(facts):
        severity, text, fix = RULES[rule]
        found.append(AuditFinding(rule, severity, values["subject"], text.format(**values), fix))
    found = [*dict.fromkeys(found)]
    unread = {
        "who changed what (activity log)": facts.changes,
        "deployments": facts.stack and facts.stack.deployments,
        "revocation drills": facts.stack and facts.stack.drills,
    }
    found += [
        _not_checked(facts.subject, what, part)
        for what, part in unread.items()
        if isinstance(part, NotChecked)
    ]
    refusals = {members for _, members in facts.groups if isinstance(members, NotChecked)}
    for part in refusals:
        ids = ", ".join(id for id, members in facts.groups if members == part)
        found.append(
            _not_checked(facts.subject, f"whether there are groups, and who is in them: {ids}", part)
        )
    if isinstance(facts.source, NotChecked):
        found.append(_not_checked("all accounts", "where the answers come from", facts.source))
    return tuple(sorted(found, key=lambda f: (f.severity, f.subject, f.rule, f.text)))


def _of_stack(facts: Facts) -> Iterator[Broken]:
    """What is wrong with all of it, or with the stack; the values have its `subject`."""
    for gap in continuity.of_activity_log(facts):
        yield "log-gap", vars(gap)
    drills = facts.stack.drills if facts.stack else ()
    for one in () if isinstance(drills, NotChecked) else drills:
        if one.refused_after is None or one.readable_after is None:
            failed = "data was not refused" if one.refused_after is None else "data was not readable again"
            yield "drill-failed", {"subject": one.service or facts.subject, "time": one.time, "what": failed}


def _subject(service: Service, rule: str) -> str:
    """The name of what a rule is about: the account's, or that of the vault or key that accounts share."""
    if isinstance(service.vault, Vault) and rule in _OF_VAULT:
        return service.vault.name
    if isinstance(service.vault, Vault) and isinstance(service.key, Key) and rule in _OF_KEY:
        return f"{service.vault.name}/{service.key.name}"
    return service.name


def _words(vault: object) -> dict[str, str]:
    """What texts call a vault or managed HSM, and the fixes that differ between them: an HSM is nobody's
    whose settings this project has."""
    if not (isinstance(vault, Vault) and vault.is_managed_hsm):
        return {
            "noun": "vault",
            "close": _CLOSE,
            "record": "set audit.newWorkspace: true, or audit.workspaceId, and run pulumi up; with "
            "audit.storageAccountId or audit.eventHubRuleId alone it is recorded, but not read here",
        }
    return {
        "noun": vault.noun,
        "close": f"{demands.update_command(vault.id)} --default-action Deny --bypass AzureServices"
        f"{in_subscription(vault.id)}",
        "record": f"have its administrators send its {audit_log.CATEGORY} log to a workspace, "
        "or to storage or an event hub, where it is not read here "
        "(docs/managed-hsm.md has the command)",
    }


def _not_checked(subject: str, what: str, part: NotChecked) -> AuditFinding:
    severity = ERROR if what in _DECISIVE else WARNING
    # Absent is not the same as forbidden: what protects the data may have been deleted.
    gone = part.why.startswith(("404 ", NO_VAULT))
    fix = _GONE if gone and severity is ERROR else _ELSEWHERE if part.why.startswith(NO_LOG) else _READ
    return AuditFinding("not-checked", severity, subject, f"{what}: not checked: {part.why}", fix)


def _of_service(service: Service, facts: Facts) -> Iterator[Broken]:
    account, vault, key = service.account, service.vault, service.key
    if not isinstance(account, Account):
        return
    yield from _account(account)
    yield from _kind(account, facts)
    if isinstance(vault, Vault):
        yield from _demands(account, vault, key if isinstance(key, Key) else None, facts)
        if vault.network.is_open:
            yield "vault-network-open", {"vault": vault.name}
    if not (isinstance(vault, Vault) and isinstance(key, Key)):
        return
    yield from _binding(account, key, facts)
    yield from _key(key, facts)
    yield from _access(service, account, vault, key)
    audit = None if isinstance(service.audit, NotChecked) else service.audit
    recorded = (one.records_use and (one.workspace_id or one.others) for one in audit or ())
    if audit is not None and not any(recorded):
        yield "key-use-not-recorded", {"vault": vault.name}
    yield from (("log-gap", vars(gap)) for gap in continuity.gaps(service, facts))
    if isinstance(service.use, KeyUseLog):
        yield from _use(account, rows_of(key.name, service.use))


def _account(account: Account) -> Iterator[Broken]:
    if not account.encryption.is_customer_managed:
        yield "not-under-customer-key", {"source": account.encryption.key_source}
    elif account.key_user is None:
        yield "identity-missing", {}
    if account.local_auth:
        yield "local-auth-on", {}
    if account.network.is_open:
        yield "account-network-open", {}
    if not account.has_settled:
        yield "account-not-settled", {"state": account.provisioning_state or "unknown"}


def _kind(account: Account, facts: Facts) -> Iterator[Broken]:
    for text, instead in kinds.ends(account.kind, facts.taken.date()):
        yield "kind-ends", {"text": text, "instead": instead}


def _demands(account: Account, vault: Vault, key: Key | None, facts: Facts) -> Iterator[Broken]:
    """The demands of the service that are not met, or of which what was read does not tell, whether or not
    the key could be read."""
    bound = account.encryption.key
    uri = account.encryption.key_vault_uri
    unmet = demands.judge(account, vault, key, [uri] if uri else ())
    if version := _used(account, key, facts) if key else None:
        unmet += demands.key_usable(version, facts.taken.timestamp())
    names = {
        "vault": vault.name,
        "vault_id": vault.id,
        "update": demands.update_command(vault.id),
        "subscription": in_subscription(vault.id),
        "key": bound and KeyUri(bound.vault_uri, bound.name).text,
        "version": bound and KeyUri(bound.vault_uri, bound.name, version.version if version else "").text,
    }
    for one in unmet:
        rule = one.demand if one.unmet else "not-checked"
        yield rule, {"text": one.text, "demand": one.demand, **names}


def _used(account: Account, key: Key, facts: Facts) -> KeyVersion | None:
    """The version that the account names; of one that names none, the one that Azure uses."""
    if name := account.encryption.key_version:
        return key.version(name)
    return demands.version_in_use(key.versions[::-1], facts.taken.timestamp())


def _binding(account: Account, key: Key, facts: Facts) -> Iterator[Broken]:
    name, version = account.encryption.key_version, _used(account, key, facts)
    if not name:
        yield "bound-without-version" if kind_limits.key_version(account.kind, "") else "follows-key", {}
    elif version is None:
        yield "bound-version-missing", {"version": name}
    if version is None:
        return
    expires = moment(version.expires)
    if expires and timedelta() < expires - facts.taken < timedelta(days=EXPIRES_SOON_DAYS):
        count = counted((expires - facts.taken).days, "day")
        yield "bound-version-expires-soon", {"version": version.version, "expires": expires, "count": count}
    if not name:
        return
    latest = newest(key, facts.taken)
    if latest and latest.version != version.version:
        created = moment(latest.created)
        yield "bound-version-not-newest", {"version": name, "newest": latest.version, "created": created}
    if older := sum(one.enabled for one in key.versions[: key.versions.index(version)]):
        yield "old-versions-enabled", {"count": counted(older, "older version")}


def _key(key: Key, facts: Facts) -> Iterator[Broken]:
    if more := sorted(set(key.operations or ()) - set(demands.KEY_OPERATIONS)):
        yield "key-can-do-more", {"key": key.name, "more": ", ".join(more)}
    due = next_rotation(key)
    if due is None:
        yield "no-rotation-policy", {"key": key.name}
    elif due < facts.taken:
        yield "rotation-overdue", {"key": key.name, "due": due}


def _access(service: Service, account: Account, vault: Vault, key: Key) -> Iterator[Broken]:
    user = account.key_user
    read = None if isinstance(service.assignments, NotChecked) else service.assignments
    if user and (read is not None or not vault.uses_rbac):
        denials = () if isinstance(service.denials, NotChecked) else service.denials
        own = rights.on_key(vault, user, key.id, read, denials)
        if own.level is Access.NONE:
            yield "no-access-to-key", {"user": user}
        elif own.level is Access.NARROWER:
            yield "access-too-narrow", {"user": user, "missing": " and ".join(own.missing)}
        elif own.level is Access.UNKNOWN:
            yield "access-uncertain", {"user": user, "why": "; ".join(own.uncertain)}
        # A role cannot be cut down; what it permits beyond the need is the role's, not the grant's.
        if own.excess and not vault.uses_rbac:
            yield "access-too-wide", {"excess": ", ".join(own.excess)}
        for given in {one.role_id for one in read or () if one.principal_id.lower() == user.lower()}:
            if kinds.names_role(account.kind, given) and (role := roles.built_in(given)):
                yield "role-by-page", {"role": role.name, "narrow": roles.encryption_user(key.id).name}
    able, granting = unwrappers(service), controllers(service)
    others = () if isinstance(able, NotChecked) else [grant for grant in able if not grant.is_of(user)]
    if who := sorted({grant.principal_id + grant.through for grant in others}):
        yield "others-can-unwrap", {"count": counted(len(who), "other principal"), "who": ", ".join(who)}
    if might := _principals(granting):
        yield "others-can-grant", {"count": counted(len(might), "principal")}
    if might := _principals(log_deleters(service)):
        yield "others-can-delete-log", {"count": counted(len(might), "principal"), "who": ", ".join(might)}


def _principals(found: tuple[PrincipalRight, ...] | NotChecked) -> list[str]:
    return [] if isinstance(found, NotChecked) else sorted({one.principal_id for one in found})


def _use(account: Account, rows: Sequence[UseRow]) -> Iterator[Broken]:
    own = (account.key_user or "").lower()
    used = {
        r.identity for r in rows if r.identity.lower() != own and not r.refused and r.operation in UNWRAPS
    }
    if used:
        yield "others-did-unwrap", {"who": ", ".join(sorted(used))}
    if refused := sum(r.uses for r in rows if r.refused and r.identity.lower() == own):
        yield "account-was-refused", {"count": counted(refused, "use")}
    if attempts := sum(r.uses for r in rows if r.refused and r.identity.lower() != own):
        yield "others-were-refused", {"count": counted(attempts, "attempt")}
