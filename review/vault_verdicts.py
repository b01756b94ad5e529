"""Verdicts on a vault or a key itself: replaced, deleted, released, disabled.

Source: a disabled or deleted key takes the data out of reach ("encryption of data at rest").
"""

from collections.abc import Iterator

from core import arm_ids
from core.values import Value
from review.keys import is_disabled
from review.resource import VAULTS, ReviewedResource
from review.verdict import Name, Verdict


def of(resource: ReviewedResource | None) -> Iterator[Verdict]:
    """What an update does to a vault or a key; nothing when there is none."""
    if resource is None:
        return
    is_vault = resource.kind in VAULTS
    noun = resource.kind.value
    state = resource.live or resource.recorded
    name: Value = arm_ids.name_of(state.id) if state and state.id else resource.name
    deleted = Name.VAULT_DELETED if is_vault else Name.KEY_DELETED
    if resource.replaced:
        verdict = Name.VAULT_REPLACED if is_vault else Name.KEY_REPLACED
        kept = " and stays in the vault" if state and state.retained and not is_vault else ""
        yield Verdict(
            verdict, f"{noun} {{}} REPLACED by a new one{kept}: data under it must keep the old one", (name,)
        )
    elif resource.deleted:
        yield Verdict(deleted, f"{noun} {{}} DELETED: all data under it becomes unreadable", (name,))
    elif resource.released:
        yield Verdict(Name.RELEASED, f"{noun} {{}} leaves the stack and stays in Azure as it is", (name,))
    elif resource.live is None and resource.recorded is not None:
        words = f"{noun} {{}} was deleted outside Pulumi: restore it, do not make another"
        yield Verdict(deleted, words, (name,))
    elif not is_vault:
        yield from _disabled(resource, name)


def _disabled(key: ReviewedResource, name: Value) -> Iterator[Verdict]:
    """A disabled key cannot be used, and only the vault itself enables it again."""
    before, now, after = (state and is_disabled(state) for state in (key.recorded, key.live, key.planned))
    if now and not before:
        words = "key {} was DISABLED outside Pulumi: the service can no longer read the data"
        yield Verdict(Name.ACCESS_REVOKED, words, (name,))
    elif after and not now and key.live:
        words = "key {} DISABLED: the service can no longer read the data"
        yield Verdict(Name.ACCESS_REVOKED, words, (name,))
