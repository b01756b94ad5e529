"""Findings: the points in the facts that an auditor would ask about. A part that could not be read is a
finding, too.

core's `demands` and `rights` say what the service demands and what a grant gives. A finding about a vault or
key that several accounts share is made once, under its own name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from core import demands, kind_limits, kinds, rights, roles
from core.commands import in_subscription, opt_out
from core.facts import Account, Key, KeyVersion, Vault
from core.key_uris import KeyUri, vault_host
from core.rights import Access
from operate.evidence import continuity
from operate.evidence.access import PrincipalRight, controllers, log_deleters, unwrappers
from operate.evidence.collect import NO_LOG, NO_VAULT
from operate.evidence.history import UNWRAPS, newest, next_rotation, rows_of
from operate.evidence.model import Facts, KeyUseLog, NotChecked, Service, UseRow, counted, moment
from operate.evidence.rules import NOUNS, RULES, WORDS, AuditRule, AuditSeverity, Control


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
        """The controls of common frameworks that the finding concerns."""
        return RULES[self.rule].controls if self.rule in RULES else ()


ERROR, WARNING = AuditSeverity.ERROR, AuditSeverity.WARNING
EXPIRES_SOON_DAYS = 60
"""Within this time a rotation should be planned; the key's own policy notifies 30 days before."""
_UNDECIDED: Final = AuditRule(
    WARNING,
    "{demand}: not checked: {text}",
    "look it up in the Azure portal, and keep the answer with this evidence",
    "",
    (),
)
"""A demand about which the facts that were read say nothing."""
Broken = tuple[str, dict[str, Any]]
"""A rule that does not hold, and the values for its texts."""
_READ = "collect the evidence again with a login that may read it (docs/evidence.md lists the roles)"
_ELSEWHERE = (
    "also set audit.newWorkspace: true, or audit.workspaceId, and run `pulumi up`, or read it where it goes"
)
_GONE = "look for it among what is soft-deleted, and recover it"
# Only these parts show whether the data is protected; the others add details.
_DECISIVE = ("account", "vault", "key", "who can unwrap")


def findings(facts: Facts) -> tuple[AuditFinding, ...]:
    """All findings, each once, the severest first."""
    found: list[AuditFinding] = []
    for service in facts.services:
        found += [_not_checked(service.name, what, part) for what, part in service.unread]
        for rule, found_values in _of_service(service, facts):
            found.append(_finding(rule, _subject(service, rule), {**_words(service.vault), **found_values}))
    found += [_finding(rule, values["subject"], values) for rule, values in _of_stack(facts)]
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
    for refusal in {members for _, members in facts.groups if isinstance(members, NotChecked)}:
        ids = ", ".join(id for id, members in facts.groups if members == refusal)
        found.append(
            _not_checked(facts.subject, f"whether there are groups, and who is in them: {ids}", refusal)
        )
    if isinstance(facts.source, NotChecked):
        found.append(_not_checked("all accounts", "where the answers come from", facts.source))
    return tuple(sorted(found, key=lambda f: (f.severity, f.subject, f.rule, f.text)))


def _finding(rule: str, subject: str, values: Mapping[str, Any]) -> AuditFinding:
    own = RULES.get(rule, _UNDECIDED)
    values = {**WORDS, **values}
    fix = demands.way(own.fix.format(**values))
    return AuditFinding(rule, own.severity, subject, own.text.format(**values), fix)


def _of_stack(facts: Facts) -> Iterator[Broken]:
    """The problems of the whole report, or of the stack; their values name the `subject`."""
    for gap in continuity.of_activity_log(facts):
        yield "log-gap", vars(gap)
    drills = facts.stack.drills if facts.stack else ()
    for one in () if isinstance(drills, NotChecked) else drills:
        if one.refused_after is None or one.readable_after is None:
            failed = "data was not refused" if one.refused_after is None else "data was not readable again"
            subject = one.service or facts.subject
            yield (
                "drill-failed",
                {"subject": subject, "time": one.time, "what": failed, "stack": facts.subject},
            )


def _subject(service: Service, rule: str) -> str:
    """The name in a rule's finding: the account's, or that of the vault or key that accounts share."""
    about = RULES[rule].about if rule in RULES else ""
    if about and isinstance(service.vault, Vault):
        if about == "vault":
            return service.vault.name
        if isinstance(service.key, Key):
            return f"{service.vault.name}/{service.key.name}"
    return service.name


def _words(vault: object) -> dict[str, str]:
    """The noun for a vault or managed HSM, and the fixes that differ between them: no setting of this project
    changes an HSM."""
    noun, id = (vault.noun, vault.id) if isinstance(vault, Vault) else ("vault", "")
    values = {"update": demands.update_command(id), "subscription": in_subscription(id)} if id else {}
    return {"noun": noun} | {name: text.format(**values) for name, text in NOUNS[noun].items()}


def _not_checked(subject: str, what: str, part: NotChecked) -> AuditFinding:
    severity = ERROR if what in _DECISIVE else WARNING
    # Absent is not the same as forbidden: somebody may have deleted the key or vault.
    fix = _READ
    if severity is ERROR and part.why.startswith(("404 ", NO_VAULT)):
        fix = _GONE
    elif part.why.startswith(NO_LOG):
        fix = _ELSEWHERE
    return AuditFinding("not-checked", severity, subject, f"{what}: not checked: {part.why}", fix)


def _of_service(service: Service, facts: Facts) -> Iterator[Broken]:
    account, vault, key = service.account, service.vault, service.key
    if not isinstance(account, Account):
        return
    yield from _account(account)
    yield from _kind(account, facts)
    if not isinstance(service.upgrade, NotChecked) and (plan := service.upgrade.text):
        yield "upgrade-planned", {"plan": plan, "opt_out": opt_out(account.id)}
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
    for text, instead in kinds.ends(account.kind, facts.at.date()):
        yield "kind-ends", {"text": text, "instead": instead}


def _demands(account: Account, vault: Vault, key: Key | None, facts: Facts) -> Iterator[Broken]:
    """The service's demands that are not met, or about which the facts say nothing, whether or not the key
    could be read."""
    bound, uri = account.encryption.key, account.encryption.key_vault_uri
    unmet = demands.judge(account, vault, key, [uri] if uri else ())
    names = {
        "vault": vault.name,
        "vault_id": vault.id,
        "update": demands.update_command(vault.id),
        "subscription": in_subscription(vault.id),
        "host": vault_host(uri),
        "key": None,
        "version": None,
    }
    if bound:
        names["key"] = names["version"] = KeyUri(bound.vault_uri, bound.name).text
    if key and (version := _used(account, key, facts)):
        unmet += demands.key_usable(version, facts.at.timestamp())
        if bound:
            names["version"] = KeyUri(bound.vault_uri, bound.name, version.version).text
    for judgement in unmet:
        rule = judgement.demand if judgement.unmet else "not-checked"
        yield rule, {"text": judgement.text, "demand": judgement.demand, **names}


def _used(account: Account, key: Key, facts: Facts) -> KeyVersion | None:
    """The version that the account names; if it names none, the one that Azure uses."""
    if name := account.encryption.key_version:
        return key.version(name)
    return demands.version_in_use(key.versions[::-1], facts.at.timestamp())


def _binding(account: Account, key: Key, facts: Facts) -> Iterator[Broken]:
    name, version = account.encryption.key_version, _used(account, key, facts)
    if not name:
        yield "bound-without-version" if kind_limits.key_version(account.kind, "") else "follows-key", {}
    elif version is None:
        yield "bound-version-missing", {"version": name}
    if version is None:
        return
    expires = moment(version.expires)
    if expires and timedelta() < expires - facts.at < timedelta(days=EXPIRES_SOON_DAYS):
        count = counted((expires - facts.at).days, "day")
        yield "bound-version-expires-soon", {"version": version.version, "expires": expires, "count": count}
    if not name:
        return
    latest = newest(key, facts.at)
    if latest and latest.version != version.version:
        created = moment(latest.created)
        yield "bound-version-not-newest", {"version": name, "newest": latest.version, "created": created}
    older = [one for one in key.versions[: key.versions.index(version)] if one.enabled]
    if older and (bound := account.encryption.key):
        count = counted(len(older), "older version")
        yield "old-versions-enabled", {"count": count, "disable": _disabling(older, bound, facts)}


def _disabling(older: Sequence[KeyVersion], key: KeyUri, facts: Facts) -> str:
    """The commands that disable those older versions of a key to which no account is bound. Without every
    account, or if one was not read, is being changed or may use each version, what to do before."""
    in_use: set[str] = set()
    is_known = facts.every_account
    for account in (service.account for service in facts.services):
        if not isinstance(account, Account) or not account.has_settled:
            is_known = False
        elif bound := account.encryption.key:
            # One that does not show its key may be on any version.
            is_known = is_known and bool(bound.name and bound.vault_name)
            if bound.same_key(key):
                in_use.add(bound.version.lower())
    # A key without a version may be on any, too.
    idle = [version.version for version in older if version.version.lower() not in in_use]
    if not is_known or not idle or "" in in_use:
        return WORDS["look_first"]
    uris = [KeyUri(key.vault_uri, key.name, version).text for version in idle]
    return "run " + ", ".join(f"`az keyvault key set-attributes --id {uri} --enabled false`" for uri in uris)


def _key(key: Key, facts: Facts) -> Iterator[Broken]:
    if more := sorted(set(key.operations or ()) - set(demands.KEY_OPERATIONS)):
        yield "key-can-do-more", {"key": key.name, "more": ", ".join(more)}
    due = next_rotation(key)
    if due is None:
        yield "no-rotation-policy", {"key": key.name}
    elif due < facts.at:
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
        # Nobody can cut a role down, so the role, not the grant, is to blame for rights beyond the need.
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
    others: set[str] = set()
    refused = attempts = 0
    for row in rows:
        is_own = row.identity.lower() == (account.key_user or "").lower()
        if row.refused and is_own:
            refused += row.uses
        elif row.refused:
            attempts += row.uses
        elif not is_own and row.operation in UNWRAPS:
            others.add(row.identity)
    if others:
        yield "others-did-unwrap", {"who": ", ".join(sorted(others))}
    if refused:
        yield "account-was-refused", {"count": counted(refused, "use")}
    if attempts:
        yield "others-were-refused", {"count": counted(attempts, "attempt")}
