"""Reads everything about each account from the cloud. A refused query leaves only its own part NotChecked."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from core import adapters, arm_ids, audit_log, facts, key_uris, kinds
from core.adapters import seconds
from core.api_versions import (
    ACCOUNTS,
    AUTHORIZATION,
    DIAGNOSTIC_SETTINGS,
    IDENTITIES,
    ROLE_ELIGIBILITY,
    UPGRADES,
    VAULTS,
    WORKSPACES,
)
from core.facts import Account, DenyAssignment, DiagnosticSetting, Key, RoleAssignment, Upgrade, Vault
from operate.azure import Json, LiveAzure, UnansweredError
from operate.evidence import continuity
from operate.evidence.model import (
    Facts,
    KeyUseLog,
    NotChecked,
    Service,
    UseRow,
    moment,
)
from operate.source import Source

T = TypeVar("T")
R = TypeVar("R", Account, Vault, Key)
NO_VAULT = "no subscription that this login sees has a "
"""The beginning of the reason if no vault or managed HSM was found: it may be deleted, or the login may not
see it."""
NO_LOG = "no diagnostic setting of the"
"""The beginning of the reason if the audit log goes to no workspace."""
_WHOLE_HSM = "///providers"
"""The form in which Azure's clients write the scope `/` of a managed HSM's roles into a path."""
USES = ("KeyWrap", "KeyUnwrap", "KeyEncrypt", "KeyDecrypt")
CHANGES = (
    *(
        "KeyCreate",
        "KeyImport",
        "KeyUpdate",
        "KeyDelete",
        "KeyPurge",
        "KeyRecover",
        "KeyRestore",
        "KeyBackup",
    ),
    *("KeyRotate", "KeyRotateIfDue", "KeyRotationPolicySet"),
)
"""Operations that change a key or copy it out of the vault. The activity log has the vault's own changes."""
KEY_USE = """AzureDiagnostics
| where ResourceProvider == "MICROSOFT.KEYVAULT" and Category == "{category}"
| where ResourceId =~ "{vault_id}"
| where OperationName in ({operations})
| summarize uses = count(), first = min(TimeGenerated), last = max(TimeGenerated)
    by day = bin(TimeGenerated, 1d), identity = tostring(column_ifexists("{identity}", "")),
    operation = OperationName, key = tostring(column_ifexists("id_s", "")),
    refused = column_ifexists("httpStatusCode_d", 0.0) >= 400
| order by day asc, identity asc, operation asc, key asc, refused asc"""


def key_use(vault_id: str) -> str:
    """The one query on the audit log: uses and changes of a vault's keys by day, identity, operation and key
    version.

    A column that no record has filled yet does not exist, hence column_ifexists. Source:
    azure/key-vault/general/logging, the table AzureDiagnostics. A managed HSM's records have the category
    AuditEvent, too (key-vault/managed-hsm/logging). Assumed: they fill the same columns. A record that names
    no key counts for every key of the HSM.
    """
    operations = ", ".join(f'"{name}"' for name in (*USES, *CHANGES))
    identity, category = audit_log.IDENTITY_COLUMN, audit_log.CATEGORY
    return KEY_USE.format(vault_id=vault_id, identity=identity, category=category, operations=operations)


def collect(
    cloud: LiveAzure,
    subject: str,
    account_ids: Iterable[str],
    *,
    now: datetime,
    days: float,
    source: Source | NotChecked | None = None,
) -> Facts:
    """Everything about the accounts as of `now`, with the audit log of the last `days`. Never raises: a part
    without an answer is NotChecked."""
    ids = sorted({id.lower(): id for id in account_ids}.values(), key=str.lower)
    services = tuple(service(cloud, id, now=now, days=days) for id in ids)
    since = now - timedelta(days=days)
    return Facts(
        taken=now,
        subject=subject,
        services=services,
        names=tuple(sorted(_names(services))),
        groups=tuple(sorted(_groups(cloud, services))),
        source=source,
        since=since,
        changes=attempt(lambda: continuity.changes(cloud, services, since, now)),
    )


def accounts_in(cloud: LiveAzure, subscription_id: str) -> list[str]:
    """The ids of a subscription's accounts, whichever tool made them, but for kinds that store nothing."""
    path = arm_ids.of_subscription(subscription_id, arm_ids.ACCOUNT)
    found = [adapters.account(body) for body in cloud.list(path, ACCOUNTS)]
    return [one.id for one in found if one.kind not in kinds.WITHOUT_DATA]


def account_at(cloud: LiveAzure, account_id: str) -> Account:
    """An account; a client id that is the account's own identity is left out. Raises UnansweredError."""
    account = adapters.account(cloud.get(account_id, ACCOUNTS))
    if not account.may_show_own_client:
        return account
    own = adapters.identity(cloud.get(arm_ids.own_identity(account_id), IDENTITIES))
    return account.without_own_client(own.client_id)


def attempt(question: Callable[[], T]) -> T | NotChecked:
    """The answer, or NotChecked with the reason. An answer of an unexpected shape counts as not checked."""
    try:
        return question()
    except UnansweredError as error:
        return NotChecked(str(error))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return NotChecked(f"the answer could not be read: {type(error).__name__}: {error}")


def service(cloud: LiveAzure, account_id: str, *, now: datetime, days: float) -> Service:
    """Everything about one account. Never raises: a part without an answer is NotChecked."""
    account = attempt(lambda: _whole(account_at(cloud, account_id)))
    bound = None if isinstance(account, NotChecked) else account.encryption.key
    if isinstance(account, NotChecked):
        return Service(account_id, account)
    upgrade = attempt(lambda: _upgrade(cloud, account))
    if bound is None:
        return Service(account_id, account, upgrade=upgrade)
    vault = attempt(lambda: _vault(cloud, account_id, bound))
    if isinstance(vault, NotChecked):
        why = NotChecked(f"the vault was not read: {vault.why}")
        unread = dict.fromkeys(("key", "assignments", "audit", "use", "eligible"), why)
        return Service(account_id, account, vault, **unread, upgrade=upgrade)
    audit = attempt(lambda: _diagnostics(cloud, vault.id))
    by_resource_manager, key_id = not vault.is_managed_hsm, facts.key_id(vault.id, bound.name)
    return Service(
        account_id,
        account,
        vault,
        attempt(lambda: _key(cloud, key_id, bound)),
        attempt(lambda: _assignments(cloud, vault, bound)),
        audit,
        audit if isinstance(audit, NotChecked) else attempt(lambda: _use(cloud, vault.id, audit, now, days)),
        denials=attempt(lambda: _denials(cloud, vault.id)) if vault.uses_rbac and by_resource_manager else (),
        eligible=attempt(lambda: _eligible(cloud, key_id)) if by_resource_manager else (),
        upgrade=upgrade,
    )


def _upgrade(cloud: LiveAzure, account: Account) -> Upgrade:
    """Azure's plan for an account of a kind that Azure turns into another one."""
    kind = kinds.find(account.kind)
    return adapters.upgrade(cloud.get(account.id, UPGRADES)) if kind and kind.becomes else Upgrade()


def _vault(cloud: LiveAzure, account_id: str, bound: key_uris.KeyUri) -> Vault:
    """The vault or managed HSM whose host the account names, from any subscription that this login
    sees."""
    type, noun = (arm_ids.MANAGED_HSM, "managed HSM") if bound.in_managed_hsm else (arm_ids.VAULT, "vault")
    own = arm_ids.subscription_of(account_id)
    refusals = []
    for subscription in [own, *(s for s in sorted(cloud.subscriptions()) if s != own)]:
        path = arm_ids.of_subscription(subscription, type)
        try:
            listed = cloud.list(path, VAULTS)
        except UnansweredError as error:
            # The vault may be in another that can be read.
            refusals.append(f"; subscription {subscription}: {error}")
            continue
        for body in listed:
            if str(body["name"]).lower() == bound.vault_name:
                return _whole(adapters.vault(cloud.get(body["id"], VAULTS)))
    raise UnansweredError(f"{NO_VAULT}{noun} {bound.vault_name!r}{''.join(refusals)}")


def _key(cloud: LiveAzure, key_id: str, bound: key_uris.KeyUri) -> Key:
    if bound.in_managed_hsm:
        key = _key_in_hsm(cloud, key_id, bound)
    else:
        key = adapters.key(cloud.get(key_id, VAULTS), cloud.list(f"{key_id}/versions", VAULTS))
    if not all(version.version and version.created for version in key.versions):
        raise ValueError("a version of the key has no name or no time of creation")
    return _whole(key)


def _key_in_hsm(cloud: LiveAzure, key_id: str, bound: key_uris.KeyUri) -> Key:
    """Resource Manager does not show the keys of an HSM (key-vault/managed-hsm/access-control)."""
    path = f"/keys/{bound.name}"
    rotation = cloud.get_in_vault(bound.vault_uri, f"{path}/rotationpolicy")
    current = adapters.arm_key(key_id, cloud.get_in_vault(bound.vault_uri, path), rotation)
    versions = cloud.list_in_vault(bound.vault_uri, f"{path}/versions")
    return adapters.key(current, [adapters.arm_key(key_id, one) for one in versions])


def _whole(resource: R) -> R:
    if not resource.id:
        raise ValueError("it has no id")
    return resource


def _assignments(cloud: LiveAzure, vault: Vault, bound: key_uris.KeyUri) -> tuple[RoleAssignment, ...]:
    """The role assignments at, above and below a vault, each with its role's definition; for a managed HSM
    its own, because no others count in it."""
    if vault.is_managed_hsm:
        return _sorted(_assignments_in_hsm(cloud, vault.id, bound.vault_uri))
    return _assignments_at(cloud, vault.id)


def _assignments_at(cloud: LiveAzure, scope: str) -> tuple[RoleAssignment, ...]:
    return _sorted(
        _with_roles(cloud, cloud.list(arm_ids.child(scope, arm_ids.ROLE_ASSIGNMENT), AUTHORIZATION))
    )


def _eligible(cloud: LiveAzure, scope: str) -> tuple[RoleAssignment, ...]:
    """The roles that somebody may activate by PIM at or above a scope; their names say so. Source:
    Azure/azure-rest-api-specs, Microsoft.Authorization 2020-10-01, read on 2026-11-30."""
    listed = cloud.list(arm_ids.child(scope, arm_ids.ROLE_ELIGIBILITY), ROLE_ELIGIBILITY, "atScope()")
    return _sorted(
        replace(one, role=one.role and replace(one.role, name=f"{one.role_name}, once activated (PIM)"))
        for one in _with_roles(cloud, listed)
    )


def _with_roles(cloud: LiveAzure, listed: Iterable[Json]) -> Iterator[RoleAssignment]:
    for body in listed:
        definition = cloud.get(adapters.role_definition_id(body), AUTHORIZATION)
        yield adapters.role_assignment(body, definition)


def _sorted(found: Iterable[RoleAssignment]) -> tuple[RoleAssignment, ...]:
    return tuple(sorted(found, key=lambda a: (a.principal_id, a.scope, a.role_name)))


def _assignments_in_hsm(cloud: LiveAzure, hsm_id: str, hsm_uri: str) -> Iterator[RoleAssignment]:
    definitions = cloud.list_in_vault(hsm_uri, f"{_WHOLE_HSM}/{arm_ids.ROLE_DEFINITION}")
    roles = {str(body["name"]).lower(): body for body in definitions}
    for body in cloud.list_in_vault(hsm_uri, f"{_WHOLE_HSM}/{arm_ids.ROLE_ASSIGNMENT}"):
        definition = roles[arm_ids.name_of(adapters.role_definition_id(body)).lower()]
        yield adapters.local_role_assignment(hsm_id, body, definition)


def _denials(cloud: LiveAzure, scope: str) -> tuple[DenyAssignment, ...]:
    """The deny assignments at, above and below a scope."""
    listed = cloud.list(arm_ids.child(scope, arm_ids.DENY_ASSIGNMENT), AUTHORIZATION)
    return tuple(sorted(map(adapters.deny_assignment, listed), key=lambda d: (d.scope, d.denied.name)))


def _diagnostics(cloud: LiveAzure, vault_id: str) -> tuple[DiagnosticSetting, ...]:
    path = arm_ids.child(vault_id, arm_ids.DIAGNOSTIC_SETTING)
    found = [adapters.diagnostic_setting(body) for body in cloud.list(path, DIAGNOSTIC_SETTINGS)]
    return tuple(sorted(found, key=lambda setting: setting.name))


def _use(
    cloud: LiveAzure, vault_id: str, settings: Sequence[DiagnosticSetting], now: datetime, days: float
) -> KeyUseLog:
    """The answer of the first workspace that gets the audit log."""
    audited = [s for s in settings if s.is_audit]
    if not audited:
        noun = "managed HSM" if arm_ids.in_managed_hsm(vault_id) else "vault"
        places = [place for setting in settings if setting.records_use for place in setting.others]
        elsewhere = f", but to {', '.join(places)}, which is not read" if places else ""
        raise UnansweredError(f"{NO_LOG} {noun} sends its audit log to a workspace{elsewhere}")
    setting = next((s for s in audited if not s.dedicated), None)
    if setting is None:
        raise UnansweredError(
            f"the setting {audited[0].name!r} delivers to AZKVAuditLogs; only AzureDiagnostics is read"
        )
    workspace = cloud.get(setting.workspace_id, WORKSPACES)
    # Whole days: uses are counted by day, and part of a day would look like a quiet one.
    since = _midnight(now - timedelta(days=days) - continuity.LATE)
    customer_id = workspace["properties"]["customerId"]
    rows = sorted(map(_row, cloud.query(customer_id, key_use(vault_id), since, now)), key=_order)
    return KeyUseLog(
        setting.workspace_id,
        log_start(workspace, rows, since, now),
        now,
        tuple(row for row in rows if row.operation in USES),
        tuple(row for row in rows if row.operation in CHANGES),
        attempt(lambda: _assignments_at(cloud, setting.workspace_id)),
        attempt(lambda: _eligible(cloud, setting.workspace_id)),
    )


def log_start(workspace: Json, rows: Sequence[UseRow], since: datetime, now: datetime) -> datetime:
    """The earliest time of which the workspace can have records: its creation, or the start of its retention.
    If one table keeps records for longer than the others, its records show that."""
    properties = workspace["properties"]
    limits = [since, moment(seconds(properties.get("createdDate"))) or since]
    if days := properties.get("retentionInDays"):
        limits.append(now - timedelta(days=days))
    return min([_midnight(max(limits)), *(row.day for row in rows)])


def _midnight(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


def _row(row: Json) -> UseRow:
    times = [moment(seconds(row[name])) for name in ("day", "first", "last")]
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


def _groups(
    cloud: LiveAzure, services: Iterable[Service]
) -> Iterator[tuple[str, tuple[str, ...] | NotChecked]]:
    """The groups that have access, each with its members. An access policy and a role of a managed HSM do not
    say whether they are for a group; for an id that is no group, Microsoft Graph answers 404. Source:
    learn.microsoft.com/graph/api/group-list-transitivemembers, read on 2026-11-30."""
    known: set[str] = set()
    named: set[str] = set()
    for service in services:
        log = service.use.assignments if isinstance(service.use, KeyUseLog) else ()
        for assignments in (service.assignments, service.eligible, log):
            if assignments is None or isinstance(assignments, NotChecked):
                continue
            for assignment in assignments:
                if assignment.principal_type.lower() == "group":
                    known.add(assignment.principal_id)
                elif not assignment.principal_type:
                    named.add(assignment.principal_id)
        if isinstance(service.vault, Vault) and not service.vault.uses_rbac:
            own = service.account.key_user if isinstance(service.account, Account) else None
            named |= {policy.object_id for policy in service.vault.policies if policy.object_id != own}
    for id in known | named:
        members = attempt(partial(cloud.members, id))
        if id in known or not (isinstance(members, NotChecked) and members.why.startswith("404 ")):
            yield id, members


def _names(services: Iterable[Service]) -> Iterable[tuple[str, str]]:
    for service in services:
        if isinstance(service.account, Account):
            account = service.account
            for principal in [account.principal_id, *(user.principal_id for user in account.user_assigned)]:
                if principal:
                    yield principal.lower(), f"identity of account {account.name}"
