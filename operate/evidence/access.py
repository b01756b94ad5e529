"""Who can unwrap with a key, who can delete or disable it, who could give themselves such a right, and who
can delete its log: by rights that they have, and by roles that they may activate (PIM).

Owns these lists. `core.rights` says what a policy or a role gives; the facts list the members of groups.
It does not evaluate what deny assignments take from others.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from core import arm_ids, rights
from core.facts import RoleAssignment
from core.roles import Role
from operate.azure import UnansweredError
from operate.evidence.model import NotChecked, Service

T = TypeVar("T")
_DESTROYS = frozenset({"delete", "purge", "update"})
"""Permissions on keys; `update` allows to disable a version."""
_DELETES = (rights.VAULT_DELETE, rights.VAULT_PURGE)
_ENDS_LOG = tuple(
    f"Microsoft.OperationalInsights/workspaces/{one}"
    for one in ("purge/action", "tables/deleteData/action", "delete", "write", "tables/write")
)
"""`write` can make a workspace, or one of its tables, keep records for less time. Source, read on 2026-11-30:
learn.microsoft.com/rest/api/loganalytics/workspace-purge/purge, azure/azure-monitor/logs/delete-log-data."""
_STOPS_LOG = tuple(f"Microsoft.Insights/diagnosticSettings/{one}" for one in ("delete", "write"))


@dataclass(frozen=True)
class PrincipalRight:
    """A principal's rights by one grant: `permits` are key permissions, or actions of Azure RBAC."""

    principal_id: str
    principal_type: str
    by: str
    scope: str
    permits: tuple[str, ...]
    application_id: str = ""
    conditional: bool = False

    @property
    def through(self) -> str:
        """The end of a message: the application that the principal has to use."""
        return f" through application {self.application_id}" if self.application_id else ""

    def is_of(self, principal_id: str | None) -> bool:
        """Whether this principal has the right by itself, not only through an application."""
        return not self.application_id and self.principal_id.lower() == (principal_id or "").lower()


def unwrappers(service: Service) -> tuple[PrincipalRight, ...] | NotChecked:
    """Every principal that can unwrap or decrypt with the service's key, by object id."""
    return _told(lambda: _on_key(service, rights.READS_DATA_KEYS))


def destroyers(service: Service) -> tuple[PrincipalRight, ...] | NotChecked:
    """Every principal that can make the data unreadable, by object id: it can disable, delete or purge the
    service's key, or delete or purge its vault."""
    return _told(lambda: (*_on_key(service, _DESTROYS), *_at_vault(service, _DELETES)))


def log_deleters(service: Service) -> tuple[PrincipalRight, ...] | NotChecked:
    """Every principal that can delete records of the audit log, or end it at the vault, by object id."""

    def found() -> Iterator[PrincipalRight]:
        use = _read(service.use, "audit log")
        given = _read(use.assignments, "workspace's list of role assignments")
        eligible = () if isinstance(use.eligible, NotChecked) else use.eligible
        yield from _by_action(use.workspace_id, (*given, *eligible), _ENDS_LOG)
        yield from _at_vault(service, _STOPS_LOG)

    return _told(found)


def controllers(service: Service) -> tuple[PrincipalRight, ...] | NotChecked:
    """Every principal that could grant itself the right to unwrap.

    Writing the vault counts in both models, because it can change the model; so does writing role
    assignments, which can grant the right to write the vault. Writing access policies counts only where they
    are used. In a managed HSM its own roles alone count, and so does whoever may give them."""

    def found() -> Iterator[PrincipalRight]:
        vault, key, given = _read(service.vault, "vault"), _read(service.key, "key"), _assignments(service)
        if vault.is_managed_hsm:
            write = rights.HSM_ROLE_WRITE
            return _by_role(key.id, given, lambda role: _short(write) if role.allows_data(write) else ())
        policies = () if vault.uses_rbac else (rights.POLICY_WRITE,)
        actions = (rights.VAULT_WRITE, *policies, rights.ROLE_WRITE)
        # A role at the key gives access to it only where roles count.
        return _by_action(key.id if vault.uses_rbac else vault.id, given, actions)

    return _told(found)


def _told(find: Callable[[], Iterable[PrincipalRight]]) -> tuple[PrincipalRight, ...] | NotChecked:
    try:
        return tuple(sorted(find(), key=lambda g: (g.principal_id, g.by, g.scope)))
    except UnansweredError as error:
        return NotChecked(str(error))


def _read(part: T | NotChecked | None, what: str) -> T:
    """A part that was read. Raises UnansweredError if it was not read."""
    if part is None or isinstance(part, NotChecked):
        raise UnansweredError(f"the {what} was not read: {part.why if part else 'it was not asked for'}")
    return part


def _assignments(service: Service) -> tuple[RoleAssignment, ...]:
    """The assignments in force, and, if they were read, the roles that somebody may activate."""
    eligible = () if isinstance(service.eligible, NotChecked) else service.eligible
    return (*_read(service.assignments, "list of role assignments"), *eligible)


def _on_key(service: Service, wanted: frozenset[str]) -> Iterator[PrincipalRight]:
    """Every principal that has one of the permissions on the service's key."""
    vault, key = _read(service.vault, "vault"), _read(service.key, "key")
    if vault.uses_rbac:
        given = _assignments(service)
        return _by_role(key.id, given, lambda role: sorted(rights.of_role(role, key.id) & wanted))
    return (
        PrincipalRight(
            one.object_id,
            "",
            "access policy",
            vault.id,
            tuple(sorted(map(str.lower, one.keys))),
            one.application_id,
        )
        for one in vault.policies
        if rights.expanded(one.keys) & wanted
    )


def _at_vault(service: Service, actions: tuple[str, ...]) -> Iterator[PrincipalRight]:
    """Every principal that may act on the vault by Resource Manager. For a managed HSM there is none, because
    only its own roles are read."""
    vault = _read(service.vault, "vault")
    if not vault.is_managed_hsm:
        yield from _by_action(vault.id, _assignments(service), actions)


def _by_action(
    scope: str, assignments: Iterable[RoleAssignment], actions: Iterable[str]
) -> Iterator[PrincipalRight]:
    """Every principal whose roles at or above a scope allow one of Resource Manager's actions."""
    return _by_role(scope, assignments, lambda role: _short(*filter(role.allows, actions)))


def _by_role(
    scope: str, assignments: Iterable[RoleAssignment], permitted: Callable[[Role], Iterable[str]]
) -> Iterator[PrincipalRight]:
    """Every principal whose roles at or above a scope permit something."""
    for given in assignments:
        permits = tuple(permitted(given.role)) if given.role else ()
        if permits and arm_ids.covers(given.scope, scope):
            by, conditional = f"role {given.role_name}", bool(given.condition)
            yield PrincipalRight(
                given.principal_id, given.principal_type, by, given.scope, permits, conditional=conditional
            )


def _short(*actions: str) -> tuple[str, ...]:
    return tuple(one.removeprefix("Microsoft.") for one in actions)
