"""Who can unwrap with a key, who can delete or disable it, who could give themselves such a right, and who
can delete the log of it: by what they have, and by what they may activate (PIM).

Owns these lists; `core.rights` says what a policy or a role gives. Groups are not expanded. What deny
assignments take from others is not evaluated."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core import arm_ids, rights
from core.facts import Key, RoleAssignment, Vault
from operate.evidence.model import KeyUseLog, NotChecked, Service
from operate.evidence.use import User, rows_of, users

_DESTROYS = frozenset({"delete", "purge", "update"})
"""Permissions on keys; by `update` a version is disabled."""
_DELETES = (rights.VAULT_DELETE, rights.VAULT_PURGE)
_ENDS_LOG = tuple(
    f"Microsoft.OperationalInsights/workspaces/{one}" for one in ("purge/action", "delete", "write")
)
"""By `write` a workspace keeps its records for less time. Source, read on 2026-11-30:
learn.microsoft.com/rest/api/loganalytics/workspace-purge/purge."""
_STOPS_LOG = tuple(f"Microsoft.Insights/diagnosticSettings/{one}" for one in ("delete", "write"))


@dataclass(frozen=True)
class PrincipalRight:
    """What a principal may do by a grant: `permits` are key permissions, or actions of Azure RBAC."""

    principal_id: str
    principal_type: str
    by: str
    scope: str
    permits: tuple[str, ...]
    application_id: str = ""
    conditional: bool = False

    @property
    def through(self) -> str:
        """The application that the principal has to use, as a message adds it."""
        return f" through application {self.application_id}" if self.application_id else ""

    def is_of(self, principal_id: str | None) -> bool:
        """Whether it is the principal's own; one that goes through an application is not."""
        return not self.application_id and self.principal_id.lower() == (principal_id or "").lower()


def unwrappers(service: Service) -> tuple[PrincipalRight, ...] | NotChecked:
    """Every principal that can unwrap or decrypt with the service's key, by object id."""
    return _on_key(service, rights.READS_DATA_KEYS)


def destroyers(service: Service) -> tuple[PrincipalRight, ...] | NotChecked:
    """Every principal that can disable, delete or purge the service's key, or delete or purge its vault, by
    object id: then its data cannot be read."""
    on_key, assignments = _on_key(service, _DESTROYS), _assignments(service)
    read = _vault_and_key(service)
    if isinstance(on_key, NotChecked) or isinstance(read, NotChecked):
        return on_key
    if isinstance(assignments, NotChecked):
        return assignments
    if read[0].is_managed_hsm:
        # Its own roles were read, and those say nothing about Resource Manager.
        return on_key
    return _sorted([*on_key, *_by_action(read[0].id, assignments, _DELETES)])


def controllers(service: Service) -> tuple[PrincipalRight, ...] | NotChecked:
    """Every principal that could grant itself the right to unwrap.

    Writing the vault counts in both models, because it can change the model; so does writing role
    assignments, which can grant the right to write the vault. Writing access policies counts only where they
    are used. In a managed HSM its own roles alone count, and so does whoever may give them."""
    read, assignments = _vault_and_key(service), _assignments(service)
    if isinstance(read, NotChecked):
        return read
    return assignments if isinstance(assignments, NotChecked) else _sorted(_able(*read, assignments))


def log_deleters(service: Service) -> tuple[PrincipalRight, ...] | NotChecked:
    """Every principal that can delete records of the audit log, or end it at the vault, by object id."""
    if not isinstance(service.use, KeyUseLog):
        return service.use or NotChecked("the audit log was not read")
    log, at_vault = service.use.assignments, _assignments(service)
    if isinstance(log, NotChecked) or not isinstance(service.vault, Vault):
        return log if isinstance(log, NotChecked) else _not_read("vault", service.vault)
    found = list(_by_action(service.use.workspace_id, log, _ENDS_LOG))
    if not service.vault.is_managed_hsm:
        if isinstance(at_vault, NotChecked):
            return at_vault
        found += _by_action(service.vault.id, at_vault, _STOPS_LOG)
    return _sorted(found)


def _on_key(service: Service, wanted: frozenset[str]) -> tuple[PrincipalRight, ...] | NotChecked:
    """Every principal that has one of the permissions on the service's key."""
    read = _vault_and_key(service)
    if isinstance(read, NotChecked):
        return read
    vault, key = read
    if not vault.uses_rbac:
        return _sorted(_by_policy(vault, wanted))
    assignments = _assignments(service)
    return assignments if isinstance(assignments, NotChecked) else _sorted(_by_role(key, assignments, wanted))


def use_by_identity(service: Service) -> tuple[User, ...] | NotChecked:
    """Who used the key and how often, in the period of the log."""
    if not isinstance(service.use, KeyUseLog):
        return service.use or NotChecked("the audit log was not read")
    if not isinstance(service.key, Key):
        return _not_read("key", service.key)
    return users(rows_of(service.key.name, service.use))


def _by_policy(vault: Vault, wanted: frozenset[str]) -> Iterator[PrincipalRight]:
    for entry in vault.policies:
        if rights.expanded(entry.keys) & wanted:
            yield PrincipalRight(
                entry.object_id, "", "access policy", vault.id, entry.keys, entry.application_id
            )


def _by_role(
    key: Key, assignments: tuple[RoleAssignment, ...], wanted: frozenset[str]
) -> Iterator[PrincipalRight]:
    for given in assignments:
        permits = rights.of_role(given.role, key.id) & wanted if given.role else frozenset()
        if permits and arm_ids.covers(given.scope, key.id):
            yield _grant(given, tuple(sorted(permits)))


def _by_action(
    scope: str, assignments: tuple[RoleAssignment, ...], actions: tuple[str, ...]
) -> Iterator[PrincipalRight]:
    """Those whose roles at or above a scope allow one of the actions of Resource Manager."""
    for given in assignments:
        allowed = tuple(
            one.removeprefix("Microsoft.") for one in actions if given.role and given.role.allows(one)
        )
        if allowed and arm_ids.covers(given.scope, scope):
            yield _grant(given, allowed)


def _able(vault: Vault, key: Key, assignments: tuple[RoleAssignment, ...]) -> Iterator[PrincipalRight]:
    if vault.is_managed_hsm:
        for given in assignments:
            allowed = given.role is not None and given.role.allows_data(rights.HSM_ROLE_WRITE)
            if allowed and arm_ids.covers(given.scope, key.id):
                yield _grant(given, (rights.HSM_ROLE_WRITE.removeprefix("Microsoft."),))
        return
    for given in assignments:
        permits = tuple(
            action.removeprefix("Microsoft.")
            for action in (rights.VAULT_WRITE, rights.POLICY_WRITE, rights.ROLE_WRITE)
            if given.role
            and given.role.allows(action)
            and not (action == rights.POLICY_WRITE and vault.uses_rbac)
        )
        above = arm_ids.covers(given.scope, vault.id)
        if permits and (above or (vault.uses_rbac and arm_ids.covers(given.scope, key.id))):
            yield _grant(given, permits)


def _grant(given: RoleAssignment, permits: tuple[str, ...]) -> PrincipalRight:
    by, conditional = f"role {given.role_name}", bool(given.condition)
    return PrincipalRight(
        given.principal_id, given.principal_type, by, given.scope, permits, conditional=conditional
    )


def _sorted(grants: Iterable[PrincipalRight]) -> tuple[PrincipalRight, ...]:
    return tuple(sorted(grants, key=lambda g: (g.principal_id, g.by, g.scope)))


def _vault_and_key(service: Service) -> tuple[Vault, Key] | NotChecked:
    if not isinstance(service.vault, Vault):
        return _not_read("vault", service.vault)
    if not isinstance(service.key, Key):
        return _not_read("key", service.key)
    return service.vault, service.key


def _assignments(service: Service) -> tuple[RoleAssignment, ...] | NotChecked:
    """Those that count, and those that somebody may activate; that the latter were not read is told."""
    if service.assignments is None:
        return NotChecked("the role assignments were not read")
    if isinstance(service.assignments, NotChecked) or isinstance(service.eligible, NotChecked):
        return service.assignments
    return (*service.assignments, *service.eligible)


def _not_read(what: str, part: object) -> NotChecked:
    why = part.why if isinstance(part, NotChecked) else "it was not asked for"
    return NotChecked(f"the {what} was not read: {why}")
