"""The rows of a review: accounts at three moments, and all other resources with verdicts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from core import arm_ids
from core.grants import Doubt
from core.protection import AccountProtection
from core.resource_types import Kind
from core.values import Mark, Value
from review import access, rules
from review.approvals import Approval
from review.moment import Moment, Moments, Protection, revoked_by
from review.preview import VAULTS, Preview, ReviewedResource, name_of
from review.rules import ReviewedAccount
from review.verdict import Name, Verdict, VerdictSeverity, ordered


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
    def severity(self) -> VerdictSeverity:
        return max((one.severity for one in self.verdicts), default=VerdictSeverity.NONE)

    @property
    def identified(self) -> list[Any]:
        """What tells it and its change from any other."""
        changes = [[one.name, one.before, one.after] for one in self.facts if one.before != one.after]
        return [self.name, self.id, self.noun, changes]


def rows_of(preview: Preview) -> list[ReportRow]:
    """All accounts of a preview, and the other subjects that have verdicts: for one that gains rights, the
    name is a principal's."""
    resources = rules.with_their_groups(preview.resources)
    live = Moment(resources, "live")
    moments = Moments(Moment(resources, "recorded"), live, Moment(resources, "planned", live))
    by_urn = {resource.urn: resource for resource in resources}
    revocations = [one for one in resources if one.kind is Kind.REVOCATION]
    made = partial(ReviewedAccount, moments=moments, by_urn=by_urn, revocations=revocations)
    accounts = [made(one) for one in resources if one.kind is Kind.ACCOUNT]
    taken = {binding.urn for account in accounts for binding in account.bindings}
    accounts += [made(one) for one in resources if one.kind is Kind.BINDING and one.urn not in taken]
    found = [_of_account(one) for one in accounts]
    # The principals whose access to a vault the accounts' own verdicts are about, and the grants they use.
    owned = {(who, vault) for one in accounts for who in one.principals for vault in one.vaults}
    held = [grant for one in accounts for at in (one.live, one.planned) if at for grant in at.grants]
    certain = (one for one in held if one.more_doubt is not Doubt.HOLDER)
    used = {(one.resource.urn, one.principal, access.words(one)) for one in certain}
    losing = [*access.losing(resources, moments, owned, used)]
    others: dict[str, list[Verdict]] = {}
    for urn, verdict in (*_of_others(resources, moments, accounts), *losing):
        others.setdefault(urn, []).append(verdict)
    for urn, verdicts in others.items():
        one = by_urn[urn]
        name = one.state.azure_name if one.kind in {*VAULTS, Kind.KEY} else name_of(urn)
        judged = tuple(map(Judged, ordered(verdicts)))
        found.append(ReportRow(name, one.state.id or None, judged, noun=one.kind.value))
    restored = {urn for urn, verdict in losing if verdict.name is Name.ACCESS_RESTORED}
    for principal, verdict in access.gaining(moments, owned, used, restored):
        found.append(ReportRow(principal, None, (Judged(verdict),), noun="principal"))
    return found


def _of_account(one: ReviewedAccount) -> ReportRow:
    before, after = _facts(one.live), _facts(one.planned)
    lines = tuple(ComparedLine(name, before.get(name), after.get(name)) for name in {**before, **after})
    return ReportRow(one.name, one.id, tuple(map(Judged, one.verdicts)), lines)


def _of_others(
    resources: Iterable[ReviewedResource], moments: Moments, accounts: Sequence[ReviewedAccount]
) -> Iterator[tuple[str, Verdict]]:
    """The verdicts on each resource besides accounts and their keys and vaults, by its URN. What goes with
    its account has none, because the account's own verdict says so."""
    # An account that leaves the stack loses its access, too, and its own verdicts may be silent about it.
    told = [one for one in accounts if Name.ACCESS_REVOKED in {each.name for each in one.verdicts}]
    used = {one.urn for account in accounts for one in (account.key, account.vault) if one}
    gone = rules.below(resources, Kind.ACCOUNT)
    for one in resources:
        if one.kind is Kind.ACCOUNT or one.urn in used or (one.live and one.live.id.lower().startswith(gone)):
            continue
        found = [*rules.of_resource(one)]
        if one.kind in {*VAULTS, Kind.KEY, Kind.LOCK} and not one.replaced:
            recorded, live, planned = (at.of(one.urn) for at in moments)
            if live and planned:
                found += rules.compared(live, planned)
                found += rules.outside(rules.compared, recorded, live, planned)
        if one.kind is Kind.REVOCATION and one.planned and one.written:
            state = one.planned
            words = "access of {} to the key {} REMOVED at once, whether or not it is still declared"
            if not any(one.is_concerned(state) for one in told):
                found.append(Verdict(Name.ACCESS_REVOKED, words, revoked_by(state)))
        yield from ((one.urn, verdict) for verdict in found)


def _facts(one: Protection | None) -> dict[str, Value]:
    """The values of an account that a report shows at one moment."""
    if one is None:
        return {}
    shown: dict[str, Value] = {}
    if one.identity:
        shown["identity"] = _identity(one)
    if isinstance(one.key, AccountProtection):
        shown |= {"vault": one.key.vault_name, "key": one.key.key_name, "version": one.key.version}
    else:
        shown["key"] = one.key if isinstance(one.key, Mark) else "Microsoft-managed"
    shown["grant"] = "; ".join(sorted(set(map(access.words, one.grants)))) or None
    return shown | {each.fact: each.shown for each in one.settings.values() if each.fact}


def _identity(one: Protection) -> Value:
    if one.identity is None or isinstance(one.identity.type, Mark):
        return Mark.UNKNOWN
    known = f" {one.principal}" if isinstance(one.principal, str) else ""
    said = [f"system-assigned{known}"] if one.identity.is_system else []
    attached = one.identity.attached
    if attached is None:
        said.append("user-assigned, known after apply")
    elif attached:
        said.append("user-assigned " + ", ".join(sorted(arm_ids.name_of(id) for id in attached)))
    return " and ".join(said) or "none"
