"""Verdicts on what goes: deleted, replaced, taken out of the stack, deleted outside Pulumi.

Sources: a disabled or deleted key takes the data out of reach ("encryption of data at rest"); a Foundry
project goes with its agents, files and threads, which are made anew and not recovered (learn.microsoft.com/
azure/ai-foundry/how-to/agent-service-operator-disaster-recovery); a deployment of a model holds no data.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from core import arm_ids, values
from core.facts import HOURS_HELD
from core.resource_types import Kind
from core.values import Mark, Value, folded
from review.resource import VAULTS, ReviewedResource, ReviewedState, may_hold, token_of
from review.verdict import Name, Verdict

Found = tuple[str, Verdict]
"""A verdict, and the URN of what it is about."""
_STAYS: Final = "leaves the stack and stays in Azure as it is"
_PROJECT: Final = "its agents, files and threads are lost"
_UNREAD: Final = "and this review does not read what {} does to data"
# By kind: the verdict, what is said of a deletion, and of a replacement.
_GOES: Final = {
    Kind.ACCOUNT: (
        (Name.ACCOUNT_DELETED, f"data is lost unless the account is restored within {HOURS_HELD} hours"),
        (Name.ACCOUNT_REPLACED, "data is lost, the new account starts empty"),
    ),
    Kind.PROJECT: ((Name.PROJECT_DELETED, _PROJECT), (Name.PROJECT_DELETED, _PROJECT)),
    Kind.DEPLOYMENT: ((Name.CHANGED, "calls to it fail; it holds no data"),) * 2,
    Kind.RESOURCE_GROUP: ((Name.UNDETERMINED, "all in it goes, also what this preview does not show"),) * 2,
    Kind.PRIVATE_ENDPOINT: (
        (Name.CHANGED, "calls through it fail"),
        (Name.CHANGED, "calls through it fail meanwhile; the new one may have other addresses"),
    ),
    Kind.LOCK: ((Name.PROTECTION_WEAKENED, "what it held can be deleted"),) * 2,
}


def of_store(resource: ReviewedResource | None) -> Iterator[Verdict]:
    """What an update does to a vault, a managed HSM or a key; nothing when there is none."""
    if resource is None:
        return
    is_vault, noun = resource.kind in VAULTS, resource.kind.value
    state = resource.live or resource.recorded
    name: Value = arm_ids.name_of(state.id) if state and state.id else resource.name
    deleted = Name.VAULT_DELETED if is_vault else Name.KEY_DELETED
    if resource.replaced:
        verdict = Name.VAULT_REPLACED if is_vault else Name.KEY_REPLACED
        kept = " and stays in the vault" if state and state.retained and not is_vault else ""
        words = f"{noun} {{}} REPLACED by a new one{kept}: data under it must keep the old one"
        yield Verdict(verdict, words, (name,))
    elif resource.deleted:
        yield Verdict(deleted, f"{noun} {{}} DELETED: all data under it becomes unreadable", (name,))
    elif resource.released:
        yield Verdict(Name.RELEASED, f"{noun} {{}} {_STAYS}", (name,))
    elif resource.live is None and resource.recorded is not None:
        yield Verdict(
            deleted, f"{noun} {{}} was deleted outside Pulumi: restore it, do not make another", (name,)
        )
    elif not is_vault:
        # A disabled key cannot be used, and only the vault itself enables it again.
        states = (resource.recorded, resource.live, resource.planned)
        before, now, after = (one and _is_disabled(one) for one in states)
        outside = now is True and before is not True
        how = "was DISABLED outside Pulumi" if outside else "DISABLED"
        if outside or (after is True and now is not True and resource.live):
            words = f"key {{}} {how}: the service can no longer read the data"
            yield Verdict(Name.ACCESS_REVOKED, words, (name,))
        elif isinstance(after, Mark) and now is False:
            words = "the preview does not show whether key {} stays enabled: the data is read with it"
            yield Verdict(Name.UNDETERMINED, words, (name,))


def _is_disabled(key: ReviewedState) -> bool | Mark:
    """Whether a key's newest version is disabled, by the program or in the vault; a mark where the program
    does not show it."""
    stated, found = (values.flag(one("attributes.enabled")) for one in (key.stated, key.found))
    return False in (stated, found) or (stated if isinstance(stated, Mark) else False)


def of_account(account: ReviewedResource) -> Iterator[Verdict]:
    """What an update does to an account itself."""
    if account.goes:
        yield _going(account, "account", "its ")
    elif account.released:
        yield Verdict(Name.RELEASED, f"account {_STAYS}: Pulumi no longer manages it")
    elif account.recorded and account.live is None:
        yield _gone("account", account)


def of_others(resources: Iterable[ReviewedResource]) -> Iterator[Found]:
    """Verdicts on whatever else goes, or is written and not read. Nothing of projects and deployments that go
    with their account, whose own verdict says so."""
    resources = tuple(resources)
    accounts = (one for one in resources if one.kind is Kind.ACCOUNT and one.goes)
    going = tuple(f"{one.state.id.rstrip('/').lower()}/" for one in accounts if one.state.id)
    for one in resources:
        if not (one.live and one.live.id.lower().startswith(going)):
            yield from ((one.urn, verdict) for verdict in _other(one))


def _other(one: ReviewedResource) -> Iterator[Verdict]:
    noun = one.kind.value
    if one.kind is Kind.PURGE and one.written and one.planned:
        words = "soft-deleted account {} PURGED: all of its data is lost for good"
        yield Verdict(Name.DATA_DELETED, words, (one.planned.text("accountId"),))
    if one.kind is Kind.PROJECT:
        yield from replacing(one)
    if one.kind in {Kind.OTHER_PROVIDER, Kind.UNREAD}:
        holds = one.kind is Kind.UNREAD or (one.planned is not None and may_hold(one.planned.written))
        done = _done(one) if one.goes else "WRITTEN" if one.written and holds else ""
        if done:
            yield Verdict(Name.UNDETERMINED, f"{done}, {_UNREAD}", (token_of(one.urn),))
    elif one.kind in {Kind.PROJECT, Kind.DEPLOYMENT} and one.goes:
        yield _going(one, noun, "", " by a new one")
    elif one.kind in {Kind.PROJECT, Kind.DEPLOYMENT} and one.released:
        yield Verdict(Name.RELEASED, f"{noun} {_STAYS}")
    elif one.kind is Kind.PROJECT and one.recorded and one.live is None:
        yield _gone(noun, one)
    elif one.kind in {Kind.RESOURCE_GROUP, Kind.PRIVATE_ENDPOINT, Kind.LOCK} and one.goes:
        yield _going(one, noun)
    elif one.kind is Kind.LOCK and one.live and one.planned:
        # ReadOnly lets less pass than CanNotDelete.
        before, after = (state.text("level") for state in (one.live, one.planned))
        if folded(before) != folded(after) and folded(before) != "notspecified":
            yield Verdict(Name.PROTECTION_WEAKENED, "management lock weakened: {} -> {}", (before, after))


def _done(one: ReviewedResource) -> str:
    return "REPLACED" if one.replaced else "DELETED"


def _going(one: ReviewedResource, noun: str, of: str = "", by: str = "") -> Verdict:
    name, then = _GOES[one.kind][one.replaced]
    return Verdict(name, f"{noun} {_done(one)}{by if one.replaced else ''}: {of}{then}")


def _gone(noun: str, one: ReviewedResource) -> Verdict:
    again = "; it is made again, empty" if one.planned else ""
    return Verdict(Name.ACCOUNT_GONE, f"{noun} was deleted outside Pulumi{again}")


def with_their_groups(resources: Iterable[ReviewedResource]) -> tuple[ReviewedResource, ...]:
    """The resources, where nothing is kept (retainOnDelete) that goes with its resource group."""
    resources = tuple(resources)
    groups = tuple(
        f"{one.live.id.rstrip('/').lower()}/"
        for one in resources
        if one.kind is Kind.RESOURCE_GROUP and one.live and one.live.id and one.goes
    )
    return tuple(
        replace(one, live=replace(one.live, retained=False))
        if one.released and one.live and one.live.id.lower().startswith(groups)
        else one
        for one in resources
    )


def replacing(*resources: ReviewedResource | None) -> Iterator[Verdict]:
    """The properties whose later change would replace a resource that holds data or its key, because the
    update adds them to `replaceOnChanges`."""
    for one in resources:
        if one and one.planned and not one.replaced:
            new = set(one.planned.replaced_on) - set(one.live.replaced_on if one.live else ())
            words = f"later changes of {{}} will REPLACE the {one.kind.value} instead of updating it"
            if new:
                yield Verdict(Name.PROTECTION_WEAKENED, words, (", ".join(sorted(map(str, new))),))
