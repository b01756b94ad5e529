"""Verdicts on resources that go: deleted, replaced, taken out of the stack, deleted outside Pulumi. Also on
resources that an update writes and this review cannot read.

Sources: a disabled or deleted key takes the data out of reach ("encryption of data at rest"); a Foundry
project goes with its agents, files and threads, which are made anew and not recovered (learn.microsoft.com/
azure/ai-foundry/how-to/agent-service-operator-disaster-recovery).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from core import arm_ids, arm_template, effects, stack, values
from core.resource_types import Kind, kind_of
from core.values import Mark
from review.resource import VAULTS, ReviewedResource, ReviewedState, token_of
from review.verdict import Name, Verdict

_LOST: Final = (Name.PROJECT_DELETED, "its agents, files and threads are lost")
_ALL_IN_IT: Final = (Name.UNDETERMINED, "all in it goes, also what this preview does not show")
_HELD: Final = (Name.PROTECTION_WEAKENED, "what it held can be deleted")
_UNREADABLE: Final = "all data under it becomes unreadable"
_KEEP: Final = "data under it must keep the old one"
_VAULT: Final = ((Name.VAULT_DELETED, _UNREADABLE), (Name.VAULT_REPLACED, _KEEP), Name.VAULT_DELETED)
_GOING: Final[Mapping[Kind, tuple[tuple[Name, str], tuple[Name, str], Name | None]]] = {
    Kind.ACCOUNT: (
        (Name.ACCOUNT_DELETED, effects.DELETED),
        (Name.ACCOUNT_REPLACED, effects.REPLACED),
        Name.ACCOUNT_GONE,
    ),
    Kind.PROJECT: (_LOST, _LOST, Name.ACCOUNT_GONE),
    Kind.RESOURCE_GROUP: (_ALL_IN_IT, _ALL_IN_IT, None),
    Kind.LOCK: (_HELD, _HELD, None),
    Kind.VAULT: _VAULT,
    Kind.MANAGED_HSM: _VAULT,
    Kind.KEY: ((Name.KEY_DELETED, _UNREADABLE), (Name.KEY_REPLACED, _KEEP), Name.KEY_DELETED),
}
"""By kind: the verdict and the consequence of a deletion, and of a replacement; the verdict, if any, on a
deletion outside Pulumi, and then also on a resource that leaves the stack and stays in Azure."""


def verdicts_of(one: ReviewedResource | None) -> Iterator[Verdict]:
    """The verdicts on a resource that goes, or whose key cannot be used any more, or that is written and
    cannot be read. Nothing on None."""
    found = [*going(one)]
    yield from found
    if found or one is None:
        return
    if one.kind is Kind.KEY:
        yield from _disabling(one)
    elif one.kind is Kind.PURGE and one.written and one.planned:
        words = "soft-deleted account {} PURGED: all of its data is lost for good"
        yield Verdict(Name.DATA_DELETED, words, (one.planned.text("accountId"),))
    elif one.kind in {Kind.OTHER_PROVIDER, Kind.UNREAD}:
        yield from _unread(one)


def going(one: ReviewedResource | None) -> Iterator[Verdict]:
    """The verdict on a resource that goes, if it does."""
    if one is None or one.kind not in _GOING:
        return
    (deleted, lost), (replaced, then), gone = _GOING[one.kind]
    state = one.live or one.recorded
    noun, again = one.kind.value, "; it is made again, empty" if one.planned else ""
    shown: tuple[str, ...] = ()
    if one.kind in {*VAULTS, Kind.KEY}:
        # With its name, because the row is that of the account whose data it protects.
        noun, again = f"{noun} {{}}", ": restore it, do not make another"
        shown = (arm_ids.name_of(state.id) if state and state.id else one.name,)
    if one.replaced:
        yield Verdict(replaced, f"{noun} REPLACED by a new one: {then}", shown)
    elif one.deleted:
        yield Verdict(deleted, f"{noun} DELETED: {lost}", shown)
    elif one.released and gone:
        yield Verdict(Name.RELEASED, f"{noun} leaves the stack and stays in Azure as it is", shown)
    elif one.live is None and one.recorded and gone:
        yield Verdict(gone, f"{noun} was deleted outside Pulumi{again}", shown)


def _disabling(one: ReviewedResource) -> Iterator[Verdict]:
    """A disabled key cannot be used, and only the vault itself enables it again."""
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


def _unread(one: ReviewedResource) -> Iterator[Verdict]:
    """What a generic resource made goes like any other; what a write or another provider does is not read."""
    own = stack.made_as_generic(one.state)
    gone = [*going(replace(one, kind=own))] if own else []
    yield from gone
    deploys = one.kind is Kind.OTHER_PROVIDER and kind_of(token_of(one.urn)) is not Kind.GENERIC
    written = one.planned.written if one.planned else {}
    holds = not deploys or arm_template.may_concern_keys(written) is not False
    if not gone if one.goes else one.written and one.planned and holds:
        done = "WRITTEN" if not one.goes else "REPLACED" if one.replaced else "DELETED"
        words = f"{done}, and this review does not read what {{}} does to data"
        yield Verdict(Name.UNDETERMINED, words, (token_of(one.urn),))


def below(resources: Iterable[ReviewedResource], kind: Kind) -> tuple[str, ...]:
    """How the ids of all begin that goes with the accounts or groups that go."""
    going = (one.live.id for one in resources if one.kind is kind and one.goes and one.live)
    return tuple(f"{id.rstrip('/').lower()}/" for id in going if id)


def with_their_groups(resources: Iterable[ReviewedResource]) -> tuple[ReviewedResource, ...]:
    """The resources, where nothing is kept (retainOnDelete) that goes with its resource group."""
    resources = tuple(resources)
    groups = below(resources, Kind.RESOURCE_GROUP)
    return tuple(
        replace(one, live=replace(one.live, retained=False))
        if one.released and one.live and one.live.id.lower().startswith(groups)
        else one
        for one in resources
    )
