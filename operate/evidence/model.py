"""What was found: plain facts as the cloud told them. All times are UTC.

Owns: the shapes. Pure. What could not be read is NotChecked with the reason, never absent or empty.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from operate.evidence.resources import (
    AccessPolicy,
    Account,
    Binding,
    Identity,
    Key,
    KeyVersion,
    Network,
    RotationPolicy,
    Vault,
)

__all__ = [
    "AccessPolicy",
    "Account",
    "Assignment",
    "Binding",
    "Deleted",
    "DiagnosticSetting",
    "Exemption",
    "Facts",
    "Identity",
    "Key",
    "KeyUse",
    "KeyVersion",
    "Lock",
    "Network",
    "NotChecked",
    "PolicyResults",
    "RotationPolicy",
    "Service",
    "UseRow",
    "Vault",
    "Violation",
]


@dataclass(frozen=True)
class NotChecked:
    """Something that was asked for and not answered: `why` in the words of whoever refused."""

    why: str


@dataclass(frozen=True)
class Assignment:
    """A role assignment with what its role allows, as the role's definition says."""

    principal_id: str
    principal_type: str
    role: str
    scope: str
    conditional: bool
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()


@dataclass(frozen=True)
class DiagnosticSetting:
    """Where a resource's logs go. `dedicated`: to tables of their own and not to AzureDiagnostics."""

    name: str
    workspace_id: str
    categories: tuple[str, ...]
    dedicated: bool

    @property
    def is_audit(self) -> bool:
        """Whether a vault's audit log goes to a workspace: by its category, or a group that holds it."""
        return bool(self.workspace_id and {"AuditEvent", "allLogs", "audit"} & set(self.categories))


@dataclass(frozen=True)
class UseRow:
    """One day's uses of one key version by one identity, all of them `refused` or none."""

    day: datetime
    identity: str
    operation: str
    key_uri: str
    refused: bool
    uses: int
    first: datetime
    last: datetime


@dataclass(frozen=True)
class KeyUse:
    """What a workspace's audit log says of one vault between two moments: it can have no record from before
    `since`. Since when records are sent to it is not known."""

    workspace_id: str
    since: datetime
    until: datetime
    rows: tuple[UseRow, ...]


@dataclass(frozen=True)
class Deleted:
    """Something soft-deleted: gone for good at `purged`, if nobody brings it back."""

    kind: str
    name: str
    deleted: datetime | None
    purged: datetime | None


@dataclass(frozen=True)
class Lock:
    """A management lock."""

    name: str
    level: str
    scope: str


@dataclass(frozen=True)
class Exemption:
    """Somebody may break a policy: of Azure Policy or of the policy pack. `until` empty: for ever."""

    policy: str
    subject: str
    reason: str
    until: str


@dataclass(frozen=True)
class Violation:
    """A rule of the policy pack that a resource breaks."""

    rule: str
    level: str
    resource: str
    text: str


@dataclass(frozen=True)
class PolicyResults:
    """What the policy pack says of a stack's recorded state. `exemptions` in the pack's own words."""

    pack: str
    source: str
    violations: tuple[Violation, ...]
    exemptions: tuple[str, ...]


@dataclass(frozen=True)
class Service:
    """All facts about one account. `vault`, `key` and what hangs on them are None on Microsoft's keys."""

    account_id: str
    account: Account | NotChecked
    vault: Vault | NotChecked | None = None
    key: Key | NotChecked | None = None
    assignments: tuple[Assignment, ...] | NotChecked | None = None
    audit: tuple[DiagnosticSetting, ...] | NotChecked | None = None
    use: KeyUse | NotChecked | None = None
    deleted_keys: tuple[Deleted, ...] | NotChecked | None = None
    locks: tuple[Lock, ...] | NotChecked = ()
    exemptions: tuple[Exemption, ...] | NotChecked = ()

    @property
    def name(self) -> str:
        return self.account_id.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Facts:
    """Everything that was read at the moment `taken`. `names` tell object ids that are known to belong to
    accounts read here. `policies` is None where no stack was named."""

    taken: datetime
    subject: str
    services: tuple[Service, ...]
    deleted: tuple[Deleted, ...] | NotChecked
    policies: PolicyResults | NotChecked | None = None
    names: tuple[tuple[str, str], ...] = field(default=())
