"""The facts that are read for a report, besides core's. A part that could not be read is NotChecked with the
reason, never absent or empty. Times are UTC."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from core import arm_ids
from core.facts import Account, DenyAssignment, DiagnosticSetting, Key, RoleAssignment, Upgrade, Vault
from operate.source import Source


@dataclass(frozen=True)
class NotChecked:
    """A part that could not be read; `why` is the reason, as Azure or the tool gave it."""

    why: str


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
class KeyUseLog:
    """The audit log of one vault in a workspace, between two moments; no record can be older than `since`.
    Nobody knows when the vault began to send records. `changes` are operations on keys, `assignments` the
    role assignments at and above the workspace, and `eligible` the roles there that somebody may activate."""

    workspace_id: str
    since: datetime
    until: datetime
    rows: tuple[UseRow, ...]
    changes: tuple[UseRow, ...] = ()
    assignments: tuple[RoleAssignment, ...] | NotChecked = ()
    eligible: tuple[RoleAssignment, ...] | NotChecked = ()


@dataclass(frozen=True)
class LoggedChange:
    """A change of a resource. `who` is an object id if the log has one, "" if it names nobody; `what` is an
    action of Azure RBAC, or an operation of a vault; `result` is Azure's word for how it ended."""

    time: datetime
    who: str
    what: str
    where: str
    result: str = "Succeeded"


@dataclass(frozen=True)
class Deployment:
    """An update of the stack, from its history; a field that the history lacks is "". `by_plan`: a saved plan
    limited the update, and `plan` is that plan's SHA-256; `run` is the address of the CI's run."""

    time: datetime
    kind: str
    result: str
    commit: str
    pull_request: str
    by: str
    message: str
    by_plan: bool
    plan: str
    approved_by: str
    run: str


@dataclass(frozen=True)
class Drill:
    """The last revocation drill of a service. A number of seconds is None if its event did not happen."""

    service: str
    time: datetime
    refused_after: float | None
    readable_after: float | None
    by: str


@dataclass(frozen=True)
class StackRecord:
    """The stack's deployments and drills, from its backend."""

    deployments: tuple[Deployment, ...] | NotChecked
    drills: tuple[Drill, ...] | NotChecked


@dataclass(frozen=True)
class Signer:
    """The version of a vault's key that signs the report. `fingerprint` is the SHA-256 of its public half as
    DER (SubjectPublicKeyInfo), `pem` that half."""

    key: str
    algorithm: str
    fingerprint: str
    pem: str


@dataclass(frozen=True)
class EarlierReport:
    """The report that another one goes on from: when its reading began, and the SHA-256 of its SHA256SUMS."""

    read_from: datetime
    sums_sha256: str


@dataclass(frozen=True)
class Service:
    """All facts about one account. On Microsoft-managed keys, `vault`, `key` and their facts are None.
    `assignments` are those at, above and below the vault, as are `denials`, which count under Azure RBAC
    alone; `eligible` the roles at or above the key that somebody may activate. `upgrade` is Azure's plan to
    make the account a Foundry resource by itself."""

    account_id: str
    account: Account | NotChecked
    vault: Vault | NotChecked | None = None
    key: Key | NotChecked | None = None
    assignments: tuple[RoleAssignment, ...] | NotChecked | None = None
    audit: tuple[DiagnosticSetting, ...] | NotChecked | None = None
    use: KeyUseLog | NotChecked | None = None
    denials: tuple[DenyAssignment, ...] | NotChecked = ()
    eligible: tuple[RoleAssignment, ...] | NotChecked = ()
    upgrade: Upgrade | NotChecked = field(default_factory=Upgrade)

    @property
    def name(self) -> str:
        return arm_ids.name_of(self.account_id)

    @property
    def unread(self) -> tuple[tuple[str, NotChecked], ...]:
        """The parts that could not be read, by name."""
        by_role = isinstance(self.vault, Vault) and self.vault.uses_rbac
        parts = {
            "account": self.account,
            "whether Azure plans to make it a Foundry resource": self.upgrade,
            "vault": self.vault,
            "key": self.key,
            "who can unwrap" if by_role else "role assignments": self.assignments,
            "roles that somebody may activate (PIM)": self.eligible,
            "deny assignments": self.denials,
            "diagnostic settings": self.audit,
            "key use from the audit log": self.use,
            "who can delete the audit log": getattr(self.use, "assignments", None),
            "who may activate a role that deletes the audit log (PIM)": getattr(self.use, "eligible", None),
        }
        return tuple((what, part) for what, part in parts.items() if isinstance(part, NotChecked))


@dataclass(frozen=True)
class Facts:
    """Everything that was read, from the first answer (`taken`) to the last (`finished`), by the answers' own
    dates. `judged_at` is another time for the findings, no earlier than the last answer. `names` are the
    object ids that are known to belong to accounts read here. `source` is None if nobody asked for it.
    `changes` are those since `since`, by the activity log; `follows` is the report that this one goes on
    from; `groups` have the object ids of their members. `asked` are the subscriptions that were named, of
    which `services` has all accounts."""

    taken: datetime
    subject: str
    services: tuple[Service, ...]
    names: tuple[tuple[str, str], ...] = field(default=())
    source: Source | NotChecked | None = None
    since: datetime | None = None
    changes: tuple[LoggedChange, ...] | NotChecked = ()
    stack: StackRecord | None = None
    follows: EarlierReport | None = None
    signer: Signer | None = None
    groups: tuple[tuple[str, tuple[str, ...] | NotChecked], ...] = ()
    asked: tuple[str, ...] = ()
    finished: datetime | None = None
    judged_at: datetime | None = None

    @property
    def read_until(self) -> datetime:
        """When the last answer was given."""
        return self.finished or self.taken

    @property
    def at(self) -> datetime:
        """The time as of which the findings judge."""
        return self.judged_at or self.read_until

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """The subscriptions of the accounts and their vaults."""
        vaults = (one.vault.id for one in self.services if isinstance(one.vault, Vault))
        ids = (*(one.account_id for one in self.services), *vaults)
        return tuple(sorted({arm_ids.subscription_of(id) for id in ids}))

    @property
    def every_account(self) -> bool:
        """Whether all accounts of the subscriptions of these accounts and their vaults are here."""
        return {*map(str.lower, self.asked)}.issuperset(self.subscriptions)


def moment(seconds: int | None) -> datetime | None:
    """A time of core's facts, which are seconds since 1970."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def counted(count: int, noun: str) -> str:
    """`1 account`, `2 accounts`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
