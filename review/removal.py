"""The verdicts on resources that go (deleted, replaced, taken out of the stack, deleted outside Pulumi), on
keys that are disabled, and on resources that are written and not read here.

Sources: "encryption of data at rest" (a disabled or deleted key takes data out of reach); a Foundry project
goes with its agents, files and threads, which are made anew and not recovered (learn.microsoft.com/azure/
ai-foundry/how-to/agent-service-operator-disaster-recovery).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from core import arm_ids, arm_template, effects, stack, values
from core.effects import DataProtection
from core.resource_types import Kind, kind_of
from core.values import Hidden
from core.verdicts import Name, Verdict
from review.preview import VAULTS, ReviewedResource, ReviewedState, name_of, token_of


class Removal(NamedTuple):
    """What the removal of a kind of resource means: the verdict and the consequence of a deletion and of a
    replacement."""

    deleted: Name
    loss: str
    replaced: Name
    change: str


_LOST: Final = "its agents, files and threads are lost"
_ALL_IN_IT: Final = "all in it goes, also what this preview does not show"
_HELD: Final = "what it held can be deleted"
_UNREADABLE: Final = "all data under it becomes unreadable"
_KEEP: Final = "data under it must keep the old one"
_OF_VAULT: Final = Removal(Name.VAULT_DELETED, _UNREADABLE, Name.VAULT_REPLACED, _KEEP)
_REMOVALS: Final[Mapping[Kind, Removal]] = {
    Kind.PROJECT: Removal(Name.PROJECT_DELETED, _LOST, Name.PROJECT_DELETED, _LOST),
    Kind.RESOURCE_GROUP: Removal(Name.UNDETERMINED, _ALL_IN_IT, Name.UNDETERMINED, _ALL_IN_IT),
    Kind.LOCK: Removal(Name.PROTECTION_WEAKENED, _HELD, Name.PROTECTION_WEAKENED, _HELD),
    Kind.VAULT: _OF_VAULT,
    Kind.MANAGED_HSM: _OF_VAULT,
    Kind.KEY: Removal(Name.KEY_DELETED, _UNREADABLE, Name.KEY_REPLACED, _KEEP),
}
"""Of an account core says what becomes of its data."""
_GONE_OUTSIDE: Final[Mapping[Kind, Name]] = {
    Kind.ACCOUNT: Name.ACCOUNT_GONE,
    Kind.PROJECT: Name.ACCOUNT_GONE,
    Kind.VAULT: Name.VAULT_DELETED,
    Kind.MANAGED_HSM: Name.VAULT_DELETED,
    Kind.KEY: Name.KEY_DELETED,
}
"""The verdict on a deletion outside Pulumi. Only these have a verdict where they leave the stack and stay in
Azure."""


def verdicts(resource: ReviewedResource | None) -> Iterator[Verdict]:
    """The verdict on a resource that goes, or whose key cannot be used any more, or that is written and
    cannot be read. Nothing on None."""
    if resource is None:
        return
    removed = [*of_removed(resource)]
    if removed:
        yield from removed
    elif resource.kind is Kind.KEY:
        yield from _disabled(resource)
    elif resource.kind is Kind.PURGE and resource.written and resource.planned:
        words = "soft-deleted account {} PURGED: all of its data is lost for good"
        yield Verdict(Name.DATA_DELETED, words, (resource.planned.text("accountId"),))
    elif resource.kind in {Kind.OTHER_PROVIDER, Kind.UNREAD}:
        yield from _not_read(resource)


def of_removed(resource: ReviewedResource) -> Iterator[Verdict]:
    """The verdict on a resource that goes, if it does."""
    if resource.kind is Kind.ACCOUNT and (resource.replaced or resource.deleted):
        after = DataProtection(takes_place=True) if resource.replaced else None
        yield from effects.effects(DataProtection(), after)
        return
    removal, outside = _REMOVALS.get(resource.kind), _GONE_OUTSIDE.get(resource.kind)
    noun, again = resource.kind.value, "; it is made again, empty" if resource.planned else ""
    shown: tuple[str, ...] = ()
    if resource.kind in {*VAULTS, Kind.KEY}:
        # With its name, because the row is that of the account whose data it protects.
        noun, again = f"{noun} {{}}", ": restore it, do not make another"
        shown = (_name(resource, resource.live or resource.recorded),)
    if resource.replaced and removal:
        yield Verdict(removal.replaced, f"{noun} REPLACED by a new one: {removal.change}", shown)
    elif resource.deleted and removal:
        yield Verdict(removal.deleted, f"{noun} DELETED: {removal.loss}", shown)
    elif resource.released and outside:
        yield Verdict(Name.RELEASED, f"{noun} leaves the stack and stays in Azure as it is", shown)
    elif resource.live is None and resource.recorded and outside:
        yield Verdict(outside, f"{noun} was deleted outside Pulumi{again}", shown)


def _name(resource: ReviewedResource, state: ReviewedState | None) -> str:
    """Its name in Azure by its id, else its name in the program."""
    if state and state.id:
        return arm_ids.name_of(state.id)
    return name_of(resource.urn)


def _disabled(key: ReviewedResource) -> Iterator[Verdict]:
    """A disabled key cannot be used, and only the vault itself enables it again."""
    before, now, after = (state and _is_disabled(state) for state in (key.recorded, key.live, key.planned))
    name = (_name(key, key.state),)
    if now is True and before is not True:
        words = "key {} was DISABLED outside Pulumi: the service can no longer read the data"
        yield Verdict(Name.ACCESS_REVOKED, words, name)
    elif key.live and after is True and now is not True:
        words = "key {} DISABLED: the service can no longer read the data"
        yield Verdict(Name.ACCESS_REVOKED, words, name)
    elif isinstance(after, Hidden) and now is False:
        words = "the preview does not show whether key {} stays enabled: the data is read with it"
        yield Verdict(Name.UNDETERMINED, words, name)


def _is_disabled(key: ReviewedState) -> bool | Hidden:
    """Whether a key's newest version is disabled, by the program or in the vault; a mark where the program
    does not show it."""
    stated = values.flag(key.input("attributes.enabled"))
    if stated is False or values.flag(key.output("attributes.enabled")) is False:
        return True
    return stated if isinstance(stated, Hidden) else False


def _not_read(resource: ReviewedResource) -> Iterator[Verdict]:
    """The verdict on a resource that may do anything to an account, a vault or a key."""
    # What a generic resource made goes like any other.
    kind = stack.made_as_generic(resource.state)
    if kind:
        removed = [*of_removed(replace(resource, kind=kind))]
        yield from removed
        if removed and resource.goes:
            return
    if resource.goes and resource.replaced:
        done = "REPLACED"
    elif resource.goes:
        done = "DELETED"
    elif resource.written and resource.planned and _may_concern_keys(resource, resource.planned):
        done = "WRITTEN"
    else:
        return
    words = f"{done}, and this review does not read what {{}} does to data"
    yield Verdict(Name.UNDETERMINED, words, (token_of(resource.urn),))


def _may_concern_keys(resource: ReviewedResource, planned: ReviewedState) -> bool:
    """Whether what is written may concern a key; of a template of Resource Manager that is read."""
    is_template = resource.kind is Kind.OTHER_PROVIDER and kind_of(token_of(resource.urn)) is not Kind.GENERIC
    return not is_template or arm_template.may_concern_keys(planned.written) is not False


def ids_below(resources: Iterable[ReviewedResource], kind: Kind) -> tuple[str, ...]:
    """How the ids of all begin that goes with the accounts or groups that go."""
    ids = (each.live.id for each in resources if each.kind is kind and each.goes and each.live)
    return tuple(f"{id.rstrip('/').lower()}/" for id in ids if id)


def with_their_groups(resources: Iterable[ReviewedResource]) -> tuple[ReviewedResource, ...]:
    """The resources, where nothing is kept (retainOnDelete) that goes with its resource group."""
    resources = tuple(resources)
    groups = ids_below(resources, Kind.RESOURCE_GROUP)
    return tuple(_not_kept(resource, groups) for resource in resources)


def _not_kept(resource: ReviewedResource, groups: tuple[str, ...]) -> ReviewedResource:
    live = resource.live
    if live and resource.released and live.id.lower().startswith(groups):
        return replace(resource, live=replace(live, retained=False))
    return resource
