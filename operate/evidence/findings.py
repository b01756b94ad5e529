"""Every finding from the facts, in one order.

Owns: which rules are asked of what was read, and that what was not read is a finding, too.
"""

from __future__ import annotations

from collections.abc import Iterator

from operate.evidence.access import controllers, unwrappers
from operate.evidence.ask import NO_VAULT
from operate.evidence.finding import Finding, Severity
from operate.evidence.model import Account, Facts, Key, KeyUse, NotChecked, PolicyResults, Service, Vault
from operate.evidence.rules_key import Bound, account_rules, binding_rules, key_rules
from operate.evidence.rules_vault import audit_rules, control_rules, grant_rules, use_rules, vault_rules
from operate.evidence.use import rows_of

_READ = "collect the evidence again with a login that may read it (docs/evidence.md lists the roles)"
_GONE = "look for it among what is soft-deleted, and recover it"
# What shows whether the data is protected; the rest only says more about it.
_DECISIVE = ("account", "vault", "key", "who can unwrap")


def findings(facts: Facts) -> tuple[Finding, ...]:
    """All findings, the severest first."""
    found = [finding for service in facts.services for finding in _of_service(service, facts)]
    if isinstance(facts.deleted, NotChecked):
        found.append(_not_checked("soft-deleted vaults and accounts", facts.deleted, "all subscriptions"))
    found += _policies(facts.policies)
    return tuple(sorted(found, key=lambda f: (f.severity, f.subject, f.rule, f.text)))


def unread(service: Service) -> tuple[tuple[str, NotChecked], ...]:
    """What of a service could not be read, each thing by its name."""
    parts: dict[str, object] = {
        "account": service.account,
        "vault": service.vault,
        "key": service.key,
        "role assignments": service.assignments,
        "diagnostic settings": service.audit,
        "key use from the audit log": service.use,
        "soft-deleted keys": service.deleted_keys,
        "locks": service.locks,
        "exemptions of Azure Policy": service.exemptions,
    }
    if isinstance(service.vault, Vault) and service.vault.uses_rbac:
        parts["who can unwrap"] = parts.pop("role assignments")
    return tuple((what, part) for what, part in parts.items() if isinstance(part, NotChecked))


def _of_service(service: Service, facts: Facts) -> Iterator[Finding]:
    for what, part in unread(service):
        yield _not_checked(what, part, service.name)
    account, vault, key = service.account, service.vault, service.key
    if not isinstance(account, Account):
        return
    yield from account_rules(account)
    if isinstance(vault, Vault):
        yield from vault_rules(account, vault)
    if not (isinstance(vault, Vault) and isinstance(key, Key)):
        return
    bound = Bound(account, vault, key, facts.taken)
    yield from binding_rules(bound)
    yield from key_rules(bound)
    grants = unwrappers(vault, key.id, service.assignments)
    if not isinstance(grants, NotChecked):
        yield from grant_rules(bound, grants)
    able = controllers(vault, key.id, service.assignments)
    if not isinstance(able, NotChecked):
        yield from control_rules(bound, able)
    if not (service.audit is None or isinstance(service.audit, NotChecked)):
        yield from audit_rules(bound, service.audit)
    if isinstance(service.use, KeyUse):
        yield from use_rules(bound, rows_of(key.name, service.use))


def _not_checked(what: str, part: NotChecked, subject: str) -> Finding:
    severity = Severity.ERROR if what in _DECISIVE else Severity.WARNING
    # Not there is another thing than not allowed: what protects the data may have been deleted.
    gone = part.why.startswith(("404 ", NO_VAULT))
    fix = _GONE if gone and severity is Severity.ERROR else _READ
    return Finding("not-checked", severity, subject, f"{what}: not checked: {part.why}", fix)


def _policies(results: PolicyResults | NotChecked | None) -> Iterator[Finding]:
    if isinstance(results, NotChecked):
        yield _not_checked("policy results", results, "policy pack")
    elif results is not None:
        for violation in results.violations:
            severity = Severity.ERROR if violation.level == "mandatory" else Severity.NOTE
            # The pack's messages are lines; the first is the rule itself.
            lines = dict(line.partition(": ")[::2] for line in violation.text.split("\n")[1:])
            text = lines.get("found", violation.text.split("\n", 1)[0])
            yield Finding(
                f"policy:{violation.rule}",
                severity,
                violation.resource,
                f"breaks a rule of the policy pack ({violation.level}): {text}",
                lines.get("fix", "see the policy results"),
            )
