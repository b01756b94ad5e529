"""The rows of a review: accounts at three levels, and all other resources with verdicts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core import arm_ids
from core.facts import StatedIdentity
from core.grants import Doubt
from core.protection import AccountProtection
from core.resource_types import Kind
from core.values import Hidden, Value
from core.verdicts import Name, Verdict, VerdictSeverity, ordered
from review import access, account_verdicts, outside, removal, this_update
from review.access import ShownAccounts
from review.account import ReviewedAccount
from review.approvals import Approval
from review.preview import VAULTS, Preview, ReviewedResource, ReviewedState, name_of
from review.snapshot import Protection, Snapshots, revoked_by, snapshots_of


@dataclass(frozen=True)
class ComparedLine:
    """One line of an account: its label, and its values before and after the update."""

    name: str
    before: Value
    after: Value


@dataclass(frozen=True)
class Judged:
    """A verdict, the code that approves it, the approval that lets it pass, and those that do not count."""

    verdict: Verdict
    code: str = ""
    approval: Approval | None = None
    refused: tuple[tuple[Approval, str], ...] = ()

    @property
    def severity(self) -> VerdictSeverity:
        if self.approval and self.verdict.severity >= VerdictSeverity.APPROVAL:
            return VerdictSeverity.NOTE
        return self.verdict.severity


@dataclass(frozen=True)
class ReportRow:
    """One account with its verdicts, the gravest first. `noun` says what it is where it is no account."""

    name: Value
    id: Value
    verdicts: tuple[Judged, ...]
    facts: tuple[ComparedLine, ...] = ()
    noun: str = "account"

    @property
    def approved_as(self) -> str:
        """What an approval names it by: its noun, while neither its name nor its id is known."""
        return next((each for each in (self.name, self.id) if each and isinstance(each, str)), self.noun)

    @property
    def severity(self) -> VerdictSeverity:
        return max((judged.severity for judged in self.verdicts), default=VerdictSeverity.NONE)

    @property
    def identified(self) -> list[Any]:
        """What tells it and its change from any other."""
        changes = [[fact.name, fact.before, fact.after] for fact in self.facts if fact.before != fact.after]
        return [self.name, self.id, self.noun, changes]


def rows_of(preview: Preview) -> list[ReportRow]:
    """All accounts of a preview, and the other subjects that have verdicts: for one that gains rights, the
    name is a principal's."""
    resources = removal.with_their_groups(preview.resources)
    snapshots = snapshots_of(resources)
    by_urn = {resource.urn: resource for resource in resources}
    accounts = [*_accounts(resources, snapshots, by_urn)]
    verdicts_by_account = [account_verdicts.of_account(account) for account in accounts]
    rows = [_of_account(*pair) for pair in zip(accounts, verdicts_by_account, strict=True)]
    # An account that leaves the stack loses its access, too, and its own verdicts may be silent about it.
    say_revoked = [
        account
        for account, verdicts in zip(accounts, verdicts_by_account, strict=True)
        if any(verdict.name is Name.ACCESS_REVOKED for verdict in verdicts)
    ]
    shown = _shown(accounts)
    losing = [*access.losing(resources, snapshots, shown)]
    others: dict[str, list[Verdict]] = {}
    for place, verdict in (*_of_others(resources, snapshots, accounts, say_revoked), *losing):
        others.setdefault(place, []).append(verdict)
    rows += [_of_other(by_urn[urn], verdicts) for urn, verdicts in others.items()]
    restored = {grant for grant, verdict in losing if verdict.name is Name.ACCESS_RESTORED}
    for principal, verdict in access.gaining(snapshots, shown, restored):
        rows.append(ReportRow(principal, None, (Judged(verdict),), noun="principal"))
    return rows


def _accounts(
    resources: Sequence[ReviewedResource], snapshots: Snapshots, by_urn: Mapping[str, ReviewedResource]
) -> Iterator[ReviewedAccount]:
    """The accounts of the stack, then those of other stacks, which only a binding here names."""
    revocations = [resource for resource in resources if resource.kind is Kind.REVOCATION]

    def reviewed(resource: ReviewedResource) -> ReviewedAccount:
        recorded, live, planned = (snapshot.of(resource.urn) for snapshot in snapshots)
        return ReviewedAccount(resource, recorded, live, planned, by_urn, revocations)

    accounts = [reviewed(resource) for resource in resources if resource.kind is Kind.ACCOUNT]
    yield from accounts
    bindings = {binding.urn for account in accounts for binding in account.bindings}
    for resource in resources:
        if resource.kind is Kind.BINDING and resource.urn not in bindings:
            yield reviewed(resource)


def _shown(accounts: Sequence[ReviewedAccount]) -> ShownAccounts:
    owned, used = set(), set()
    for account in accounts:
        owned |= {(principal, vault) for principal in account.principals for vault in account.vaults}
        for protection in filter(None, (account.live, account.planned)):
            grants = (grant for grant in protection.grants if grant.outer_doubt is not Doubt.HOLDER)
            used |= {access.identified(grant) for grant in grants}
    return ShownAccounts(owned, used)


def _of_account(account: ReviewedAccount, verdicts: Sequence[Verdict]) -> ReportRow:
    before, after = _facts(account.live), _facts(account.planned)
    lines = tuple(ComparedLine(name, before.get(name), after.get(name)) for name in {**before, **after})
    return ReportRow(account.name, account.id, tuple(map(Judged, verdicts)), lines)


def _of_other(resource: ReviewedResource, verdicts: Sequence[Verdict]) -> ReportRow:
    has_azure_name = resource.kind in {*VAULTS, Kind.KEY}
    name = resource.state.azure_name if has_azure_name else name_of(resource.urn)
    judged = tuple(map(Judged, ordered(verdicts)))
    return ReportRow(name, resource.state.id or None, judged, noun=resource.kind.value)


def _of_others(
    resources: Sequence[ReviewedResource],
    snapshots: Snapshots,
    accounts: Sequence[ReviewedAccount],
    say_revoked: Sequence[ReviewedAccount],
) -> Iterator[tuple[str, Verdict]]:
    """The verdicts on each resource besides accounts and their keys and vaults, by its URN. What goes with
    its account has none, because the account's own verdict says so. `say_revoked` are the accounts whose
    verdicts say that their access is revoked."""
    protecting = {each.urn for account in accounts for each in (account.key, account.vault) if each}
    gone = removal.ids_below(resources, Kind.ACCOUNT)
    for resource in resources:
        goes_with_account = resource.live is not None and resource.live.id.lower().startswith(gone)
        if resource.kind is Kind.ACCOUNT or resource.urn in protecting or goes_with_account:
            continue
        verdicts = [*removal.verdicts(resource)]
        if resource.kind in {*VAULTS, Kind.KEY, Kind.LOCK} and not resource.replaced:
            verdicts += _of_settings(resource, snapshots)
        if resource.kind is Kind.REVOCATION and resource.planned and resource.written:
            verdicts += _of_revocation(resource.planned, say_revoked)
        yield from ((resource.urn, verdict) for verdict in verdicts)


def _of_settings(resource: ReviewedResource, snapshots: Snapshots) -> Iterator[Verdict]:
    """The verdicts on the settings of a vault, a key or a lock that stays."""
    recorded, live, planned = (snapshot.of(resource.urn) for snapshot in snapshots)
    if live and planned:
        yield from this_update.compared(live, planned)
        if recorded:
            yield from outside.of_settings(recorded, live, planned)


def _of_revocation(state: ReviewedState, say_revoked: Sequence[ReviewedAccount]) -> Iterator[Verdict]:
    """The verdict on a revocation that the update carries out, if no account's verdicts are about it."""
    if not any(account.is_concerned(state) for account in say_revoked):
        words = "access of {} to the key {} REMOVED at once, whether or not it is still declared"
        yield Verdict(Name.ACCESS_REVOKED, words, revoked_by(state))


def _facts(protection: Protection | None) -> dict[str, Value]:
    """The values of an account that a report shows at one level."""
    if protection is None:
        return {}
    shown: dict[str, Value] = {}
    if protection.identity:
        shown["identity"] = _identity(protection.identity, protection.principal)
    key = protection.key
    if isinstance(key, AccountProtection):
        shown |= {"vault": key.vault_name, "key": key.key_name, "version": key.version}
    else:
        shown["key"] = key or "Microsoft-managed"
    shown["grant"] = "; ".join(sorted({grant.words for grant in protection.grants})) or None
    return shown | {setting.fact: setting.shown for setting in protection.settings.values() if setting.fact}


def _identity(identity: StatedIdentity, principal: Value) -> Value:
    if isinstance(identity.type, Hidden):
        return Hidden.UNKNOWN
    kinds = []
    if identity.is_system and isinstance(principal, str):
        kinds.append(f"system-assigned {principal}")
    elif identity.is_system:
        kinds.append("system-assigned")
    if identity.attached is None:
        kinds.append("user-assigned, known after apply")
    elif identity.attached:
        kinds.append("user-assigned " + ", ".join(sorted(map(arm_ids.name_of, identity.attached))))
    return " and ".join(kinds) or "none"
