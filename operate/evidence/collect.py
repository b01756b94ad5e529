"""Asks the cloud for everything about each account, and puts the answers together.

Owns: which questions follow from which answer, and that a refusal becomes NotChecked of that part alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from operate.evidence import ask, read
from operate.evidence.ask import Azure, UnansweredError
from operate.evidence.model import (
    Account,
    Assignment,
    Deleted,
    DiagnosticSetting,
    Exemption,
    Facts,
    Key,
    KeyUse,
    Lock,
    NotChecked,
    PolicyResults,
    Service,
    UseRow,
    Vault,
)

T = TypeVar("T")


def collect(
    azure: Azure,
    subject: str,
    account_ids: Iterable[str],
    *,
    now: datetime,
    days: int,
    policies: PolicyResults | NotChecked | None = None,
) -> Facts:
    """Everything about the accounts as of `now`; the audit log of the last `days` before it. Never raises:
    what is not answered is NotChecked."""
    ids = sorted({id.lower(): id for id in account_ids}.values(), key=str.lower)
    services = tuple(service(azure, id, now=now, days=days) for id in ids)
    subscriptions = sorted(
        {id.split("/")[2].lower() for id in ids} | {_vault_subscription(s) for s in services}
    )
    return Facts(
        taken=now,
        subject=subject,
        services=services,
        deleted=attempt(lambda: _deleted(azure, [s for s in subscriptions if s])),
        policies=policies,
        names=tuple(sorted(_names(services))),
    )


def accounts_in(azure: Azure, subscription_id: str) -> list[str]:
    """The ids of a subscription's Language accounts and of all others under a customer's key."""
    path = f"/subscriptions/{subscription_id}/providers/Microsoft.CognitiveServices/accounts"
    found = [read.account(body) for body in azure.list(path, ask.ACCOUNTS)]
    return [a.id for a in found if a.kind == "TextAnalytics" or a.binding.is_customer_managed]


def attempt(question: Callable[[], T]) -> T | NotChecked:
    """The answer, or that there was none and why. An answer of a shape that nobody expected is none."""
    try:
        return question()
    except UnansweredError as error:
        return NotChecked(str(error))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return NotChecked(f"the answer could not be read: {type(error).__name__}: {error}")


def service(azure: Azure, account_id: str, *, now: datetime, days: int) -> Service:
    """Everything about one account. Never raises: what is not answered is NotChecked."""
    account = attempt(lambda: read.account(azure.get(account_id, ask.ACCOUNTS)))
    locks = attempt(lambda: _locks(azure, account_id))
    exemptions = attempt(lambda: _exemptions(azure, account_id))
    if isinstance(account, NotChecked) or not account.binding.is_customer_managed:
        return Service(account_id, account, locks=locks, exemptions=exemptions)
    vault = attempt(lambda: _vault(azure, account))
    if isinstance(vault, NotChecked):
        unknown = NotChecked(f"the vault was not read: {vault.why}")
        return Service(
            account_id,
            account,
            vault,
            key=unknown,
            assignments=unknown,
            audit=unknown,
            use=unknown,
            deleted_keys=unknown,
            locks=locks,
            exemptions=exemptions,
        )
    key_id = f"{vault.id}/keys/{account.binding.key_name}"
    audit = attempt(lambda: _diagnostics(azure, vault.id))
    return Service(
        account_id,
        account,
        vault,
        attempt(lambda: _key(azure, key_id)),
        attempt(lambda: _assignments(azure, vault.id)),
        audit,
        audit if isinstance(audit, NotChecked) else attempt(lambda: _use(azure, vault.id, audit, now, days)),
        attempt(lambda: _deleted_keys(azure, account.binding.vault_uri)),
        locks=locks,
        exemptions=exemptions,
    )


def _vault(azure: Azure, account: Account) -> Vault:
    """The vault that the account names by its host, in whatever subscription this login sees."""
    own = account.id.split("/")[2].lower()
    seen = [str(s["subscriptionId"]).lower() for s in azure.list("/subscriptions", ask.SUBSCRIPTIONS)]
    refusals = []
    for subscription in [own, *(s for s in sorted(seen) if s != own)]:
        path = f"/subscriptions/{subscription}/providers/Microsoft.KeyVault/vaults"
        try:
            listed = azure.list(path, ask.VAULTS)
        except UnansweredError as error:
            # The vault may be in another that can be read.
            refusals.append(f"; subscription {subscription}: {error}")
            continue
        for body in listed:
            if str(body["name"]).lower() == account.binding.vault_name.lower():
                return read.vault(azure.get(body["id"], ask.VAULTS))
    name = account.binding.vault_name
    raise UnansweredError(None, f"{ask.NO_VAULT} {name!r}{''.join(refusals)}")


def _key(azure: Azure, key_id: str) -> Key:
    return read.key(azure.get(key_id, ask.VAULTS), azure.list(f"{key_id}/versions", ask.VAULTS))


def _assignments(azure: Azure, scope: str) -> tuple[Assignment, ...]:
    """The role assignments at, above and below a scope, each with its role's definition."""
    listed = azure.list(f"{scope}/providers/Microsoft.Authorization/roleAssignments", ask.ASSIGNMENTS)
    found = [
        read.assignment(body, azure.get(body["properties"]["roleDefinitionId"], ask.DEFINITIONS))
        for body in listed
    ]
    return tuple(sorted(found, key=lambda a: (a.principal_id, a.scope, a.role)))


def _diagnostics(azure: Azure, vault_id: str) -> tuple[DiagnosticSetting, ...]:
    path = f"{vault_id}/providers/Microsoft.Insights/diagnosticSettings"
    found = [read.diagnostic_setting(body) for body in azure.list(path, ask.DIAGNOSTICS)]
    return tuple(sorted(found, key=lambda setting: setting.name))


def _use(
    azure: Azure, vault_id: str, settings: Sequence[DiagnosticSetting], now: datetime, days: int
) -> KeyUse:
    """What the first workspace that gets the audit log says."""
    audited = [s for s in settings if s.is_audit]
    if not audited:
        raise UnansweredError(None, "no diagnostic setting of the vault sends its audit log to a workspace")
    setting = next((s for s in audited if not s.dedicated), None)
    if setting is None:
        raise UnansweredError(
            None, f"the setting {audited[0].name!r} delivers to AZKVAuditLogs; only AzureDiagnostics is read"
        )
    workspace = azure.get(setting.workspace_id, ask.WORKSPACES)
    # Whole days: the log is asked by day, and a cut day would look like a quiet one.
    since = (now - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
    customer_id = workspace["properties"]["customerId"]
    rows = tuple(sorted(map(_row, azure.query(customer_id, ask.key_use(vault_id), since, now)), key=_order))
    return KeyUse(setting.workspace_id, kept_since(workspace, rows, since, now), now, rows)


def kept_since(workspace: ask.Json, rows: Sequence[UseRow], since: datetime, now: datetime) -> datetime:
    """Since when the workspace can have records: not from before it was made, nor beyond its retention; but a
    table may be kept for longer than the others, which its records show."""
    properties = workspace["properties"]
    limits = [since, read.moment(properties.get("createdDate")) or since]
    if days := properties.get("retentionInDays"):
        limits.append(now - timedelta(days=days))
    first = max(limits).replace(hour=0, minute=0, second=0, microsecond=0)
    return min([first, *(row.day for row in rows)])


def _row(row: ask.Json) -> UseRow:
    times = [read.moment(row[name]) for name in ("day", "first", "last")]
    day, first, last = (time for time in times if time is not None)
    return UseRow(
        day=day,
        identity=str(row["identity"]),
        operation=str(row["operation"]),
        key_uri=str(row["key"]).lower(),
        refused=bool(row["refused"]),
        uses=int(row["uses"]),
        first=first,
        last=last,
    )


def _order(row: UseRow) -> tuple[object, ...]:
    return row.day, row.identity, row.operation, row.key_uri, row.refused


def _deleted(azure: Azure, subscriptions: Iterable[str]) -> tuple[Deleted, ...]:
    found: list[Deleted] = []
    for subscription in subscriptions:
        base = f"/subscriptions/{subscription}/providers"
        vaults = azure.list(f"{base}/Microsoft.KeyVault/deletedVaults", ask.VAULTS)
        accounts = azure.list(f"{base}/Microsoft.CognitiveServices/deletedAccounts", ask.ACCOUNTS)
        found += [read.deleted("vault", body) for body in vaults]
        found += [read.deleted("account", body) for body in accounts]
    return tuple(sorted(found, key=lambda d: (d.kind, d.name)))


def _deleted_keys(azure: Azure, vault_uri: str) -> tuple[Deleted, ...]:
    found = [
        Deleted("key", k["name"], read.moment(k["deletedDate"]), read.moment(k["scheduledPurgeDate"]))
        for k in azure.deleted_keys(vault_uri)
    ]
    return tuple(sorted(found, key=lambda d: d.name))


def _locks(azure: Azure, scope: str) -> tuple[Lock, ...]:
    listed = azure.list(f"{scope}/providers/Microsoft.Authorization/locks", ask.LOCKS)
    return tuple(sorted(map(read.lock, listed), key=lambda lock: (lock.scope, lock.name)))


def _exemptions(azure: Azure, scope: str) -> tuple[Exemption, ...]:
    listed = azure.list(f"{scope}/providers/Microsoft.Authorization/policyExemptions", ask.EXEMPTIONS)
    return tuple(sorted(map(read.exemption, listed), key=lambda e: (e.policy, e.subject)))


def _vault_subscription(service: Service) -> str:
    return service.vault.id.split("/")[2].lower() if isinstance(service.vault, Vault) else ""


def _names(services: Iterable[Service]) -> Iterable[tuple[str, str]]:
    for service in services:
        if isinstance(service.account, Account):
            for identity in service.account.identities:
                if identity.principal_id:
                    yield identity.principal_id.lower(), f"identity of account {service.account.name}"
