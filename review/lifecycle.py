"""Verdicts on resources that go: deleted, replaced, taken out of the stack, deleted outside Pulumi. Also on
resources that an update writes and this review cannot read.

Sources: a disabled or deleted key takes the data out of reach ("encryption of data at rest"); a Foundry
project goes with its agents, files and threads, which are made anew and not recovered (learn.microsoft.com/
azure/ai-foundry/how-to/agent-service-operator-disaster-recovery).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from core import arm_ids, arm_template, effects, stack, values
from core.resource_types import Kind, kind_of
from core.values import Mark, Value, folded
from review.resource import ReviewedResource, ReviewedState, token_of
from review.verdict import Name, Verdict

Found = tuple[str, Verdict]
"""A verdict, and the URN of its resource."""


@dataclass(frozen=True)
class Going:
    """The words about a kind of resource that goes: the verdict and the consequence of a deletion and of a
    replacement; the verdict, if any, on a deletion outside Pulumi; and the verdict on a resource that leaves
    the stack and stays in Azure. `is_named`: the words have its name, because the row is another
    resource's."""

    deleted: tuple[Name, str]
    replaced: tuple[Name, str]
    gone: tuple[Name, str] | None = None
    is_named: bool = False


_UNREADABLE: Final = "all data under it becomes unreadable"
_KEEP: Final = "data under it must keep the old one"
_RESTORE: Final = ": restore it, do not make another"
_LOST: Final = (Name.PROJECT_DELETED, "its agents, files and threads are lost")
_ALL_IN_IT: Final = (Name.UNDETERMINED, "all in it goes, also what this preview does not show")
_HELD: Final = (Name.PROTECTION_WEAKENED, "what it held can be deleted")
_VAULT: Final = Going(
    (Name.VAULT_DELETED, _UNREADABLE), (Name.VAULT_REPLACED, _KEEP), (Name.VAULT_DELETED, _RESTORE), True
)
_GOING: Final = {
    Kind.ACCOUNT: Going(
        (Name.ACCOUNT_DELETED, effects.DELETED),
        (Name.ACCOUNT_REPLACED, effects.REPLACED),
        (Name.ACCOUNT_GONE, ""),
    ),
    Kind.PROJECT: Going(_LOST, _LOST, (Name.ACCOUNT_GONE, "")),
    Kind.RESOURCE_GROUP: Going(_ALL_IN_IT, _ALL_IN_IT),
    Kind.LOCK: Going(_HELD, _HELD),
    Kind.VAULT: _VAULT,
    Kind.MANAGED_HSM: _VAULT,
    Kind.KEY: Going(
        (Name.KEY_DELETED, _UNREADABLE), (Name.KEY_REPLACED, _KEEP), (Name.KEY_DELETED, _RESTORE), True
    ),
}
_SINGLE: Final = {Kind.PROJECT, Kind.RESOURCE_GROUP, Kind.LOCK}
"""Those of them that have a row of their own in every review."""


def going(one: ReviewedResource | None) -> Iterator[Verdict]:
    """The verdict on a resource that goes, if it does."""
    row = _GOING.get(one.kind) if one else None
    if one is None or row is None:
        return
    state = one.live or one.recorded
    name: Value = arm_ids.name_of(state.id) if state and state.id else one.name
    noun, shown = one.kind.value, (name,) if row.is_named else ()
    noun = f"{noun} {{}}" if row.is_named else noun
    again = "; it is made again, empty" if one.planned else ""
    if one.replaced:
        verdict, then = row.replaced
        kept = " and stays in the vault" if one.kind is Kind.KEY and state and state.retained else ""
        yield Verdict(verdict, f"{noun} REPLACED by a new one{kept}: {then}", shown)
    elif one.deleted:
        verdict, then = row.deleted
        yield Verdict(verdict, f"{noun} DELETED: {then}", shown)
    elif one.released and row.gone:
        yield Verdict(Name.RELEASED, f"{noun} leaves the stack and stays in Azure as it is", shown)
    elif one.live is None and one.recorded and row.gone:
        verdict, then = row.gone
        yield Verdict(verdict, f"{noun} was deleted outside Pulumi{then or again}", shown)


def of_store(one: ReviewedResource | None) -> Iterator[Verdict]:
    """The verdict on a vault, a managed HSM or a key; nothing if there is none."""
    found = [*going(one)]
    yield from found
    if found or one is None or one.kind is not Kind.KEY:
        return
    # A disabled key cannot be used, and only the vault itself enables it again.
    before, now, after = (state and _is_disabled(state) for state in (one.recorded, one.live, one.planned))
    outside = now is True and before is not True
    name = (arm_ids.name_of(one.state.id) or one.name,)
    if outside or (after is True and now is not True and one.live):
        how = "was DISABLED outside Pulumi" if outside else "DISABLED"
        yield Verdict(Name.ACCESS_REVOKED, f"key {{}} {how}: the service can no longer read the data", name)
    elif isinstance(after, Mark) and now is False:
        words = "the preview does not show whether key {} stays enabled: the data is read with it"
        yield Verdict(Name.UNDETERMINED, words, name)


def _is_disabled(key: ReviewedState) -> bool | Mark:
    """Whether a key's newest version is disabled, by the program or in the vault; a mark where the program
    does not show it."""
    stated, found = (values.flag(one("attributes.enabled")) for one in (key.stated, key.found))
    return False in (stated, found) or (stated if isinstance(stated, Mark) else False)


def of_others(resources: Iterable[ReviewedResource]) -> Iterator[Found]:
    """Verdicts on all other resources that go, or that are written and cannot be read. A project that goes
    with its account has none, because the account's own verdict says so."""
    resources = tuple(resources)
    accounts = (one for one in resources if one.kind is Kind.ACCOUNT and one.goes)
    gone = tuple(f"{one.state.id.rstrip('/').lower()}/" for one in accounts if one.state.id)
    for one in resources:
        if not (one.live and one.live.id.lower().startswith(gone)):
            found = going(one) if one.kind in _SINGLE else ()
            yield from ((one.urn, verdict) for verdict in (*found, *_other(one)))


def _other(one: ReviewedResource) -> Iterator[Verdict]:
    if one.kind is Kind.PURGE and one.written and one.planned:
        words = "soft-deleted account {} PURGED: all of its data is lost for good"
        yield Verdict(Name.DATA_DELETED, words, (one.planned.text("accountId"),))
    if one.kind in {Kind.OTHER_PROVIDER, Kind.UNREAD}:
        written = one.planned.written if one.planned else {}
        deploys = one.kind is Kind.OTHER_PROVIDER and kind_of(token_of(one.urn)) is not Kind.GENERIC
        holds = not deploys or arm_template.may_concern_keys(written) is not False
        own = stack.made_as_generic(one.state)
        gone = [*going(replace(one, kind=own))] if own else []
        yield from gone
        unread = not gone if one.goes else one.written and one.planned and holds
        if unread:
            done = "WRITTEN" if not one.goes else "REPLACED" if one.replaced else "DELETED"
            words = f"{done}, and this review does not read what {{}} does to data"
            yield Verdict(Name.UNDETERMINED, words, (token_of(one.urn),))
    elif one.kind is Kind.LOCK and one.live and one.planned and not one.replaced:
        # ReadOnly lets less pass than CanNotDelete.
        before, after = (state.text("level") for state in (one.live, one.planned))
        if folded(before) != folded(after) and folded(before) != "notspecified":
            yield Verdict(Name.PROTECTION_WEAKENED, "management lock weakened: {} -> {}", (before, after))


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
